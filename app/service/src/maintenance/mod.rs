//! Retention policies, deletion and storage usage.

use std::collections::BTreeMap;

use phasegate_domain::{
    accounts::Role,
    audit::SubjectKind,
    ids::EnvironmentId,
    privacy::{RetentionPolicy, StorageUsage},
};
use phasegate_store::models::{Edit, EnvironmentAuditEntry, Versioned};

use crate::{Service, ServiceError, access::Actor, audit::audit_document_change};

/// Deletes expired telemetry; run as a job.
///
/// # Errors
/// Returns an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn purge_expired(service: &Service) -> Result<(), ServiceError> {
    let all = service.environments();
    let mut kept: BTreeMap<EnvironmentId, RetentionPolicy> = all
        .iter()
        .map(|live| (live.environment.id, live.environment.retention_policy.value))
        .collect();
    // A deletion may have been interrupted, and batches may have been stored after it.
    for deleted in service.stores.state.deleted_environments().await? {
        erase_environment(service, deleted).await?;
        kept.insert(deleted, RetentionPolicy { raw_days: 0, ..RetentionPolicy::default() });
    }
    Ok(service.stores.telemetry.purge_expired(service.now(), &kept).await?)
}

/// Deletes an environment's telemetry, real and simulated.
pub(crate) async fn erase_environment(
    service: &Service,
    environment: EnvironmentId,
) -> Result<(), ServiceError> {
    for telemetry in [environment, environment.simulated_id()] {
        service.stores.telemetry.erase_environment(telemetry).await?;
    }
    Ok(())
}

/// Reads the retention policy of an environment.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or the environment does not exist.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn read_retention_policy(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Versioned<RetentionPolicy>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    Ok(service.environment(environment)?.environment.retention_policy.clone())
}

/// Saves the retention policy. The next maintenance, within an hour, deletes what has expired.
///
/// # Errors
/// Returns an error if the actor lacks the admin role, the policy is invalid, another change came
/// first, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn save_retention_policy(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    after: Versioned<RetentionPolicy>,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Admin)?;
    after.value.validate()?;
    let _turn = service.begin_edit().await?;
    let live = service.environment(environment)?;
    let is = |retention: RetentionPolicy| Some(serde_json::json!({"retention_policy": retention}));
    let (key, before) = (live.environment.key.as_str(), live.environment.retention_policy.value);
    let kind = SubjectKind::Environment;
    let entry = audit_document_change(service, actor, kind, key, is(before), is(after.value));
    let edits = [Edit::SaveRetentionPolicy(after.value, after.version)];
    let entries = [EnvironmentAuditEntry::new(environment, entry)];
    service.apply_edits(environment, &edits, &entries, "the retention policy").await
}

/// Measures the storage that telemetry uses.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn measure_storage(
    service: &Service,
    actor: &Actor,
) -> Result<StorageUsage, ServiceError> {
    actor.require_role(Role::Viewer)?;
    Ok(service.stores.telemetry.measure_storage().await?)
}
