//! Builds the table of a flag's answers for many users.

use phasegate_domain::ids::FlagKey;
use phasegate_service::flags::Split;

use super::SplitTable;
use crate::format::{format_count, format_percent, format_quantity};

/// The maximum number of users that are listed.
const MAX_USERS: usize = 1_000;

const NO_ANSWER: &str = "no answer";

/// Describes the split of a flag.
pub(crate) fn build_split_table(flag: &FlagKey, split: Split) -> SplitTable {
    let total = split.users.len() as u64;
    let errors = (split.errors > 0).then(|| (NO_ANSWER.to_owned(), split.errors));
    let rows = split.variants.into_iter().map(|(variant, count)| (variant.to_string(), count));
    let rows = rows
        .chain(errors)
        .map(|(variant, count)| (variant, format_count(count), format_percent(count, total)));
    let users = split.users.into_iter().take(MAX_USERS).map(|(user, variant)| {
        (user, variant.map_or_else(|| NO_ANSWER.to_owned(), |name| name.to_string()))
    });
    SplitTable {
        title: format!("{flag} for {}", format_quantity(total, "user", "users")),
        rows: rows.collect(),
        users: users.collect(),
    }
}
