//! Builds the page of a flag.

use phasegate_domain::{
    Timestamp,
    audit::{AuditRecord, Change},
    diff::{FieldChange, diff_documents},
    flags::{Flag, FlagDocument},
    ids::EnvironmentKey,
};
use phasegate_service::{CachedEnvironment, flags::FlagDetail, models::StoredFlag};

use super::{
    FlagHistoryLine, FlagPage, FlagSwitch, OverrideLine, describe_flag_status,
    flag_code::list_code, prerequisite_graph::draw_prerequisites,
};
use crate::{
    format::{self, percent_encode},
    sentences::describe_audit_change,
};

/// Overrides are for a few testers; the API lists all.
const MAX_OVERRIDES: usize = 50;

/// The longest value of a variant that the page shows, in characters.
const MAX_VALUE: usize = 80;

/// The key of the environment with real users; changes of flags in it ask first.
pub(crate) const PRODUCTION: &str = "production";

/// Returns whether a change in an environment asks before it acts, because it reaches real users.
pub(crate) fn asks_first(environment: &EnvironmentKey) -> bool {
    environment.as_str() == PRODUCTION
}

/// Describes a flag for an account that may change it or not.
pub(crate) fn build_flag_page(
    detail: FlagDetail,
    live: &CachedEnvironment,
    can_change: bool,
    origin: &str,
    at: Timestamp,
) -> FlagPage {
    let FlagDetail { row, stored, advice, words, switches, history, needed_by } = detail;
    let (status, class) = describe_flag_status(&row);
    let flag = &row.flag;
    let keys: Vec<&str> = needed_by.iter().map(|key| key.as_str()).collect();
    let overrides = list_overrides(live, flag, at);
    let total = row.usage.count_last_day();
    FlagPage {
        at,
        status,
        class: class.to_owned(),
        lead: match flag.description.as_str() {
            "" => flag.name.clone(),
            description => format!("{}: {description}", flag.name),
        },
        facts: list_facts(flag),
        tags: flag.tags.clone(),
        created_at: stored.created_at,
        changed_at: stored.changed_at,
        // An environment override cannot be changed in the admin.
        can_decide: can_change && row.variable.is_none(),
        pinned: row.variable,
        advice: advice.map(|advice| advice.to_string()),
        words,
        needed_by: keys.join(", "),
        graph: draw_prerequisites(live, &flag.key),
        code: list_code(flag, origin),
        often: format::format_quantity(total, "evaluation", "evaluations"),
        variants: list_variants(flag, &row.usage, total),
        by_hour: row.usage.by_hour,
        switches: switches
            .into_iter()
            .map(|(environment, stored)| FlagSwitch {
                asks: asks_first(&environment.key),
                environment: environment.key,
                name: environment.name,
                enabled: stored.state.is_enabled(at),
                killed: stored.state.killed,
                version: stored.state.version,
            })
            .collect(),
        override_count: format::format_quantity(overrides.len() as u64, "override", "overrides"),
        overrides: overrides.into_iter().take(MAX_OVERRIDES).collect(),
        history: history.into_iter().map(|record| describe_record(&stored, record)).collect(),
        killed: stored.state.killed,
        archived: flag.archived,
        can_change,
        definition: stored.version().definition,
        state: stored.version().state,
        key: row.flag.key,
    }
}

fn list_facts(flag: &Flag) -> Vec<(String, String)> {
    let owner = if flag.owner.is_empty() { "none" } else { &flag.owner };
    let variants =
        format!("{}, {}, {}", flag.off_variant, flag.default_variant, flag.rollout_variant);
    [
        ("Kind", flag.kind.as_str()),
        ("Off, default and rollout variant", &variants),
        ("Owner", owner),
    ]
    .map(|(title, text)| (title.to_owned(), text.to_owned()))
    .into()
}

fn list_variants(
    flag: &Flag,
    usage: &phasegate_domain::flags::EvaluationCounts,
    total: u64,
) -> Vec<(String, String, String, String)> {
    let describe = |variant: &phasegate_domain::flags::Variant| {
        let mut value = variant.value.to_string();
        if value.chars().count() > MAX_VALUE {
            value = value.chars().take(MAX_VALUE).chain(" …".chars()).collect();
        }
        let count = usage.variants.get(&variant.name).map_or(0, |usage| usage.last_day);
        let share = format::format_percent(count, total);
        (variant.name.to_string(), value, format::format_count(count), share)
    };
    flag.variants.iter().map(describe).collect()
}

fn list_overrides(live: &CachedEnvironment, flag: &Flag, at: Timestamp) -> Vec<OverrideLine> {
    let mine = live.overrides().iter().filter(|one| one.value.flag == flag.key);
    mine.map(|one| {
        let user = one.value.targeting_key.clone();
        OverrideLine {
            href: format!("/admin/debugger?flag={}&user={}", flag.key, percent_encode(&user)),
            user,
            variant: one.value.variant.to_string(),
            expires_at: one.value.expires_at,
            has_expired: one.value.expires_at.is_some_and(|end| end <= at),
            note: one.value.note.clone(),
            version: one.version,
        }
    })
    .collect()
}

fn describe_record(stored: &StoredFlag, record: AuditRecord) -> FlagHistoryLine {
    let AuditRecord { id, entry } = record;
    FlagHistoryLine {
        id,
        text: describe_audit_change(&entry.change),
        by: entry.actor.0,
        at: entry.at,
        fields: entry.change.field_changes(),
        restores: list_restored_fields(stored, &entry.change).unwrap_or_default(),
    }
}

/// Returns what restoring the state before a change would change.
fn list_restored_fields(stored: &StoredFlag, change: &Change) -> Option<Vec<FieldChange>> {
    let now = serde_json::to_value(FlagDocument::new(&stored.flag, &stored.state)).ok();
    let mut then = match change {
        Change::Saved { before, .. } => before.clone()?,
        _ => now.clone()?,
    };
    if let Some(fields) = then.as_object_mut() {
        if let Change::FlagSwitched { enabled, .. } = change {
            fields.insert("enabled".to_owned(), (!enabled).into());
        }
        // Restoring an earlier state does not revive a killed flag.
        fields.insert("killed".to_owned(), stored.state.killed.into());
    }
    Some(diff_documents(now.as_ref(), Some(&then)))
}
