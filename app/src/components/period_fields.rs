//! The fields of a form that choose a stretch of time.

use leptos::prelude::*;
use phasegate_domain::telemetry::{Period, Range, date_of};

/// A range up to now, or two dates, which count if they are there.
#[component]
pub(crate) fn PeriodFields(period: Period, ranges: Vec<Range>) -> impl IntoView {
    let chosen = match period {
        Period::Last(range) => Some(range),
        Period::Days { .. } => None,
    };
    let (from, to) = match period {
        Period::Last(_) => (String::new(), String::new()),
        Period::Days { first, last } => (date_of(first), date_of(last)),
    };
    let options = ranges.into_iter().map(|range| {
        let is_chosen = Some(range) == chosen;
        view! { <option value=range.as_str() selected=is_chosen>{range.title()}</option> }
    });
    view! {
        <label class="field"><span>"Time"</span><select name="range">{options.collect_view()}</select></label>
        <label class="field"><span>"Or from"</span><input type="date" name="from" value=from/></label>
        <label class="field"><span>"to"</span><input type="date" name="to" value=to/></label>
    }
}
