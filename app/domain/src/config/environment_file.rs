//! An environment as a file: export and import format, validation, and the changes between files.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    audit::ImportKind,
    audit::SubjectKind,
    diff::{FieldChange, diff_documents},
    field_error::{FieldCode, FieldProblem, join},
    flags::{FlagDocument, Flags, IndividualOverride, InvalidFlag, InvalidOverride},
    ids::{FlagKey, PhaseNumber, SegmentKey},
    plan::Plan,
    targeting::{EVERYONE, InvalidSegment, Segment, Segments},
};

/// An environment's flags, segments and overrides, as one file.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct EnvironmentFile {
    /// The file format's version; this code reads [`EnvironmentFile::FORMAT`].
    pub format: u32,
    #[serde(default)]
    pub segments: Vec<Segment>,
    /// All flags with their state.
    #[serde(default)]
    pub flags: Vec<FlagDocument>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub overrides: Vec<IndividualOverride>,
}

/// Why a file is invalid. The message names the field.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidFile {
    /// The file has a format that this version does not read.
    #[error("this version reads format {known}, the file says {found}")]
    Format { found: u32, known: u32 },
    /// Two objects share a key.
    #[error("{key} is listed twice")]
    Twice {
        /// `segments`, `flags` or `overrides`.
        list: &'static str,
        key: String,
    },
    /// A segment is invalid.
    #[error("{error}")]
    Segment { key: SegmentKey, error: InvalidSegment },
    /// A flag is invalid.
    #[error("{error}")]
    Flag { key: FlagKey, error: InvalidFlag },
    /// The rollout's plan references a flag or segment that would not exist.
    #[error("phase {phase} of the plan {plan} needs the {what} {key}; change the plan first")]
    Plan { plan: String, phase: PhaseNumber, what: &'static str, key: String },
    /// An override references a flag or variant that does not exist.
    #[error("there is no such flag, or no such variant of it")]
    Override(String),
    /// A field of an override is invalid.
    #[error("{error}")]
    OverrideField { key: String, error: InvalidOverride },
    /// There are more objects of a kind than allowed.
    #[error("at most {most} are allowed, and there would be {found}; delete some first")]
    TooMany {
        /// `segments`, `flags` or `overrides`.
        list: &'static str,
        found: usize,
        most: usize,
    },
}

impl FieldProblem for InvalidFile {
    fn field(&self) -> String {
        match self {
            Self::Format { .. } => "format".to_owned(),
            Self::Twice { list, .. } | Self::TooMany { list, .. } => (*list).to_owned(),
            Self::Segment { key, error } => join(&format!("segments.{key}"), &error.field()),
            Self::Flag { key, error } => join(&format!("flags.{key}"), &error.field()),
            Self::Plan { .. } => String::new(),
            Self::Override(key) => format!("overrides.{key}"),
            Self::OverrideField { key, error } => join(&format!("overrides.{key}"), &error.field()),
        }
    }

    fn code(&self) -> FieldCode {
        match self {
            Self::Format { .. } | Self::Twice { .. } => FieldCode::Invalid,
            Self::Segment { error, .. } => error.code(),
            Self::Flag { error, .. } => error.code(),
            Self::OverrideField { error, .. } => error.code(),
            Self::Plan { .. } | Self::Override(_) => FieldCode::Unknown,
            Self::TooMany { .. } => FieldCode::TooMany,
        }
    }
}

/// The maximum number of flags in a project, including archived ones.
pub const MAX_FLAGS: usize = 10_000;

/// The maximum number of segments in a project.
pub const MAX_SEGMENTS: usize = 1_000;

/// The maximum number of individual overrides in an environment.
pub const MAX_OVERRIDES: usize = 10_000;

/// A change of one object that an import would make.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImportChange {
    /// The kind of the object.
    pub kind: SubjectKind,
    pub key: String,
    /// Whether the object is created, changed or deleted.
    pub what: ImportKind,
    pub fields: Vec<FieldChange>,
}

/// The fields of a flag that are set per environment.
const OWN_FIELDS: [&str; 7] =
    ["enabled", "killed", "default_variant", "salt", "prerequisites", "rules", "schedule"];

/// Returns the first segment of a path, which is the name of the top-level field.
fn field_name(path: &str) -> &str {
    path.split(['.', '[']).next().unwrap_or_default()
}

impl ImportChange {
    /// Returns the names of the changed top-level fields, without duplicates.
    #[must_use]
    pub fn field_names(&self) -> Vec<String> {
        let names: BTreeSet<&str> = self.fields.iter().map(|f| field_name(&f.path)).collect();
        names.into_iter().map(str::to_owned).collect()
    }

    /// Whether the change affects the other environments of the project. Overrides and the flag
    /// fields that are set per environment do not.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        let is_own = |field: &FieldChange| OWN_FIELDS.contains(&field_name(&field.path));
        match self.kind {
            SubjectKind::Segment => true,
            SubjectKind::Flag => self.what != ImportKind::Change || !self.fields.iter().all(is_own),
            _ => false,
        }
    }
}

