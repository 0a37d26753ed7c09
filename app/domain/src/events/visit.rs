//! The user, session and circumstances that all events of a batch share.

use std::collections::{BTreeMap, BTreeSet};

use super::Arm;
use crate::ids::{FlagKey, PhaseNumber, SegmentKey, VariantName};
use crate::vitals::Device;

/// A user, by a keyed digest of the id that the app or the collector gave. The id cannot be derived
/// from it without the server's secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UserHash(pub u64);

/// A session, by a keyed digest of the collector's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionHash(pub u64);

/// A keyed digest of the network that a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NetworkHash(pub u64);

/// The circumstances of a batch.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Visit {
    /// The user and the session; `None` for visitors who opted out, whose events are never linked.
    pub who: Option<(UserHash, SessionHash)>,
    /// The kind of device that shows the page.
    pub device: Device,
    /// The app's version, if the page sent it.
    pub release: Option<String>,
    /// The variants that the session was exposed to so far.
    pub exposed: BTreeMap<FlagKey, VariantName>,
    /// The phase of the rollout at that time.
    pub phase: Option<PhaseNumber>,
    /// The segments that contain the user.
    pub segments: BTreeSet<SegmentKey>,
    /// The arm of the user; `None` for users outside of the audience, and for users without an
    /// evaluation of the rollout's flags so far.
    pub arm: Option<Arm>,
    /// The network of the request, if its address is public. It is not stored.
    pub network: Option<NetworkHash>,
}

/// The maximum number of visitors that one network counts as in the estimate of senders.
const VISITORS_OF_NETWORK: u64 = 4;

impl Visit {
    /// Returns the bit that the visit sets in the 64-bit estimate of the senders of a label; 0
    /// without a user. Visitor ids are easily invented and addresses are not, so one network sets
    /// few bits.
    #[must_use]
    pub fn sender_bit(&self) -> u64 {
        /// 2^64 divided by the golden ratio: Fibonacci hashing, which spreads neighbouring numbers.
        const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
        let Some((user, _)) = self.who else { return 0 };
        let sender = match self.network {
            Some(network) => network.0.wrapping_add(user.0 % VISITORS_OF_NETWORK),
            None => user.0,
        };
        1 << (sender.wrapping_mul(SPREAD) >> 58)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_sets_at_most_four_sender_bits() {
        let bits = |network: Option<u64>| {
            let sender = |user| {
                let who = Some((UserHash(user), SessionHash(user)));
                Visit { who, network: network.map(NetworkHash), ..Visit::default() }.sender_bit()
            };
            (0..10_000).map(sender).fold(0_u64, |all, bit| all | bit).count_ones()
        };
        assert_eq!(bits(None), 64);
        assert!((1..=4).contains(&bits(Some(7))), "{}", bits(Some(7)));
        assert_eq!(Visit { network: Some(NetworkHash(7)), ..Visit::default() }.sender_bit(), 0);
    }
}
