//! Scheduled switches: evaluation goes by the clock; this writes down what has come to pass.

use chrono::TimeDelta;
use phasegate_domain::{
    Timestamp,
    flags::{FlagState, Portion, Rule, Serve},
};

use super::save::{Expected, change};
use crate::{CachedEnvironment, Service, ServiceError, access::Actor};

/// Carries out due switches, so that the history tells of them and clients look again, and lets
/// clients look again while a ramp is moving. A job, called every second or so.
///
/// # Errors
/// When storage fails. Whatever is not written yet is answered right all the same.
pub async fn keep_schedules(service: &Service) -> Result<(), ServiceError> {
    let now = service.now();
    // The first turn looks back a little: no client is listening yet.
    let before = service.config.look_at_schedules(now).unwrap_or(now - TimeDelta::seconds(1));
    for live in service.environments() {
        let due = live
            .flags
            .iter()
            .filter(|stored| !stored.flag.archived && stored.state.settled(now).is_some());
        for stored in due {
            let actor = Actor::schedule();
            let (key, id) = (&stored.flag.key, live.environment.id);
            let seen = Expected::Version(stored.version());
            // Changing nothing writes down what has come to pass.
            let settled = change(service, &actor, id, key, seen, |_| Ok(()));
            match settled.await {
                // It has just been changed; the next turn looks at what it is now.
                Err(ServiceError::Conflict(_)) => {}
                Err(
                    error @ (ServiceError::Store(_) | ServiceError::Full | ServiceError::Locked),
                ) => return Err(error),
                // One flag that cannot be written must not hold up the others.
                Err(error) => tracing::warn!(flag = %key, %error, "a schedule was not written"),
                Ok(()) => {}
            }
        }
        tell_of_time(&live, before, now);
    }
    Ok(())
}

/// A ramp moves a bucket at a time; clients hear of it once a minute, and when it has arrived.
/// They hear of overrides that expire, too.
fn tell_of_time(live: &CachedEnvironment, before: Timestamp, now: Timestamp) {
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
        live.touch(now);
    }
}
