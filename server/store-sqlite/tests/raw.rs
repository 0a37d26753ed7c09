//! Raw events in files by day, and what happens when the disk is full.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

use phasegate_service::{
    ingest::{Appended, append_batches},
    maintenance::delete_expired_telemetry,
};
use phasegate_store::{MetricStore, PrivacyStore, StoreError, models::RollupQuery};
use std::{collections::BTreeMap, path::Path};

use phasegate_domain::{
    Timestamp,
    events::{Batch, Event, EventKind, SessionHash, UserHash, Visit},
    ids::EnvironmentId,
    metrics::{Dimension, Metric},
    privacy::RetentionPolicy,
    time::Resolution,
};
use phasegate_store_sqlite::SqliteTelemetry;

const HERE: EnvironmentId = EnvironmentId(1);
const ELSEWHERE: EnvironmentId = EnvironmentId(2);

fn at_day(day: i64) -> Timestamp {
    Timestamp::from_timestamp(day * 86_400, 0).unwrap()
}

fn sample_batch(id: &str, day: i64, text: &str) -> Batch {
    let raw = serde_json::json!({"said": text}).to_string();
    Batch {
        id: id.into(),
        environment: HERE,
        received_at: at_day(day),
        visit: Visit { who: Some((UserHash(7), SessionHash(1))), ..Visit::default() },
        events: vec![Event { at: at_day(day), page: "/".into(), kind: EventKind::View }],
        raw: zstd::encode_all(raw.as_bytes(), 1).unwrap(),
    }
}

fn day_files(folder: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder.join("t.raw")) else { return Vec::new() };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".db")).collect();
    names.sort();
    names
}

fn retention_policies(here: u16, elsewhere: u16) -> BTreeMap<EnvironmentId, RetentionPolicy> {
    let days = |raw_days| RetentionPolicy { raw_days, ..RetentionPolicy::default() };
    [(HERE, days(here)), (ELSEWHERE, days(elsewhere))].into()
}

async fn read_texts(store: &SqliteTelemetry, environment: EnvironmentId) -> Vec<String> {
    let found = store.read_user_data(environment, UserHash(7)).await.unwrap();
    let text = |content: &serde_json::Value| content["said"].as_str().unwrap().to_owned();
    found.batches.iter().map(|batch| text(&batch.content)).collect()
}

#[tokio::test]
async fn raw_events_of_a_day_are_deleted_with_their_file() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteTelemetry::open(&folder.path().join("t.db")).await.unwrap();
    append_batches(&store, &[sample_batch("a", 10, "first"), sample_batch("a", 10, "again")])
        .await
        .unwrap();
    let mut other = sample_batch("b", 11, "other");
    other.environment = ELSEWHERE;
    append_batches(&store, &[sample_batch("b", 11, "second"), other]).await.unwrap();
    assert_eq!(day_files(folder.path()), ["1970-01-11.db", "1970-01-12.db"]);
    assert_eq!(read_texts(&store, HERE).await, ["first", "second"], "each batch once");
    let sizes = store.measure_storage().await.unwrap();
    assert!(sizes.raw > 0 && sizes.database > 0);
    assert_eq!(sizes.raw_days, 2);

    // On day 12, a retention of two days covers today and yesterday.
    delete_expired_telemetry(&store, at_day(12), &retention_policies(2, 2)).await.unwrap();
    assert_eq!(day_files(folder.path()), ["1970-01-12.db"]);
    delete_expired_telemetry(&store, at_day(12), &retention_policies(1, 2)).await.unwrap();
    assert_eq!(read_texts(&store, HERE).await, [""; 0], "kept for less long than elsewhere");
    assert_eq!(read_texts(&store, ELSEWHERE).await, ["other"]);
    // The file that is written to is deleted as well, and a new one is created.
    delete_expired_telemetry(&store, at_day(13), &retention_policies(1, 1)).await.unwrap();
    assert!(day_files(folder.path()).is_empty());
    append_batches(&store, &[sample_batch("c", 11, "late")]).await.unwrap();
    assert_eq!(read_texts(&store, HERE).await, ["late"]);
    assert_eq!(store.erase_user(HERE, UserHash(7)).await.unwrap().batches, 1);
    assert!(read_texts(&store, HERE).await.is_empty());
}

#[tokio::test]
async fn batches_are_counted_even_if_their_day_file_cannot_be_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteTelemetry::open(&folder.path().join("t.db")).await.unwrap();
    let file = folder.path().join("t.raw/1970-01-11.db");
    std::fs::create_dir_all(&file).unwrap();
    let stored = append_batches(&store, &[sample_batch("a", 10, "in vain")]).await.unwrap();
    assert_eq!(stored, [Appended::Stored]);
    std::fs::remove_dir(&file).unwrap();
    // Once the file can be written, new batches are, but a batch that is stored already is not.
    append_batches(&store, &[sample_batch("a", 10, "again"), sample_batch("b", 10, "kept")])
        .await
        .unwrap();
    assert_eq!(read_texts(&store, HERE).await, ["kept"]);
}

#[tokio::test]
async fn a_full_disk_refuses_whole_batches_and_recovers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.db");
    let store = SqliteTelemetry::open(&path).await.unwrap();
    append_batches(&store, &[sample_batch("0", 10, "x")]).await.unwrap();
    store.limit_pages(1).await.unwrap();
    let large = |n: i64| {
        let kind = |m| EventKind::Custom { name: format!("{m:0150}") };
        let events =
            (0..100).map(|m| Event { at: at_day(10), page: format!("/{m}"), kind: kind(m) });
        Batch { events: events.collect(), ..sample_batch(&n.to_string(), 10, "x") }
    };
    let refused = append_batches(&store, &[large(1)]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Full), "{refused:?}");
    let refused = append_batches(&store, &[large(1)]).await.unwrap_err();
    assert!(matches!(refused, StoreError::Full), "{refused:?}");

    // With space again, the refused batch is stored: no part of it was stored before.
    store.limit_pages(u32::MAX - 1).await.unwrap();
    assert_eq!(append_batches(&store, &[large(1)]).await.unwrap(), [Appended::Stored]);
    drop(store);
    let store = SqliteTelemetry::open(&path).await.unwrap();
    let day = Resolution::Day.bucket_of(at_day(10));
    let query = RollupQuery {
        environment: HERE,
        resolution: Resolution::Day,
        metrics: vec![Metric::Custom],
        dimensions: vec![Dimension::All],
        from: day,
        to: day + 1,
    };
    let rows = store.read_rollups(&query).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.aggregate.count()).sum::<u64>(), 100);
}

#[tokio::test]
async fn a_raw_folder_that_cannot_be_written_is_refused_when_the_store_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let raw = folder.path().join("t.raw");
    // The tests may run as root, which may write to any folder, so a file stands in its place.
    std::fs::write(&raw, "not a folder").unwrap();
    let refused = SqliteTelemetry::open(&folder.path().join("t.db")).await.unwrap_err();
    let named = raw.display().to_string();
    assert!(
        matches!(&refused, StoreError::CannotWrite { file, .. } if *file == named),
        "{refused}"
    );
    std::fs::remove_file(&raw).unwrap();
    SqliteTelemetry::open(&folder.path().join("t.db")).await.unwrap();
}
