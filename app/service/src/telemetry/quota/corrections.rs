//! Corrections of vitals: only of values that the same session has sent.

use phasegate_domain::{
    ids::EnvironmentId,
    telemetry::{Batch, FactKind, SessionHash},
    vitals::Vital,
};

use super::bucket::Recent;

/// Values of one vital that are remembered of a session.
const MAX_VALUES: usize = 16;

/// A vital's value that a session has sent.
#[derive(Debug)]
struct SentValue {
    millionths: u64,
    /// The batch that brought it.
    by: String,
    /// The batch that has replaced it by another value.
    replaced_by: Option<String>,
}

/// The last values of each session.
#[derive(Debug, Default)]
pub(super) struct SentVitals(Recent<(EnvironmentId, SessionHash, Vital), Vec<SentValue>>);

impl SentVitals {
    /// Takes out corrections of values that the session did not send: they would take other people's
    /// values away. Says how many.
    pub(super) fn check(&mut self, batch: &mut Batch) -> u64 {
        let Some((_, session)) = batch.visit.who else {
            let before = batch.facts.len();
            batch.facts.retain(|fact| !matches!(fact.kind, FactKind::Vital { was: Some(_), .. }));
            return (before - batch.facts.len()) as u64;
        };
        let (environment, id) = (batch.environment, batch.id.clone());
        let mut refused = 0;
        batch.facts.retain(|fact| {
            let FactKind::Vital { vital, millionths, was } = fact.kind else { return true };
            let sent = self.0.get((environment, session, vital));
            if let Some(was) = was {
                // Each value is replaced once; the same batch may come again.
                let is_free = |value: &&mut SentValue| {
                    value.millionths == was && value.replaced_by.as_ref().is_none_or(|by| *by == id)
                };
                let Some(found) = sent.iter_mut().find(is_free) else {
                    refused += 1;
                    return false;
                };
                found.replaced_by = Some(id.clone());
            }
            // The same batch again adds nothing: the store counts it once.
            if sent.iter().any(|value| value.millionths == millionths && value.by == id) {
                return true;
            }
            if sent.len() >= MAX_VALUES {
                sent.remove(0);
            }
            sent.push(SentValue { millionths, by: id.clone(), replaced_by: None });
            true
        });
        refused
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tests::batch, *};

    #[test]
    fn a_correction_is_of_a_value_that_the_session_has_sent() {
        let mut sent = SentVitals::default();
        let vital = |millionths, was| FactKind::Vital { vital: Vital::Lcp, millionths, was };
        let mut refused = |id: &str, session, kinds| sent.check(&mut batch(id, session, 0, kinds));
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
}
