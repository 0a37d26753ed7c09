//! Panels of users, sessions, tasks, feedback and custom events.

use leptos::prelude::*;
use phasegate_domain::{
    Timestamp,
    reports::{Annotation, Point},
    time::{Resolution, TimeRange},
};
use phasegate_service::analytics::{
    DailyUsers, EventLine, FeedbackPanel, PropertyLine, SessionNumbers, SessionPanel, TaskLine,
    UsersPanel,
};

use super::path::PATH;
use crate::{
    charts::{ChartSpec, Shape, Unit},
    components::{Exports, TableCard, annotation_marks},
    format,
    islands::{Charted, LiveCharts},
};

#[component]
pub(super) fn Users(
    panel: UsersPanel,
    annotations: Vec<Annotation>,
    at: Timestamp,
    period: TimeRange,
    query: String,
) -> impl IntoView {
    let UsersPanel { now, before, daily } = panel;
    let (from, end) = period.day_bounds(at);
    let point = |day: DailyUsers| Point { minute: day.day, value: day.users as f64 };
    let spec = ChartSpec {
        label: "Users by day".to_owned(),
        unit: Unit::Count,
        shape: Shape::Bars,
        limits: None,
        resolution: Resolution::Day,
        range: (from, end),
        points: daily.into_iter().map(point).collect(),
        marks: annotation_marks(&annotations, Resolution::Day),
        size: (920, 160),
    };
    let sticky =
        now.stickiness.map(|share| format!(" · stickiness {}", format::format_rate(share)));
    let new_users = format!("{} of them new", format::format_count(now.new_users));
    view! {
        <article class="card" data-testid="users">
            <header class="card-head"><h2>"Users"</h2><a class="hint" href="/docs/metrics#users">"Definition"</a><Exports page=PATH panel="users" query/></header>
            <p class="vital-value">
                <span class="number" data-testid="value">{format::format_count(now.users)}</span>
                <span class="hint">{new_users} {sticky} {format_previous(format::format_count(before.users), before.users > 0)}</span>
            </p>
            <LiveCharts first=Charted::One(spec)/>
        </article>
    }
}

/// Formats the number of the previous period; `None` if that has no data.
fn format_previous(number: String, is_there: bool) -> Option<String> {
    is_there.then(|| format!(" · {number} before"))
}

#[component]
pub(super) fn Sessions(panel: SessionPanel, query: String) -> impl IntoView {
    let SessionPanel { now, before } = panel;
    let seconds =
        |value: Option<f64>| value.map_or_else(|| "–".to_owned(), format::format_time_spent);
    let numbers = |all: SessionNumbers| {
        [
            ("Sessions", format::format_count(all.sessions)),
            ("Mean duration", seconds(all.mean_seconds)),
            ("Median duration", seconds(all.p50_seconds)),
            ("95th percentile", seconds(all.p95_seconds)),
            ("With an error", format::format_percent(all.with_error, all.sessions)),
            ("With a critical error", format::format_percent(all.with_critical, all.sessions)),
        ]
    };
    let has_before = before.sessions > 0;
    let lines =
        numbers(now).into_iter().zip(numbers(before)).map(|((name, value), (_, before))| {
            view! {
                <li><span class="hint">{name}</span><span class="number">{value}</span>
                    <span class="hint">{has_before.then(|| format!("{before} before"))}</span></li>
            }
        });
    view! {
        <section class="card" aria-labelledby="sessions-title" data-testid="sessions">
            <header class="card-head"><h2 id="sessions-title">"Sessions"</h2><a class="hint" href="/docs/metrics#sessions">"Definition"</a>
                <span class="hint">"a session ends after 30 minutes of inactivity"</span>
                <Exports page=PATH panel="sessions" query/></header>
            <ul class="totals">{lines.collect_view()}</ul>
        </section>
    }
}

