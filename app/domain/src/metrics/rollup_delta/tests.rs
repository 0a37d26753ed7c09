use chrono::DateTime;
use proptest::prelude::*;

use super::*;

use crate::{
    Timestamp,
    errors::{ErrorReport, Severity},
    events::{Arm, SessionHash, UserHash, Visit},
    ids::{FlagKey, PhaseNumber, SegmentKey, VariantName},
    vitals::{Device, Vital},
};

const HERE: EnvironmentId = EnvironmentId(1);

fn at_second(second: i64) -> Timestamp {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn flag_key(key: &str) -> FlagKey {
    FlagKey::new(key).unwrap()
}

fn on_variant() -> VariantName {
    VariantName::new("on").unwrap()
}

fn sample_event(second: i64, kind: EventKind) -> Event {
    Event { at: at_second(second), page: "/p".into(), kind }
}

fn sample_batch(who: u64, session: u64, events: Vec<Event>) -> Batch {
    let visit = Visit {
        who: Some((UserHash(who), SessionHash(session))),
        device: Device::Phone,
        release: Some("1.0".into()),
        exposed: [(flag_key("A"), on_variant())].into(),
        phase: Some(PhaseNumber(2)),
        segments: [SegmentKey::new("beta").unwrap()].into(),
        arm: Arm::parse("2:everyone:20000:treatment"),
        network: None,
    };
    let (id, raw) = ("b".into(), Vec::new());
    Batch { id, environment: HERE, received_at: at_second(0), visit, events, raw }
}

fn error_event(severity: Severity) -> EventKind {
    EventKind::Error(ErrorReport { count: 1, severity, ..ErrorReport::default() })
}

fn build_delta(batches: &[Batch]) -> RollupDelta {
    let mut rollup_delta = RollupDelta::default();
    batches.iter().for_each(|batch| rollup_delta.add_batch(batch));
    rollup_delta
}

/// Applies deltas in order as a store does, each after reconciling it with the stored sessions.
fn store_deltas(rollup_deltas: Vec<RollupDelta>) -> RollupDelta {
    let mut stored = RollupDelta::default();
    for mut rollup_delta in rollup_deltas {
        rollup_delta.reconcile_sessions(&stored.sessions);
        for (place, session) in std::mem::take(&mut rollup_delta.sessions) {
            stored.sessions.insert(place, session);
        }
        stored.merge(rollup_delta);
    }
    stored.rows.retain(|_, aggregate| *aggregate != Aggregate::default());
    stored
}

fn find_aggregate(
    rollup_delta: &RollupDelta,
    metric: Metric,
    dimension: Dimension,
    minute: i64,
) -> Aggregate {
    let label = String::new();
    let key = RollupKey { environment: HERE, metric, dimension, label, minute };
    rollup_delta.rows.get(&key).cloned().unwrap_or_default()
}

#[test]
fn an_event_counts_in_its_minute_and_in_each_dimension() {
    let lcp = EventKind::Vital { vital: Vital::Lcp, millionths: 2_000_000, was: None };
    let rollup_delta = build_delta(&[sample_batch(
        1,
        1,
        vec![sample_event(59, lcp.clone()), sample_event(60, lcp)],
    )]);
    let metric = Metric::Vital(Vital::Lcp);
    for dimension in [
        Dimension::All,
        Dimension::Page("/p".into()),
        Dimension::Device(Device::Phone),
        Dimension::Release("1.0".into()),
        Dimension::Phase(PhaseNumber(2)),
        Dimension::Segment(SegmentKey::new("beta").unwrap()),
        Dimension::Flag(flag_key("A"), on_variant(), Some(PhaseNumber(2))),
    ] {
        assert_eq!(
            find_aggregate(&rollup_delta, metric, dimension.clone(), 0).count(),
            1,
            "{dimension:?}"
        );
        assert_eq!(find_aggregate(&rollup_delta, metric, dimension, 1).count(), 1);
    }
    assert_eq!(minute_of(at_second(-1)), -1);
}

#[test]
fn a_corrected_value_is_removed_only_from_lasting_dimensions() {
    let inp = |millionths, was| EventKind::Vital { vital: Vital::Inp, millionths, was };
    let mut before = sample_batch(1, 1, vec![sample_event(5, inp(50_000, None))]);
    (before.visit.exposed, before.visit.phase) = (BTreeMap::new(), None);
    let after = sample_batch(1, 1, vec![sample_event(5, inp(600_000, Some(50_000)))]);
    let rollup_delta = build_delta(&[before, after]);
    let metric = Metric::Vital(Vital::Inp);
    for dimension in
        [Dimension::All, Dimension::Page("/p".into()), Dimension::Device(Device::Phone)]
    {
        let aggregate = find_aggregate(&rollup_delta, metric, dimension, 0);
        assert_eq!((aggregate.sketch().count(), aggregate.sum()), (1, 600_000));
    }
    for dimension in [
        Dimension::Flag(flag_key("A"), on_variant(), Some(PhaseNumber(2))),
        Dimension::Phase(PhaseNumber(2)),
    ] {
        assert_eq!(
            find_aggregate(&rollup_delta, metric, dimension, 0),
            Aggregate::default(),
            "exposed only later"
        );
    }
}

#[test]
fn a_session_counts_once_across_all_its_batches() {
    let early = sample_batch(1, 7, vec![sample_event(100, EventKind::View)]);
    let broken = sample_batch(1, 7, vec![sample_event(160, error_event(Severity::Critical))]);
    let late = sample_batch(1, 7, vec![sample_event(30, EventKind::View)]);
    let stored = store_deltas(vec![
        build_delta(&[early]),
        build_delta(&[broken.clone(), broken]),
        build_delta(&[late]),
    ]);
    let sessions = find_aggregate(&stored, Metric::Sessions, Dimension::All, 0);
    assert_eq!((sessions.count(), sessions.sum()), (1, 130_000_000), "in the minute it began");
    assert_eq!(find_aggregate(&stored, Metric::Sessions, Dimension::All, 1), Aggregate::default());
    assert_eq!(find_aggregate(&stored, Metric::ErrorSessions, Dimension::All, 0).count(), 1);
    assert_eq!(
        find_aggregate(&stored, Metric::CriticalSessions, Dimension::Device(Device::Phone), 0)
            .count(),
        1
    );
}

#[test]
fn users_are_recorded_by_day_and_activity() {
    let exposure = EventKind::Exposure { flag: flag_key("A"), variant: on_variant() };
    let used = EventKind::FeatureUsed { flag: flag_key("A") };
    let rollup_delta = build_delta(&[
        sample_batch(1, 1, vec![sample_event(0, exposure.clone()), sample_event(10, used)]),
        sample_batch(2, 2, vec![sample_event(86_400, exposure)]),
    ]);
    let who = |day, activity| {
        rollup_delta.activities.get(&(HERE, day, activity)).cloned().unwrap_or_default()
    };
    let exposed = || Activity::Exposed(flag_key("A"), on_variant(), Some(PhaseNumber(2)));
    assert_eq!(who(0, exposed()), [UserHash(1)].into());
    assert_eq!(who(0, Activity::Used(flag_key("A"))), [UserHash(1)].into());
    assert_eq!(who(1, exposed()), [UserHash(2)].into());
    assert_eq!(who(1, Activity::Active), [UserHash(2)].into());
    assert_eq!(who(1, Activity::InPhase(PhaseNumber(2))), [UserHash(2)].into());
    let beta = SegmentKey::new("beta").unwrap();
    assert_eq!(who(0, Activity::InSegment(beta)), [UserHash(1)].into());
}

#[test]
fn a_batch_without_user_adds_no_session_or_activity() {
    let mut quiet = sample_batch(1, 1, vec![sample_event(0, EventKind::View)]);
    quiet.visit.who = None;
    let rollup_delta = build_delta(&[quiet]);
    assert!(rollup_delta.sessions.is_empty() && rollup_delta.activities.is_empty());
    assert_eq!(find_aggregate(&rollup_delta, Metric::Views, Dimension::All, 0).count(), 1);
}

fn arbitrary_kinds() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        Just(EventKind::View),
        Just(EventKind::FeatureUsed { flag: flag_key("A") }),
        Just(EventKind::Exposure { flag: flag_key("B"), variant: on_variant() }),
        Just(error_event(Severity::Error)),
        Just(error_event(Severity::Critical)),
        Just(error_event(Severity::Warning)),
        (1..5_000_000_u64, prop::option::of(1..5_000_000_u64))
            .prop_map(|(millionths, was)| EventKind::Vital { vital: Vital::Inp, millionths, was }),
    ]
}

