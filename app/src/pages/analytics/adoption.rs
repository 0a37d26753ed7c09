//! The adoption of features.

use leptos::prelude::*;
use phasegate_domain::analytics::CrossUse;
use phasegate_service::analytics::AdoptionLine;

use super::path::PATH;
use crate::{
    components::{Exports, TableCard},
    format,
};

fn format_share(part: Option<f64>) -> String {
    part.map_or_else(|| "–".to_owned(), format::format_rate)
}

/// Adoption by feature: users exposed, users, and returning users.
#[component]
pub(super) fn Adoptions(lines: Vec<AdoptionLine>, query: String) -> impl IntoView {
    let rows = lines.into_iter().map(|line| {
        let before = line.rate_before.map(|rate| format!("{} before", format::format_rate(rate)));
        let rate = format_share(line.rate);
        let median = line.median_seconds.map_or_else(|| "–".to_owned(), format::format_time_spent);
        let total = if line.seconds > 0.0 { format::format_time_spent(line.seconds) } else { "–".to_owned() };
        view! {
            <tr>
                <th scope="row"><a href=format!("/admin/flags/{}", line.flag)><code>{line.flag.to_string()}</code></a></th>
                <td>{format::format_count(line.exposed)}</td>
                <td>{format::format_count(line.used)}</td>
                <td>{rate}" "<span class="hint">{before}</span></td>
                <td>{format::format_count(line.used_again)}</td>
                <td>{format_share(line.stickiness)}</td>
                <td>{total}</td>
                <td>{median}</td>
            </tr>
        }
    });
    view! {
        <TableCard
            id="adoption"
            title="Adoption"
            definition="adoption"
            hint="users exposed to the enabled feature; of these, users who used it; of these, users who used it on another day"
            columns=vec!["Feature", "Exposed", "Used", "Adoption", "Used again", "Stickiness", "Time in use", "Median duration"]
            exports=view! { <Exports page=PATH panel="adoption" query/> }.into_any()
            empty="No exposures in this period.".into_any()
            rows=rows.map(IntoAny::into_any).collect()
        />
    }
}

/// Pairs of features with the users of both.
#[component]
pub(super) fn CrossUses(pairs: Vec<CrossUse>, query: String) -> impl IntoView {
    (!pairs.is_empty()).then(|| {
        let rows = pairs.into_iter().map(|pair| view! {
            <tr>
                <th scope="row"><code>{pair.one.to_string()}</code>" and "<code>{pair.other.to_string()}</code></th>
                <td>{format::format_count(pair.both)}</td>
                <td>{format::format_count(pair.either)}</td>
                <td>{format::format_percent(pair.both, pair.either)}</td>
            </tr>
        });
        view! {
            <TableCard
                id="cross"
                title="Used together"
                columns=vec!["Features", "Used both", "Used either", "Share"]
                exports=view! { <Exports page=PATH panel="cross" query/> }.into_any()
                empty=().into_any()
                rows=rows.map(IntoAny::into_any).collect()
            />
        }
    })
}
