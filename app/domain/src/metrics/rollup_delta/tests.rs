use chrono::DateTime;
use proptest::prelude::*;

use super::*;
use crate::{
    Timestamp,
    errors::{ErrorReport, Severity},
    events::{Arm, Visit},
    ids::{FlagKey, PhaseNumber, SegmentKey, VariantName},
    vitals::{Device, Vital},
};

const HERE: EnvironmentId = EnvironmentId(1);

fn at(second: i64) -> Timestamp {
    DateTime::from_timestamp(second, 0).unwrap()
}

fn flag(key: &str) -> FlagKey {
    FlagKey::new(key).unwrap()
}

fn on() -> VariantName {
    VariantName::new("on").unwrap()
}

fn event(second: i64, kind: EventKind) -> Event {
    Event { at: at(second), page: "/p".into(), kind }
}

fn batch(who: u64, session: u64, events: Vec<Event>) -> Batch {
    let visit = Visit {
        who: Some((UserHash(who), SessionHash(session))),
        device: Device::Phone,
        release: Some("1.0".into()),
        exposed: [(flag("A"), on())].into(),
        phase: Some(PhaseNumber(2)),
        segments: [SegmentKey::new("beta").unwrap()].into(),
        arm: Arm::parse("2:everyone:20000:treatment"),
        network: None,
    };
    let (id, raw) = ("b".into(), Vec::new());
    Batch { id, environment: HERE, received_at: at(0), visit, events, raw }
}

fn error(severity: Severity) -> EventKind {
    EventKind::Error(ErrorReport { count: 1, severity, ..ErrorReport::default() })
}

fn rollup_delta(batches: &[Batch]) -> RollupDelta {
    let mut rollup_delta = RollupDelta::default();
    batches.iter().for_each(|batch| rollup_delta.add(batch));
    rollup_delta
}

