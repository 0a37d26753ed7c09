//! Exporting and importing an environment's flags, segments and overrides.

use phasegate_domain::{
    files::{EnvironmentFile, ImportChange, override_key},
    flags::FlagDocument,
    history::{HistoryEntry, SubjectKind},
    ids::EnvironmentId,
    people::Role,
};
use phasegate_store::models::{Edit, NewFlag};
use serde_json::Value;

use crate::{LiveEnvironment, Service, ServiceError, access::Actor, check::check, history::saved};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// For people and version control.
    Toml,
    /// For machines.
    Json,
}

/// What an import would do.
#[derive(Debug, Clone, PartialEq)]
pub struct ImportPreview {
    /// Thing by thing; empty if the file says what is there already.
    pub changes: Vec<ImportChange>,
    /// Names what was compared with: an import is refused if that has changed in the meantime.
    pub based_on: String,
}

/// An environment as a file.
///
/// # Errors
/// When the actor may not look, or there is no such environment.
pub fn export(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
) -> Result<EnvironmentFile, ServiceError> {
    actor.require(Role::Viewer)?;
    Ok(file_of(&*service.environment(environment)?))
}

fn file_of(live: &LiveEnvironment) -> EnvironmentFile {
    EnvironmentFile {
        format: EnvironmentFile::FORMAT,
        segments: live.segments.iter().map(|stored| stored.value.clone()).collect(),
        flags: live.flags.iter().map(|s| FlagDocument::new(&s.flag, &s.state)).collect(),
        overrides: live.overrides.iter().map(|stored| stored.value.clone()).collect(),
    }
}

/// Whether a file may leave a field of a flag out, because it says what is meant anyway.
fn is_implied(flag: &FlagDocument, field: &str) -> bool {
    match field {
        "name" => flag.name == flag.key.as_str(),
        "salt" => flag.salt == flag.key.as_str(),
        "enabled" => flag.enabled,
        "archived" => !flag.archived,
        "killed" => !flag.killed,
        "description" => flag.description.is_empty(),
        "owner" => flag.owner.is_empty(),
        "tags" => flag.tags.is_empty(),
        "rules" => flag.rules.is_empty(),
        "prerequisites" => flag.prerequisites.is_empty(),
        "schedule" => flag.schedule.is_empty(),
        _ => false,
    }
}

/// Writes a file.
///
/// # Errors
/// When a value has no form in TOML: an object flag with a null in it; JSON has one.
pub fn write_file(file: &EnvironmentFile, format: FileFormat) -> Result<String, ServiceError> {
    let invalid = |error: &dyn std::fmt::Display| {
        ServiceError::Invalid(format!("{error}; export JSON instead"))
    };
    match format {
        FileFormat::Json => {
            let mut value = serde_json::to_value(file).map_err(|error| invalid(&error))?;
            let flags = value.get_mut("flags").and_then(Value::as_array_mut);
            for (json, flag) in flags.into_iter().flatten().zip(&file.flags) {
                if let Some(fields) = json.as_object_mut() {
                    fields.retain(|field, _| !is_implied(flag, field));
                }
            }
            serde_json::to_string_pretty(&value).map_err(|error| invalid(&error))
        }
        FileFormat::Toml => {
            let mut value = toml::Value::try_from(file).map_err(|error| invalid(&error))?;
            let flags = value.get_mut("flags").and_then(toml::Value::as_array_mut);
            for (toml, flag) in flags.into_iter().flatten().zip(&file.flags) {
                if let Some(fields) = toml.as_table_mut() {
                    fields.retain(|field, _| !is_implied(flag, field));
                }
            }
            toml::to_string(&value).map_err(|error| invalid(&error))
        }
    }
}

/// Reads a file in either form, and checks it whole.
///
/// # Errors
/// Says line or field of what is wrong.
pub fn parse_file(text: &str) -> Result<EnvironmentFile, ServiceError> {
    let invalid = |error: &dyn std::fmt::Display| ServiceError::Invalid(error.to_string());
    let file: EnvironmentFile = if text.trim_start().starts_with('{') {
        let mut reader = serde_json::Deserializer::from_str(text);
        serde_path_to_error::deserialize(&mut reader).map_err(|error| invalid(&error))?
    } else {
        toml::from_str(text).map_err(|error| invalid(&error.to_string().trim_end()))?
    };
    file.validate()?;
    Ok(file)
}

