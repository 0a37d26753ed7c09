//! The arm of a user: the side of an audience entry's share that the user is on.

use serde::{Deserialize, Serialize};

use crate::{
    ids::{PhaseNumber, SegmentKey},
    targeting::Share,
};

/// The audience entry that decides about a user while a phase is served, and the side of its share
/// that the user is on. Users of one entry with a share below 100 % differ only in their bucket, so
/// the two sides can be compared.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Arm {
    /// The phase that is served.
    #[serde(rename = "p")]
    pub phase: PhaseNumber,
    #[serde(rename = "s")]
    pub segment: SegmentKey,
    /// The share of the segment that is admitted at that time, in thousandths of a per cent.
    #[serde(rename = "n")]
    pub buckets: u32,
    /// Whether the user is admitted.
    #[serde(rename = "t")]
    pub is_treatment: bool,
}

impl Arm {
    /// The share that is admitted.
    #[must_use]
    pub fn share(&self) -> Share {
        Share::from_buckets(self.buckets)
    }

    /// Formats the arm, such as `3:everyone:5000:treatment`.
    #[must_use]
    pub fn to_text(&self) -> String {
        let side = if self.is_treatment { "treatment" } else { "control" };
        format!("{}:{}:{}:{side}", self.phase.0, self.segment, self.buckets)
    }

    /// Parses the format of [`Arm::to_text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split(':');
        let arm = Self {
            phase: PhaseNumber(parts.next()?.parse().ok()?),
            segment: SegmentKey::new(parts.next()?).ok()?,
            buckets: parts.next()?.parse().ok()?,
            is_treatment: match parts.next()? {
                "treatment" => true,
                "control" => false,
                _ => return None,
            },
        };
        parts.next().is_none().then_some(arm)
    }
}
