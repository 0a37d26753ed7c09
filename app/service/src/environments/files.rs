//! Exporting and importing an environment's flags, segments and overrides.

use phasegate_domain::{
    Timestamp,
    accounts::Role,
    audit::{AuditEntry, Change, ImportedThing, SubjectKind},
    config::{EnvironmentFile, ImportChange, override_key},
    field_error::FieldCode,
    flags::{FlagDocument, FlagState, IndividualOverride},
    ids::{EnvironmentId, FlagKey},
    targeting::Segment,
};
use std::sync::Arc;

use phasegate_store::models::{Edit, EnvironmentAuditEntry, NewFlag};

use crate::{
    CachedEnvironment, ObjectKind, Service, ServiceError,
    access::Actor,
    audit::{audit_document_change, audit_flag_change, copy_to_environments},
    check::validate_change,
};

/// The changes that an import would make.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportPreview {
    /// One per flag, segment or override; empty if the environment matches the file.
    pub changes: Vec<ImportChange>,
    /// A digest of the versions compared with: an import is refused if they have changed since.
    pub based_on: String,
}

/// An environment as a file, with its versions.
#[derive(Debug, Clone, PartialEq)]
pub struct EnvironmentExport {
    /// All flags, segments and active overrides.
    pub file: EnvironmentFile,
    /// A digest of the exported versions, as in [`ImportPreview`].
    pub based_on: String,
}

/// Exports an environment as a file.
///
/// # Errors
/// Returns an error if the actor lacks the viewer role or the environment does not exist.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn export_environment(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<EnvironmentExport, ServiceError> {
    actor.require_role(Role::Viewer)?;
    let live = service.environment(environment)?;
    let file = build_environment_file(&live, service.now());
    Ok(EnvironmentExport { file, based_on: digest_versions(&live) })
}

/// Returns an environment as a file, without expired overrides.
fn build_environment_file(live: &CachedEnvironment, now: Timestamp) -> EnvironmentFile {
    let overrides = live.overrides.iter().map(|stored| &stored.value);
    EnvironmentFile {
        format: EnvironmentFile::FORMAT,
        segments: live.segments.iter().map(|stored| Segment::clone(&stored.value)).collect(),
        flags: live.flags.iter().map(|s| FlagDocument::new(&s.flag, &s.state)).collect(),
        overrides: overrides
            .filter(|personal| personal.is_active(now))
            .map(|personal| IndividualOverride::clone(personal))
            .collect(),
    }
}

/// Returns a digest of the versions of everything that an import may overwrite.
fn digest_versions(live: &CachedEnvironment) -> String {
    let flags = live
        .flags
        .iter()
        .map(|s| format!("{}:{}.{}", s.flag.key, s.definition_version, s.state.version));
    let segments = live.segments.iter().map(|s| format!("{}:{}", s.value.key, s.version));
    let overrides =
        live.overrides.iter().map(|s| format!("{}:{}", override_key(&s.value), s.version));
    let place = std::iter::once(live.environment.id.0.to_string());
    let all: Vec<String> = place.chain(flags).chain(segments).chain(overrides).collect();
    let phasegate_store::models::Digest(digest) =
        crate::secrets::hash_secret(all.join("\n").as_bytes());
    crate::secrets::hex_prefix(&digest, 12)
}

/// Computes what an import of a file would change.
///
/// # Errors
/// Returns an error if the actor lacks the operator role or the result would be invalid.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn preview_import(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &EnvironmentFile,
) -> Result<ImportPreview, ServiceError> {
    actor.require_role(Role::Operator)?;
    let live = service.environment(environment)?;
    let file = &keep_kill_switches(&live, file);
    check_file(service, &live, file)?;
    Ok(ImportPreview {
        changes: build_environment_file(&live, service.now()).list_changes(file),
        based_on: digest_versions(&live),
    })
}

/// Computes what an import of a file would change, and checks that the actor may import it.
///
/// # Errors
/// Returns the errors of [`import_environment`], but never a conflict.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn try_import(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &EnvironmentFile,
) -> Result<ImportPreview, ServiceError> {
    let preview = preview_import(service, actor, environment, file)?;
    let live = service.environment(environment)?;
    let edits = build_edits(&live, &keep_kill_switches(&live, file), service.now());
    require_rights(actor, &edits)?;
    Ok(preview)
}

fn require_rights(actor: &Actor, edits: &[Edit]) -> Result<(), ServiceError> {
    if edits.iter().any(Edit::is_shared) {
        actor.require_shared("flags, segments")?;
    }
    Ok(())
}

/// Returns the file with the current kill switches: no document kills or revives an existing flag.
fn keep_kill_switches(live: &CachedEnvironment, file: &EnvironmentFile) -> EnvironmentFile {
    let mut file = file.clone();
    for document in &mut file.flags {
        if let Ok(stored) = live.stored_flag(document.key.as_str()) {
            document.killed = stored.state.killed;
        }
    }
    file
}

