//! The view of an incident for its page.

use serde::{Deserialize, Serialize};

use crate::{Timestamp, accounts::Role, audit::AuditRecord, incidents::Incident, plan::Plan};

/// An incident with what happened while it was open, for one account.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentView {
    /// The plan, with the contacts to notify.
    pub plan: Plan,
    pub incident: Incident,
    /// The entries of the audit log since its detection, newest first.
    pub records: Vec<AuditRecord>,
    /// The role of the requesting account.
    pub role: Role,
    /// The time of reading.
    pub at: Timestamp,
}
