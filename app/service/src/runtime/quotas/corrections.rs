//! Corrections of vitals. A session may only replace values that it has sent itself, of the same
//! page and device. A correction is moved to the time of the value that it replaces, so that it
//! affects no other time bucket.

use std::hash::{BuildHasher, RandomState};

use phasegate_domain::{
    Timestamp,
    events::{Batch, EventKind, SessionHash},
    ids::EnvironmentId,
    vitals::{Device, Vital},
};

use super::bucket::Recent;

/// The maximum number of values of one vital that are kept of a session.
const MAX_VALUES: usize = 16;

/// A vital's value that a session has sent.
#[derive(Debug)]
struct SentValue {
    millionths: u64,
    /// The time, the page (a hash of its path) and the device of the measurement.
    at: Timestamp,
    page: u64,
    device: Device,
    /// The id of the batch that contained it.
    by: String,
    /// The id of the batch that replaced it with another value.
    replaced_by: Option<String>,
}

/// The last values of each session.
#[derive(Debug, Default)]
pub(super) struct SentVitals {
    sent: Recent<(EnvironmentId, SessionHash, Vital), Vec<SentValue>>,
    /// Seeded per process, so that colliding paths cannot be computed in advance.
    pages: RandomState,
}

impl SentVitals {
    /// Removes corrections of values that the session did not send, because they would remove
    /// values of other users. Returns how many.
    pub(super) fn remove_invalid_corrections(&mut self, batch: &mut Batch) -> u64 {
        let Some((_, session)) = batch.visit.who else {
            let before = batch.events.len();
            batch
                .events
                .retain(|event| !matches!(event.kind, EventKind::Vital { was: Some(_), .. }));
            return (before - batch.events.len()) as u64;
        };
        let (environment, id, device) = (batch.environment, batch.id.clone(), batch.visit.device);
        let mut refused = 0;
        batch.events.retain_mut(|event| {
            let EventKind::Vital { vital, millionths, was } = event.kind else { return true };
            let page = self.pages.hash_one(&event.page);
            let sent = self.sent.get_or_default((environment, session, vital));
            if let Some(was) = was {
                // A value is replaced only once, but the same batch may be sent again.
                let is_free = |value: &&mut SentValue| {
                    (value.millionths, value.page, value.device) == (was, page, device)
                        && value.replaced_by.as_ref().is_none_or(|by| *by == id)
                };
                let Some(found) = sent.iter_mut().find(is_free) else {
                    refused += 1;
                    return false;
                };
                found.replaced_by = Some(id.clone());
                event.at = found.at;
            }
            // The same batch again adds nothing: the store counts it once.
            if sent.iter().any(|value| value.millionths == millionths && value.by == id) {
                return true;
            }
            if sent.len() >= MAX_VALUES {
                sent.remove(0);
            }
            let (at, by) = (event.at, id.clone());
            sent.push(SentValue { millionths, at, page, device, by, replaced_by: None });
            true
        });
        refused
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::sample_batch, *};

    #[test]
    fn a_correction_must_replace_a_value_of_its_own_session() {
        let mut sent = SentVitals::default();
        let vital = |millionths, was| EventKind::Vital { vital: Vital::Lcp, millionths, was };
        let mut refused = |id: &str, session, kinds| {
            sent.remove_invalid_corrections(&mut sample_batch(id, session, 0, kinds))
        };
        assert_eq!(refused("a", 1, vec![vital(2_000_000, None)]), 0);
        assert_eq!(
            refused("b", 2, vec![vital(9_900_000, Some(2_000_000))]),
            1,
            "another session's"
        );
        assert_eq!(refused("c", 1, vec![vital(2_500_000, Some(2_000_000))]), 0);
        assert_eq!(refused("c", 1, vec![vital(2_500_000, Some(2_000_000))]), 0, "the same again");
        assert_eq!(refused("d", 1, vec![vital(3_000_000, Some(2_000_000))]), 1, "replaced already");
        assert_eq!(refused("e", 1, vec![vital(3_000_000, Some(2_500_000))]), 0);
        assert_eq!(
            refused("f", 1, vec![vital(3_000_000, Some(2_500_000))]),
            1,
            "sending a batch twice gives nothing to replace twice"
        );
    }

    #[test]
    fn a_correction_keeps_page_device_and_minute_of_its_value() {
        let mut sent = SentVitals::default();
        let vital = |was| EventKind::Vital { vital: Vital::Lcp, millionths: 9_900_000, was };
        let first = EventKind::Vital { vital: Vital::Lcp, millionths: 2_000_000, was: None };
        let mut first = sample_batch("a", 1, 0, vec![first]);
        first.events[0].page = "/mine".to_owned();
        assert_eq!(sent.remove_invalid_corrections(&mut first), 0);
        let correction = |id, page: &str, device| {
            let mut forged = sample_batch(id, 1, 600, vec![vital(Some(2_000_000))]);
            forged.events[0].page = page.to_owned();
            forged.visit.device = device;
            forged
        };
        let own = Device::default();
        assert_eq!(
            sent.remove_invalid_corrections(&mut correction("b", "/checkout", own)),
            1,
            "of another page"
        );
        assert_eq!(
            sent.remove_invalid_corrections(&mut correction("c", "/mine", Device::Tablet)),
            1,
            "of another device"
        );
        let mut right = correction("d", "/mine", own);
        assert_eq!(sent.remove_invalid_corrections(&mut right), 0);
        assert_eq!(
            right.events[0].at, first.events[0].at,
            "in the minute of the value that it replaces"
        );
    }
}
