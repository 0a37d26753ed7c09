//! Whether features are used.

use std::collections::BTreeMap;

use leptos::prelude::*;
use phasegate_domain::{
    analytics::{Adoption, CrossUse},
    ids::FlagKey,
    vitals::format_seconds,
};

use crate::{components::TableCard, format};

fn share(part: Option<f64>) -> String {
    part.map_or_else(|| "–".to_owned(), |part| format!("{:.0} %", part * 100.0))
}

/// The way of each feature's users.
#[component]
pub(super) fn Adoptions(
    lines: Vec<Adoption>,
    engagement: BTreeMap<FlagKey, (i128, Option<f64>)>,
) -> impl IntoView {
    let rows = lines.into_iter().map(|line| {
        let time = engagement.get(&line.flag);
        let total = time.map_or_else(|| "–".to_owned(), |(sum, _)| format_seconds(*sum as f64));
        let median = time.and_then(|(_, median)| *median);
        view! {
            <tr>
                <th scope="row"><a href=format!("/admin/flags/{}", line.flag)><code>{line.flag.to_string()}</code></a></th>
                <td>{format::count(line.exposed)}</td>
                <td>{format::count(line.tried)}</td>
                <td>{share(line.rate())}</td>
                <td>{format::count(line.again)}</td>
                <td>{share(line.stickiness())}</td>
                <td>{total}</td>
                <td>{median.map_or_else(|| "–".to_owned(), format_seconds)}</td>
            </tr>
        }
    });
    view! {
        <TableCard
            id="adoption"
            title="Adoption"
            hint="people who were exposed to the feature on; who of them used it; who of them on another day, too"
            columns=vec!["Feature", "Exposed", "Tried it", "Adoption", "Used again", "Stickiness", "Time in use", "Median"]
            empty="No page has asked for a flag in this time.".into_any()
            rows=rows.map(IntoAny::into_any).collect()
        />
    }
}

/// Features that are used by the same people.
#[component]
pub(super) fn CrossUses(pairs: Vec<CrossUse>) -> impl IntoView {
    (!pairs.is_empty()).then(|| {
        let rows = pairs.into_iter().map(|pair| view! {
            <tr>
                <th scope="row"><code>{pair.one.to_string()}</code>" and "<code>{pair.other.to_string()}</code></th>
                <td>{format::count(pair.both)}</td>
                <td>{format::count(pair.either)}</td>
                <td>{format::percent(pair.both, pair.either)}</td>
            </tr>
        });
        view! {
            <TableCard
                id="cross"
                title="Used together"
                columns=vec!["Features", "Used both", "Used either", "Share"]
                empty=().into_any()
                rows=rows.map(IntoAny::into_any).collect()
            />
        }
    })
}
