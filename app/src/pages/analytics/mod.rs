//! What people do with what they are given. What is asked stands in the address, so that a view can
//! be shared.

mod adoption;
mod retention;
mod visits;

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{ids::FlagKey, telemetry::Range};
use phasegate_service::analytics::{Analytics, AnalyticsQuery, analytics};

use self::{
    adoption::{Adoptions, CrossUses},
    retention::Arms,
    visits::{Events, People, Sessions, Tasks, Voices},
};
use crate::request::{Form, page};

/// Ranges of whole days.
const RANGES: [Range; 3] = [Range::Week, Range::Month, Range::Quarter];

/// The page.
#[component]
pub(crate) fn AnalyticsPage() -> impl IntoView {
    view! {
        <Title text="Analytics"/>
        {page(|request| async move {
            let query = read(&request.query);
            let (service, actor, environment) = (&request.service, &request.actor, request.environment);
            let found = analytics(service, actor, environment, &query).await?;
            let Analytics { at, people, newcomers, daily, stickiness, adoption, engagement, cross_use, .. } = found;
            let flags: Vec<FlagKey> = adoption.iter().map(|line| line.flag.clone()).collect();
            let empty = (people == 0).then(|| view! {
                <p class="empty">"Nobody was seen in this time. "<a href="/admin/install">"Install the collector"</a>", or choose a longer time."</p>
            });
            Ok(view! {
                <header class="page-head"><h1>"Analytics"</h1></header>
                <p class="lead">"Numbers of people are exact. Days are those of UTC, and today is not over."</p>
                <Filter query=query.clone() flags/>
                {empty}
                <People people newcomers daily stickiness at range=query.range/>
                <Adoptions lines=adoption engagement/>
                <CrossUses pairs=cross_use/>
                <Arms arms=found.retention/>
                <Sessions sessions=found.sessions/>
                <div class="split">
                    <Tasks tasks=found.tasks/>
                    <Voices opinion=found.opinion/>
                </div>
                <Events events=found.events/>
            }
            .into_any())
        })}
    }
}

/// What the address asks; what it does not say, or what makes no sense, is as usual.
fn read(query: &Form) -> AnalyticsQuery {
    let range = Range::parse(query.get("range")).filter(|range| RANGES.contains(range));
    AnalyticsQuery {
        range: range.unwrap_or(Range::Month),
        flag: FlagKey::new(query.get("flag")).ok(),
    }
}

#[component]
fn Filter(query: AnalyticsQuery, flags: Vec<FlagKey>) -> impl IntoView {
    let ranges = RANGES.map(|range| {
        view! {
            <option value=range.as_str() selected=range == query.range>{range.title()}</option>
        }
    });
    let flags = flags.into_iter().map(|flag| {
        let is_chosen = query.flag.as_ref() == Some(&flag);
        view! { <option value=flag.to_string() selected=is_chosen>{flag.to_string()}</option> }
    });
    view! {
        <form class="filters" method="get" action="/admin/analytics">
            <label class="field"><span>"Time"</span><select name="range">{ranges}</select></label>
            <label class="field"><span>"Compare retention by"</span>
                <select name="flag"><option value="">"nothing"</option>{flags.collect_view()}</select></label>
            <button class="button" type="submit">"Show"</button>
        </form>
    }
}
