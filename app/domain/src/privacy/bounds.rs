//! Storage bounds that apply regardless of the retention policy of an environment.

/// Minutes for which a batch id is stored, so that a repeated batch counts once: a day longer than
/// a collector keeps a batch that it cannot deliver.
pub const BATCH_ID_MINUTES: i64 = 8 * 24 * 60;

/// Days after which a session is deleted. Later events of it would count as a new session.
pub const SESSION_DAYS: i64 = 10;

/// Maximum error events in full per environment. Critical ones have the same bound of their own.
pub const MAX_ERROR_REPORTS: u32 = 5_000;

/// Maximum feedback items in full per environment.
pub const MAX_FEEDBACK_REPORTS: u32 = 20_000;
