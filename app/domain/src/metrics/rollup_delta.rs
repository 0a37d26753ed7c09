//! The changes by a group of batches to stored rollups, sessions and activities. Pure: ingestion
//! reads the sessions that the delta names, reconciles them, and writes the result.

use std::collections::{BTreeMap, BTreeSet};

use super::{Activity, ActivityUsers, Dimension, Metric, RollupKey, Rollups, Session, Sessions};
use crate::{
    events::{Batch, Event, EventKind, TimingKind},
    ids::EnvironmentId,
    stats::Aggregate,
    time::{day_of, minute_of},
};

/// The changes by a group of batches. Any split of the same batches merges into an equal delta.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RollupDelta {
    /// Aggregates to merge into the stored rollups.
    pub rows: Rollups,
    /// Changes of sessions; complete after [`RollupDelta::reconcile_sessions`].
    pub sessions: Sessions,
    /// Estimates how many visitors sent a label or dimension: a set of 64 bits
    /// ([`crate::events::Visit::sender_bit`]). The metric is set for labels and `None` for dimensions.
    pub senders: BTreeMap<(EnvironmentId, Option<Metric>, String), u64>,
    /// Users by activity and day (days since 1970).
    pub activities: ActivityUsers,
}

impl RollupDelta {
    /// Adds a batch. The caller must have checked that its id is new.
    pub fn add_batch(&mut self, batch: &Batch) {
        let dimensions = Dimension::from_visit(&batch.visit);
        let lasting: Vec<Dimension> =
            dimensions.iter().filter(|dimension| dimension.is_lasting()).cloned().collect();
        // A batch has few kinds of events and many dimensions, so equal events are merged first.
        let mut kinds: BTreeMap<Kind<'_>, Aggregate> = BTreeMap::new();
        for event in &batch.events {
            count_event(event, &mut kinds);
        }
        self.record_users(batch);
        let bit = batch.visit.sender_bit();
        let environment = batch.environment;
        for dimension in dimensions.iter().filter(|dimension| dimension.bounded_kind().is_some()) {
            *self.senders.entry((environment, None, dimension.to_text())).or_default() |= bit;
        }
        for Kind { metric, label, page, .. } in kinds.keys() {
            if !label.is_empty() {
                *self.senders.entry((environment, Some(*metric), label.clone())).or_default() |=
                    bit;
            }
            if !page.is_empty() && has_pages(*metric) {
                let page = Dimension::Page((*page).to_owned()).to_text();
                *self.senders.entry((environment, None, page)).or_default() |= bit;
            }
        }
        for (Kind { metric, label, page, minute, is_correction }, aggregate) in kinds {
            let page =
                (!page.is_empty() && has_pages(metric)).then(|| Dimension::Page(page.to_owned()));
            let dimensions = match metric {
                // Dropped and rejected counts have no user. Event properties keep only the total,
                // to bound cardinality.
                Metric::Dropped | Metric::Rejected | Metric::Properties => &[Dimension::All][..],
                _ if is_correction => &lasting,
                _ => &dimensions,
            };
            for dimension in dimensions.iter().chain(page.as_ref()) {
                let environment = batch.environment;
                let (dimension, label) = (dimension.clone(), label.clone());
                let key = RollupKey { environment, metric, dimension, label, minute };
                self.rows.entry(key).or_default().merge(&aggregate);
            }
        }
    }

    fn record_users(&mut self, batch: &Batch) {
        let (Some((user, session)), Some(known)) = (batch.visit.who, Session::from_batch(batch))
        else {
            return;
        };
        let place = (batch.environment, session);
        match self.sessions.get_mut(&place) {
            Some(found) => found.merge(&known),
            None => drop(self.sessions.insert(place, known)),
        }
        for (day, activity) in collect_activities(batch) {
            self.activities.entry((batch.environment, day, activity)).or_default().insert(user);
        }
    }

