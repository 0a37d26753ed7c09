//! The form fields that select a time range.

use leptos::prelude::*;
use phasegate_domain::time::{TimeRange, TimeRangePreset, date_of};

use crate::request::FormFields;

/// Returns a field of the time range, and a single date as a range of one day. Of dates and a preset,
/// the one counts that was changed: `shown` is the preset that the form was rendered with.
pub(crate) fn time_range_field<'a>(query: &'a FormFields, name: &str) -> &'a str {
    let (range, from, to) = (query.get("range"), query.get("from"), query.get("to"));
    let entered_dates =
        !range.is_empty() && range == query.get("shown") && !(from.is_empty() && to.is_empty());
    let means_dates = range == "dates" || range.is_empty() || entered_dates;
    match name {
        "range" if means_dates => "",
        "from" | "to" if !means_dates => "",
        "from" if from.is_empty() => to,
        "to" if to.is_empty() => from,
        other => query.get(other),
    }
}

/// Selects a preset up to now, or two dates.
#[component]
pub(crate) fn TimeRangeFields(period: TimeRange, ranges: Vec<TimeRangePreset>) -> impl IntoView {
    let chosen = match period {
        TimeRange::Last(range) => Some(range),
        TimeRange::Days { .. } => None,
    };
    let (from, to) = match period {
        TimeRange::Last(_) => (String::new(), String::new()),
        TimeRange::Days { first, last } => (date_of(first), date_of(last)),
    };
    let options = ranges.into_iter().map(|range| {
        let is_chosen = Some(range) == chosen;
        view! { <option value=range.as_str() selected=is_chosen>{range.title()}</option> }
    });
    let shown = chosen.map_or("dates", |range| range.as_str());
    view! {
        <input type="hidden" name="shown" value=shown/>
        <label class="field"><span>"Period"</span><select name="range">
            <option value="dates" selected=chosen.is_none()>"Custom dates"</option>
            {options.collect_view()}</select></label>
        <label class="field"><span>"From"</span><input type="date" name="from" value=from/></label>
        <label class="field"><span>"To"</span><input type="date" name="to" value=to/></label>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_preset_overrides_leftover_dates() {
        let read = |query: &str| {
            let form = FormFields::decode(query.as_bytes());
            TimeRange::parse_fields(
                time_range_field(&form, "range"),
                time_range_field(&form, "from"),
                time_range_field(&form, "to"),
            )
            .unwrap()
        };
        let day = |first, last| Some(TimeRange::Days { first, last });
        assert_eq!(
            read("range=7d&from=1970-01-03&to=1970-01-04"),
            Some(TimeRange::Last(TimeRangePreset::Week))
        );
        assert_eq!(read("range=dates&from=1970-01-03&to=1970-01-04"), day(2, 3));
        assert_eq!(read("from=1970-01-03&to=1970-01-04"), day(2, 3));
        assert_eq!(read("range=dates&from=1970-01-03&to="), day(2, 2));
        assert_eq!(read("range=dates&from=&to="), None);
        assert_eq!(read("shown=7d&range=7d&from=1970-01-03&to="), day(2, 2), "dates were entered");
        assert_eq!(
            read("shown=dates&range=7d&from=1970-01-03&to=1970-01-04"),
            Some(TimeRange::Last(TimeRangePreset::Week)),
            "a preset was chosen"
        );
    }
}
