//! Stories of the telemetry store.

use std::sync::Arc;

use phasegate_domain::{
    errors::ErrorReport,
    events::{Batch, Event, EventKind, SessionHash, UserHash, Visit},
    feedback::{Feedback, ImageKind, Screenshot},
    ids::{EnvironmentId, FlagKey, PhaseNumber, VariantName},
    metrics::{Activity, ActivityFilter, Dimension, DimensionKind, Metric},
    privacy::{ErasureReport, RetentionPolicy, UserData},
    simulation::Simulation,
    stats::Aggregate,
    time::{Resolution, day_of, minute_of},
    vitals::{Device, Vital},
};
use std::collections::BTreeMap;

use phasegate_service::{
    ingest::{Appended, append_batches},
    maintenance::delete_expired_telemetry,
};
use phasegate_store::{
    TelemetryStore,
    models::{Rollup, RollupQuery},
};

use crate::at_second;

pub(crate) const HERE: EnvironmentId = EnvironmentId(1);
const ELSEWHERE: EnvironmentId = EnvironmentId(2);

pub(crate) fn sample_batch(id: &str, events: Vec<EventKind>) -> Batch {
    let events =
        events.into_iter().map(|kind| Event { at: at_second(0), page: String::new(), kind });
    let events = events.collect();
    Batch {
        id: id.into(),
        environment: HERE,
        received_at: at_second(0),
        visit: Visit::default(),
        events,
        raw: Vec::new(),
    }
}

/// Reads the rollups of a range of minutes over all dimensions.
pub(crate) async fn read_minutes(
    store: &impl TelemetryStore,
    environment: EnvironmentId,
    from: i64,
    to: i64,
) -> Vec<Arc<Rollup>> {
    read_rollups(store, environment, Resolution::Minute, Dimension::All, from, to).await
}

pub(crate) async fn read_rollups(
    store: &impl TelemetryStore,
    environment: EnvironmentId,
    resolution: Resolution,
    dimension: Dimension,
    from: i64,
    to: i64,
) -> Vec<Arc<Rollup>> {
    let (metrics, dimensions) = (Metric::ALL.to_vec(), vec![dimension]);
    store
        .read_rollups(&RollupQuery { environment, resolution, metrics, dimensions, from, to })
        .await
        .unwrap()
}

/// A batch of a user, in one of their sessions.
pub(crate) fn user_batch(id: &str, who: u64, session: u64, events: Vec<EventKind>) -> Batch {
    let visit = Visit {
        who: Some((UserHash(who), SessionHash(session))),
        device: Device::Phone,
        release: None,
        exposed: [(FlagKey::new("A").unwrap(), VariantName::new("on").unwrap())].into(),
        phase: Some(PhaseNumber(2)),
        ..Visit::default()
    };
    Batch { visit, ..sample_batch(id, events) }
}

fn lcp_event(millionths: u64) -> EventKind {
    EventKind::Vital { vital: Vital::Lcp, millionths, was: None }
}

pub(crate) fn custom_event(name: &str) -> EventKind {
    EventKind::Custom { name: name.into() }
}

fn error_event(message: &str) -> EventKind {
    EventKind::Error(ErrorReport {
        message: message.into(),
        page: "/".into(),
        count: 1,
        ..ErrorReport::default()
    })
}

/// Screenshots are stored once and per environment, and only the newest that fit.
pub async fn screenshots_are_bounded(store: impl TelemetryStore) {
    let screenshot = |id: &str, second, size| Screenshot {
        id: id.into(),
        environment: HERE,
        at: at_second(second),
        kind: ImageKind::Png,
        bytes: vec![7; size],
    };
    let first = screenshot("a", 1, 400);
    store.save_screenshot(&first, 1_000).await.unwrap();
    store.save_screenshot(&screenshot("a", 9, 400), 1_000).await.unwrap();
    assert_eq!(store.read_screenshot(HERE, "a").await.unwrap(), Some(first), "as it first came");
    assert_eq!(store.read_screenshot(ELSEWHERE, "a").await.unwrap(), None);
    store.save_screenshot(&screenshot("b", 2, 600), 1_000).await.unwrap();
    assert!(store.read_screenshot(HERE, "a").await.unwrap().is_some(), "both fit exactly");
    store.save_screenshot(&screenshot("c", 3, 100), 1_000).await.unwrap();
    assert_eq!(store.read_screenshot(HERE, "a").await.unwrap(), None, "the oldest made room");
    assert!(store.read_screenshot(HERE, "b").await.unwrap().is_some());
    assert!(store.read_screenshot(HERE, "c").await.unwrap().is_some());
}