    /// Merges another delta into this one.
    pub fn merge(&mut self, other: Self) {
        for (key, aggregate) in other.rows {
            self.rows.entry(key).or_default().merge(&aggregate);
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
        for (place, users) in other.activities {
            self.activities.entry(place).or_default().extend(users);
        }
    }

    /// Merges the stored state of the sessions (`known`) into their changes, and moves the session
    /// metrics from the old to the new values. Afterwards `sessions` holds the state to store.
    pub fn reconcile_sessions(&mut self, known: &Sessions) {
        for (place, session) in &mut self.sessions {
            let before = known.get(place);
            if let Some(before) = before {
                session.merge(before);
                if session == before {
                    continue;
                }
                before.apply_to_rollups(place.0, true, &mut self.rows);
            }
            session.apply_to_rollups(place.0, false, &mut self.rows);
        }
        // Drops changes that cancel out.
        self.rows.retain(|_, aggregate| *aggregate != Aggregate::default());
    }

    /// Takes the sessions that differ from their stored state (`known`).
    pub fn take_changed_sessions(&mut self, known: &Sessions) -> Sessions {
        let mut changed = std::mem::take(&mut self.sessions);
        changed.retain(|key, session| known.get(key) != Some(session));
        changed
    }
}

/// The activities of the user of a batch, each with its day.
fn collect_activities(batch: &Batch) -> BTreeSet<(i64, Activity)> {
    let visit = &batch.visit;
    let mut activities = BTreeSet::new();
    let mut days = BTreeSet::new();
    for event in batch.events.iter().filter(|event| event.kind.is_about_a_user()) {
        let day = day_of(event.at);
        days.insert(day);
        match &event.kind {
            EventKind::Exposure { flag, variant } => {
                activities
                    .insert((day, Activity::Exposed(flag.clone(), variant.clone(), visit.phase)));
            }
            EventKind::FeatureUsed { flag } => {
                activities.insert((day, Activity::Used(flag.clone())));
            }
            _ => {}
        }
    }
    for day in days {
        activities.insert((day, Activity::Active));
        activities.extend(visit.phase.map(|phase| (day, Activity::InPhase(phase))));
        activities.extend(visit.segments.iter().map(|s| (day, Activity::InSegment(s.clone()))));
        activities.extend(visit.arm.clone().map(|arm| (day, Activity::InArm(arm))));
    }
    activities
}

/// Whether a metric has rollups per page.
fn has_pages(metric: Metric) -> bool {
    matches!(metric, Metric::Vital(_) | Metric::Errors | Metric::Views | Metric::Timing(_))
}

/// The key of equal events in a batch.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Kind<'a> {
    metric: Metric,
    label: String,
    page: &'a str,
    minute: i64,
    /// Whether the events replace an earlier value. The dimensions of a page view may have changed
    /// since, so the correction applies only to dimensions that cannot change.
    is_correction: bool,
}

fn count_event<'a>(event: &'a Event, kinds: &mut BTreeMap<Kind<'a>, Aggregate>) {
    let (metric, label, times, value) = event.kind.to_rollup_parts();
    let (minute, page) = (minute_of(event.at), event.page.as_str());
    if let EventKind::Timing { kind: TimingKind::Api, has_failed: true, .. } = event.kind {
        let (metric, label) = (Metric::Failures, label.clone());
        let kind = Kind { metric, label, page, minute, is_correction: false };
        kinds.entry(kind).or_default().add_events(1);
    }
    let was = match event.kind {
        EventKind::Vital { was, .. } => was,
        _ => None,
    };
    let kind = Kind { metric, label, page, minute, is_correction: was.is_some() };
    let aggregate = kinds.entry(kind).or_default();
    match value {
        Some(value) => aggregate.add_value(value),
        None => aggregate.add_events(times),
    }
    if let Some(was) = was {
        aggregate.remove_value(was);
    }
}

#[cfg(test)]
mod tests;