#[component]
pub(super) fn Tasks(tasks: Vec<TaskLine>, query: String) -> impl IntoView {
    let rows = tasks.into_iter().map(|TaskLine { name, now, before }| {
        let was = (before.started > 0)
            .then(|| format!("{} before", format::format_percent(before.completed, before.started)));
        view! {
            <tr>
                <th scope="row"><code>{name}</code></th>
                <td>{format::format_count(now.started)}</td>
                <td>{format::format_count(now.completed)}</td>
                <td>{format::format_count(now.abandoned)}</td>
                <td>{format::format_percent(now.completed, now.started)}" "<span class="hint">{was}</span></td>
            </tr>
        }
    });
    let empty =
        view! { "No tasks in this period. Pages start tasks with "<code>"startTask"</code>"." };
    view! {
        <TableCard
            id="tasks"
            title="Tasks"
            definition="task-completion"
            columns=vec!["Task", "Started", "Completed", "Abandoned", "Completion"]
            exports=view! { <Exports page=PATH panel="tasks" query/> }.into_any()
            empty=empty.into_any()
            rows=rows.map(IntoAny::into_any).collect()
        />
    }
}

#[component]
pub(super) fn Feedback(panel: FeedbackPanel, query: String) -> impl IntoView {
    let FeedbackPanel { now, before } = panel;
    let rating = |mean: Option<f64>| mean.map(|mean| format!("{mean:.1} of 5"));
    let nps = |nps: Option<f64>| nps.map(|nps| format!("{nps:+.0}"));
    let dash = || "–".to_owned();
    let answers = |count, before: Option<String>| {
        let before = before.map(|before| format!(" · {before} before")).unwrap_or_default();
        format!("{}{before}", format::format_quantity(count, "answer", "answers"))
    };
    view! {
        <section class="card" aria-labelledby="feedback-title" data-testid="feedback">
            <header class="card-head"><h2 id="feedback-title">"Feedback"</h2><a class="hint" href="/docs/metrics#satisfaction">"Definition"</a>
                <Exports page=PATH panel="feedback" query/></header>
            <ul class="totals">
                <li><span class="hint">"Satisfaction"</span><span class="number">{rating(now.satisfaction).unwrap_or_else(dash)}</span>
                    <span class="hint">{answers(now.ratings, rating(before.satisfaction))}</span></li>
                <li><span class="hint">"Net promoter score"</span><span class="number">{nps(now.nps).unwrap_or_else(dash)}</span>
                    <span class="hint">{answers(now.recommendations, nps(before.nps))}</span></li>
            </ul>
        </section>
    }
}

#[component]
pub(super) fn Events(events: Vec<EventLine>, query: String) -> impl IntoView {
    (!events.is_empty()).then(|| {
        let rows = events.into_iter().map(|EventLine { name, count, before }| {
            view! {
                <tr><th scope="row"><code>{name}</code></th><td>{format::format_count(count)}</td><td>{format::format_count(before)}</td></tr>
            }
        });
        view! {
            <TableCard
                id="events"
                title="Custom events"
                columns=vec!["Event", "Count", "Previous period"]
                exports=view! { <Exports page=PATH panel="events" query/> }.into_any()
                empty=().into_any()
                rows=rows.map(IntoAny::into_any).collect()
            />
        }
    })
}

#[component]
pub(super) fn Properties(lines: Vec<PropertyLine>, query: String) -> impl IntoView {
    (!lines.is_empty()).then(|| {
        let rows = lines.into_iter().map(|line| {
            let PropertyLine { event, property, value, count, before } = line;
            view! {
                <tr><th scope="row"><code>{event}</code></th><td><code>{property}</code></td><td>{value}</td>
                    <td>{format::format_count(count)}</td><td>{format::format_count(before)}</td></tr>
            }
        });
        view! {
            <TableCard
                id="properties"
                title="Event properties"
                hint="most frequent values; at most 500 values are counted separately"
                columns=vec!["Event", "Property", "Value", "Count", "Previous period"]
                exports=view! { <Exports page=PATH panel="properties" query/> }.into_any()
                empty=().into_any()
                rows=rows.map(IntoAny::into_any).collect()
            />
        }
    })
}
