//! Scheduled switches: evaluation follows the clock; a job records the due switches.

use chrono::TimeDelta;
use phasegate_domain::{
    Timestamp,
    flags::{FlagState, Portion, Rule, Serve},
};

use super::save::{Expected, change_flag};
use crate::{CachedEnvironment, Service, ServiceError, access::Actor};

/// Records due switches in the audit log, and notifies clients of them, of moving ramps and of
/// expired overrides. A job, called about once a second.
///
/// # Errors
/// Returns an error if storage fails. Evaluation is correct even before a switch is recorded.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn record_due_switches(service: &Service) -> Result<(), ServiceError> {
    let now = service.now();
    // The first run looks back only a second: no client is listening yet.
    let before = service.config.mark_schedules_checked(now).unwrap_or(now - TimeDelta::seconds(1));
    for live in service.environments() {
        let due = live.flags.iter().filter(|stored| {
            !stored.flag.archived && stored.state.apply_due_switches(now).is_some()
        });
        for stored in due {
            let actor = Actor::from_schedule();
            let (key, id) = (&stored.flag.key, live.environment.id);
            let seen = Expected::Version(stored.version());
            // A change that does nothing else records the due switches.
            let settled = change_flag(service, &actor, id, key, seen, |_| Ok(()));
            match settled.await {
                // The flag has just been changed; the next run handles its new version.
                Err(ServiceError::Conflict(_)) => {}
                Err(
                    error @ (ServiceError::Store(_) | ServiceError::Full | ServiceError::Locked),
                ) => return Err(error),
                // One flag that cannot be written must not hold up the others.
                Err(error) => tracing::warn!(flag = %key, %error, "a schedule was not written"),
                Ok(()) => {}
            }
        }
        notify_time_changes(&live, before, now);
    }
    Ok(())
}

/// Notifies clients of a moving ramp when it ends and once a minute, because it moves a bucket at a
/// time. Notifies them of expired overrides, too.
fn notify_time_changes(live: &CachedEnvironment, before: Timestamp, now: Timestamp) {
    let is_new_minute = now.timestamp().div_euclid(60) != before.timestamp().div_euclid(60);
    let moved = |rule: &Rule| match rule.serve {
        Serve::Share(_, Portion::Ramp(ramp)) => {
            let has_arrived = before < ramp.ends_at && ramp.ends_at <= now;
            has_arrived || (ramp.is_moving(now) && is_new_minute)
        }
        _ => false,
    };
    let has_moved = |state: &FlagState| state.rules.iter().any(moved);
    let mut overrides = live.overrides.iter().filter_map(|stored| stored.value.expires_at);
    let has_expired = overrides.any(|end| before < end && end <= now);
    if has_expired || live.snapshot.flags().any(|entry| has_moved(&entry.state)) {
        live.notify_clients(now);
    }
}
