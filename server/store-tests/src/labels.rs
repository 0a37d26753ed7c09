//! Stories about labels: names that apps choose, such as event names, with a bounded number of
//! distinct rows.

use phasegate_domain::{
    events::Batch,
    metrics::{Dimension, MAX_LABELS, Metric, OTHER_LABEL},
    time::{Resolution, minute_of},
};
use phasegate_service::ingest::{Appended, append_batches};
use phasegate_store::TelemetryStore;

use crate::{
    at_second,
    telemetry::{HERE, custom_event, read_minutes, read_rollups, sample_batch, user_batch},
};

const DAY: i64 = 86_400;

/// Labels above the limit are counted in one shared row.
pub async fn labels_are_bounded(store: impl TelemetryStore) {
    for start in (0..MAX_LABELS + 50).step_by(100) {
        let names = (start..start + 100).map(|n| custom_event(&format!("event-{n:04}"))).collect();
        append_batches(&store, &[sample_batch(&start.to_string(), names)]).await.unwrap();
    }
    let minute = minute_of(at_second(0));
    let rows = read_minutes(&store, HERE, minute, minute + 1).await;
    assert_eq!(rows.len(), MAX_LABELS as usize + 1);
    let other = rows.iter().find(|row| row.label == OTHER_LABEL).unwrap();
    assert_eq!(other.aggregate.count(), 100);
    let known = append_batches(&store, &[sample_batch("again", vec![custom_event("event-0000")])])
        .await
        .unwrap();
    assert_eq!(known, [Appended::Stored]);
    let rows = read_minutes(&store, HERE, minute, minute + 1).await;
    let first = rows.iter().find(|row| row.label == "event-0000").unwrap();
    assert_eq!(first.aggregate.count(), 2);
}

/// Labels are bounded, however old their events are.
pub async fn labels_of_old_events_are_bounded(store: impl TelemetryStore) {
    let old = at_second(0);
    for start in (0..MAX_LABELS + 50).step_by(100) {
        let names = (start..start + 100).map(|n| custom_event(&format!("event-{n:04}"))).collect();
        let mut late = sample_batch(&start.to_string(), names);
        late.received_at = at_second(7 * 86_400);
        late.events.iter_mut().for_each(|event| event.at = old);
        append_batches(&store, &[late]).await.unwrap();
    }
    let bucket = Resolution::Hour.bucket_of(old);
    let rows =
        read_rollups(&store, HERE, Resolution::Hour, Dimension::All, bucket, bucket + 1).await;
    assert_eq!(rows.len(), MAX_LABELS as usize + 1);
}

/// A label that was not sent for days is replaced.
pub async fn unused_labels_are_replaced(store: impl TelemetryStore) {
    let names = (0..MAX_LABELS).map(|n| custom_event(&format!("event-{n:04}"))).collect();
    append_batches(&store, &[sample_batch("old", names)]).await.unwrap();
    let mut late = sample_batch("new", vec![custom_event("newcomer")]);
    late.received_at = at_second(3 * 86_400);
    late.events[0].at = late.received_at;
    append_batches(&store, &[Batch { id: "wake".into(), events: Vec::new(), ..late.clone() }])
        .await
        .unwrap();
    append_batches(&store, &[late.clone()]).await.unwrap();
    let minute = minute_of(late.received_at);
    let rows = read_minutes(&store, HERE, minute, minute + 1).await;
    assert_eq!(rows[0].label, "newcomer");
}

/// Sends `MAX_LABELS` labels, each from the same `users` users.
async fn fill_labels(store: &impl TelemetryStore, users: u64) {
    for user in 0..users {
        let names = (0..MAX_LABELS).map(|n| custom_event(&format!("event-{n:04}"))).collect();
        append_batches(store, &[user_batch(&format!("fill-{user}"), user, user, names)])
            .await
            .unwrap();
    }
}

/// Sends a label from `users` users at an instant and returns whether it has a row of its own.
async fn admits_label(store: &impl TelemetryStore, name: &str, users: u64, second: i64) -> bool {
    for user in 0..users {
        let id = format!("{name}-{user}");
        let mut sent = user_batch(&id, 1_000 + user, 1_000 + user, vec![custom_event(name)]);
        sent.received_at = at_second(second);
        sent.events[0].at = sent.received_at;
        append_batches(store, &[sent]).await.unwrap();
    }
    let minute = minute_of(at_second(second));
    read_minutes(store, HERE, minute, minute + 1).await.iter().any(|row| row.label == name)
}

/// A label replaces one that fewer users send. Labels that are a day old are only replaced by one
/// that at least twice as many users send, plus four.
pub async fn day_old_labels_are_only_displaced_by_far_more_users(store: impl TelemetryStore) {
    fill_labels(&store, 3).await;
    assert!(!admits_label(&store, "two", 2, 60).await, "fewer users than the others have");
    assert!(admits_label(&store, "seven", 7, 60).await, "more users than another has");
    assert!(!admits_label(&store, "late", 7, DAY + 600).await, "the others are a day old");
    assert!(
        admits_label(&store, "popular", 30, DAY + 600).await,
        "far more users than another has"
    );
}

/// Labels that a plan names are never replaced.
pub async fn labels_of_the_plan_are_never_displaced(store: impl TelemetryStore) {
    let planned = [(Metric::Custom, "planned".to_owned())];
    store.reserve_labels(HERE, &planned, at_second(0)).await.unwrap();
    fill_labels(&store, 3).await;
    let new_users =
        (0..MAX_LABELS).map(|n| custom_event(&format!("new-{n:04}"))).collect::<Vec<_>>();
    for user in 100..110 {
        let id = format!("new-{user}");
        append_batches(&store, &[user_batch(&id, user, user, new_users.clone())]).await.unwrap();
    }
    let minute = minute_of(at_second(0));
    let rows = read_minutes(&store, HERE, minute, minute + 1).await;
    assert!(rows.iter().any(|row| row.label.starts_with("new-")), "the others made room");
    assert!(admits_label(&store, "planned", 1, 60).await);
}
