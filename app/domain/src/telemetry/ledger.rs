//! What batches add to all that is stored. Pure: a store reads what it needs to know, adds what the
//! ledger says, and writes.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Batch, Deed, Fact, FactKind, PersonHash, Resolution, Series, Session, SessionHash, Slice,
    TimingKind, day_of, minute_of,
};
use crate::{ids::EnvironmentId, stats::Tally};

/// Which minute's row a fact belongs to. The rows of hours and days are those of their minutes,
/// merged.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// Whose.
    pub environment: EnvironmentId,
    /// Of what.
    pub series: Series,
    /// Of which part.
    pub slice: Slice,
    /// The flag, endpoint, component, task or event; empty where there is none.
    pub label: String,
    /// Minutes since 1970.
    pub minute: i64,
}

impl RowKey {
    /// The span of a resolution that the minute lies in.
    #[must_use]
    pub fn span(&self, resolution: Resolution) -> i64 {
        self.minute.div_euclid(resolution.seconds() / Resolution::Minute.seconds())
    }
}

/// Rows by their keys.
pub(super) type LedgerRows = BTreeMap<RowKey, Tally>;

/// What batches add. Ledgers of any split of the batches, put together, are equal.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ledger {
    /// Rows to merge into those that are stored.
    pub rows: BTreeMap<RowKey, Tally>,
    /// What is new about sessions; see [`Ledger::settle`].
    pub sessions: BTreeMap<(EnvironmentId, SessionHash), Session>,
    /// By how many different visitors a label or slice was sent: a set of 64 bits ([`super::Visit::sender`]).
    /// With the series of a label, or none for a slice.
    pub senders: BTreeMap<(EnvironmentId, Option<Series>, String), u64>,
    /// Who did what on which day (days since 1970).
    pub deeds: BTreeMap<(EnvironmentId, i64, Deed), BTreeSet<PersonHash>>,
}

impl Ledger {
    /// Adds a batch. That it is not one that was added before is for the store to know.
    pub fn add(&mut self, batch: &Batch) {
        let slices = Slice::of_visit(&batch.visit);
        let lasting: Vec<Slice> =
            slices.iter().filter(|slice| slice.is_lasting()).cloned().collect();
        // A batch has few kinds of facts, and many slices: facts are put together first.
        let mut kinds: BTreeMap<Kind<'_>, Tally> = BTreeMap::new();
        for fact in &batch.facts {
            count(fact, &mut kinds);
        }
        self.note_people(batch);
        let bit = batch.visit.sender();
        let environment = batch.environment;
        for slice in slices.iter().filter(|slice| slice.bounded_kind().is_some()) {
            *self.senders.entry((environment, None, slice.to_text())).or_default() |= bit;
        }
        for Kind { series, label, page, .. } in kinds.keys() {
            if !label.is_empty() {
                *self.senders.entry((environment, Some(*series), label.clone())).or_default() |=
                    bit;
            }
            if !page.is_empty() && has_pages(*series) {
                let page = Slice::Page((*page).to_owned()).to_text();
                *self.senders.entry((environment, None, page)).or_default() |= bit;
            }
        }
        for (Kind { series, label, page, minute, is_correction }, tally) in kinds {
            let page =
                (!page.is_empty() && has_pages(series)).then(|| Slice::Page(page.to_owned()));
            let slices = match series {
                // What was lost is nobody's, and what events say is too much to be told apart.
                Series::Dropped | Series::Refused | Series::Properties => &[Slice::All][..],
                _ if is_correction => &lasting,
                _ => &slices,
            };
            for slice in slices.iter().chain(page.as_ref()) {
                let environment = batch.environment;
                let (slice, label) = (slice.clone(), label.clone());
                let key = RowKey { environment, series, slice, label, minute };
                self.rows.entry(key).or_default().merge(&tally);
            }
        }
    }

    fn note_people(&mut self, batch: &Batch) {
        let (Some((person, session)), Some(known)) = (batch.visit.who, Session::of(batch)) else {
            return;
        };
        let place = (batch.environment, session);
        match self.sessions.get_mut(&place) {
            Some(found) => found.merge(&known),
            None => drop(self.sessions.insert(place, known)),
        }
        for (day, deed) in deeds(batch) {
            self.deeds.entry((batch.environment, day, deed)).or_default().insert(person);
        }
    }