/// Batches add up within a transaction and across, and a repeated one counts once.
pub async fn batches_add_up_once(store: impl TelemetryStore) {
    let first = sample_batch("1", vec![lcp_event(1_000_000), lcp_event(2_000_000)]);
    let second = sample_batch("2", vec![lcp_event(3_000_000)]);
    let outcome = append_batches(&store, &[first.clone(), second]).await.unwrap();
    assert_eq!(outcome, [Appended::Stored, Appended::Stored]);
    let third = sample_batch("3", vec![lcp_event(4_000_000)]);
    let outcome = append_batches(&store, &[first.clone(), third, first]).await.unwrap();
    assert_eq!(outcome, [Appended::Repeated, Appended::Stored, Appended::Repeated]);

    let minute = minute_of(at_second(0));
    let rows = read_minutes(&store, HERE, minute, minute + 1).await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0].metric, Metric::Vital(Vital::Lcp));
    assert_eq!((rows[0].aggregate.count(), rows[0].aggregate.sum()), (4, 10_000_000));
    let median = rows[0].aggregate.sketch().quantile(0.5).unwrap();
    assert!((median - 2_000_000.0).abs() <= 20_000.0, "{median}");
}

/// A value that replaces another one counts once, even if they come in different batches.
pub async fn a_replaced_value_counts_once(store: impl TelemetryStore) {
    let grown = EventKind::Vital { vital: Vital::Lcp, millionths: 9_000_000, was: Some(1_000_000) };
    // The replacement may even come first.
    append_batches(&store, &[sample_batch("2", vec![grown])]).await.unwrap();
    append_batches(&store, &[sample_batch("1", vec![lcp_event(1_000_000), lcp_event(5_000_000)])])
        .await
        .unwrap();
    let minute = minute_of(at_second(0));
    let rows = read_minutes(&store, HERE, minute, minute + 1).await;
    let aggregate = &rows[0].aggregate;
    assert_eq!((aggregate.count(), aggregate.sketch().count()), (2, 2));
    assert!(aggregate.sketch().quantile(0.0).unwrap() > 4_900_000.0);
}

/// A query returns only rollups of its environment and minutes.
pub async fn rollups_are_separated_by_environment_and_minute(store: impl TelemetryStore) {
    let mut elsewhere = sample_batch("1", vec![lcp_event(1)]);
    elsewhere.environment = ELSEWHERE;
    let mut late = sample_batch("2", vec![lcp_event(1)]);
    late.events[0].at = at_second(60);
    append_batches(
        &store,
        &[sample_batch("1", vec![lcp_event(1), custom_event("signup")]), elsewhere, late],
    )
    .await
    .unwrap();
    let minute = minute_of(at_second(0));
    assert_eq!(read_minutes(&store, HERE, minute, minute + 1).await.len(), 2);
    assert_eq!(read_minutes(&store, HERE, minute, minute + 2).await.len(), 3);
    assert_eq!(read_minutes(&store, ELSEWHERE, minute, minute + 2).await.len(), 1);
    assert!(read_minutes(&store, HERE, minute - 5, minute).await.is_empty());
}

