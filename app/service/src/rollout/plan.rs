//! Export of plans as files, and import of plans and their revisions.

use crate::{
    CachedEnvironment, ObjectKind, Service, ServiceError,
    access::Actor,
    audit::{audit_document_change, audit_flag_change, copy_to_environments},
    check::new_flag,
    secrets,
    setup::parse_plan_within,
};
use phasegate_domain::{
    accounts::Role,
    audit::{AuditEntry, Change, SubjectKind},
    diff::{FieldChange, diff_documents},
    flags::{Flag, FlagDocument},
    ids::{EnvironmentId, SegmentKey},
    plan::{Plan, PlanFile},
    rollout::{PlanRevision, Rollout, RolloutEvent, RolloutState, check_plan_note, revise_plan},
    targeting::Segment,
};
use phasegate_store::models::{Edit, EnvironmentAuditEntry, StoredFlag, Versioned};
use serde::Serialize;

use super::stored::read_rollout;

/// The changes that importing a plan file makes.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanChange {
    /// The changed fields of the plan.
    pub fields: Vec<FieldChange>,
    /// Flags to create; existing ones do not change.
    pub new_flags: Vec<String>,
    /// Segments to create; existing ones do not change.
    pub new_segments: Vec<String>,
    /// Existing flags and segments that the file defines differently, such as `segment beta`. An
    /// import does not change them.
    pub unchanged: Vec<String>,
    /// The version of the rollout to change; `None` if there is no rollout.
    #[serde(skip)]
    pub version: Option<i64>,
}

impl PlanChange {
    /// Returns whether importing the file would change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.new_flags.is_empty() && self.new_segments.is_empty()
    }
}

/// Returns the plan of an environment as a TOML file, with the flags and segments that it names, and
/// the version of the rollout.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role, there is no plan, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn export_plan(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<Versioned<String>, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let rollout = read_rollout(service, environment).await?;
    let value = plan_text(service, environment, &rollout.plan)?;
    Ok(Versioned { value, version: rollout.version })
}

/// Returns a plan as a TOML file, with the existing ones of the flags and segments that it names.
///
/// # Errors
/// Returns an error if the environment does not exist.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn plan_text(
    service: &Service,
    environment: EnvironmentId,
    plan: &Plan,
) -> Result<String, ServiceError> {
    let live = service.environment(environment)?;
    let is_added = |flag: &StoredFlag| plan.phase_that_adds(&flag.flag.key).is_some();
    let flags = live
        .flags
        .iter()
        .filter(|flag| is_added(flag))
        .map(|flag| Flag::clone(&flag.flag))
        .collect();
    let is_named = |key: &SegmentKey| {
        plan.phases.iter().flat_map(|phase| &phase.audience).any(|entry| entry.segment == *key)
    };
    let named = live.segments.iter().filter(|segment| is_named(&segment.value.key));
    let segments = named.map(|segment| Segment::clone(&segment.value)).collect();
    let file = PlanFile { format: PlanFile::FORMAT, segments, flags, plan: plan.clone() };
    toml::to_string_pretty(&file)
        .map_err(|_| ServiceError::Inconsistent("the plan cannot be written as TOML"))
}

/// Parses a plan file, which may name flags and segments of the environment.
///
/// # Errors
/// Returns an error with the line and field of the first problem, or if the environment does not
/// exist.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn read_plan(
    service: &Service,
    environment: EnvironmentId,
    text: &str,
) -> Result<PlanFile, ServiceError> {
    let live = service.environment(environment)?;
    let file = parse_plan_within(text, |file| {
        file.segments.retain(|own| live.snapshot.segments().get(&own.key).is_none());
        file.segments.extend(live.segments.iter().map(|segment| Segment::clone(&segment.value)));
        file.flags.retain(|own| live.stored_flag(own.key.as_str()).is_err());
        file.flags.extend(live.flags.iter().map(|flag| Flag::clone(&flag.flag)));
    });
    file.map_err(|error| ServiceError::Invalid(error.into()))
}

/// Compares a plan file with the environment.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn compare_plan(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &PlanFile,
) -> Result<PlanChange, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let live = service.environment(environment)?;
    let rollout = service.stores.state.read_rollout(environment).await?;
    let version = rollout.as_ref().map(|rollout| rollout.version);
    let before = rollout.and_then(|rollout| serde_json::to_value(rollout.plan).ok());
    let after = serde_json::to_value(&file.plan).ok();
    let flags = missing_flags(&live, file).map(|flag| flag.key.to_string());
    let segments = missing_segments(&live, file).map(|segment| segment.key.to_string());
    Ok(PlanChange {
        fields: diff_documents(before.as_ref(), after.as_ref()),
        new_flags: flags.collect(),
        new_segments: segments.collect(),
        unchanged: differing_definitions(&live, file),
        version,
    })
}

fn missing_flags<'a>(
    live: &'a CachedEnvironment,
    file: &'a PlanFile,
) -> impl Iterator<Item = &'a Flag> {
    file.flags.iter().filter(|flag| live.stored_flag(flag.key.as_str()).is_err())
}

fn differing_definitions(live: &CachedEnvironment, file: &PlanFile) -> Vec<String> {
    let flags = file.flags.iter().filter(|flag| {
        let found = live.stored_flag(flag.key.as_str());
        found.is_ok_and(|found| *found.flag != **flag)
    });
    let segments = file.segments.iter().filter(|segment| {
        let found = live.snapshot.segments().get(&segment.key);
        found.is_some_and(|found| **found != **segment)
    });
    let segments = segments.map(|segment| format!("segment {}", segment.key));
    segments.chain(flags.map(|flag| format!("flag {}", flag.key))).collect()
}

