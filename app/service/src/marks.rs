//! What changed while numbers were what they were: flags, phases and releases.

use std::collections::BTreeMap;

use phasegate_domain::{
    Timestamp,
    history::{Change, HistoryLine, SubjectKind},
    ids::EnvironmentId,
    rollout::RolloutEvent,
    telemetry::{Mark, MarkKind, Resolution, Series, Slice},
};
use phasegate_store::models::{HistoryQuery, RowQuery};

use crate::{Service, ServiceError};

/// Marks of a chart; the newest stay.
const MAX_MARKS: usize = 40;

/// What was not there for so many days is new.
const LOOKED_BACK: i64 = 60;

/// Lines of history that are looked at.
const MAX_LINES: u32 = 200;

/// What changed between two instants (seconds since 1970), oldest first.
pub(crate) async fn marks(
    service: &Service,
    environment: EnvironmentId,
    from: i64,
    to: i64,
) -> Result<Vec<Mark>, ServiceError> {
    let mut marks = first_seen(service, environment, "release", from, to).await?;
    if environment.is_simulated() {
        marks.extend(first_seen(service, environment, "phase", from, to).await?);
    } else {
        marks.extend(changes(service, environment, from, to).await?);
    }
    marks.sort_by(|a, b| (a.at, a.kind, &a.text).cmp(&(b.at, b.kind, &b.text)));
    let surplus = marks.len().saturating_sub(MAX_MARKS);
    marks.drain(..surplus);
    Ok(marks)
}

/// What somebody did.
async fn changes(
    service: &Service,
    environment: EnvironmentId,
    from: i64,
    to: i64,
) -> Result<Vec<Mark>, ServiceError> {
    let mut marks = Vec::new();
    for kind in [SubjectKind::Rollout, SubjectKind::Flag] {
        let since = Timestamp::from_timestamp(from, 0);
        let query =
            HistoryQuery { kind: Some(kind), since, limit: MAX_LINES, ..HistoryQuery::default() };
        let lines = service.state.history(environment, &query).await?;
        marks.extend(lines.into_iter().filter(|l| l.entry.at.timestamp() < to).filter_map(mark));
    }
    Ok(marks)
}

fn mark(line: HistoryLine) -> Option<Mark> {
    let (kind, text) = match &line.entry.change {
        Change::Rollout { what, .. } => {
            let text = match what {
                RolloutEvent::Started => "Phase 1 began".to_owned(),
                RolloutEvent::Advanced(moved) => format!("On to phase {}", moved.to),
                RolloutEvent::RolledBack(moved) => format!("Back to phase {}", moved.to),
            };
            (MarkKind::Phase, text)
        }
        Change::FlagSwitched { flag, enabled } => {
            (MarkKind::Flag, format!("{flag} {}", if *enabled { "on" } else { "off" }))
        }
        Change::Saved { kind: SubjectKind::Flag, key, before, after } => {
            let what = match (before, after) {
                (None, _) => "made",
                (_, None) => "deleted",
                _ => "changed",
            };
            (MarkKind::Flag, format!("{key} {what}"))
        }
        Change::Saved { .. } => return None,
    };
    Some(Mark { at: line.entry.at, kind, text, by: Some(line.entry.actor.0) })
}

/// Releases or phases that were first heard of in the meantime, by their sessions.
async fn first_seen(
    service: &Service,
    environment: EnvironmentId,
    of: &str,
    from: i64,
    to: i64,
) -> Result<Vec<Mark>, ServiceError> {
    let slices = service.telemetry.slices(environment, Series::Sessions, of).await?;
    let day = Resolution::Day.seconds();
    let query = RowQuery {
        environment,
        resolution: Resolution::Day,
        series: vec![Series::Sessions],
        slices,
        // With what was there shortly before: that is not new.
        from: from.div_euclid(day) - LOOKED_BACK,
        to: to.div_euclid(day) + 1,
    };
    let mut first: BTreeMap<Slice, i64> = BTreeMap::new();
    for row in service.telemetry.rows(&query).await? {
        let known = first.entry(row.slice).or_insert(row.span);
        *known = row.span.min(*known);
    }
    // Where it all began, nothing has changed.
    let began = first.values().min().copied();
    let within = |(_, seen): &(Slice, i64)| *seen >= from.div_euclid(day) && Some(*seen) != began;
    let named = |(slice, seen): (Slice, i64)| {
        let (kind, text) = match slice {
            Slice::Release(release) => (MarkKind::Release, format!("{release} appeared")),
            Slice::Phase(phase) => (MarkKind::Phase, format!("On to phase {phase}")),
            _ => return None,
        };
        Some(Mark { at: Timestamp::from_timestamp(seen * day, 0)?, kind, text, by: None })
    };
    Ok(first.into_iter().filter(within).filter_map(named).collect())
}