    /// Takes over all that another ledger has.
    pub fn merge(&mut self, other: Self) {
        for (key, tally) in other.rows {
            self.rows.entry(key).or_default().merge(&tally);
        }
        for (place, session) in other.sessions {
            match self.sessions.get_mut(&place) {
                Some(found) => found.merge(&session),
                None => drop(self.sessions.insert(place, session)),
            }
        }
        for (place, bits) in other.senders {
            *self.senders.entry(place).or_default() |= bits;
        }
        for (place, people) in other.deeds {
            self.deeds.entry(place).or_default().extend(people);
        }
    }

    /// Puts what was known of its sessions before into them, and moves the counters from what each
    /// session was to what it is. Afterwards `sessions` is what is to be stored.
    pub fn settle(&mut self, known: &BTreeMap<(EnvironmentId, SessionHash), Session>) {
        for (place, session) in &mut self.sessions {
            let before = known.get(place);
            if let Some(before) = before {
                session.merge(before);
                if session == before {
                    continue;
                }
                before.count(place.0, true, &mut self.rows);
            }
            session.count(place.0, false, &mut self.rows);
        }
        // What was moved to where it had been adds nothing.
        self.rows.retain(|_, tally| *tally != Tally::default());
    }
}

/// What whoever sent a batch did, each with its day.
fn deeds(batch: &Batch) -> BTreeSet<(i64, Deed)> {
    let visit = &batch.visit;
    let mut deeds = BTreeSet::new();
    let mut days = BTreeSet::new();
    for fact in batch.facts.iter().filter(|fact| fact.kind.is_about_somebody()) {
        let day = day_of(fact.at);
        days.insert(day);
        match &fact.kind {
            FactKind::Exposure { flag, variant } => {
                deeds.insert((day, Deed::Exposed(flag.clone(), variant.clone(), visit.phase)));
            }
            FactKind::FeatureUsed { flag } => drop(deeds.insert((day, Deed::Used(flag.clone())))),
            _ => {}
        }
    }
    for day in days {
        deeds.insert((day, Deed::Active));
        deeds.extend(visit.phase.map(|phase| (day, Deed::InPhase(phase))));
        deeds.extend(visit.segments.iter().map(|s| (day, Deed::InSegment(s.clone()))));
        deeds.extend(visit.arm.clone().map(|arm| (day, Deed::InArm(arm))));
    }
    deeds
}

/// What is asked for by page.
fn has_pages(series: Series) -> bool {
    matches!(series, Series::Vital(_) | Series::Errors | Series::Views | Series::Timing(_))
}

/// Facts of one kind in one batch.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind<'a> {
    series: Series,
    label: String,
    page: &'a str,
    minute: i64,
    /// Whether they take the place of what was told before. What a page view is part of may have
    /// changed since: it would be taken from where it never was.
    is_correction: bool,
}

fn count<'a>(fact: &'a Fact, kinds: &mut BTreeMap<Kind<'a>, Tally>) {
    let (series, label, times, value) = fact.kind.place();
    let (minute, page) = (minute_of(fact.at), fact.page.as_str());
    if let FactKind::Timing { kind: TimingKind::Api, has_failed: true, .. } = fact.kind {
        let (series, label) = (Series::Failures, label.clone());
        let kind = Kind { series, label, page, minute, is_correction: false };
        kinds.entry(kind).or_default().count_up(1);
    }
    let was = match fact.kind {
        FactKind::Vital { was, .. } => was,
        _ => None,
    };
    let kind = Kind { series, label, page, minute, is_correction: was.is_some() };
    let tally = kinds.entry(kind).or_default();
    match value {
        Some(value) => tally.add(value),
        None => tally.count_up(times),
    }
    if let Some(was) = was {
        tally.remove(was);
    }
}

#[cfg(test)]
#[path = "ledger_tests.rs"]
mod tests;
