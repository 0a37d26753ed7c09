//! The reference servers. One parses each request and answers with a fixed JSON value, with bare
//! axum. The other writes the same bytes to every connection that listens, with one task per
//! client.

use std::collections::HashMap;

use axum::{Json, Router, routing::post};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// The environment variable with the JSON to answer with, taken from Phasegate's own answer.
pub(crate) const ANSWER: &str = "BARE_ANSWER";

pub(crate) async fn serve_answer() {
    let answer: Value = serde_json::from_str(&std::env::var(ANSWER).unwrap()).unwrap();
    let answer: &'static Value = Box::leak(Box::new(answer));
    let app = Router::new().route(
        "/",
        post(async move |Json(asked): Json<HashMap<String, Value>>| {
            assert!(asked.contains_key("context"));
            Json(answer)
        }),
    );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    axum::serve(listener, app).await.unwrap();
}

/// Serves streams: a connection that sends "change" wakes all listeners, and every other connection
/// becomes a listener.
pub(crate) async fn serve_fan_out() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("http://{}", listener.local_addr().unwrap());
    let changes = watch::Sender::new(());
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve_client(stream, changes.clone()));
    }
}

async fn serve_client(mut stream: TcpStream, changes: watch::Sender<()>) {
    let mut listening = changes.subscribe();
    let mut buffer = [0_u8; 64];
    while let Ok(read @ 1..) = stream.read(&mut buffer).await {
        if &buffer[..read] == b"change" {
            changes.send_replace(());
            continue;
        }
        stream.write_all(b"HTTP/1.1 200\r\n\r\n").await.unwrap();
        while listening.changed().await.is_ok() {
            let event = b"id: 1-23\ndata: {\"type\":\"refetchEvaluation\"}\n\n";
            if stream.write_all(event).await.is_err() {
                return;
            }
        }
    }
}
