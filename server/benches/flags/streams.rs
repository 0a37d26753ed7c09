//! Clients that listen: what they cost, and how soon a change reaches them.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};

use crate::{child::Server, load::Times};

/// Changes that are made, one after the other.
const CHANGES: usize = 5;

/// After how long a client counts as not reached.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn measure(server: &Server, clients: usize) {
    server.api("POST", "/flags", &json!({"key": "LIVE", "kind": "boolean"})).await;
    let before = server.memory_mb();
    let (heard, mut reports) = mpsc::channel(clients * 2);
    let request: Arc<str> = format!(
        "GET /ofrep/v1/stream HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\r\n",
        server.address, server.client_key
    )
    .into();
    for _ in 0..clients {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut buffer = [0_u8; 1_024];
        let read = stream.read(&mut buffer).await.unwrap();
        let head = String::from_utf8_lossy(&buffer[..read]);
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        tokio::spawn(listen(stream, heard.clone()));
    }
    let idle = server.memory_mb();
    let mut times = Times::default();
    let mut missing = 0;
    for change in 0..CHANGES {
        let flag = json!({"key": "LIVE", "kind": "boolean", "description": "live", "enabled": change % 2 == 1});
        let sent = Instant::now();
        server.api("PUT", "/flags/LIVE", &flag).await;
        let mut taken = Vec::with_capacity(clients);
        while taken.len() < clients {
            match tokio::time::timeout(PATIENCE, reports.recv()).await {
                Ok(Some(at)) => taken.push(Instant::duration_since(&at, sent).as_secs_f32()),
                _ => break,
            }
        }
        missing += clients - taken.len();
        times.add(&taken);
    }
    println!("\n{clients} clients listen, {CHANGES} changes by the API");
    println!(
        "  memory {before} MB before, {idle} MB with all of them   (budget: 250 MB for 10,000)"
    );
    println!(
        "  from sending the change to the client: p50 {:.1} ms, p99 {:.1} ms, {missing} not reached   (budget: p99 100 ms)",
        times.quantile(0.5),
        times.quantile(0.99)
    );
}

/// Reports each event's arrival.
async fn listen(mut stream: TcpStream, heard: mpsc::Sender<Instant>) {
    let mut buffer = [0_u8; 1_024];
    while let Ok(read) = stream.read(&mut buffer).await {
        let at = Instant::now();
        if read == 0 {
            break;
        }
        let said = &buffer[..read];
        if said.windows(17).any(|window| window == b"refetchEvaluation")
            && heard.send(at).await.is_err()
        {
            break;
        }
    }
}
