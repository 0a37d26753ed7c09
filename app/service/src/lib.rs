//! The use cases of Phasegate.
//!
//! Each command or panel is one function: it authorises, loads, applies a rule of `domain`, saves
//! and announces. Pages, server functions, HTTP handlers, the command line and jobs only call these
//! functions.

pub mod access;
pub mod accounts;
pub mod analytics;
mod annotations;
pub mod audit;
mod check;
pub mod collection_settings;
pub mod dashboard;
pub mod environments;
mod error;
pub mod flags;
mod gates;
pub mod ingest;
pub mod keys;
pub mod maintenance;
/// Parameters and results of use cases that are types of the store.
pub mod models {
    pub use phasegate_store::models::{
        AccountLink, AccountValue, AccountValueKind, AuditQuery, ClientKey, Digest, Environment,
        FlagVersion, LinkPurpose, ServerToken, StoredFlag, Versioned,
    };
}
pub mod evaluation_counts;
pub mod panels;
pub mod performance;
pub mod privacy;
pub mod request_id;
pub mod rollout;
mod runtime;
pub mod secrets;
pub mod segments;
pub mod setup;
pub mod subscriber;
pub mod tokens;
pub mod toml_document;
pub mod variables;

pub use error::{InUse, ObjectKind, ServiceError};
pub use runtime::{
    CachedEnvironment, Clock, Configuration, DAILY_BYTES, MAX_QUEUED_BATCHES, Quota, QuotaExceeded,
    Service,
};