/// Events are counted in each of their dimensions, by minute, hour and day.
pub async fn dimensions_and_resolutions_are_stored(store: impl TelemetryStore) {
    for (n, second) in [0, 60, 3_600, 86_400].into_iter().enumerate() {
        let mut one = user_batch(
            &n.to_string(),
            1,
            n as u64,
            vec![lcp_event(1_000_000), custom_event("signup")],
        );
        for event in &mut one.events {
            event.at = at_second(second);
            event.page = format!("/page-{}", n % 2);
        }
        append_batches(&store, &[one]).await.unwrap();
    }
    let count = async |resolution: Resolution, dimension: Dimension, second: i64| {
        let bucket = resolution.bucket_of(at_second(second));
        let found = read_rollups(&store, HERE, resolution, dimension, bucket, bucket + 1).await;
        let lcp = found.iter().find(|row| row.metric == Metric::Vital(Vital::Lcp));
        lcp.map_or(0, |row| row.aggregate.count())
    };
    assert_eq!(count(Resolution::Minute, Dimension::All, 0).await, 1);
    assert_eq!(count(Resolution::Hour, Dimension::All, 0).await, 2);
    assert_eq!(count(Resolution::Day, Dimension::All, 0).await, 3);
    assert_eq!(count(Resolution::Day, Dimension::Device(Device::Phone), 0).await, 3);
    assert_eq!(count(Resolution::Day, Dimension::Page("/page-1".into()), 0).await, 1);
    let flag = FlagKey::new("A").unwrap();
    let on = VariantName::new("on").unwrap();
    let exposed = Dimension::Flag(flag, on, Some(PhaseNumber(2)));
    assert_eq!(count(Resolution::Day, exposed.clone(), 86_400).await, 1);
    let lcp = Metric::Vital(Vital::Lcp);
    let pages =
        store.read_dimensions(HERE, lcp, DimensionKind::Page, (0, i64::MAX), 500).await.unwrap();
    assert_eq!(pages, [Dimension::Page("/page-0".into()), Dimension::Page("/page-1".into())]);
    assert_eq!(
        store.read_dimensions(HERE, lcp, DimensionKind::Flag, (0, i64::MAX), 500).await.unwrap(),
        [exposed]
    );
    assert_eq!(
        store
            .read_dimensions(ELSEWHERE, lcp, DimensionKind::Page, (0, i64::MAX), 500)
            .await
            .unwrap(),
        []
    );
    let custom = store
        .read_dimensions(HERE, Metric::Custom, DimensionKind::Page, (0, i64::MAX), 500)
        .await
        .unwrap();
    assert_eq!(custom, [], "what no panel asks for by page is not stored by page");
    let (resolution, from) = (Resolution::Hour, Resolution::Hour.bucket_of(at_second(0)));
    let (metrics, dimensions) = (vec![lcp, Metric::Custom], vec![Dimension::All]);
    let query =
        RollupQuery { environment: HERE, resolution, metrics, dimensions, from, to: from + 2 };
    let (mut one_by_one, together) =
        (store.read_rollups(&query).await.unwrap(), store.read_rollup_sums(&query).await.unwrap());
    assert_eq!((one_by_one.len(), together.len()), (4, 2));
    for row in together {
        let mut sum = Aggregate::default();
        let same = one_by_one.extract_if(.., |other| {
            (other.metric, &other.dimension, &other.label)
                == (row.metric, &row.dimension, &row.label)
        });
        same.for_each(|other| sum.merge(&other.aggregate));
        assert_eq!((row.bucket, &row.aggregate), (from, &sum), "{row:?}");
    }
}

/// A session counts once, in the minute in which it began, in whatever order its batches come.
pub async fn sessions_are_counted_once(store: impl TelemetryStore) {
    let moved = |mut batch: Batch, second| {
        batch.events.iter_mut().for_each(|event| event.at = at_second(second));
        batch
    };
    let middle = moved(user_batch("1", 1, 7, vec![EventKind::View]), 120);
    let broken = moved(user_batch("2", 1, 7, vec![error_event("Boom"), error_event("Boom")]), 300);
    let first = moved(user_batch("3", 1, 7, vec![EventKind::View]), 0);
    let other = moved(user_batch("4", 2, 8, vec![EventKind::View]), 0);
    append_batches(&store, &[middle]).await.unwrap();
    append_batches(&store, std::slice::from_ref(&broken)).await.unwrap();
    append_batches(&store, &[broken, first, other]).await.unwrap();
    let minute = minute_of(at_second(0));
    let found = read_minutes(&store, HERE, minute, minute + 10).await;
    let of = |metric| -> Vec<(i64, u64)> {
        let some = found.iter().filter(|row| row.metric == metric && row.aggregate.count() > 0);
        some.map(|row| (row.bucket - minute, row.aggregate.count())).collect()
    };
    assert_eq!(of(Metric::Sessions), [(0, 2)]);
    assert_eq!(of(Metric::ErrorSessions), [(0, 1)]);
    let sessions = found.iter().find(|row| row.metric == Metric::Sessions).unwrap();
    assert_eq!(sessions.aggregate.sum(), 300_000_000, "one of five minutes, and one of a moment");
}

