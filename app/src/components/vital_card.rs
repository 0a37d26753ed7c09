//! The card of a web vital: its value, its chart, and the shares of its ratings.

use leptos::prelude::*;
use phasegate_domain::vitals::{Rating, Vital};

use super::live;
use crate::{charts::Limits, format};

/// Returns the CSS class of a number with this rating.
pub(crate) fn rating_class(rating: Option<Rating>) -> &'static str {
    match rating {
        Some(Rating::Good) => "number is-good",
        Some(Rating::NeedsImprovement) => "number is-needs-improvement",
        Some(Rating::Poor) => "number is-poor",
        None => "number is-empty",
    }
}

/// The least number of samples for a verdict.
const MIN_SAMPLES: u64 = 30;

/// The numbers of a vital.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct VitalNumbers {
    /// 75th percentile, in millionths; `None` without samples.
    pub(crate) p75: Option<f64>,
    pub(crate) samples: u64,
    /// The number of good samples.
    pub(crate) good: u64,
    /// The number of poor samples.
    pub(crate) poor: u64,
    /// The text beside the number.
    pub(crate) beside: Option<String>,
}

/// Returns the limits of a vital for its chart.
pub(crate) fn vital_limits(vital: Vital) -> Limits {
    let (good, poor) = vital.thresholds();
    Limits { good: good as f64, poor: poor as f64 }
}

/// A vital with its value, its chart, and the shares of its ratings.
#[component]
pub(crate) fn VitalCard(
    vital: Vital,
    #[prop(into)] numbers: Signal<VitalNumbers>,
    chart: AnyView,
) -> impl IntoView {
    view! {
        <article class="card vital" data-testid=format!("vital-{}", vital.as_str())>
            <header class="card-head">
                <h3><abbr title=vital.title()>{vital.as_str()}</abbr></h3>
                <span class="hint">{vital.title()}</span>
                <a class="hint definition" href=format!("/docs/metrics#{}", vital.as_str().to_lowercase())>"Definition"</a>
            </header>
            {live(move || render_value(vital, numbers.get()))}
            {chart}
            {live(move || render_shares(numbers.get()))}
        </article>
    }
}

fn render_value(vital: Vital, numbers: VitalNumbers) -> AnyView {
    let VitalNumbers { p75, samples, beside, .. } = numbers;
    let number = p75.map_or_else(|| "–".to_owned(), |p75| vital.format_value(p75));
    let rating = p75.filter(|_| samples >= MIN_SAMPLES).map(|p75| vital.rate_value(p75));
    let verdict = match (rating, samples) {
        (Some(rating), _) => rating.title(),
        (None, 0) => "",
        (None, _) => "too few samples to judge",
    };
    view! {
        <p class="vital-value">
            <span class=rating_class(rating) data-testid="value">{number}</span>
            <span class="rating">{verdict}</span>
            <span class="hint vital-limit">{beside}</span>
        </p>
    }
    .into_any()
}

fn render_shares(numbers: VitalNumbers) -> AnyView {
    let VitalNumbers { samples, good, poor, .. } = numbers;
    let needs_improvement = samples - good - poor;
    let summary = match samples {
        0 => "No samples in this period".to_owned(),
        _ => format!(
            "{}: {} good, {} needs improvement, {} poor",
            format::format_quantity(samples, "sample", "samples"),
            format::format_percent(good, samples),
            format::format_percent(needs_improvement, samples),
            format::format_percent(poor, samples)
        ),
    };
    view! { <Shares good needs_improvement poor/> <p class="hint">{summary}</p> }.into_any()
}

/// The shares of the three ratings as one bar; the text below repeats them.
#[component]
fn Shares(good: u64, needs_improvement: u64, poor: u64) -> impl IntoView {
    let all = (good + needs_improvement + poor).max(1) as f64;
    let mut left = 0.0;
    let parts = [
        ("share-good", good),
        ("share-needs-improvement", needs_improvement),
        ("share-poor", poor),
    ];
    let parts = parts.map(|(class, count)| {
        let (x, width) = (left, count as f64 * 100.0 / all);
        left += width;
        view! { <rect class=class x=format!("{x:.2}") y="0" width=format!("{width:.2}") height="6"/> }
    });
    view! {
        <svg class="shares" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">{parts}</svg>
    }
}
