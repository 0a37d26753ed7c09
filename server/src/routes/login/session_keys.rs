//! The keys of the values in a login session.

/// The session key of the account id.
pub(super) const ACCOUNT: &str = "account";

/// The session key of the account's epoch; a new password starts another epoch.
pub(super) const EPOCH: &str = "epoch";

/// The session key of the last renewal, in seconds since 1970-01-01.
pub(super) const RENEWED: &str = "renewed";
