//! Daily values as small bars.

use leptos::prelude::*;

/// One bar for each day, the newest last; days without a value have none. Renders nothing for fewer
/// than two values.
#[component]
pub(crate) fn Trend(values: Vec<Option<f64>>) -> impl IntoView {
    const HEIGHT: f64 = 20.0;
    /// Maximum number of days drawn.
    const DRAWN: usize = 30;
    let values: Vec<Option<f64>> =
        values.iter().skip(values.len().saturating_sub(DRAWN)).copied().collect();
    if values.iter().flatten().count() < 2 {
        return None;
    }
    let known = || values.iter().flatten().copied();
    let (low, high) = (known().fold(0.0, f64::min), known().fold(0.0, f64::max));
    let scale = HEIGHT / (high - low).max(f64::MIN_POSITIVE);
    let width = values.len() * 5;
    let bars = values.iter().enumerate().filter_map(|(day, value)| {
        let value = (*value)?;
        // Bars start at zero, upwards or downwards, and are at least 1 high.
        let (top, height) = ((high - value.max(0.0)) * scale, (value.abs() * scale).max(1.0));
        Some(view! { <rect x=day * 5 y=top.min(HEIGHT - 1.0) width="4" height=height></rect> })
    });
    Some(view! {
        <svg class="sparkline trend" viewBox=format!("0 0 {width} {HEIGHT}") width=width height=HEIGHT
            role="img" aria-label=format!("By day: {}", describe_trend(&values))>
            {bars.collect_view()}
        </svg>
    })
}

/// Describes the first and the last value, and the number of days.
fn describe_trend(values: &[Option<f64>]) -> String {
    let mut known = values.iter().flatten();
    let (first, last) = (known.next(), known.next_back());
    match (first, last) {
        (Some(first), Some(last)) => {
            format!("from {first:.1} to {last:.1} over {} days", values.len())
        }
        _ => "not known".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trend_is_described_in_words() {
        assert_eq!(
            describe_trend(&[None, Some(1.0), None, Some(2.25)]),
            "from 1.0 to 2.2 over 4 days"
        );
        assert_eq!(describe_trend(&[Some(1.0)]), "not known");
    }
}
