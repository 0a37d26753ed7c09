//! Segments: listing and changing them.

use std::sync::Arc;

use phasegate_domain::{
    accounts::Role,
    audit::{AuditEntry, SubjectKind},
    config::SegmentUse,
    ids::{EnvironmentId, EnvironmentKey, SegmentKey},
    targeting::{InvalidSegment, Segment},
};
use phasegate_store::models::{Edit, Versioned};

use crate::{
    CachedEnvironment, InUse, ObjectKind, Service, ServiceError,
    access::Actor,
    audit::{audit_document_change, copy_to_environments},
    check::validate_change,
};

/// A segment with all its uses.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq)]
pub struct SegmentDetail {
    pub stored: Versioned<Arc<Segment>>,
    /// The uses in all environments of the project.
    pub uses: Vec<PlacedUse>,
}

/// A use of a segment, with its environment.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlacedUse {
    pub environment: EnvironmentKey,
    pub by: SegmentUse,
}

impl std::fmt::Display for PlacedUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {}", self.by, self.environment)
    }
}

fn segment_uses(service: &Service, live: &CachedEnvironment, key: &str) -> Vec<PlacedUse> {
    let in_one = |sibling: Arc<CachedEnvironment>| {
        let uses = sibling.snapshot.uses_of_segment(key);
        let environment = sibling.environment.key.clone();
        uses.into_iter().map(move |by| PlacedUse { environment: environment.clone(), by })
    };
    service.project_environments(live.environment.project_id).into_iter().flat_map(in_one).collect()
}

fn segment_audit_entry(
    service: &Service,
    actor: &Actor,
    before: Option<&Segment>,
    after: Option<&Segment>,
) -> AuditEntry {
    let json = |segment: &Segment| serde_json::to_value(segment).ok();
    let key = before.or(after).map(|segment| segment.key.to_string()).unwrap_or_default();
    audit_document_change(
        service,
        actor,
        SubjectKind::Segment,
        key,
        before.and_then(json),
        after.and_then(json),
    )
}

/// Returns all segments by key, each with its uses.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or the environment does not exist.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn list_segments(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Vec<SegmentDetail>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let live = service.environment(environment)?;
    let detail = |stored: &Versioned<Arc<Segment>>| SegmentDetail {
        uses: segment_uses(service, &live, stored.value.key.as_str()),
        stored: stored.clone(),
    };
    Ok(live.segments.iter().map(detail).collect())
}

/// Returns a segment with its uses.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or no segment has this key.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn read_segment_detail(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &SegmentKey,
) -> Result<SegmentDetail, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let live = service.environment(environment)?;
    let stored = live.stored_segment(key.as_str())?.clone();
    Ok(SegmentDetail { uses: segment_uses(service, &live, key.as_str()), stored })
}

/// Creates a segment in the project of an environment.
///
/// # Errors
/// Returns an error if the actor lacks the operator role or is a token of one environment, a field
/// is invalid, the key is taken, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn create_segment(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    segment: Segment,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let _turn = service.begin_edit().await?;
    let live = service.environment(environment)?;
    actor.require_shared("segments")?;
    if live.stored_segment(segment.key.as_str()).is_ok() {
        return Err(ServiceError::Exists {
            what: ObjectKind::Segment,
            key: segment.key.to_string(),
        });
    }
    check_segment(service, &live, &segment)?;
    let entries = copy_to_environments(
        service,
        &live,
        &segment_audit_entry(service, actor, None, Some(&segment)),
    );
    service
        .apply_edits(environment, &[Edit::CreateSegment(segment)], &entries, ObjectKind::Segment)
        .await
}

/// Validates a segment and everything that uses it: a changed segment may make a valid rule too
/// costly.
fn check_segment(
    service: &Service,
    live: &CachedEnvironment,
    segment: &Segment,
) -> Result<(), ServiceError> {
    segment.validate(live.snapshot.segments())?;
    segment.condition.check_values().map_err(InvalidSegment::from)?;
    validate_change(service, live, |_, draft| {
        draft.segments.insert(segment.key.clone(), Arc::new(segment.clone()));
    })
}

/// Replaces the segment with the same key. `seen` is the version that the actor saw; `None`
/// overwrites any version.
///
/// # Errors
/// Returns an error if the actor lacks the operator role or is a token of one environment, a field
/// is invalid, no segment has this key, another change came first, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn replace_segment(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    segment: Segment,
    seen: Option<i64>,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let _turn = service.begin_edit().await?;
    let live = service.environment(environment)?;
    actor.require_shared("segments")?;
    let stored = live.stored_segment(segment.key.as_str())?;
    if seen.is_some_and(|seen| seen != stored.version) {
        return Err(ServiceError::Conflict(ObjectKind::Segment));
    }
    if *stored.value == segment {
        return Ok(());
    }
    check_segment(service, &live, &segment)?;
    let line = segment_audit_entry(service, actor, Some(&stored.value), Some(&segment));
    let edit = Edit::SaveSegment(segment, stored.version);
    service
        .apply_edits(
            environment,
            &[edit],
            &copy_to_environments(service, &live, &line),
            ObjectKind::Segment,
        )
        .await
}

/// Deletes a segment that is not used.
///
/// # Errors
/// Returns an error if the actor lacks the operator role or is a token of one environment, no
/// segment has this key, it is used, another change came first, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn delete_segment(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &SegmentKey,
    seen: Option<i64>,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let _turn = service.begin_edit().await?;
    let live = service.environment(environment)?;
    actor.require_shared("segments")?;
    let stored = live.stored_segment(key.as_str())?;
    if seen.is_some_and(|seen| seen != stored.version) {
        return Err(ServiceError::Conflict(ObjectKind::Segment));
    }
    let uses = segment_uses(service, &live, key.as_str());
    if !uses.is_empty() {
        let uses = uses.iter().map(PlacedUse::to_string).collect();
        return Err(InUse::UsedSegment { segment: key.clone(), uses }.into());
    }
    validate_change(service, &live, |_, draft| {
        draft.segments.remove(key);
    })
    .map_err(|error| match error {
        ServiceError::Invalid(error) => InUse::NeededSegment { segment: key.clone(), error }.into(),
        other => other,
    })?;
    let line = segment_audit_entry(service, actor, Some(&stored.value), None);
    let edit = Edit::DeleteSegment(key.clone(), stored.version);
    service
        .apply_edits(
            environment,
            &[edit],
            &copy_to_environments(service, &live, &line),
            ObjectKind::Segment,
        )
        .await
}
