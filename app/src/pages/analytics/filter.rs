//! What is asked for.

use leptos::prelude::*;
use phasegate_domain::{ids::FlagKey, metrics::Dimension, time::TimeRangePreset};
use phasegate_service::analytics::AnalyticsQuery;

use super::PATH;
use crate::{components::slice_words, parts::PeriodFields};

/// Ranges of whole days.
const RANGES: [TimeRangePreset; 3] =
    [TimeRangePreset::Week, TimeRangePreset::Month, TimeRangePreset::Quarter];

#[component]
pub(super) fn Filter(
    query: AnalyticsQuery,
    flags: Vec<FlagKey>,
    /// Of whom it can be asked.
    slices: Vec<Dimension>,
    environment: String,
    source: &'static str,
) -> impl IntoView {
    let mut slices = slices;
    if query.slice != Dimension::All && !slices.contains(&query.slice) {
        slices.push(query.slice.clone());
    }
    let slices = slices.into_iter().map(|slice| {
        let is_chosen = slice == query.slice;
        view! { <option value=slice.to_text() selected=is_chosen>{slice_words(&slice)}</option> }
    });
    let mut flags = flags;
    flags.extend(query.flag.clone().filter(|flag| !flags.contains(flag)));
    let flags = flags.into_iter().map(|flag| {
        let is_chosen = query.flag.as_ref() == Some(&flag);
        view! { <option value=flag.to_string() selected=is_chosen>{flag.to_string()}</option> }
    });
    view! {
        <form class="filters" method="get" action=PATH>
            <input type="hidden" name="environment" value=environment/>
            <input type="hidden" name="data" value=source/>
            <PeriodFields period=query.period ranges=RANGES.to_vec()/>
            <label class="field"><span>"Of whom"</span>
                <select name="slice"><option value="">"all users"</option>{slices.collect_view()}</select></label>
            <label class="field"><span>"Compare retention by"</span>
                <select name="flag"><option value="">"nothing"</option>{flags.collect_view()}</select></label>
            <button class="button" type="submit">"Show"</button>
        </form>
    }
}