impl EnvironmentFile {
    /// The format version that this code reads.
    pub const FORMAT: u32 = 1;

    /// Validates the file. Flags, segments and variants that it references must be part of it.
    ///
    /// # Errors
    /// Returns an error that names the first invalid field.
    pub fn validate(&self) -> Result<(), InvalidFile> {
        if self.format != Self::FORMAT {
            return Err(InvalidFile::Format { found: self.format, known: Self::FORMAT });
        }
        check_unique_keys("segments", self.segments.iter().map(|segment| segment.key.to_string()))?;
        check_unique_keys("flags", self.flags.iter().map(|flag| flag.key.to_string()))?;
        check_unique_keys("overrides", self.overrides.iter().map(override_key))?;
        for segment in &self.segments {
            let wrong = |error| InvalidFile::Segment { key: segment.key.clone(), error };
            segment.condition.check_values().map_err(|error| wrong(error.into()))?;
        }
        let parts: Vec<_> =
            self.flags.iter().map(|flag| flag.clone().into_parts(None, 1)).collect();
        for (flag, state) in &parts {
            let wrong = |error| InvalidFile::Flag { key: flag.key.clone(), error };
            state.check_values().map_err(wrong)?;
        }
        let whole = EnvironmentConfig {
            flags: parts.iter().map(|(flag, state)| (&flag.key, (flag, state))).collect(),
            segments: self.segments.iter().map(|s| (s.key.clone(), Arc::new(s.clone()))).collect(),
            overrides: self.overrides.iter().collect(),
            plan: None,
        };
        whole.validate()
    }

    /// Returns the changes from this file to `new`: segments, flags, then overrides, each by key.
    #[must_use]
    pub fn list_changes(&self, new: &Self) -> Vec<ImportChange> {
        let by_key = |file: &Self| {
            let mut things: BTreeMap<(u8, String), (SubjectKind, Value)> = BTreeMap::new();
            let json = |value: Result<Value, serde_json::Error>| value.unwrap_or_default();
            for segment in &file.segments {
                let value = json(serde_json::to_value(segment));
                things.insert((0, segment.key.to_string()), (SubjectKind::Segment, value));
            }
            for flag in &file.flags {
                let value = json(serde_json::to_value(flag));
                things.insert((1, flag.key.to_string()), (SubjectKind::Flag, value));
            }
            for personal in &file.overrides {
                let value = json(serde_json::to_value(personal));
                things.insert((2, override_key(personal)), (SubjectKind::Override, value));
            }
            things
        };
        let (old, new) = (by_key(self), by_key(new));
        let keys: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        let change = |at: &(u8, String)| {
            let (from, to) = (old.get(at), new.get(at));
            let (kind, _) = from.or(to)?;
            let fields = diff_documents(from.map(|(_, value)| value), to.map(|(_, value)| value));
            let what = match (from, to) {
                (None, _) => ImportKind::Create,
                (_, None) => ImportKind::Delete,
                _ => ImportKind::Change,
            };
            (!fields.is_empty()).then(|| ImportChange {
                kind: *kind,
                key: at.1.clone(),
                what,
                fields,
            })
        };
        keys.into_iter().filter_map(change).collect()
    }
}

/// The objects of one environment that must be consistent with each other.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug)]
pub struct EnvironmentConfig<'a> {
    /// All flags, including archived ones.
    pub flags: Flags<'a>,
    pub segments: Segments,
    pub overrides: Vec<&'a IndividualOverride>,
    /// The plan of its rollout.
    pub plan: Option<&'a Plan>,
}

impl EnvironmentConfig<'_> {
    /// Validates every object, and its references to the others.
    ///
    /// # Errors
    /// Returns an error that names the first invalid field.
    pub fn validate(&self) -> Result<(), InvalidFile> {
        check_at_most("flags", self.flags.len(), MAX_FLAGS)?;
        check_at_most("segments", self.segments.len(), MAX_SEGMENTS)?;
        check_at_most("overrides", self.overrides.len(), MAX_OVERRIDES)?;
        for (key, segment) in &self.segments {
            let wrong = |error| InvalidFile::Segment { key: key.clone(), error };
            segment.validate(&self.segments).map_err(wrong)?;
        }
        for (key, (flag, state)) in &self.flags {
            let wrong = |error| InvalidFile::Flag { key: (*key).clone(), error };
            flag.validate().map_err(wrong)?;
            // An archived flag must not block other changes. It is validated when it is restored.
            if !flag.archived {
                state.validate(flag, &self.flags, &self.segments).map_err(wrong)?;
            }
        }
        for personal in &self.overrides {
            let wrong = |error| InvalidFile::OverrideField { key: override_key(personal), error };
            personal.validate().map_err(wrong)?;
            let flag = self.flags.get(&personal.flag).map(|(flag, _)| flag);
            if flag.and_then(|flag| flag.variant(&personal.variant)).is_none() {
                return Err(InvalidFile::Override(override_key(personal)));
            }
        }
        self.plan.map_or(Ok(()), |plan| self.validate_plan(plan))
    }

    /// Checks that the plan's segments exist, and that its flags exist and are not archived.
    fn validate_plan(&self, plan: &Plan) -> Result<(), InvalidFile> {
        let is_there = |key: &FlagKey| self.flags.get(key).is_some_and(|(flag, _)| !flag.archived);
        for phase in &plan.phases {
            let needs = |what, key: String| InvalidFile::Plan {
                plan: plan.name.clone(),
                phase: phase.number,
                what,
                key,
            };
            if let Some(flag) = phase.flags.iter().find(|key| !is_there(key)) {
                return Err(needs("flag", flag.to_string()));
            }
            let mut asked = phase.audience.iter().map(|entry| &entry.segment);
            let is_missing =
                |key: &&SegmentKey| key.as_str() != EVERYONE && !self.segments.contains_key(*key);
            if let Some(segment) = asked.find(is_missing) {
                return Err(needs("segment", segment.to_string()));
            }
        }
        Ok(())
    }
}