/// User sets are exact, and an earlier event moves a user's first day.
pub async fn users_are_counted_exactly(store: impl TelemetryStore) {
    let flag = FlagKey::new("A").unwrap();
    let used = || EventKind::FeatureUsed { flag: FlagKey::new("A").unwrap() };
    let day = day_of(at_second(0));
    let on_day = |id: &str, who: u64, days: i64, events: Vec<EventKind>| {
        let mut batch = user_batch(id, who, who, events);
        batch.events.iter_mut().for_each(|event| event.at = at_second(days * 86_400));
        batch
    };
    let many = (0..300).map(|who| on_day(&format!("many-{who}"), who, 1, vec![EventKind::View]));
    append_batches(&store, &many.collect::<Vec<_>>()).await.unwrap();
    let earlier = on_day("earlier", 5, 0, vec![used()]);
    append_batches(&store, &[earlier.clone(), on_day("again", 5, 1, vec![used(), used()])])
        .await
        .unwrap();
    append_batches(&store, &[earlier]).await.unwrap();
    let count = async |activity: Activity, days: i64| {
        let only = ActivityFilter::Only(activity.clone());
        let found = store.read_user_sets(HERE, &only, day + days, day + days + 1).await.unwrap();
        assert!(found.iter().all(|(of, _, _)| *of == activity), "of no other activity");
        let found = found.into_iter().find(|(of, _, _)| *of == activity);
        found.map_or(0, |(_, _, users)| users.len())
    };
    assert_eq!(count(Activity::Active, 1).await, 300);
    assert_eq!(count(Activity::Active, 0).await, 1);
    assert_eq!(count(Activity::First, 0).await, 1);
    assert_eq!(count(Activity::First, 1).await, 299);
    assert_eq!(count(Activity::Used(flag.clone()), 0).await, 1);
    assert_eq!(count(Activity::Used(flag.clone()), 1).await, 1);
    let used = ActivityFilter::Only(Activity::Used(flag));
    let both = store.read_user_sets(HERE, &used, day, day + 2).await.unwrap();
    assert_eq!(both[0].2.count_in_both(&both[1].2), 1, "the same user on both days");
    assert!(
        store
            .read_user_sets(ELSEWHERE, &ActivityFilter::All, day, day + 2)
            .await
            .unwrap()
            .is_empty()
    );
}

/// Minutes expire after days, hours after months, and days by the retention policy.
pub async fn old_rollups_expire(store: impl TelemetryStore) {
    let day = 86_400;
    let kept = BTreeMap::from([(HERE, RetentionPolicy::default())]);
    let mut old = sample_batch("old", vec![custom_event("signup")]);
    old.received_at = at_second(10 * day);
    let mut new = sample_batch("new", vec![custom_event("signup")]);
    (new.received_at, new.events[0].at) = (at_second(10 * day), at_second(9 * day));
    append_batches(&store, &[old, new]).await.unwrap();
    let count = async |resolution: Resolution, second: i64| {
        let bucket = resolution.bucket_of(at_second(second));
        read_rollups(&store, HERE, resolution, Dimension::All, bucket, bucket + 1).await.len()
    };
    assert_eq!(count(Resolution::Minute, 0).await, 0, "too old when it came");
    assert_eq!(count(Resolution::Hour, 0).await, 1);
    assert_eq!(count(Resolution::Minute, 9 * day).await, 1);
    delete_expired_telemetry(&store, at_second(20 * day), &kept).await.unwrap();
    assert_eq!(count(Resolution::Minute, 9 * day).await, 0);
    assert_eq!(count(Resolution::Hour, 9 * day).await, 1);
    // Since then only another environment has sent events, so the batch ids have expired.
    let mut other = sample_batch("other", vec![custom_event("signup")]);
    (other.environment, other.received_at) = (ELSEWHERE, at_second(199 * day));
    append_batches(&store, &[other]).await.unwrap();
    delete_expired_telemetry(&store, at_second(200 * day), &kept).await.unwrap();
    assert_eq!(count(Resolution::Hour, 9 * day).await, 0);
    assert_eq!(count(Resolution::Day, 0).await, 1);
    assert_eq!(count(Resolution::Day, 9 * day).await, 1);
    let kept = BTreeMap::from([(
        HERE,
        RetentionPolicy { rollup_days: 195, ..RetentionPolicy::default() },
    )]);
    delete_expired_telemetry(&store, at_second(200 * day), &kept).await.unwrap();
    assert_eq!(count(Resolution::Day, 0).await, 0);
    assert_eq!(count(Resolution::Day, 9 * day).await, 1);
}

