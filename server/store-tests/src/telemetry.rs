//! Stories of the telemetry store.

use phasegate_domain::{
    ids::EnvironmentId,
    telemetry::{
        Batch, ErrorReport, Fact, FactKind, Feedback, ImageKind, MAX_LABELS, OTHER_LABEL,
        Screenshot, Series, minute_of,
    },
    vitals::Vital,
};
use phasegate_store::{Appended, TelemetryStore};

use crate::at;

const HERE: EnvironmentId = EnvironmentId(1);
const ELSEWHERE: EnvironmentId = EnvironmentId(2);

fn batch(id: &str, facts: Vec<FactKind>) -> Batch {
    let facts = facts.into_iter().map(|kind| Fact { at: at(0), kind }).collect();
    Batch { id: id.into(), environment: HERE, received_at: at(0), facts }
}

fn lcp(millionths: u64) -> FactKind {
    FactKind::Vital { vital: Vital::Lcp, millionths, was: None }
}

fn custom(name: &str) -> FactKind {
    FactKind::Custom { name: name.into() }
}

fn error(message: &str) -> FactKind {
    FactKind::Error(ErrorReport {
        message: message.into(),
        page: "/".into(),
        count: 1,
        ..ErrorReport::default()
    })
}

/// Pictures are kept once, apart, and only the newest that fit.
pub async fn screenshots_are_bounded(store: impl TelemetryStore) {
    let picture = |id: &str, second, size| Screenshot {
        id: id.into(),
        environment: HERE,
        at: at(second),
        kind: ImageKind::Png,
        bytes: vec![7; size],
    };
    let first = picture("a", 1, 400);
    store.save_screenshot(&first, 1_000).await.unwrap();
    store.save_screenshot(&picture("a", 9, 400), 1_000).await.unwrap();
    assert_eq!(store.screenshot(HERE, "a").await.unwrap(), Some(first), "as it first came");
    assert_eq!(store.screenshot(ELSEWHERE, "a").await.unwrap(), None);
    store.save_screenshot(&picture("b", 2, 600), 1_000).await.unwrap();
    assert!(store.screenshot(HERE, "a").await.unwrap().is_some(), "both fit exactly");
    store.save_screenshot(&picture("c", 3, 100), 1_000).await.unwrap();
    assert_eq!(store.screenshot(HERE, "a").await.unwrap(), None, "the oldest made room");
    assert!(store.screenshot(HERE, "b").await.unwrap().is_some());
    assert!(store.screenshot(HERE, "c").await.unwrap().is_some());
}

/// Batches add up, within a transaction and across, and a repeated one counts once.
pub async fn batches_add_up_once(store: impl TelemetryStore) {
    let first = batch("1", vec![lcp(1_000_000), lcp(2_000_000)]);
    let second = batch("2", vec![lcp(3_000_000)]);
    let outcome = store.append(&[first.clone(), second]).await.unwrap();
    assert_eq!(outcome, [Appended::Stored, Appended::Stored]);
    let third = batch("3", vec![lcp(4_000_000)]);
    let outcome = store.append(&[first.clone(), third, first]).await.unwrap();
    assert_eq!(outcome, [Appended::Repeated, Appended::Stored, Appended::Repeated]);

    let minute = minute_of(at(0));
    let rows = store.rollups(HERE, minute, minute + 1).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].0.series, Series::Vital(Vital::Lcp));
    assert_eq!(rows[0].1.count, 4);
    let median = rows[0].1.sketch.quantile(0.5).unwrap();
    assert!((median - 2_000_000.0).abs() <= 20_000.0, "{median}");
}

/// A value that takes another one's place counts once, also when they come apart.
pub async fn a_replaced_value_counts_once(store: impl TelemetryStore) {
    let grown = FactKind::Vital { vital: Vital::Lcp, millionths: 9_000_000, was: Some(1_000_000) };
    store.append(&[batch("1", vec![lcp(1_000_000), lcp(5_000_000)])]).await.unwrap();
    store.append(&[batch("2", vec![grown])]).await.unwrap();
    let minute = minute_of(at(0));
    let rows = store.rollups(HERE, minute, minute + 1).await.unwrap();
    let row = &rows[0].1;
    assert_eq!((row.count, row.sketch.count()), (2, 2));
    assert!(row.sketch.quantile(0.0).unwrap() > 4_900_000.0);
}

