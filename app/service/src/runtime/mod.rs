//! The state of the running service: the stores, the configuration cache, ingestion and limits.

mod appended;
mod cached_environment;
mod config_cache;
mod evaluation_counters;
mod ingest;
mod ingest_queue;
mod limits;
mod login_limiter;
mod quotas;
mod rejection_counts;
mod screenshot_limiter;
mod service;
mod simulations;
mod stores;
mod token_uses;

pub use appended::Appended;
pub use cached_environment::{CachedEnvironment, Configuration};
pub(crate) use config_cache::ConfigCache;
pub(crate) use ingest::Ingest;
pub use ingest_queue::MAX_QUEUED_BATCHES;
pub(crate) use ingest_queue::Reply;
pub(crate) use limits::Limits;
pub(crate) use login_limiter::Source as LoginSource;
pub use quotas::{DAILY_BYTES, Quota, QuotaExceeded};
pub(crate) use rejection_counts::RejectedBody;
pub use service::{Clock, Service};
pub(crate) use stores::Stores;
pub(crate) use token_uses::TokenUses;