fn check_file(
    service: &Service,
    live: &CachedEnvironment,
    file: &EnvironmentFile,
) -> Result<(), ServiceError> {
    for document in &file.flags {
        if let Ok(stored) = live.stored_flag(document.key.as_str())
            && stored.flag.kind != document.kind
        {
            let kind = stored.flag.kind.as_str();
            let text = format!("the flag is {kind}, and a flag's kind never changes");
            let field = format!("flags.{}.kind", document.key);
            return Err(ServiceError::invalid(field, FieldCode::Unchangeable, text));
        }
    }
    validate_change(service, live, |sibling, draft| {
        let is_here = sibling.environment.id == live.environment.id;
        let mut flags = std::collections::BTreeMap::new();
        for document in &file.flags {
            let stored = sibling.stored_flag(document.key.as_str()).ok();
            let parts = stored.map(|stored| (&*stored.flag, &*stored.state));
            let (flag, state) = document.clone().into_parts(parts, 1);
            let known =
                draft.flags.get(&flag.key).filter(|_| !is_here).map(|(_, state)| Arc::clone(state));
            let new = (Arc::new(flag), known.unwrap_or_else(|| Arc::new(state)));
            flags.insert(document.key.clone(), new);
        }
        draft.overrides.retain(|personal| flags.contains_key(&personal.flag));
        draft.flags = flags;
        draft.segments =
            file.segments.iter().map(|s| (s.key.clone(), Arc::new(s.clone()))).collect();
        if is_here {
            draft.overrides = file.overrides.iter().cloned().map(Arc::new).collect();
        }
    })
}

/// Replaces the configuration of an environment with a file. `seen` is [`ImportPreview::based_on`];
/// `None` skips the comparison with the preview.
///
/// # Errors
/// Returns an error if the actor may not make the changes, the result would be invalid, or the
/// environment has changed since the preview.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn import_environment(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &EnvironmentFile,
    seen: Option<&str>,
) -> Result<Vec<ImportChange>, ServiceError> {
    actor.require_role(Role::Operator)?;
    let _turn = service.begin_edit().await?;
    let live = service.environment(environment)?;
    if seen.is_some_and(|seen| seen != digest_versions(&live)) {
        return Err(ServiceError::Conflict(ObjectKind::Environment));
    }
    let file = &keep_kill_switches(&live, file);
    check_file(service, &live, file)?;
    let changes = build_environment_file(&live, service.now()).list_changes(file);
    if changes.is_empty() {
        return Ok(changes);
    }
    let edits = build_edits(&live, file, service.now());
    require_rights(actor, &edits)?;
    let entries = match changes.len() {
        ..=MAX_SINGLE_ENTRIES => build_change_entries(service, actor, &live, file, &changes),
        _ => bulk_entries(service, actor, &live, &changes),
    };
    service.apply_edits(environment, &edits, &entries, ObjectKind::Environment).await?;
    Ok(changes)
}

/// Returns the edits that turn the environment into the file. Segments are created before the flags
/// are changed and deleted after them. The store does not require this order, but a reader might.
fn build_edits(live: &CachedEnvironment, file: &EnvironmentFile, now: Timestamp) -> Vec<Edit> {
    let mut edits = Vec::new();
    for segment in &file.segments {
        match live.stored_segment(segment.key.as_str()) {
            Ok(stored) if *stored.value == *segment => {}
            Ok(stored) => edits.push(Edit::SaveSegment(segment.clone(), stored.version)),
            Err(_) => edits.push(Edit::CreateSegment(segment.clone())),
        }
    }
    for document in &file.flags {
        let Ok(stored) = live.stored_flag(document.key.as_str()) else {
            let (flag, state) = document.clone().into_parts(None, 1);
            let elsewhere = FlagState::unused(&flag.key);
            edits.push(Edit::CreateFlag(Box::new(NewFlag { flag, state, elsewhere })));
            continue;
        };
        let version = stored.state.version;
        let (flag, state) =
            document.clone().into_parts(Some((&stored.flag, &stored.state)), version);
        if flag != *stored.flag {
            edits.push(Edit::SaveDefinition(flag, stored.definition_version));
        }
        if state != *stored.state {
            let state = FlagState { version: version + 1, ..state };
            edits.push(Edit::SaveState(document.key.clone(), state));
        }
    }
    for personal in &file.overrides {
        match live.stored_override(&personal.flag, &personal.targeting_key) {
            Some(stored) if *stored.value == *personal => {}
            Some(stored) => edits.push(Edit::SaveOverride(personal.clone(), stored.version)),
            None => edits.push(Edit::CreateOverride(personal.clone())),
        }
    }
    let is_gone = |flag: &FlagKey| file.flags.iter().all(|f| f.key != *flag);
    for stored in &live.overrides {
        let personal = &stored.value;
        let stays =
            file.overrides.iter().any(|other| override_key(other) == override_key(personal));
        // Deleting a flag deletes its overrides, too. Expired ones are in no export, so that their
        // absence from the file says nothing.
        if !stays && personal.is_active(now) && !is_gone(&personal.flag) {
            let (flag, user) = (personal.flag.clone(), personal.targeting_key.clone());
            edits.push(Edit::DeleteOverride(flag, user, stored.version));
        }
    }
    for stored in live.flags.iter().filter(|stored| is_gone(&stored.flag.key)) {
        edits.push(Edit::DeleteFlag(stored.flag.key.clone(), stored.definition_version));
    }
    for stored in live.segments.iter() {
        if file.segments.iter().all(|segment| segment.key != stored.value.key) {
            edits.push(Edit::DeleteSegment(stored.value.key.clone(), stored.version));
        }
    }
    edits
}

