//! Evaluation while other clients send only the beginning of a body.

use std::time::Duration;

use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::BULK;
use crate::{child::Server, evaluations as load};

/// Number of requests with an incomplete body.
const STALLED: usize = 4_200;

const ROUND: Duration = Duration::from_secs(3);

/// Prints rate and latency of evaluations, alone and beside the stalled requests.
pub(crate) async fn measure_stalled_clients(server: &Server) {
    let body = r#"{"context": {"targetingKey": "user-12345"}}"#;
    let request = load::Request::new(&server.address, BULK, &server.client_key, body);
    let mut alone = load::Times::default();
    let alone_rate = load::measure_rate(&request, 8, ROUND, &mut alone).await;
    let half = format!(
        "POST {BULK} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\ncontent-length: 20\r\n\r\n{{",
        server.address, server.client_key
    );
    let mut stalled = Vec::with_capacity(STALLED);
    for _ in 0..STALLED {
        let mut stream = TcpStream::connect(&server.address).await.unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        stalled.push(stream);
    }
    let mut beside = load::Times::default();
    let beside_rate = load::measure_rate(&request, 8, ROUND, &mut beside).await;
    println!("\nOFREP bulk beside {} bodies that never come, 8 connections", stalled.len());
    println!("  {:<18} {:>10} {:>10} {:>10}", "", "requests/s", "p50 ms", "p99 ms");
    for (name, rate, times) in
        [("alone", alone_rate, &mut alone), ("beside them", beside_rate, &mut beside)]
    {
        let (p50, p99) = (times.quantile(0.5), times.quantile(0.99));
        println!("  {name:<18} {rate:>10.0} {p50:>10.2} {p99:>10.2}");
    }
}
