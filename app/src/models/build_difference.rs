//! Builds the differences of imports.

use phasegate_domain::{audit::ImportKind, config::ImportChange};
use phasegate_service::{environments::ImportPreview, rollout::PlanChange};

use super::{Difference, DifferenceLine};
use crate::format::format_quantity;

/// Describes what importing the file of an environment would change.
pub(crate) fn build_file_difference(file: String, preview: ImportPreview) -> Difference {
    let ImportPreview { changes, based_on } = preview;
    if changes.is_empty() {
        let title = "No changes: the file matches this environment.".to_owned();
        return Difference { title, is_empty: true, ..Difference::default() };
    }
    let deleted = changes.iter().filter(|change| change.what == ImportKind::Delete).count() as u64;
    let count = format_quantity(deleted, "object", "objects");
    Difference {
        title: format!(
            "This changes {}",
            format_quantity(changes.len() as u64, "object", "objects")
        ),
        is_empty: false,
        warning: (deleted > 0).then(|| format!("{count} not in the file will be deleted.")),
        lines: changes.into_iter().map(describe_change).collect(),
        button: "Import file".to_owned(),
        fields: vec![("file".to_owned(), file), ("seen".to_owned(), based_on)],
    }
}

fn describe_change(change: ImportChange) -> DifferenceLine {
    let is_shared = change.is_shared();
    let ImportChange { kind, key, what, fields } = change;
    let verb = match what {
        ImportKind::Create => "Create",
        ImportKind::Change => "Change",
        ImportKind::Delete => "Delete",
    };
    let reach = if is_shared { ", in all environments" } else { "" };
    let fields = if what == ImportKind::Change { fields } else { Vec::new() };
    DifferenceLine { text: format!("{verb} the {} {key}{reach}", kind.display_name()), fields }
}

/// Describes what importing a plan would change.
pub(crate) fn build_plan_difference(plan: String, note: String, change: PlanChange) -> Difference {
    if change.is_empty() {
        let title = "No changes: the text matches the current plan.".to_owned();
        return Difference { title, is_empty: true, ..Difference::default() };
    }
    let made = |what: &'static str, keys: Vec<String>| {
        keys.into_iter()
            .map(move |key| DifferenceLine { text: format!("{what} {key}"), fields: Vec::new() })
    };
    let kept = "Different in the text, but not changed by the import:";
    let plan_line = DifferenceLine { text: "The plan".to_owned(), fields: change.fields };
    let lines = std::iter::once(plan_line).filter(|line| !line.fields.is_empty());
    let lines = lines
        .chain(made("New segment:", change.new_segments))
        .chain(made("New flag:", change.new_flags))
        .chain(made(kept, change.unchanged));
    // The version that the difference is shown for, so that a later change is not overwritten.
    let version = change.version.map(|version| ("version".to_owned(), version.to_string()));
    let texts = [("plan".to_owned(), plan), ("note".to_owned(), note)];
    Difference {
        title: "Import this plan?".to_owned(),
        is_empty: false,
        warning: None,
        lines: lines.collect(),
        button: "Import plan".to_owned(),
        fields: texts.into_iter().chain(version).collect(),
    }
}
