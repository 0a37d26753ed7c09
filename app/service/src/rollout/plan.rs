//! Plans: taken away as files, and brought in as new revisions.

use crate::{
    CachedEnvironment, Service, ServiceError,
    access::Actor,
    audit::{in_all, of_flag, saved},
    check::new_flag,
    secrets,
    setup::parse_plan_within,
};
use phasegate_domain::{
    accounts::Role,
    audit::{AuditEntry, Change, SubjectKind},
    diff::{FieldChange, diff},
    flags::{Flag, FlagDocument},
    ids::{EnvironmentId, SegmentKey},
    plan::{Plan, PlanFile},
    rollout::{PlanRevision, Rollout, RolloutEvent, RolloutState, revise},
    targeting::Segment,
};
use phasegate_store::models::{Edit, EnvironmentAuditEntry, StoredFlag};
use serde::Serialize;

use super::command::{MAX_REASON, bounded, find};

/// What a plan file would change.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanChange {
    /// The plan, field by field.
    pub fields: Vec<FieldChange>,
    /// Flags that are made; those that are there stay as they are.
    pub new_flags: Vec<String>,
    /// Segments that are made; those that are there stay as they are.
    pub new_segments: Vec<String>,
    /// Flags and segments that the file describes differently from what is there, such as `segment beta`. An
    /// import leaves them as they are.
    pub unchanged: Vec<String>,
    /// The version of the rollout that it would change; none where there is no rollout.
    #[serde(skip)]
    pub version: Option<i64>,
}

impl PlanChange {
    /// Whether the file says what is there already.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.new_flags.is_empty() && self.new_segments.is_empty()
    }
}

/// The plan of an environment as a file, with the flags and segments that it names.
///
/// # Errors
/// When the actor may not look, there is no plan, or storage fails.
#[tracing::instrument(level = "debug", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn export_plan(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<String, ServiceError> {
    actor.require(Role::Viewer)?;
    let rollout = find(service, environment).await?;
    plan_text(service, environment, &rollout.plan)
}

/// A plan as a file, with those of the flags and segments that it names that are there.
///
/// # Errors
/// When there is no such environment.
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

/// Reads a plan file, which may rest on flags and segments of the environment.
///
/// # Errors
/// Says line and field of what is wrong.
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

/// What a plan file would change.
///
/// # Errors
/// When the actor may not look, or storage fails.
#[tracing::instrument(level = "debug", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn plan_change(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &PlanFile,
) -> Result<PlanChange, ServiceError> {
    actor.require(Role::Viewer)?;
    let live = service.environment(environment)?;
    let rollout = service.stores.state.rollout(environment).await?;
    let version = rollout.as_ref().map(|rollout| rollout.version);
    let before = rollout.and_then(|rollout| serde_json::to_value(rollout.plan).ok());
    let after = serde_json::to_value(&file.plan).ok();
    let flags = missing_flags(&live, file).map(|flag| flag.key.to_string());
    let segments = missing_segments(&live, file).map(|segment| segment.key.to_string());
    Ok(PlanChange {
        fields: diff(before.as_ref(), after.as_ref()),
        new_flags: flags.collect(),
        new_segments: segments.collect(),
        unchanged: unchanged(&live, file),
        version,
    })
}

fn missing_flags<'a>(
    live: &'a CachedEnvironment,
    file: &'a PlanFile,
) -> impl Iterator<Item = &'a Flag> {
    file.flags.iter().filter(|flag| live.stored_flag(flag.key.as_str()).is_err())
}

fn unchanged(live: &CachedEnvironment, file: &PlanFile) -> Vec<String> {
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

/// What a plan may be brought in upon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlanBase {
    /// Any version of the rollout, or none.
    Any,
    /// This version of the rollout, or none where it is `None`; anything else is a conflict.
    Seen(Option<i64>),
}

/// What importing a plan needs besides the plan.
#[derive(Debug, Clone, Copy)]
pub struct PlanImport<'a> {
    /// Why, for the history.
    pub note: &'a str,
    /// What the buckets of a first plan hang on.
    pub salt: &'a secrets::Seed,
    /// The revision that the plan is based on.
    pub base: PlanBase,
}

/// Brings a plan in: as the first one, in the place of a draft or of one that has ended, or as a new
/// revision of the one that is carried out.
///
/// # Errors
/// When the actor may not, a rule stands against it, or another change was first.
#[tracing::instrument(level = "debug", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub async fn import_plan(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &PlanFile,
    import: PlanImport<'_>,
) -> Result<(), ServiceError> {
    let _turn = service.begin_edit().await?;
    let (edits, entries) = prepare(service, actor, environment, file, import).await?;
    service.edit(environment, &edits, &entries, "the rollout").await
}

/// What importing a plan would change, if it were not refused.
///
/// # Errors
/// As [`import_plan`].
#[tracing::instrument(level = "debug", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub async fn try_plan(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &PlanFile,
    import: PlanImport<'_>,
) -> Result<PlanChange, ServiceError> {
    let _turn = service.begin_edit().await?;
    let change = plan_change(service, actor, environment, file).await?;
    prepare(service, actor, environment, file, import).await?;
    Ok(change)
}

/// The edits of an import, with the entries of the audit log.
async fn prepare(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &PlanFile,
    PlanImport { note, salt, base }: PlanImport<'_>,
) -> Result<(Vec<Edit>, Vec<EnvironmentAuditEntry>), ServiceError> {
    actor.require(Role::Operator)?;
    bounded("note", note, MAX_REASON)?;
    let live = service.environment(environment)?;
    let (mut edits, mut entries) = (Vec::new(), Vec::new());
    make_missing(service, actor, &live, file, &mut edits, &mut entries)?;
    let rollout = service.stores.state.rollout(environment).await?;
    let found = rollout.as_ref().map(|rollout| rollout.version);
    if !matches!(base, PlanBase::Any) && base != PlanBase::Seen(found) {
        return Err(ServiceError::Conflict("the rollout"));
    }
    let event = match &rollout {
        Some(rollout) => revise(&rollout.plan, &rollout.state, &file.plan, note, actor.role())?,
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
    let line = saved(
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
            let after: RolloutState = state.after(&event, &actor.name(), service.now());
            edits.push(Edit::SavePlan(key, plan, version));
            edits.push(Edit::SaveRollout(file.plan.key.clone(), Box::new(after), version));
        }
        None => edits.push(Edit::CreateRollout(plan, secrets::text("", salt, 16))),
    }
    Ok((edits, entries))
}

/// Makes the flags and segments that the file brings and that are not there.
fn make_missing(
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
        let line =
            saved(service, actor, SubjectKind::Segment, segment.key.as_str(), None, document);
        entries.extend(in_all(service, live, &line));
        edits.push(Edit::CreateSegment(segment.clone()));
    }
    for flag in missing_flags(live, file) {
        let new = new_flag(flag.clone());
        entries.extend(of_flag(service, actor, live, &flag.key, |sibling| {
            let is_here = sibling.environment.id == live.environment.id;
            Some(FlagDocument::new(flag, if is_here { &new.state } else { &new.elsewhere }))
        }));
        edits.push(Edit::CreateFlag(Box::new(new)));
    }
    Ok(())
}
