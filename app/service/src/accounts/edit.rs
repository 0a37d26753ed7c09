//! Changes of accounts, with their audit entries.

use phasegate_domain::{
    accounts::Role,
    audit::{AuditEntry, Change, SubjectKind},
    ids::ActorName,
};
use phasegate_store::models::{Edit, EnvironmentAuditEntry};
use serde_json::{Value, json};

use crate::{ObjectKind, Service, ServiceError};

/// What the audit log says about a change of an account.
pub(super) struct AccountChange<'a> {
    pub(super) email: &'a str,
    /// The role before the change; `None` if there was no account.
    pub(super) before: Option<Role>,
    /// The role after the change; `None` if the account is gone.
    pub(super) after: Option<Role>,
    /// What else changed: a field, and what happened to it.
    pub(super) note: Option<(&'static str, &'static str)>,
}

/// Applies edits of accounts. They belong to no environment, so the audit log of each has the entry.
pub(super) async fn apply_account_edits(
    service: &Service,
    actor: ActorName,
    edits: &[Edit],
    change: AccountChange<'_>,
) -> Result<(), ServiceError> {
    let before = change.before.map(|role| json!({ "role": role }));
    let mut after = change.after.map(|role| json!({ "role": role }));
    if let Some((field, value)) = change.note {
        let fields = after.get_or_insert_with(|| json!({}));
        if let Some(fields) = fields.as_object_mut() {
            fields.insert(field.to_owned(), Value::from(value));
        }
    }
    let key = change.email.to_owned();
    let change = Change::Saved { kind: SubjectKind::Account, key, before, after };
    let entry = AuditEntry { at: service.now(), actor, change };
    let entries: Vec<EnvironmentAuditEntry> = service
        .environments()
        .iter()
        .map(|live| EnvironmentAuditEntry::new(live.environment.id, entry.clone()))
        .collect();
    let environment = service.first_environment()?;
    service.apply_edits(environment, edits, &entries, ObjectKind::Account).await
}
