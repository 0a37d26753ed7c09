use chrono::DateTime;
use proptest::prelude::*;

use super::{super::Arm, *};
use crate::{
    Timestamp,
    ids::{FlagKey, PhaseNumber, SegmentKey, VariantName},
    telemetry::{Device, ErrorReport, Severity, Visit},
    vitals::Vital,
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

fn fact(second: i64, kind: FactKind) -> Fact {
    Fact { at: at(second), page: "/p".into(), kind }
}

fn batch(who: u64, session: u64, facts: Vec<Fact>) -> Batch {
    let visit = Visit {
        who: Some((PersonHash(who), SessionHash(session))),
        device: Device::Phone,
        release: Some("1.0".into()),
        exposed: [(flag("A"), on())].into(),
        phase: Some(PhaseNumber(2)),
        segments: [SegmentKey::new("beta").unwrap()].into(),
        arm: Arm::parse("2:everyone:20000:treatment"),
        network: None,
    };
    let (id, raw) = ("b".into(), Vec::new());
    Batch { id, environment: HERE, received_at: at(0), visit, facts, raw }
}

fn error(severity: Severity) -> FactKind {
    FactKind::Error(ErrorReport { count: 1, severity, ..ErrorReport::default() })
}

fn ledger(batches: &[Batch]) -> Ledger {
    let mut ledger = Ledger::default();
    batches.iter().for_each(|batch| ledger.add(batch));
    ledger
}

/// As a store does it: one ledger after the other, each upon what is known by then.
fn store(ledgers: Vec<Ledger>) -> Ledger {
    let mut stored = Ledger::default();
    for mut ledger in ledgers {
        ledger.settle(&stored.sessions);
        for (place, session) in std::mem::take(&mut ledger.sessions) {
            stored.sessions.insert(place, session);
        }
        stored.merge(ledger);
    }
    stored.rows.retain(|_, tally| *tally != Tally::default());
    stored
}

fn tally(ledger: &Ledger, series: Series, slice: Slice, minute: i64) -> Tally {
    let label = String::new();
    let key = RowKey { environment: HERE, series, slice, label, minute };
    ledger.rows.get(&key).cloned().unwrap_or_default()
}

#[test]
fn a_fact_lands_in_its_minute_and_in_each_of_its_slices() {
    let lcp = FactKind::Vital { vital: Vital::Lcp, millionths: 2_000_000, was: None };
    let ledger = ledger(&[batch(1, 1, vec![fact(59, lcp.clone()), fact(60, lcp)])]);
    let series = Series::Vital(Vital::Lcp);
    for slice in [
        Slice::All,
        Slice::Page("/p".into()),
        Slice::Device(Device::Phone),
        Slice::Release("1.0".into()),
        Slice::Phase(PhaseNumber(2)),
        Slice::Segment(SegmentKey::new("beta").unwrap()),
        Slice::Flag(flag("A"), on(), Some(PhaseNumber(2))),
    ] {
        assert_eq!(tally(&ledger, series, slice.clone(), 0).count(), 1, "{slice:?}");
        assert_eq!(tally(&ledger, series, slice, 1).count(), 1);
    }
    assert_eq!(minute_of(at(-1)), -1);
}

#[test]
fn a_corrected_value_leaves_only_slices_that_it_was_in() {
    let inp = |millionths, was| FactKind::Vital { vital: Vital::Inp, millionths, was };
    let mut before = batch(1, 1, vec![fact(5, inp(50_000, None))]);
    (before.visit.exposed, before.visit.phase) = (BTreeMap::new(), None);
    let after = batch(1, 1, vec![fact(5, inp(600_000, Some(50_000)))]);
    let ledger = ledger(&[before, after]);
    let series = Series::Vital(Vital::Inp);
    for slice in [Slice::All, Slice::Page("/p".into()), Slice::Device(Device::Phone)] {
        let tally = tally(&ledger, series, slice, 0);
        assert_eq!((tally.sketch().count(), tally.sum()), (1, 600_000));
    }
    for slice in [Slice::Flag(flag("A"), on(), Some(PhaseNumber(2))), Slice::Phase(PhaseNumber(2))]
    {
        assert_eq!(tally(&ledger, series, slice, 0), Tally::default(), "exposed only later");
    }
}

#[test]
fn a_session_counts_once_whatever_comes_of_it() {
    let early = batch(1, 7, vec![fact(100, FactKind::View)]);
    let broken = batch(1, 7, vec![fact(160, error(Severity::Critical))]);
    let late = batch(1, 7, vec![fact(30, FactKind::View)]);
    let stored = store(vec![ledger(&[early]), ledger(&[broken.clone(), broken]), ledger(&[late])]);
    let sessions = tally(&stored, Series::Sessions, Slice::All, 0);
    assert_eq!((sessions.count(), sessions.sum()), (1, 130_000_000), "in the minute it began");
    assert_eq!(tally(&stored, Series::Sessions, Slice::All, 1), Tally::default());
    assert_eq!(tally(&stored, Series::ErrorSessions, Slice::All, 0).count(), 1);
    assert_eq!(
        tally(&stored, Series::CriticalSessions, Slice::Device(Device::Phone), 0).count(),
        1
    );
}

#[test]
fn people_are_known_by_day_and_deed() {
    let exposure = FactKind::Exposure { flag: flag("A"), variant: on() };
    let used = FactKind::FeatureUsed { flag: flag("A") };
    let ledger = ledger(&[
        batch(1, 1, vec![fact(0, exposure.clone()), fact(10, used)]),
        batch(2, 2, vec![fact(86_400, exposure)]),
    ]);
    let who = |day, deed| ledger.deeds.get(&(HERE, day, deed)).cloned().unwrap_or_default();
    let exposed = || Deed::Exposed(flag("A"), on(), Some(PhaseNumber(2)));
    assert_eq!(who(0, exposed()), [PersonHash(1)].into());
    assert_eq!(who(0, Deed::Used(flag("A"))), [PersonHash(1)].into());
    assert_eq!(who(1, exposed()), [PersonHash(2)].into());
    assert_eq!(who(1, Deed::Active), [PersonHash(2)].into());
    assert_eq!(who(1, Deed::InPhase(PhaseNumber(2))), [PersonHash(2)].into());
    let beta = SegmentKey::new("beta").unwrap();
    assert_eq!(who(0, Deed::InSegment(beta)), [PersonHash(1)].into());
}

#[test]
fn who_does_not_want_to_be_measured_is_in_no_session() {
    let mut quiet = batch(1, 1, vec![fact(0, FactKind::View)]);
    quiet.visit.who = None;
    let ledger = ledger(&[quiet]);
    assert!(ledger.sessions.is_empty() && ledger.deeds.is_empty());
    assert_eq!(tally(&ledger, Series::Views, Slice::All, 0).count(), 1);
}

fn kinds() -> impl Strategy<Value = FactKind> {
    prop_oneof![
        Just(FactKind::View),
        Just(FactKind::FeatureUsed { flag: flag("A") }),
        Just(FactKind::Exposure { flag: flag("B"), variant: on() }),
        Just(error(Severity::Error)),
        Just(error(Severity::Critical)),
        Just(error(Severity::Warning)),
        (1..5_000_000_u64, prop::option::of(1..5_000_000_u64))
            .prop_map(|(millionths, was)| FactKind::Vital { vital: Vital::Inp, millionths, was }),
    ]
}

proptest! {
    /// Whatever order batches come in, and however they are grouped, the same is stored.
    #[test]
    fn any_split_and_order_of_the_batches_is_stored_alike(
        facts in prop::collection::vec((0..3_u64, 0..4_u64, 0..400_i64, kinds()), 0..25),
        order in any::<u64>(),
        group in 1..6_usize,
    ) {
        let batches: Vec<Batch> = facts
            .into_iter()
            .map(|(who, session, second, kind)| batch(who, session, vec![fact(second, kind)]))
            .collect();
        let mut shuffled = batches.clone();
        shuffled.sort_by_key(|one| {
            let second = one.facts[0].at.timestamp().unsigned_abs();
            order.wrapping_mul(second * 2 + 1).rotate_left(17)
        });
        let straight = store(vec![ledger(&batches)]);
        let grouped = store(shuffled.chunks(group).map(ledger).collect());
        prop_assert_eq!(straight, grouped);
    }
}

#[test]
fn a_session_that_sees_a_phase_begin_counts_in_both_and_its_error_where_it_happened() {
    let arm = |text| Arm::parse(text);
    let mut before = batch(1, 1, vec![fact(0, FactKind::View)]);
    before.visit.arm = arm("2:everyone:20000:treatment");
    let mut after = batch(1, 1, vec![fact(60, error(Severity::Critical))]);
    after.visit.phase = Some(PhaseNumber(3));
    after.visit.arm = arm("3:everyone:50000:treatment");
    for batches in [[before.clone(), after.clone()], [after, before]] {
        let mut ledger = ledger(&batches);
        ledger.settle(&BTreeMap::new());
        let count = |series, text: &str| {
            let slice = Slice::Arm(Arm::parse(text).unwrap());
            let of = |key: &RowKey| key.series == series && key.slice == slice;
            ledger.rows.iter().filter(|(key, _)| of(key)).map(|(_, t)| t.count()).sum::<u64>()
        };
        let (two, three) = ("2:everyone:20000:treatment", "3:everyone:50000:treatment");
        assert_eq!((count(Series::Sessions, two), count(Series::Sessions, three)), (1, 1));
        assert_eq!(
            (count(Series::ErrorSessions, two), count(Series::ErrorSessions, three)),
            (0, 1)
        );
        assert_eq!(count(Series::CriticalSessions, three), 1);
    }
}
