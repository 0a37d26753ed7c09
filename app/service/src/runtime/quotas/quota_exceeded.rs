//! The error of a request over a quota.

/// The quota that a request exceeds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("too many {quota}: at most {per_minute} a minute are taken; send the rest later")]
pub struct QuotaExceeded {
    /// The name of the quota, such as `events of one session`.
    pub quota: &'static str,
    pub(super) per_minute: u64,
    /// The number of seconds after which there is room again.
    pub retry_after_seconds: u64,
}
