//! The filter form of the analytics page.

use leptos::prelude::*;
use phasegate_domain::{ids::FlagKey, metrics::Dimension, time::TimeRangePreset};
use phasegate_service::analytics::AnalyticsQuery;

use super::path::PATH;
use crate::{components::dimension_label, parts::TimeRangeFields};

/// The presets of whole days.
const RANGES: [TimeRangePreset; 3] =
    [TimeRangePreset::Week, TimeRangePreset::Month, TimeRangePreset::Quarter];

#[component]
pub(super) fn Filter(
    query: AnalyticsQuery,
    flags: Vec<FlagKey>,
    /// The dimensions to choose from.
    dimensions: Vec<Dimension>,
    environment: String,
    source: &'static str,
) -> impl IntoView {
    let mut dimensions = dimensions;
    if query.dimension != Dimension::All && !dimensions.contains(&query.dimension) {
        dimensions.push(query.dimension.clone());
    }
    let dimensions = dimensions.into_iter().map(|dimension| {
        let is_chosen = dimension == query.dimension;
        view! { <option value=dimension.to_text() selected=is_chosen>{dimension_label(&dimension)}</option> }
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
            <TimeRangeFields period=query.period ranges=RANGES.to_vec()/>
            <label class="field"><span>"Dimension"</span>
                <select name="dimension"><option value="">"all users"</option>{dimensions.collect_view()}</select></label>
            <label class="field"><span>"Compare retention by"</span>
                <select name="flag"><option value="">"none"</option>{flags.collect_view()}</select></label>
            <button class="button" type="submit">"Apply filters"</button>
        </form>
    }
}
