//! Use cases run in spans: the log shows the request, the environment and the outcome. One test alone in
//! its binary, because a thread without a subscriber would switch off a span for all threads.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

mod common;

use std::{
    io,
    sync::{Arc, Mutex},
};

use reqwest::Method;
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use common::{TestApp, fetch_json};

/// A log in memory, one JSON object per line.
#[derive(Clone, Default)]
struct MemoryLog(Arc<Mutex<Vec<u8>>>);

impl io::Write for MemoryLog {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for MemoryLog {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl MemoryLog {
    /// Returns the entries written in a span of a request with this id.
    fn entries_of_request(&self, id: &str) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let entries = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let is_own = |entry: &Value| {
            let spans = entry["spans"].as_array().into_iter().flatten();
            spans.into_iter().any(|span| span["name"] == "request" && span["id"] == id)
        };
        entries.filter(is_own).collect()
    }
}

/// Returns the span of an entry with this name.
fn find_span<'a>(entry: &'a Value, name: &str) -> Option<&'a Value> {
    entry["spans"].as_array()?.iter().find(|span| span["name"] == name)
}

#[tokio::test]
async fn use_cases_run_in_spans_with_their_environment_and_outcome() {
    let log = MemoryLog::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::DEBUG)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let app = TestApp::start_app().await;

    // A command that writes, and is refused.
    let command = json!({"command": "rollback", "reason": "errors"});
    let request = app.api_request(Method::POST, "/rollout/commands").json(&command);
    let (status, problem) = fetch_json(request).await;
    assert_eq!(status, 409, "{problem}");
    let entries = log.entries_of_request(problem["request"].as_str().unwrap());
    let refusal = entries
        .iter()
        .find(|entry| find_span(entry, "execute_command").is_some())
        .unwrap_or_else(|| panic!("{entries:?}"));
    assert_eq!(find_span(refusal, "execute_command").unwrap()["environment"], 1);
    assert_eq!(find_span(refusal, "request").unwrap()["method"], "POST");
    let error = refusal["fields"]["error"].as_str().unwrap();
    assert!(error.starts_with("the rollout has not started"), "{error}");
    let answered = entries.iter().find(|entry| entry["fields"]["message"] == "answered").unwrap();
    assert_eq!(answered["fields"]["status"], 409);

    // A query that only reads memory.
    let (status, problem) = fetch_json(app.api_request(Method::GET, "/flags/missing")).await;
    assert_eq!(status, 404, "{problem}");
    let entries = log.entries_of_request(problem["request"].as_str().unwrap());
    let missing = entries.iter().find(|entry| find_span(entry, "stored_flag").is_some()).unwrap();
    assert_eq!(find_span(missing, "stored_flag").unwrap()["environment"], 1);
    assert_eq!(missing["fields"]["error"], "there is no flag \"missing\"");
}