/// The versions of everything that an import would write over.
fn based_on(live: &LiveEnvironment) -> String {
    let flags = live
        .flags
        .iter()
        .map(|s| format!("{}:{}.{}", s.flag.key, s.definition_version, s.state.version));
    let segments = live.segments.iter().map(|s| format!("{}:{}", s.value.key, s.version));
    let overrides =
        live.overrides.iter().map(|s| format!("{}:{}", override_key(&s.value), s.version));
    let place = std::iter::once(live.environment.id.0.to_string());
    let all: Vec<String> = place.chain(flags).chain(segments).chain(overrides).collect();
    let crate::Digest(digest) = crate::secrets::digest(all.join("\n").as_bytes());
    digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// What an import of a file would change.
///
/// # Errors
/// When the actor may not look, or the file would leave something behind that does not fit.
pub fn preview_import(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &EnvironmentFile,
) -> Result<ImportPreview, ServiceError> {
    actor.require(Role::Operator)?;
    let live = service.environment(environment)?;
    check_file(service, &live, file)?;
    Ok(ImportPreview { changes: file_of(&live).changes(file), based_on: based_on(&live) })
}

fn check_file(
    service: &Service,
    live: &LiveEnvironment,
    file: &EnvironmentFile,
) -> Result<(), ServiceError> {
    for document in &file.flags {
        if let Ok(stored) = live.stored_flag(document.key.as_str())
            && stored.flag.kind != document.kind
        {
            let text = format!(
                "flags.{}.kind: the flag is {}, and a flag's kind never changes",
                document.key,
                stored.flag.kind.as_str()
            );
            return Err(ServiceError::Invalid(text));
        }
    }
    check(service, live, |sibling, draft| {
        let is_here = sibling.environment.id == live.environment.id;
        let mut flags = std::collections::BTreeMap::new();
        for document in &file.flags {
            let (flag, state) = document.clone().into_parts(None, 1);
            let known =
                draft.flags.get(&flag.key).filter(|_| !is_here).map(|(_, state)| state.clone());
            flags.insert(flag.key.clone(), (flag, known.unwrap_or(state)));
        }
        draft.overrides.retain(|personal| flags.contains_key(&personal.flag));
        draft.flags = flags;
        draft.segments = file.segments.iter().map(|s| (s.key.clone(), s.clone())).collect();
        if is_here {
            draft.overrides.clone_from(&file.overrides);
        }
    })
}

/// Makes an environment say what a file says. `seen` is what the preview was based on; `None`
/// imports upon whatever is there.
///
/// # Errors
/// When the actor may not, the file does not fit, or something has changed since the preview.
pub async fn import(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    file: &EnvironmentFile,
    seen: Option<&str>,
) -> Result<Vec<ImportChange>, ServiceError> {
    actor.require(Role::Operator)?;
    let _turn = service.begin_edit().await;
    let live = service.environment(environment)?;
    if seen.is_some_and(|seen| seen != based_on(&live)) {
        return Err(ServiceError::Conflict("the environment"));
    }
    check_file(service, &live, file)?;
    let changes = file_of(&live).changes(file);
    if changes.is_empty() {
        return Ok(changes);
    }
    let edits = edits(&live, file);
    if edits.iter().any(Edit::is_shared) {
        actor.require_shared(&service.siblings(live.environment.project_id))?;
    }
    let entries: Vec<HistoryEntry> = lines(service, actor, &live, file, &changes);
    service.edit(environment, &edits, &entries, "the environment").await?;
    Ok(changes)
}

/// The edits that make the environment what the file says. Flags go before segments are deleted
/// and come after segments are made; the store checks no order, a reader may.
fn edits(live: &LiveEnvironment, file: &EnvironmentFile) -> Vec<Edit> {
    let mut edits = Vec::new();
    for segment in &file.segments {
        match live.stored_segment(segment.key.as_str()) {
            Ok(stored) if stored.value == *segment => {}
            Ok(stored) => edits.push(Edit::SaveSegment(segment.clone(), stored.version)),
            Err(_) => edits.push(Edit::CreateSegment(segment.clone())),
        }
    }
    for document in &file.flags {
        let Ok(stored) = live.stored_flag(document.key.as_str()) else {
            let (flag, state) = document.clone().into_parts(None, 1);
            let elsewhere = phasegate_domain::flags::FlagState::initial(&flag.key);
            edits.push(Edit::CreateFlag(Box::new(NewFlag { flag, state, elsewhere })));
            continue;
        };
        let version = stored.state.version;
        let (flag, state) = document.clone().into_parts(Some(&stored.state.salt), version);
        if flag != stored.flag {
            edits.push(Edit::SaveDefinition(flag, stored.definition_version));
        }
        if state != stored.state {
            let state = phasegate_domain::flags::FlagState { version: version + 1, ..state };
            edits.push(Edit::SaveState(document.key.clone(), state));
        }
    }
    for personal in &file.overrides {
        match live.stored_override(&personal.flag, &personal.targeting_key) {
            Some(stored) if stored.value == *personal => {}
            Some(stored) => edits.push(Edit::SaveOverride(personal.clone(), stored.version)),
            None => edits.push(Edit::CreateOverride(personal.clone())),
        }
    }
    let is_gone = |flag: &phasegate_domain::ids::FlagKey| file.flags.iter().all(|f| f.key != *flag);
    for stored in &live.overrides {
        let personal = &stored.value;
        let stays =
            file.overrides.iter().any(|other| override_key(other) == override_key(personal));
        // The overrides of a flag that goes, go with it.
        if !stays && !is_gone(&personal.flag) {
            let (flag, user) = (personal.flag.clone(), personal.targeting_key.clone());
            edits.push(Edit::DeleteOverride(flag, user, stored.version));
        }
    }
    for stored in live.flags.iter().filter(|stored| is_gone(&stored.flag.key)) {
        edits.push(Edit::DeleteFlag(stored.flag.key.clone(), stored.definition_version));
    }
    for stored in &live.segments {
        if file.segments.iter().all(|segment| segment.key != stored.value.key) {
            edits.push(Edit::DeleteSegment(stored.value.key.clone(), stored.version));
        }
    }
    edits
}

/// One line of history for each thing that changes.
fn lines(
    service: &Service,
    actor: &Actor,
    live: &LiveEnvironment,
    file: &EnvironmentFile,
    changes: &[ImportChange],
) -> Vec<HistoryEntry> {
    let now = file_of(live);
    let document = |file: &EnvironmentFile, kind: SubjectKind, key: &str| match kind {
        SubjectKind::Segment => {
            let found = file.segments.iter().find(|segment| segment.key.as_str() == key);
            found.and_then(|segment| serde_json::to_value(segment).ok())
        }
        SubjectKind::Flag => {
            let found = file.flags.iter().find(|flag| flag.key.as_str() == key);
            found.and_then(|flag| serde_json::to_value(flag).ok())
        }
        _ => {
            let found = file.overrides.iter().find(|personal| override_key(personal) == key);
            found.and_then(|personal| serde_json::to_value(personal).ok())
        }
    };
    let line = |change: &ImportChange| {
        let (kind, key) = (change.kind, change.key.as_str());
        saved(service, actor, kind, key, document(&now, kind, key), document(file, kind, key))
    };
    changes.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
format = 1

[[segments]]
key = "beta"
name = "Beta"
condition = { attribute = "groups", operator = "contains", value = "beta" }

[[flags]]
key = "A"
kind = "boolean"

[[flags.rules]]
variant = "on"
share = 12.5
condition = { in_segment = "beta" }
"#;

    #[test]
    fn a_file_is_written_as_it_was_read_in_both_forms() {
        let file = parse_file(FILE).unwrap();
        for format in [FileFormat::Toml, FileFormat::Json] {
            let text = write_file(&file, format).unwrap();
            assert_eq!(parse_file(&text).unwrap(), file, "{text}");
            assert!(!text.contains("archived"), "{text}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_file_is_named() {
        let complaint = |text: &str| parse_file(text).unwrap_err().to_string();
        assert!(complaint("format = 1\nflags = [{ key = 3 }]").contains("line 2"));
        let regex = FILE.replace("\"contains\", value = \"beta\"", "\"matches\", value = \"(\"");
        assert!(complaint(&regex).contains("is not a regular expression"), "{}", complaint(&regex));
        assert!(
            complaint(&FILE.replace("in_segment = \"beta\"", "in_segment = \"vip\""))
                .contains("flags.A.rules[0]")
        );
        assert!(complaint("{\"format\": 1, \"flags\": [{\"key\": \"A\"}]}").contains("flags[0]"));
    }
}
