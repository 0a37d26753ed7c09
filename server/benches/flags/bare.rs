//! The reference: axum reads the same JSON, and writes the same answer from a ready value; it does
//! nothing else.

use std::collections::HashMap;

use axum::{Json, Router, routing::post};
use serde_json::Value;
use tokio::net::TcpListener;

/// The variable that holds the answer, as Phasegate gave it.
pub(crate) const ANSWER: &str = "BARE_ANSWER";

pub(crate) async fn serve() {
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
