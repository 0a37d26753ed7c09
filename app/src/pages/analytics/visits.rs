//! People, their sessions, what they finish, and what they say.

use std::collections::BTreeMap;

use leptos::prelude::*;
use phasegate_domain::{
    Timestamp,
    dashboard::Point,
    telemetry::{Range, Resolution},
    vitals::format_seconds,
};
use phasegate_service::analytics::{Opinion, Sessions as SessionFacts, TaskCounts};

use crate::{
    charts::{Shape, Window, draw},
    components::TableCard,
    format,
};

#[component]
pub(super) fn People(
    people: u64,
    newcomers: u64,
    daily: Vec<Point>,
    stickiness: Option<f64>,
    at: Timestamp,
    range: Range,
) -> impl IntoView {
    let days = range.spans() * range.resolution().seconds() / Resolution::Day.seconds();
    let end = Resolution::Day.span_of(at) + 1;
    let window = Window { resolution: Resolution::Day, spans: days, end };
    let chart = draw((920, 160), &daily, window, Shape::Bars, None, &|v| format!("{v:.0}"));
    let sticky = stickiness.map(|share| format!(" · on a day, {:.0} % of them", share * 100.0));
    view! {
        <article class="card" data-testid="people">
            <header class="card-head"><h2>"People"</h2></header>
            <p class="vital-value">
                <span class="number" data-testid="value">{format::count(people)}</span>
                <span class="hint">{format!("{} of them for the first time", format::count(newcomers))} {sticky}</span>
            </p>
            <div class="chart" role="img" aria-label="People by day" inner_html=chart></div>
        </article>
    }
}

#[component]
pub(super) fn Sessions(sessions: SessionFacts) -> impl IntoView {
    let SessionFacts { all, with_error, with_critical } = sessions;
    let count = all.count();
    let seconds = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), format_seconds);
    let lines = [
        ("Sessions", format::count(count)),
        ("Mean duration", seconds(all.mean())),
        ("Median duration", seconds(all.sketch().quantile(0.5))),
        ("95th percentile", seconds(all.sketch().quantile(0.95))),
        ("With an error", format::percent(with_error, count)),
        ("With a critical error", format::percent(with_critical, count)),
    ];
    let lines = lines.map(|(name, value)| {
        view! {
            <li><span class="hint">{name}</span><span class="number">{value}</span></li>
        }
    });
    view! {
        <section class="card" aria-labelledby="sessions-title" data-testid="sessions">
            <header class="card-head"><h2 id="sessions-title">"Sessions"</h2>
                <span class="hint">"half an hour without a sign of life ends one"</span></header>
            <ul class="totals">{lines}</ul>
        </section>
    }
}

#[component]
pub(super) fn Tasks(tasks: BTreeMap<String, TaskCounts>) -> impl IntoView {
    let rows = tasks.into_iter().map(|(name, counts)| {
        view! {
            <tr>
                <th scope="row"><code>{name}</code></th>
                <td>{format::count(counts.started)}</td>
                <td>{format::count(counts.completed)}</td>
                <td>{format::count(counts.abandoned)}</td>
                <td>{format::percent(counts.completed, counts.started)}</td>
            </tr>
        }
    });
    let empty = view! { "No page has begun a task with "<code>"startTask"</code>"." };
    view! {
        <TableCard
            id="tasks"
            title="Tasks"
            columns=vec!["Task", "Started", "Completed", "Abandoned", "Completion"]
            empty=empty.into_any()
            rows=rows.map(IntoAny::into_any).collect()
        />
    }
}

#[component]
pub(super) fn Voices(opinion: Opinion) -> impl IntoView {
    let rating =
        opinion.ratings.mean().map_or_else(|| "–".to_owned(), |mean| format!("{mean:.1} of 5"));
    let nps = opinion.nps().map_or_else(|| "–".to_owned(), |nps| format!("{nps:+.0}"));
    let answers = |count| format::counted(count, "answer", "answers");
    let (ratings, recommendations) =
        (opinion.ratings.sketch().count(), opinion.recommendations.sketch().count());
    view! {
        <section class="card" aria-labelledby="voices-title" data-testid="voices">
            <header class="card-head"><h2 id="voices-title">"What people think"</h2></header>
            <ul class="totals">
                <li><span class="hint">"Satisfaction"</span><span class="number">{rating}</span>
                    <span class="hint">{answers(ratings)}</span></li>
                <li><span class="hint">"Net promoter score"</span><span class="number">{nps}</span>
                    <span class="hint">{answers(recommendations)}</span></li>
            </ul>
        </section>
    }
}

#[component]
pub(super) fn Events(events: Vec<(String, u64)>) -> impl IntoView {
    (!events.is_empty()).then(|| {
        let rows = events.into_iter().map(|(name, count)| {
            view! {
                <tr><th scope="row"><code>{name}</code></th><td>{format::count(count)}</td></tr>
            }
        });
        view! {
            <TableCard
                id="events"
                title="Your own events"
                columns=vec!["Event", "Times"]
                empty=().into_any()
                rows=rows.map(IntoAny::into_any).collect()
            />
        }
    })
}
