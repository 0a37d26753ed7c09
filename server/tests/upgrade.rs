//! A data folder of an older version opens, and its data reads as before.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

mod common;

use std::collections::BTreeMap;

use common::{TestApp, fetch_json};
use reqwest::Method;
use serde_json::Value;

/// The databases of the last version whose tables had other names than the glossary, and the
/// answers of that version to paths of the API, with the paths and fields of today. After a `#`
/// follows the only compared field.
const STATE: &[u8] = include_bytes!("fixtures/before-terms/state.db.zst");
const TELEMETRY: &[u8] = include_bytes!("fixtures/before-terms/telemetry.db.zst");
const ANSWERS: &str = include_str!("fixtures/before-terms/answers.json");

/// Fields that depend on the time of the request, by the pointer of their parent.
const BY_THE_CLOCK: [(&str, &str); 5] = [
    ("", "at"),
    ("", "last_event_at"),
    // Cohorts and stickiness are known once their days are over; raw events are kept for days.
    ("", "retention"),
    ("", "batches"),
    ("/users/now", "stickiness"),
];

fn remove_clock_fields(mut answer: Value) -> Value {
    for (parent, field) in BY_THE_CLOCK {
        if let Some(Value::Object(fields)) = answer.pointer_mut(parent) {
            fields.remove(field);
        }
    }
    answer
}

#[tokio::test]
async fn a_data_folder_of_the_previous_version_reads_the_same() {
    let data = tempfile::tempdir().unwrap();
    for (name, packed) in [("state.db", STATE), ("telemetry.db", TELEMETRY)] {
        std::fs::write(data.path().join(name), zstd::decode_all(packed).unwrap()).unwrap();
    }
    let app = TestApp::start_app_on(data).await;
    let answers: BTreeMap<String, Value> = serde_json::from_str(ANSWERS).unwrap();
    assert!(answers.len() > 10, "{}", answers.len());
    for (place, before) in answers {
        let (path, field) = place.split_once('#').unwrap_or((&place, ""));
        let (status, answer) = fetch_json(app.api_request(Method::GET, path)).await;
        assert_eq!(status, 200, "{place}: {answer}");
        let answer = if field.is_empty() { answer } else { answer[field].clone() };
        assert_eq!(remove_clock_fields(answer), remove_clock_fields(before), "{place}");
    }
}
