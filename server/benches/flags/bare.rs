//! The reference: axum reads the same JSON and writes as much of it from a ready value, and does
//! nothing else.

use std::collections::HashMap;

use axum::{Json, Router, routing::post};
use serde::Serialize;
use serde_json::Value;
use tokio::net::TcpListener;

#[derive(Serialize)]
struct Metadata {
    rollout: &'static str,
    bucket: u32,
}

#[derive(Serialize)]
struct Flag {
    key: String,
    value: bool,
    reason: &'static str,
    variant: &'static str,
    metadata: Metadata,
}

#[derive(Serialize)]
struct Answer {
    flags: Vec<Flag>,
}

/// An answer of ten flags, made once.
fn answer() -> Answer {
    let flag = |n: u32| Flag {
        key: format!("EXERCISE_FEATURE_NUMBER_{n}"),
        value: false,
        reason: "DEFAULT",
        variant: "off",
        metadata: Metadata { rollout: "exercise-library", bucket: 12_345 },
    };
    Answer { flags: (0..10).map(flag).collect() }
}

pub(crate) async fn serve() {
    let answer: &'static Answer = Box::leak(Box::new(answer()));
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
