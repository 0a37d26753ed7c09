//! The feedback.

use leptos::prelude::*;
use phasegate_domain::reports::FeedbackSummary;

use crate::components::Time;

/// How many, about what, and the newest in their own words.
#[component]
pub(super) fn FeedbackPart(
    feedback: FeedbackSummary,
    #[prop(into)] title: String,
) -> impl IntoView {
    let FeedbackSummary { count, rating, themes, newest } = feedback;
    let summary = match (count, rating) {
        (0, _) => "No feedback yet.".to_owned(),
        (count, None) => format!("{count} said something."),
        (count, Some(rating)) => {
            format!("{count} said something; rated {rating:.1} of 5 on average.")
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
