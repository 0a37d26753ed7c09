//! The status of a flag, as lists and pages show it.

use phasegate_domain::reports::FlagRow;

/// Returns the status of a flag, and the CSS class that shows it.
pub(super) fn describe_flag_status(row: &FlagRow) -> (String, &'static str) {
    let live = "pill pill-live";
    if row.flag.archived {
        return ("Archived".to_owned(), "pill");
    }
    if let Some(variable) = &row.variable {
        return (format!("Pinned by {variable}"), "pill pill-warning");
    }
    match (row.state.killed, row.enabled, row.added_in, row.is_reached) {
        (true, ..) => ("Killed".to_owned(), "pill pill-danger"),
        (_, false, ..) => ("Off for everyone".to_owned(), "pill"),
        _ if !row.state.rules.is_empty() => {
            let rules = row.state.rules.len() as u64;
            (crate::format::format_quantity(rules, "rule", "rules"), live)
        }
        (_, _, Some(phase), true) => (format!("Served since phase {phase}"), live),
        (_, _, Some(phase), false) => (format!("Waiting for phase {phase}"), "pill"),
        (_, _, None, _) => ("Default for everyone".to_owned(), "pill"),
    }
}
