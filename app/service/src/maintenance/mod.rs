//! Retention policies, deletion and storage usage.

use std::collections::BTreeMap;

use phasegate_domain::{
    Timestamp,
    accounts::Role,
    audit::SubjectKind,
    ids::EnvironmentId,
    privacy::{RetentionKind, RetentionPolicy, StorageUsage},
    time::day_of,
};
use phasegate_store::{
    PrivacyStore, StoreError,
    models::{Edit, EnvironmentAuditEntry, Versioned},
};

use crate::{ObjectKind, Service, ServiceError, access::Actor, audit::audit_document_change};

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
    for deleted in service.stores.state.read_deleted_environments().await? {
        erase_environment(service, deleted).await?;
        kept.insert(deleted, RetentionPolicy { raw_days: 0, ..RetentionPolicy::default() });
    }
    Ok(delete_expired_telemetry(&*service.stores.telemetry, service.now(), &kept).await?)
}

/// Deletes telemetry that has expired at `now`. Environments that `kept` does not name have the
/// default retention policy, and their raw events stay.
///
/// # Errors
/// Returns the error of the store.
pub async fn delete_expired_telemetry(
    store: &(impl PrivacyStore + ?Sized),
    now: Timestamp,
    kept: &BTreeMap<EnvironmentId, RetentionPolicy>,
) -> Result<(), StoreError> {
    let first_day = |(id, policy): (&EnvironmentId, &RetentionPolicy)| {
        Some((*id, policy.first_kept_day(RetentionKind::Raw, day_of(now))?))
    };
    store.delete_raw_events(&kept.iter().filter_map(first_day).collect()).await?;
    for environment in store.list_environments_with_telemetry().await? {
        let policy = kept.get(&environment.real_id()).copied().unwrap_or_default();
        store.delete_expired(environment, &policy.cutoffs(now)).await?;
    }
    Ok(())
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
    service.apply_edits(environment, &edits, &entries, ObjectKind::RetentionPolicy).await
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