/// Up to this many changes of an import each have an audit entry of their own, which can be
/// restored from. Beyond it, one entry names them all.
const MAX_SINGLE_ENTRIES: usize = 20;

/// Returns one audit entry per environment: with all changes in this one, with the shared ones
/// elsewhere.
fn bulk_entries(
    service: &Service,
    actor: &Actor,
    live: &CachedEnvironment,
    changes: &[ImportChange],
) -> Vec<EnvironmentAuditEntry> {
    let entry = |sibling: std::sync::Arc<CachedEnvironment>| {
        let id = sibling.environment.id;
        let is_told = |change: &&ImportChange| id == live.environment.id || change.is_shared();
        let thing = |change: &ImportChange| ImportedThing {
            kind: change.kind,
            key: change.key.clone(),
            what: change.what,
            fields: change.field_names(),
        };
        let things: Vec<ImportedThing> = changes.iter().filter(is_told).map(thing).collect();
        if things.is_empty() {
            return None;
        }
        let environment = sibling.environment.key.to_string();
        let change = Change::Imported { environment, things };
        Some(EnvironmentAuditEntry::new(
            id,
            AuditEntry { at: service.now(), actor: actor.name(), change },
        ))
    };
    let siblings = service.project_environments(live.environment.project_id);
    siblings.into_iter().filter_map(entry).collect()
}

/// Returns the audit entries of each change: in every affected environment for flags and segments,
/// in this one for overrides.
fn build_change_entries(
    service: &Service,
    actor: &Actor,
    live: &CachedEnvironment,
    file: &EnvironmentFile,
    changes: &[ImportChange],
) -> Vec<EnvironmentAuditEntry> {
    let now = build_environment_file(live, service.now());
    changes
        .iter()
        .flat_map(|change| match change.kind {
            SubjectKind::Flag => build_flag_entries(service, actor, live, file, &change.key),
            SubjectKind::Segment => {
                let json = |file: &EnvironmentFile| {
                    let found = file.segments.iter().find(|s| s.key.as_str() == change.key);
                    found.and_then(|segment| serde_json::to_value(segment).ok())
                };
                let (before, after) = (json(&now), json(file));
                let entry =
                    audit_document_change(service, actor, change.kind, &*change.key, before, after);
                copy_to_environments(service, live, &entry)
            }
            _ => {
                let json = |file: &EnvironmentFile| {
                    let found = file.overrides.iter().find(|o| override_key(o) == change.key);
                    found.and_then(|personal| serde_json::to_value(personal).ok())
                };
                let (before, after) = (json(&now), json(file));
                let entry =
                    audit_document_change(service, actor, change.kind, &*change.key, before, after);
                vec![EnvironmentAuditEntry::new(live.environment.id, entry)]
            }
        })
        .collect()
}

fn build_flag_entries(
    service: &Service,
    actor: &Actor,
    live: &CachedEnvironment,
    file: &EnvironmentFile,
    key: &str,
) -> Vec<EnvironmentAuditEntry> {
    let Ok(key) = FlagKey::new(key) else { return Vec::new() };
    let wanted = file.flags.iter().find(|flag| flag.key == key);
    audit_flag_change(service, actor, live, &key, |sibling| {
        let wanted = wanted?;
        if sibling.environment.id == live.environment.id {
            return Some(wanted.clone());
        }
        // The definition comes from the file; the state of another environment stays.
        let stored = sibling.stored_flag(key.as_str()).ok();
        let known = stored.map(|stored| (&*stored.flag, &*stored.state));
        let (flag, _) = wanted.clone().into_parts(known, 1);
        let known = stored.map(|stored| FlagState::clone(&stored.state));
        Some(FlagDocument::new(&flag, &known.unwrap_or_else(|| FlagState::unused(&key))))
    })
}