proptest! {
    /// The stored result depends neither on the order nor on the grouping of batches.
    #[test]
    fn the_stored_result_is_independent_of_batch_order_and_grouping(
        events in prop::collection::vec((0..3_u64, 0..4_u64, 0..400_i64, arbitrary_kinds()), 0..25),
        order in any::<u64>(),
        group in 1..6_usize,
    ) {
        let batches: Vec<Batch> = events
            .into_iter()
            .map(|(who, session, second, kind)| sample_batch(who, session, vec![sample_event(second, kind)]))
            .collect();
        let mut shuffled = batches.clone();
        shuffled.sort_by_key(|one| {
            let second = one.events[0].at.timestamp().unsigned_abs();
            order.wrapping_mul(second * 2 + 1).rotate_left(17)
        });
        let straight = store_deltas(vec![build_delta(&batches)]);
        let grouped = store_deltas(shuffled.chunks(group).map(build_delta).collect());
        prop_assert_eq!(straight, grouped);
    }
}

#[test]
fn a_session_across_two_phases_counts_in_both_and_its_error_in_one() {
    let arm = |text| Arm::parse(text);
    let mut before = sample_batch(1, 1, vec![sample_event(0, EventKind::View)]);
    before.visit.arm = arm("2:everyone:20000:treatment");
    let mut after = sample_batch(1, 1, vec![sample_event(60, error_event(Severity::Critical))]);
    after.visit.phase = Some(PhaseNumber(3));
    after.visit.arm = arm("3:everyone:50000:treatment");
    for batches in [[before.clone(), after.clone()], [after, before]] {
        let mut rollup_delta = build_delta(&batches);
        rollup_delta.reconcile_sessions(&BTreeMap::new());
        let count = |metric, text: &str| {
            let dimension = Dimension::Arm(Arm::parse(text).unwrap());
            let of = |key: &RollupKey| key.metric == metric && key.dimension == dimension;
            rollup_delta.rows.iter().filter(|(key, _)| of(key)).map(|(_, t)| t.count()).sum::<u64>()
        };
        let (two, three) = ("2:everyone:20000:treatment", "3:everyone:50000:treatment");
        assert_eq!((count(Metric::Sessions, two), count(Metric::Sessions, three)), (1, 1));
        assert_eq!(
            (count(Metric::ErrorSessions, two), count(Metric::ErrorSessions, three)),
            (0, 1)
        );
        assert_eq!(count(Metric::CriticalSessions, three), 1);
    }
}