/// Reports and screenshots expire after their own retention.
pub async fn reports_and_screenshots_expire(store: impl TelemetryStore) {
    let day = 86_400;
    let screenshot = |id: &str, day: i64| Screenshot {
        id: id.into(),
        environment: HERE,
        at: at_second(day * 86_400),
        kind: ImageKind::Png,
        bytes: vec![7; 10],
    };
    for (id, second) in [("a", 0), ("b", 50 * day)] {
        let mut said = sample_batch(id, vec![error_event(id)]);
        (said.received_at, said.events[0].at) = (at_second(second), at_second(second));
        append_batches(&store, &[said]).await.unwrap();
        store.save_screenshot(&screenshot(id, second / day), 1_000).await.unwrap();
    }
    assert_eq!(store.measure_storage().await.unwrap().screenshots, 20);
    let kept =
        RetentionPolicy { report_days: 30, screenshot_days: 20, ..RetentionPolicy::default() };
    let kept = BTreeMap::from([(HERE, kept)]);
    delete_expired_telemetry(&store, at_second(60 * day), &kept).await.unwrap();
    assert_eq!(store.read_recent_errors(HERE, 10).await.unwrap().len(), 1);
    assert_eq!(store.read_screenshot(HERE, "a").await.unwrap(), None);
    assert!(store.read_screenshot(HERE, "b").await.unwrap().is_some());
    delete_expired_telemetry(&store, at_second(81 * day), &kept).await.unwrap();
    assert!(store.read_recent_errors(HERE, 10).await.unwrap().is_empty());
    assert_eq!(store.measure_storage().await.unwrap().screenshots, 0);
}

/// All data of a user can be read and erased; that of others stays.
pub async fn user_data_is_read_and_erased(store: impl TelemetryStore) {
    let day = day_of(at_second(0));
    let exposure = EventKind::Exposure {
        flag: FlagKey::new("A").unwrap(),
        variant: VariantName::new("on").unwrap(),
    };
    let said = Feedback { message: "mine".into(), screenshot: "pic".into(), ..Feedback::default() };
    let screenshot = Screenshot {
        id: "pic".into(),
        environment: HERE,
        at: at_second(0),
        kind: ImageKind::Png,
        bytes: vec![7; 10],
    };
    store.save_screenshot(&screenshot, 1_000).await.unwrap();
    let mine = user_batch("1", 7, 1, vec![exposure.clone(), EventKind::Feedback(said)]);
    let theirs = user_batch("2", 8, 2, vec![exposure, error_event("theirs")]);
    append_batches(&store, &[mine, theirs]).await.unwrap();

    let found = store.read_user_data(HERE, UserHash(7)).await.unwrap();
    assert_eq!(found.first_day, Some(day));
    let activities: Vec<&str> = found.days.iter().map(|done| done.activity.as_str()).collect();
    assert_eq!(activities, ["active", "exposed:A:on:2", "first", "phase:2"]);
    assert_eq!(found.reports.len(), 1);
    assert_eq!(found.reports[0].report["message"], "mine");
    assert_eq!(store.read_user_data(ELSEWHERE, UserHash(7)).await.unwrap(), UserData::default());

    let erased = store.erase_user(HERE, UserHash(7)).await.unwrap();
    assert!(erased.was_known);
    assert_eq!((erased.activities, erased.reports), (4, 1));
    assert_eq!(store.read_user_data(HERE, UserHash(7)).await.unwrap(), UserData::default());
    assert_eq!(store.read_screenshot(HERE, "pic").await.unwrap(), None);
    let other = store.read_user_data(HERE, UserHash(8)).await.unwrap();
    assert_eq!((other.days.len(), other.reports.len()), (4, 1));
    let active = store
        .read_user_sets(HERE, &ActivityFilter::Only(Activity::Active), day, day + 1)
        .await
        .unwrap();
    assert_eq!(active[0].2.len(), 1);
    let again = store.erase_user(HERE, UserHash(7)).await.unwrap();
    assert_eq!(again, ErasureReport::default());
    // A user who returns after erasure counts as a new user.
    append_batches(&store, &[user_batch("3", 7, 3, vec![custom_event("back")])]).await.unwrap();
    assert_eq!(
        store
            .read_user_sets(HERE, &ActivityFilter::Only(Activity::Active), day, day + 1)
            .await
            .unwrap()[0]
            .2
            .len(),
        2
    );
}

