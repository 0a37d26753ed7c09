//! How fast pages are, for whom, and since when. What is asked stands in the address, so that a
//! view can be shared.

mod tables;

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{
    telemetry::{Range, Slice},
    vitals::Rating,
};
use phasegate_service::performance::{
    BREAKDOWNS, Performance, PerformanceQuery, VitalCourse, performance,
};

use self::tables::{Breakdown, Timings};
use crate::{
    charts::Window,
    components::{VitalCard, rating_class},
    request::{Form, encode, page},
};

/// The page.
#[component]
pub(crate) fn PerformancePage() -> impl IntoView {
    view! {
        <Title text="Performance"/>
        {page(|request| async move {
            let query = read(&request.query);
            let (service, actor, environment) = (&request.service, &request.actor, request.environment);
            let found = performance(service, actor, environment, &query).await?;
            let (end, resolution) = (query.range.span_bounds(found.at).1, query.range.resolution());
            let window = Window { resolution, spans: query.range.spans(), end };
            let is_empty = found.vitals.iter().all(|vital| vital.samples == 0);
            let Performance { score, score_before, vitals, breakdown, timings, .. } = found;
            let cards = vitals.into_iter().map(|course| vital(course, window)).collect_view();
            let empty = is_empty.then(|| view! {
                <p class="empty">"No page has reported a web vital in this time. "<a href="/admin/install">"Install the collector"</a>", or choose a longer time."</p>
            });
            Ok(view! {
                <header class="page-head"><h1>"Performance"</h1><Chosen query=query.clone()/></header>
                <Filter query=query.clone()/>
                {empty}
                <Score score before=score_before/>
                <section aria-labelledby="vitals-title">
                    <h2 id="vitals-title">"Web vitals, 75th percentile"</h2>
                    <div class="cards">{cards}</div>
                </section>
                <Breakdown lines=breakdown query=query.clone()/>
                <Timings lines=timings/>
            }
            .into_any())
        })}
    }
}

/// What the address asks; what it does not say, or what makes no sense, is as usual.
fn read(query: &Form) -> PerformanceQuery {
    let by = BREAKDOWNS.iter().find(|(kind, _)| *kind == query.get("by"));
    PerformanceQuery {
        range: Range::parse(query.get("range")).unwrap_or_default(),
        slice: Slice::parse(query.get("slice")).unwrap_or_default(),
        by: by.map_or("page", |(kind, _)| kind),
    }
}

/// The address of a view.
fn address(query: &PerformanceQuery) -> String {
    let (range, by) = (query.range.as_str(), query.by);
    let slice = encode(&query.slice.to_text());
    format!("/admin/performance?range={range}&by={by}&slice={slice}")
}

/// A part in words.
fn words(slice: &Slice) -> String {
    match slice {
        Slice::All => "everybody".to_owned(),
        Slice::Page(page) => page.clone(),
        Slice::Device(device) => device.as_str().to_owned(),
        Slice::Release(release) => release.clone(),
        Slice::Phase(phase) => format!("phase {}", phase.0),
        Slice::Segment(segment) => format!("segment {segment}"),
        Slice::Flag(flag, variant, None) => format!("{flag} = {variant}, before the rollout"),
        Slice::Flag(flag, variant, Some(phase)) => format!("{flag} = {variant}, phase {}", phase.0),
    }
}

/// Which part is shown, and the way back to all of it.
#[component]
fn Chosen(query: PerformanceQuery) -> impl IntoView {
    (query.slice != Slice::All).then(|| {
        let all = address(&PerformanceQuery { slice: Slice::All, ..query.clone() });
        view! {
            <span class="pill" data-testid="slice">{words(&query.slice)}</span>
            <a href=all>"Show everybody"</a>
        }
    })
}

#[component]
fn Filter(query: PerformanceQuery) -> impl IntoView {
    let ranges = Range::ALL.map(|range| {
        view! {
            <option value=range.as_str() selected=range == query.range>{range.title()}</option>
        }
    });
    let kinds = BREAKDOWNS.map(|(kind, title)| {
        view! {
            <option value=kind selected=kind == query.by>{title}</option>
        }
    });
    view! {
        <form class="filters" method="get" action="/admin/performance">
            <input type="hidden" name="slice" value=query.slice.to_text()/>
            <label class="field"><span>"Time"</span><select name="range">{ranges}</select></label>
            <label class="field"><span>"Compare by"</span><select name="by">{kinds}</select></label>
            <button class="button" type="submit">"Show"</button>
        </form>
    }
}

/// The limits that Lighthouse has for its score.
fn rate_score(score: f64) -> Rating {
    if score >= 90.0 {
        Rating::Good
    } else if score >= 50.0 {
        Rating::NeedsImprovement
    } else {
        Rating::Poor
    }
}

#[component]
fn Score(score: Option<f64>, before: Option<f64>) -> impl IntoView {
    let number = score.map_or_else(|| "–".to_owned(), |score| format!("{score:.0}"));
    let before = before.map(|before| format!("{before:.0} in the time before"));
    view! {
        <article class="card score" data-testid="score">
            <header class="card-head"><h2>"Performance score"</h2>
                <span class="hint">"0 to 100: LCP 30 %, INP 30 %, FCP and CLS 15 % each, TTFB 10 %, on Lighthouse's curves"</span></header>
            <p class="vital-value">
                <span class=rating_class(score.map(rate_score)) data-testid="value">{number}</span>
                <span class="rating">{score.map(|score| rate_score(score).title())}</span>
                <span class="hint">{before}</span>
            </p>
        </article>
    }
}

/// Better or worse than in the time before, in per cent.
fn change(now: Option<f64>, before: Option<f64>) -> Option<String> {
    let (now, before) = (now?, before.filter(|before| *before > 0.0)?);
    let change = (now / before - 1.0) * 100.0;
    Some(match change {
        _ if change.abs() < 1.0 => "as in the time before".to_owned(),
        _ if change > 0.0 => format!("{change:.0} % more than before"),
        _ => format!("{:.0} % less than before", change.abs()),
    })
}

fn vital(course: VitalCourse, window: Window) -> impl IntoView {
    let VitalCourse { vital, p75, p75_before, samples, good, poor, points } = course;
    let beside = change(p75, p75_before);
    view! { <VitalCard vital p75 samples good poor points window beside/> }
}
