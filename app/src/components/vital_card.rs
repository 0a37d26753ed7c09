//! The card of a web vital: its value, its chart, and the shares of its ratings.

use leptos::prelude::*;
use phasegate_domain::{
    reports::Point,
    vitals::{Rating, Vital},
};

use crate::{
    charts::{ChartRange, Limits, Line, Shape, draw_chart},
    format,
};

/// Returns the CSS class of a number with this rating.
pub(crate) fn rating_class(rating: Option<Rating>) -> &'static str {
    match rating {
        Some(Rating::Good) => "number is-good",
        Some(Rating::NeedsImprovement) => "number is-needs-improvement",
        Some(Rating::Poor) => "number is-poor",
        None => "number is-empty",
    }
}

#[component]
pub(crate) fn VitalCard(
    vital: Vital,
    /// 75th percentile, in millionths; `None` without samples.
    p75: Option<f64>,
    samples: u64,
    /// The number of good samples.
    good: u64,
    /// The number of poor samples.
    poor: u64,
    /// The 75th percentile of each time bucket.
    points: Vec<Point>,
    window: ChartRange,
    /// Positions of annotations on the chart.
    #[prop(optional)]
    lines: Vec<Line>,
    /// The text beside the number.
    beside: Option<String>,
) -> impl IntoView {
    let rating = p75.map(|p75| vital.rate_value(p75));
    let number = p75.map_or_else(|| "–".to_owned(), |p75| vital.format_value(p75));
    let (limit_good, limit_poor) = vital.thresholds();
    let limits = Limits { good: limit_good as f64, poor: limit_poor as f64 };
    let chart = draw_chart((280, 112), &points, window, Shape::Line, Some(limits), &lines, &|v| {
        vital.format_value(v)
    });
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
    let label = format!("{}, 75th percentile; overall {number}", vital.title());
    view! {
        <article class="card vital" data-testid=format!("vital-{}", vital.as_str())>
            <header class="card-head">
                <h3><abbr title=vital.title()>{vital.as_str()}</abbr></h3>
                <span class="hint">{vital.title()}</span>
            </header>
            <p class="vital-value">
                <span class=rating_class(rating) data-testid="value">{number}</span>
                <span class="rating">{rating.map(Rating::title)}</span>
                <span class="hint vital-limit">{beside}</span>
            </p>
            <div class="chart" role="img" aria-label=label inner_html=chart></div>
            <Shares good needs_improvement poor/>
            <p class="hint">{summary}</p>
        </article>
    }
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
