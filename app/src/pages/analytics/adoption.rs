//! Whether features are used.

use std::collections::BTreeMap;

use leptos::prelude::*;
use phasegate_domain::{
    analytics::{Adoption, CrossUse},
    ids::FlagKey,
    vitals::format_seconds,
};

use crate::format;

fn share(part: Option<f64>) -> String {
    part.map_or_else(|| "–".to_owned(), |part| format!("{:.0} %", part * 100.0))
}

/// The way of each feature's users.
#[component]
pub(super) fn Adoptions(
    lines: Vec<Adoption>,
    engagement: BTreeMap<FlagKey, (i128, Option<f64>)>,
) -> impl IntoView {
    let is_empty = lines.is_empty();
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
    let table = if is_empty {
        view! { <p class="hint">"No page has asked for a flag in this time."</p> }.into_any()
    } else {
        view! {
            <div class="table-scroll">
                <table data-testid="adoption">
                    <thead><tr><th scope="col">"Feature"</th><th scope="col">"Exposed"</th><th scope="col">"Tried it"</th>
                        <th scope="col">"Adoption"</th><th scope="col">"Used again"</th><th scope="col">"Stickiness"</th>
                        <th scope="col">"Time in use"</th><th scope="col">"Median"</th></tr></thead>
                    <tbody>{rows.collect_view()}</tbody>
                </table>
            </div>
        }
        .into_any()
    };
    view! {
        <section class="card" aria-labelledby="adoption-title">
            <header class="card-head"><h2 id="adoption-title">"Adoption"</h2>
                <span class="hint">"people who were exposed to the feature on; who of them used it; who of them on another day, too"</span></header>
            {table}
        </section>
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
            <section class="card" aria-labelledby="cross-title">
                <header class="card-head"><h2 id="cross-title">"Used together"</h2></header>
                <div class="table-scroll">
                    <table data-testid="cross">
                        <thead><tr><th scope="col">"Features"</th><th scope="col">"Used both"</th>
                            <th scope="col">"Used either"</th><th scope="col">"Share"</th></tr></thead>
                        <tbody>{rows.collect_view()}</tbody>
                    </table>
                </div>
            </section>
        }
    })
}