fn missing_segments<'a>(
    live: &'a CachedEnvironment,
    file: &'a PlanFile,
) -> impl Iterator<Item = &'a Segment> {
    file.segments.iter().filter(|segment| live.snapshot.segments().get(&segment.key).is_none())
}

/// The version of the rollout that an import expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanBase {
    /// Any version of the rollout, or none.
    Any,
    /// This version of the rollout, or no rollout if it is `None`; anything else is a conflict.
    Seen(Option<i64>),
}

/// The parameters of an import besides the plan.
#[derive(Debug, Clone, Copy)]
pub struct PlanImport<'a> {
    /// The reason, for the audit log.
    pub note: &'a str,
    /// The seed for the salt of a first plan's buckets.
    pub salt: &'a secrets::Seed,
    /// The version that the import expects.
    pub base: PlanBase,
}

/// Imports a plan: as the first one, in place of a draft or an ended rollout, or as a new revision
/// of the running one.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, a rule forbids the plan, another change
/// came first, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub async fn import_plan(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &PlanFile,
    import: PlanImport<'_>,
) -> Result<(), ServiceError> {
    let _turn = service.begin_edit().await?;
    let (edits, entries) = prepare_import(service, actor, environment, file, import).await?;
    service.apply_edits(environment, &edits, &entries, ObjectKind::Rollout).await
}

/// Returns what importing a plan would change, without saving it.
///
/// # Errors
/// Returns the errors of [`import_plan`].
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub async fn try_plan(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &PlanFile,
    import: PlanImport<'_>,
) -> Result<PlanChange, ServiceError> {
    let _turn = service.begin_edit().await?;
    let change = compare_plan(service, actor, environment, file).await?;
    prepare_import(service, actor, environment, file, import).await?;
    Ok(change)
}

/// Returns the edits of an import, with the entries of the audit log.
async fn prepare_import(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &PlanFile,
    PlanImport { note, salt, base }: PlanImport<'_>,
) -> Result<(Vec<Edit>, Vec<EnvironmentAuditEntry>), ServiceError> {
    actor.require_role(Role::Operator)?;
    check_plan_note(note)?;
    let live = service.environment(environment)?;
    let (mut edits, mut entries) = (Vec::new(), Vec::new());
    create_missing_definitions(service, actor, &live, file, &mut edits, &mut entries)?;
    let rollout = service.stores.state.read_rollout(environment).await?;
    let found = rollout.as_ref().map(|rollout| rollout.version);
    if !matches!(base, PlanBase::Any) && base != PlanBase::Seen(found) {
        return Err(ServiceError::Conflict(ObjectKind::Rollout));
    }
    let event = match &rollout {
        Some(rollout) => {
            revise_plan(&rollout.plan, &rollout.state, &file.plan, note, actor.role())?
        }
        None => RolloutEvent::Planned(PlanRevision {
            from: None,
            to: file.plan.revision.clone(),
            note: note.trim().to_owned(),
            begins_anew: true,
            is_wording: false,
        }),
    };
    let before = rollout.as_ref().map(|rollout| &rollout.plan);
    let document = |plan: &Plan| serde_json::to_value(plan).ok();
    let key = file.plan.key.as_str();
    let line = audit_document_change(
        service,
        actor,
        SubjectKind::Rollout,
        key,
        before.and_then(document),
        document(&file.plan),
    );
    entries.push(EnvironmentAuditEntry::new(environment, line));
    let change = Change::Rollout { rollout: file.plan.key.clone(), what: event.clone() };
    let line = AuditEntry { at: service.now(), actor: actor.name(), change };
    entries.push(EnvironmentAuditEntry::new(environment, line));
    let plan = Box::new(file.plan.clone());
    match rollout {
        Some(Rollout { key, state, version, .. }) => {
            let after: RolloutState = state.apply_event(&event, &actor.name(), service.now());
            edits.push(Edit::SavePlan(key, plan, version));
            edits.push(Edit::SaveRollout(file.plan.key.clone(), Box::new(after), version));
        }
        None => edits.push(Edit::CreateRollout(plan, secrets::random_text("", salt, 16))),
    }
    Ok((edits, entries))
}

/// Adds the edits that create the flags and segments of the file that do not exist.
fn create_missing_definitions(
    service: &Service,
    actor: &Actor,
    live: &CachedEnvironment,
    file: &PlanFile,
    edits: &mut Vec<Edit>,
    entries: &mut Vec<EnvironmentAuditEntry>,
) -> Result<(), ServiceError> {
    let is_shared =
        missing_flags(live, file).next().is_some() || missing_segments(live, file).next().is_some();
    if is_shared {
        actor.require_shared("flags, segments")?;
    }
    for segment in missing_segments(live, file) {
        let document = serde_json::to_value(segment).ok();
        let line = audit_document_change(
            service,
            actor,
            SubjectKind::Segment,
            segment.key.as_str(),
            None,
            document,
        );
        entries.extend(copy_to_environments(service, live, &line));
        edits.push(Edit::CreateSegment(segment.clone()));
    }
    for flag in missing_flags(live, file) {
        let new = new_flag(flag.clone());
        entries.extend(audit_flag_change(service, actor, live, &flag.key, |sibling| {
            let is_here = sibling.environment.id == live.environment.id;
            Some(FlagDocument::new(flag, if is_here { &new.state } else { &new.elsewhere }))
        }));
        edits.push(Edit::CreateFlag(Box::new(new)));
    }
    Ok(())
}
