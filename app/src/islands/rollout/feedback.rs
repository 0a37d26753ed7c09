//! The feedback summary.

use leptos::prelude::*;
use phasegate_domain::reports::FeedbackSummary;

use crate::components::Time;

/// The number of feedback items, their themes, and the newest messages.
#[component]
pub(crate) fn FeedbackPart(
    feedback: FeedbackSummary,
    #[prop(into)] title: String,
) -> impl IntoView {
    let FeedbackSummary { count, rating, themes, newest } = feedback;
    let summary = match (count, rating) {
        (0, _) => "No feedback yet.".to_owned(),
        (count, None) => format!("Feedback items: {count}."),
        (count, Some(rating)) => {
            format!("Feedback items: {count}; average rating {rating:.1} of 5.")
        }
    };
    let themes = themes.into_iter().map(|(theme, times)| {
        view! { <li>{theme} " " <span class="hint">{times.to_string()}</span></li> }
    });
    let quotes = newest.into_iter().map(|(at, what)| {
        view! {
            <li><q class="timeline-reason">{what.message}</q> " "
                <span class="hint">{what.page} ", " <Time at=at/></span></li>
        }
    });
    view! {
        <div class="feedback" data-testid="feedback">
            <h3>{title}</h3>
            <p class="hint">{summary}</p>
            <ul class="criteria">{themes.collect_view()}</ul>
            <ul class="stack">{quotes.collect_view()}</ul>
        </div>
    }
}
