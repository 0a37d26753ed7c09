//! The state store: accounts, keys, environments, flags, rollouts and the audit log, one capability
//! per file.

mod accounts;
mod audit;
mod environments;
mod flags;
mod rollouts;
mod unit_of_work;

pub use accounts::AccountStore;
pub use audit::AuditLog;
pub use environments::EnvironmentStore;
pub use flags::FlagStore;
pub use rollouts::RolloutStore;
pub use unit_of_work::UnitOfWork;

use crate::Database;

/// Stores the state of all projects. Each method is one transaction, applied completely or not at
/// all.
pub trait StateStore:
    AccountStore + EnvironmentStore + FlagStore + RolloutStore + AuditLog + UnitOfWork + Database
{
}

impl<S> StateStore for S where
    S: AccountStore
        + EnvironmentStore
        + FlagStore
        + RolloutStore
        + AuditLog
        + UnitOfWork
        + Database
{
}