/// Applies deltas in order as a store does, each after reconciling it with the stored sessions.
fn store(rollup_deltas: Vec<RollupDelta>) -> RollupDelta {
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

fn aggregate(
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
    let rollup_delta = rollup_delta(&[batch(1, 1, vec![event(59, lcp.clone()), event(60, lcp)])]);
    let metric = Metric::Vital(Vital::Lcp);
    for dimension in [
        Dimension::All,
        Dimension::Page("/p".into()),
        Dimension::Device(Device::Phone),
        Dimension::Release("1.0".into()),
        Dimension::Phase(PhaseNumber(2)),
        Dimension::Segment(SegmentKey::new("beta").unwrap()),
        Dimension::Flag(flag("A"), on(), Some(PhaseNumber(2))),
    ] {
        assert_eq!(
            aggregate(&rollup_delta, metric, dimension.clone(), 0).count(),
            1,
            "{dimension:?}"
        );
        assert_eq!(aggregate(&rollup_delta, metric, dimension, 1).count(), 1);
    }
    assert_eq!(minute_of(at(-1)), -1);
}

#[test]
fn a_corrected_value_is_removed_only_from_lasting_dimensions() {
    let inp = |millionths, was| EventKind::Vital { vital: Vital::Inp, millionths, was };
    let mut before = batch(1, 1, vec![event(5, inp(50_000, None))]);
    (before.visit.exposed, before.visit.phase) = (BTreeMap::new(), None);
    let after = batch(1, 1, vec![event(5, inp(600_000, Some(50_000)))]);
    let rollup_delta = rollup_delta(&[before, after]);
    let metric = Metric::Vital(Vital::Inp);
    for dimension in
        [Dimension::All, Dimension::Page("/p".into()), Dimension::Device(Device::Phone)]
    {
        let aggregate = aggregate(&rollup_delta, metric, dimension, 0);
        assert_eq!((aggregate.sketch().count(), aggregate.sum()), (1, 600_000));
    }
    for dimension in
        [Dimension::Flag(flag("A"), on(), Some(PhaseNumber(2))), Dimension::Phase(PhaseNumber(2))]
    {
        assert_eq!(
            aggregate(&rollup_delta, metric, dimension, 0),
            Aggregate::default(),
            "exposed only later"
        );
    }
}

#[test]
fn a_session_counts_once_across_all_its_batches() {
    let early = batch(1, 7, vec![event(100, EventKind::View)]);
    let broken = batch(1, 7, vec![event(160, error(Severity::Critical))]);
    let late = batch(1, 7, vec![event(30, EventKind::View)]);
    let stored = store(vec![
        rollup_delta(&[early]),
        rollup_delta(&[broken.clone(), broken]),
        rollup_delta(&[late]),
    ]);
    let sessions = aggregate(&stored, Metric::Sessions, Dimension::All, 0);
    assert_eq!((sessions.count(), sessions.sum()), (1, 130_000_000), "in the minute it began");
    assert_eq!(aggregate(&stored, Metric::Sessions, Dimension::All, 1), Aggregate::default());
    assert_eq!(aggregate(&stored, Metric::ErrorSessions, Dimension::All, 0).count(), 1);
    assert_eq!(
        aggregate(&stored, Metric::CriticalSessions, Dimension::Device(Device::Phone), 0).count(),
        1
    );
}

#[test]
fn users_are_recorded_by_day_and_activity() {
    let exposure = EventKind::Exposure { flag: flag("A"), variant: on() };
    let used = EventKind::FeatureUsed { flag: flag("A") };
    let rollup_delta = rollup_delta(&[
        batch(1, 1, vec![event(0, exposure.clone()), event(10, used)]),
        batch(2, 2, vec![event(86_400, exposure)]),
    ]);
    let who = |day, activity| {
        rollup_delta.activities.get(&(HERE, day, activity)).cloned().unwrap_or_default()
    };
    let exposed = || Activity::Exposed(flag("A"), on(), Some(PhaseNumber(2)));
    assert_eq!(who(0, exposed()), [UserHash(1)].into());
    assert_eq!(who(0, Activity::Used(flag("A"))), [UserHash(1)].into());
    assert_eq!(who(1, exposed()), [UserHash(2)].into());
    assert_eq!(who(1, Activity::Active), [UserHash(2)].into());
    assert_eq!(who(1, Activity::InPhase(PhaseNumber(2))), [UserHash(2)].into());
    let beta = SegmentKey::new("beta").unwrap();
    assert_eq!(who(0, Activity::InSegment(beta)), [UserHash(1)].into());
}

#[test]
fn a_batch_without_user_adds_no_session_or_activity() {
    let mut quiet = batch(1, 1, vec![event(0, EventKind::View)]);
    quiet.visit.who = None;
    let rollup_delta = rollup_delta(&[quiet]);
    assert!(rollup_delta.sessions.is_empty() && rollup_delta.activities.is_empty());
    assert_eq!(aggregate(&rollup_delta, Metric::Views, Dimension::All, 0).count(), 1);
}

fn kinds() -> impl Strategy<Value = EventKind> {
    prop_oneof![
        Just(EventKind::View),
        Just(EventKind::FeatureUsed { flag: flag("A") }),
        Just(EventKind::Exposure { flag: flag("B"), variant: on() }),
        Just(error(Severity::Error)),
        Just(error(Severity::Critical)),
        Just(error(Severity::Warning)),
        (1..5_000_000_u64, prop::option::of(1..5_000_000_u64))
            .prop_map(|(millionths, was)| EventKind::Vital { vital: Vital::Inp, millionths, was }),
    ]
}

proptest! {
    /// The stored result depends neither on the order nor on the grouping of batches.
    #[test]
    fn the_stored_result_is_independent_of_batch_order_and_grouping(
        events in prop::collection::vec((0..3_u64, 0..4_u64, 0..400_i64, kinds()), 0..25),
        order in any::<u64>(),
        group in 1..6_usize,
    ) {
        let batches: Vec<Batch> = events
            .into_iter()
            .map(|(who, session, second, kind)| batch(who, session, vec![event(second, kind)]))
            .collect();
        let mut shuffled = batches.clone();
        shuffled.sort_by_key(|one| {
            let second = one.events[0].at.timestamp().unsigned_abs();
            order.wrapping_mul(second * 2 + 1).rotate_left(17)
        });
        let straight = store(vec![rollup_delta(&batches)]);
        let grouped = store(shuffled.chunks(group).map(rollup_delta).collect());
        prop_assert_eq!(straight, grouped);
    }
}

#[test]
fn a_session_across_two_phases_counts_in_both_and_its_error_in_one() {
    let arm = |text| Arm::parse(text);
    let mut before = batch(1, 1, vec![event(0, EventKind::View)]);
    before.visit.arm = arm("2:everyone:20000:treatment");
    let mut after = batch(1, 1, vec![event(60, error(Severity::Critical))]);
    after.visit.phase = Some(PhaseNumber(3));
    after.visit.arm = arm("3:everyone:50000:treatment");
    for batches in [[before.clone(), after.clone()], [after, before]] {
        let mut rollup_delta = rollup_delta(&batches);
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