/// Simulated telemetry is deleted as a whole; real telemetry stays.
pub async fn simulated_telemetry_is_erased(store: impl TelemetryStore) {
    let simulated = HERE.simulated_id();
    let simulation = Simulation { users: 5, days: 3, seed: 1, last_day: 2, regression: Some(2) };
    store.save_simulation(simulated, &simulation).await.unwrap();
    assert_eq!(store.read_simulation(simulated).await.unwrap(), Some(simulation));
    assert_eq!(store.read_simulation(HERE).await.unwrap(), None);
    for (id, environment) in [("real", HERE), ("simulated", simulated)] {
        let mut one = user_batch(id, 1, 1, vec![custom_event("signup"), error_event("x")]);
        one.environment = environment;
        append_batches(&store, &[one]).await.unwrap();
    }
    let count = async |environment| {
        let minute = minute_of(at_second(0));
        read_minutes(&store, environment, minute, minute + 1).await.len()
    };
    assert_eq!(count(HERE).await, count(simulated).await);
    store.erase_environment(simulated).await.unwrap();
    assert_eq!(count(simulated).await, 0);
    assert!(store.read_recent_errors(simulated, 9).await.unwrap().is_empty());
    assert_eq!(store.read_simulation(simulated).await.unwrap(), None);
    assert!(count(HERE).await > 0);
    assert_eq!(store.read_recent_errors(HERE, 9).await.unwrap().len(), 1);
    // The same batches may be sent again, and count again.
    let mut again = user_batch("simulated", 1, 1, vec![custom_event("signup")]);
    again.environment = simulated;
    assert_eq!(append_batches(&store, &[again]).await.unwrap(), [Appended::Stored]);
}

/// The digest key is stored once and never replaced.
pub async fn the_digest_key_is_never_replaced(store: impl TelemetryStore) {
    assert_eq!(store.read_or_store_digest_key([1; 32]).await.unwrap(), [1; 32]);
    assert_eq!(store.read_or_store_digest_key([2; 32]).await.unwrap(), [1; 32]);
}

/// Reports are returned newest first, and the oldest errors above the limit are deleted.
pub async fn reports_are_newest_first_and_bounded(store: impl TelemetryStore) {
    let feedback = Feedback {
        rating: Some(4),
        message: "nice".into(),
        page: "/".into(),
        ..Feedback::default()
    };
    append_batches(&store, &[sample_batch("f", vec![EventKind::Feedback(feedback.clone())])])
        .await
        .unwrap();
    for n in 0..60 {
        let errors = (0..100).map(|m| error_event(&format!("error {n}-{m}"))).collect();
        append_batches(&store, &[sample_batch(&format!("e{n}"), errors)]).await.unwrap();
    }
    let errors = store.read_recent_errors(HERE, 3).await.unwrap();
    let messages: Vec<_> = errors.iter().map(|report| report.report.message.as_str()).collect();
    assert_eq!(messages, ["error 59-99", "error 59-98", "error 59-97"]);
    assert_eq!(store.read_recent_errors(HERE, 10_000).await.unwrap().len(), 5_000);
    let found = store.read_recent_feedback(HERE, 10).await.unwrap();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].report, feedback);
    assert!(store.read_recent_errors(ELSEWHERE, 10).await.unwrap().is_empty());
}