/// An environment and a range of minutes see only what is theirs.
pub async fn rollups_are_kept_apart(store: impl TelemetryStore) {
    let mut elsewhere = batch("1", vec![lcp(1)]);
    elsewhere.environment = ELSEWHERE;
    let mut late = batch("2", vec![lcp(1)]);
    late.facts[0].at = at(60);
    store.append(&[batch("1", vec![lcp(1), custom("signup")]), elsewhere, late]).await.unwrap();
    let minute = minute_of(at(0));
    assert_eq!(store.rollups(HERE, minute, minute + 1).await.unwrap().len(), 2);
    assert_eq!(store.rollups(HERE, minute, minute + 2).await.unwrap().len(), 3);
    assert_eq!(store.rollups(ELSEWHERE, minute, minute + 2).await.unwrap().len(), 1);
    assert!(store.rollups(HERE, minute - 5, minute).await.unwrap().is_empty());
}

/// Too many labels share one row, and are counted there.
pub async fn labels_are_bounded(store: impl TelemetryStore) {
    for start in (0..MAX_LABELS + 50).step_by(100) {
        let names = (start..start + 100).map(|n| custom(&format!("event-{n:04}"))).collect();
        store.append(&[batch(&start.to_string(), names)]).await.unwrap();
    }
    let minute = minute_of(at(0));
    let rows = store.rollups(HERE, minute, minute + 1).await.unwrap();
    assert_eq!(rows.len(), MAX_LABELS as usize + 1);
    let other = rows.iter().find(|(key, _)| key.label == OTHER_LABEL).unwrap();
    assert_eq!(other.1.count, 100);
    let known = store.append(&[batch("again", vec![custom("event-0000")])]).await.unwrap();
    assert_eq!(known, [Appended::Stored]);
    let rows = store.rollups(HERE, minute, minute + 1).await.unwrap();
    let first = rows.iter().find(|(key, _)| key.label == "event-0000").unwrap();
    assert_eq!(first.1.count, 2);
}

/// A label that nobody has used for days makes room for another.
pub async fn unused_labels_make_room(store: impl TelemetryStore) {
    let names = (0..MAX_LABELS).map(|n| custom(&format!("event-{n:04}"))).collect();
    store.append(&[batch("old", names)]).await.unwrap();
    let mut late = batch("new", vec![custom("newcomer")]);
    late.received_at = at(3 * 86_400);
    late.facts[0].at = late.received_at;
    store.append(&[Batch { id: "wake".into(), facts: Vec::new(), ..late.clone() }]).await.unwrap();
    store.append(&[late.clone()]).await.unwrap();
    let minute = minute_of(late.received_at);
    let rows = store.rollups(HERE, minute, minute + 1).await.unwrap();
    assert_eq!(rows[0].0.label, "newcomer");
}

/// The newest errors and feedback come first, and old errors make room.
pub async fn reports_are_newest_first_and_bounded(store: impl TelemetryStore) {
    let feedback = Feedback {
        rating: Some(4),
        message: "nice".into(),
        page: "/".into(),
        ..Feedback::default()
    };
    store.append(&[batch("f", vec![FactKind::Feedback(feedback.clone())])]).await.unwrap();
    for n in 0..6 {
        let errors = (0..100).map(|m| error(&format!("error {n}-{m}"))).collect();
        store.append(&[batch(&format!("e{n}"), errors)]).await.unwrap();
    }
    let errors = store.recent_errors(HERE, 3).await.unwrap();
    let messages: Vec<_> = errors.iter().map(|report| report.what.message.as_str()).collect();
    assert_eq!(messages, ["error 5-99", "error 5-98", "error 5-97"]);
    assert_eq!(store.recent_errors(HERE, 1_000).await.unwrap().len(), 500);
    let found = store.recent_feedback(HERE, 10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].what, feedback);
    assert!(store.recent_errors(ELSEWHERE, 10).await.unwrap().is_empty());
}
