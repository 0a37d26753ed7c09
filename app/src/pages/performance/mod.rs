//! The performance page. The query is in the URL, so that a view can be shared.

mod path;
mod tables;

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{
    metrics::Dimension,
    time::{Resolution, TimeRangePreset},
    vitals::Rating,
};
use phasegate_service::performance::{
    BREAKDOWNS, Performance, PerformanceQuery, VitalTrend, read_performance,
};

use self::{
    path::PATH,
    tables::{Breakdown, Timings},
};
use crate::{
    charts::{ChartSpec, Mark, Shape, Unit},
    components::{
        Annotations, Exports, Freshness, VitalCard, VitalNumbers, annotation_marks,
        dimension_label, rating_class, vital_limits,
    },
    islands::{Charted, LiveCharts},
    parts::{
        PageErrorNotice, Source, SourceBanner, TimeRangeFields, render_page, time_range_field,
    },
    request::{PageError, Request},
};

#[component]
pub(crate) fn PerformancePage() -> impl IntoView {
    view! {
        <Title text="Performance"/>
        {render_page(|request| async move {
            let (query, refused) = match PerformanceQuery::from_url_fields(|name| time_range_field(&request.query, name)) {
                Ok(query) => (query, None),
                Err(error) => (PerformanceQuery::from_url_fields(|_| "")?, Some(PageError::from(error))),
            };
            if let Some(error) = &refused {
                request.set_error_status(error);
            }
            let source = Source::select_source(&request, PATH).await?;
            let found = read_performance(&request.service, &request.actor, source.environment, &query).await?;
            let address = format_view_query(&request, &source, &query);
            let Performance { at, last_event_at, score, score_before, vitals, breakdown, timings, annotations, .. } = found;
            let (from, end) = query.period.bucket_bounds(at);
            let resolution = query.period.resolution(at);
            let marks = annotation_marks(&annotations, resolution);
            let is_empty = vitals.iter().all(|vital| vital.samples == 0);
            let cards = vitals.into_iter().map(|trend| render_vital_trend(trend, (from, end), resolution, marks.clone())).collect_view();
            let empty = is_empty.then(|| view! {
                <p class="empty">"No web vitals in this period. "<a href="/admin/install">"Install the collector"</a>", or choose a longer period."</p>
            });
            let links = |dimension: &Dimension| {
                let query = PerformanceQuery { dimension: dimension.clone(), ..query.clone() };
                format!("{PATH}?{}", self::format_view_query(&request, &source, &query))
            };
            let rows = breakdown.into_iter().map(|line| (links(&line.dimension), line)).collect();
            let all = (query.dimension != Dimension::All).then(|| links(&Dimension::All));
            Ok(view! {
                <header class="page-head"><h1>"Performance"</h1><Chosen dimension=query.dimension.clone() all/></header>
                <SourceBanner source=source.clone()/>
                {refused.map(|error| view! { <PageErrorNotice error/> })}
                <Filter query=query.clone() environment=request.environment_key()? source=source.as_str()/>
                <Freshness period=query.period at last_event_at/>
                {empty}
                <Score score before=score_before query=address.clone()/>
                <section aria-labelledby="vitals-title">
                    <header class="card-head"><h2 id="vitals-title">"Web vitals, 75th percentile"</h2>
                        <Exports page=PATH panel="vitals" query=address.clone()/>
                        <span class="hint">"time series"</span><Exports page=PATH panel="courses" query=address.clone()/></header>
                    <div class="cards">{cards}</div>
                </section>
                <Annotations annotations/>
                <Breakdown lines=rows by=query.by query=address.clone()/>
                <Timings lines=timings query=address/>
            }
            .into_any())
        })}
    }
}

/// Returns the query string of a view.
fn format_view_query(request: &Request, source: &Source, query: &PerformanceQuery) -> String {
    let fields =
        vec![("by", query.by.as_str().to_owned()), ("dimension", query.dimension.to_text())];
    source.format_view_query(request, query.period, fields)
}

/// The dimension that is shown, and a link to all users.
#[component]
fn Chosen(dimension: Dimension, all: Option<String>) -> impl IntoView {
    all.map(|all| {
        view! {
            <span class="pill" data-testid="dimension">{dimension_label(&dimension)}</span>
            <a href=all>"Show all users"</a>
        }
    })
}

#[component]
fn Filter(query: PerformanceQuery, environment: String, source: &'static str) -> impl IntoView {
    let kinds = BREAKDOWNS.map(|(kind, title)| {
        view! {
            <option value=kind.as_str() selected=kind == query.by>{title}</option>
        }
    });
    view! {
        <form class="filters" method="get" action=PATH>
            <input type="hidden" name="environment" value=environment/>
            <input type="hidden" name="data" value=source/>
            <input type="hidden" name="dimension" value=query.dimension.to_text()/>
            <TimeRangeFields period=query.period ranges=TimeRangePreset::ALL.to_vec()/>
            <label class="field"><span>"Compare by"</span><select name="by">{kinds}</select></label>
            <button class="button" type="submit">"Apply filters"</button>
        </form>
    }
}

/// Rates a score by the thresholds of Lighthouse.
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
fn Score(score: Option<f64>, before: Option<f64>, query: String) -> impl IntoView {
    let number = score.map_or_else(|| "–".to_owned(), |score| format!("{score:.0}"));
    let before = before.map(|before| format!("{before:.0} in the previous period"));
    view! {
        <article class="card score" data-testid="score">
            <header class="card-head"><h2>"Performance score"</h2><a class="hint" href="/docs/metrics#performance-score">"Definition"</a>
                <span class="hint">"0 to 100: LCP 30 %, INP 30 %, FCP and CLS 15 % each, TTFB 10 %, on Lighthouse's curves"</span>
                <Exports page=PATH panel="score" query/></header>
            <p class="vital-value">
                <span class=rating_class(score.map(rate_score)) data-testid="value">{number}</span>
                <span class="rating">{score.map(|score| rate_score(score).title())}</span>
                <span class="hint">{before}</span>
            </p>
        </article>
    }
}

/// Describes the change since the previous period, in per cent.
fn describe_vital_change(now: Option<f64>, before: Option<f64>) -> Option<String> {
    let (now, before) = (now?, before.filter(|before| *before > 0.0)?);
    let change = (now / before - 1.0) * 100.0;
    Some(match change {
        _ if change.abs() < 1.0 => "unchanged".to_owned(),
        _ if change > 0.0 => format!("{change:.0} % higher than before"),
        _ => format!("{:.0} % lower than before", change.abs()),
    })
}

fn render_vital_trend(
    trend: VitalTrend,
    range: (i64, i64),
    resolution: Resolution,
    marks: Vec<Mark>,
) -> impl IntoView {
    let VitalTrend { vital, p75, p75_before, samples, good, poor, points } = trend;
    let beside = describe_vital_change(p75, p75_before);
    let spec = ChartSpec {
        label: format!("{}, 75th percentile", vital.as_str()),
        unit: Unit::Vital(vital),
        shape: Shape::Line,
        limits: Some(vital_limits(vital)),
        resolution,
        range,
        points,
        marks,
        size: (280, 112),
    };
    let numbers = Signal::stored(VitalNumbers { p75, samples, good, poor, beside });
    let chart = view! { <LiveCharts first=Charted::One(spec)/> }.into_any();
    view! { <VitalCard vital numbers chart/> }
}
