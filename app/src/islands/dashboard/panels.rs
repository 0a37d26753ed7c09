//! Cards with a number and its course.

use leptos::prelude::*;
use phasegate_domain::{
    Timestamp,
    dashboard::{ErrorPanel, VitalPanel},
    vitals::Rating,
};

use crate::{
    charts::{Limits, Shape, Window, draw},
    format,
};

fn rating_class(rating: Option<Rating>) -> &'static str {
    match rating {
        Some(Rating::Good) => "number is-good",
        Some(Rating::NeedsImprovement) => "number is-middling",
        Some(Rating::Poor) => "number is-poor",
        None => "number is-empty",
    }
}

/// One vital.
#[component]
pub(super) fn VitalCard(panel: VitalPanel, at: Timestamp) -> impl IntoView {
    let VitalPanel { vital, p75, samples, good, poor, points } = panel;
    let rating = p75.map(|p75| vital.rate(p75));
    let number = p75.map_or_else(|| "–".to_owned(), |p75| vital.format(p75));
    let (limit_good, limit_poor) = vital.thresholds();
    let limits = Limits { good: limit_good as f64, poor: limit_poor as f64 };
    let chart = draw((280, 112), &points, Window::last_hour(at), Shape::Line, Some(limits), &|v| {
        vital.format(v)
    });
    let limit = format!("good ≤ {}", vital.format(limit_good as f64));
    let summary = match samples {
        0 => "No samples in this hour".to_owned(),
        _ => format!(
            "{} · {} good · {} poor",
            format::counted(samples, "sample", "samples"),
            format::percent(good, samples),
            format::percent(poor, samples)
        ),
    };
    let label = format!("{} per minute, 75th percentile; now {number}", vital.title());
    view! {
        <article class="card vital" data-testid=format!("vital-{}", vital.as_str())>
            <header class="card-head">
                <h3><abbr title=vital.title()>{vital.as_str()}</abbr></h3>
                <span class="hint">{vital.title()}</span>
            </header>
            <p class="vital-value">
                <span class=rating_class(rating) data-testid="value">{number}</span>
                <span class="rating">{rating.map(Rating::title)}</span>
                <span class="hint vital-limit">{limit}</span>
            </p>
            <div class="chart" role="img" aria-label=label inner_html=chart></div>
            <p class="hint">{summary}</p>
        </article>
    }
}

/// Errors.
#[component]
pub(super) fn ErrorCard(panel: ErrorPanel, at: Timestamp) -> impl IntoView {
    let chart = draw((460, 150), &panel.points, Window::last_hour(at), Shape::Bars, None, &|v| {
        format!("{v:.0}")
    });
    let class = if panel.count == 0 { "number is-good" } else { "number is-poor" };
    view! {
        <article class="card" data-testid="errors">
            <header class="card-head"><h3>"JavaScript errors"</h3></header>
            <p class="vital-value">
                <span class=class data-testid="value">{format::count(panel.count)}</span>
            </p>
            <div class="chart" role="img" aria-label="Errors per minute" inner_html=chart></div>
        </article>
    }
}