/// Formats the key of an override as `flag/targeting key`.
#[must_use]
pub fn override_key(personal: &IndividualOverride) -> String {
    format!("{}/{}", personal.flag, personal.targeting_key)
}

fn check_at_most(list: &'static str, found: usize, most: usize) -> Result<(), InvalidFile> {
    if found <= most { Ok(()) } else { Err(InvalidFile::TooMany { list, found, most }) }
}

fn check_unique_keys(
    list: &'static str,
    keys: impl Iterator<Item = String>,
) -> Result<(), InvalidFile> {
    let mut seen = BTreeSet::new();
    for key in keys {
        if !seen.insert(key.clone()) {
            return Err(InvalidFile::Twice { list, key });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::field_error::FieldError;

    fn sample_file() -> EnvironmentFile {
        serde_json::from_value(json!({
            "format": 1,
            "segments": [{"key": "beta", "name": "Beta", "condition": {"attribute": "b", "operator": "exists"}}],
            "flags": [{"key": "A", "kind": "boolean", "rules": [{"condition": {"in_segment": "beta"}, "variant": "on"}]}],
            "overrides": [{"flag": "A", "targeting_key": "ada", "variant": "on"}],
        }))
        .unwrap()
    }

    #[test]
    fn an_invalid_file_names_the_wrong_field() {
        let complaint = |change: &dyn Fn(&mut EnvironmentFile)| {
            let mut file = sample_file();
            change(&mut file);
            FieldError::from(file.validate().unwrap_err()).to_string()
        };
        assert_eq!(sample_file().validate(), Ok(()));
        assert!(complaint(&|f| f.format = 2).starts_with("format: this version reads format 1"));
        assert_eq!(
            complaint(&|f| f.segments.clear()),
            "flags.A.rules[0].condition: there is no segment beta; create it first"
        );
        assert!(complaint(&|f| f.flags.clear()).starts_with("overrides.A/ada"));
        assert_eq!(complaint(&|f| f.flags.push(f.flags[0].clone())), "flags: A is listed twice");
        assert_eq!(
            complaint(&|f| f.segments[0].name = "x".repeat(3_000)),
            "segments.beta.name: must have at most 2000 bytes"
        );
        assert_eq!(
            complaint(&|f| f.overrides[0].targeting_key.clear()),
            "overrides.A/.targeting_key: must have 1 to 500 bytes"
        );
        let reserved = complaint(&|f| f.segments[0].key = SegmentKey::new("new").unwrap());
        assert_eq!(reserved, "segments.new.key: \"new\" is reserved; choose another one");
        let many = complaint(&|f| {
            let one = f.overrides[0].clone();
            f.overrides = (0..=MAX_OVERRIDES)
                .map(|n| IndividualOverride { targeting_key: n.to_string(), ..one.clone() })
                .collect();
        });
        assert!(many.starts_with("overrides: at most 10000 are allowed"), "{many}");
    }

    #[test]
    fn changes_are_listed_per_object() {
        let mut new = sample_file();
        new.flags[0].enabled = false;
        let own = &sample_file().list_changes(&new)[0];
        assert!(!own.is_shared(), "{own:?}");
        let mut renamed = sample_file();
        renamed.flags[0].name = "Another".into();
        assert!(sample_file().list_changes(&renamed)[0].is_shared());
        new.overrides.clear();
        new.segments
            .push(Segment { key: SegmentKey::new("vip").unwrap(), ..new.segments[0].clone() });
        let said: Vec<String> = sample_file()
            .list_changes(&new)
            .iter()
            .map(|c| format!("{:?} {} {}: {}", c.what, c.kind.as_str(), c.key, c.fields.len()))
            .collect();
        assert_eq!(said, ["Create segment vip: 1", "Change flag A: 1", "Delete override A/ada: 1"]);
        assert!(sample_file().list_changes(&sample_file()).is_empty());
    }
}
