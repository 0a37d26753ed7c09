//! The analytics page. The query is in the URL, so that a view can be shared.

mod adoption;
mod filter;
mod path;
mod retention;
mod visits;

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{metrics::Dimension, targeting::Share};
use phasegate_service::analytics::{Analytics, AnalyticsQuery, compute_analytics, read_dimensions};

use self::{
    adoption::{Adoptions, CrossUses},
    filter::Filter,
    path::PATH,
    retention::Arms,
    visits::{Events, Feedback, Properties, Sessions, Tasks, Users},
};
use crate::{
    components::{Annotations, Freshness, dimension_label},
    parts::{PageErrorNotice, Source, SourceBanner, render_page, time_range_field},
    request::PageError,
};

#[component]
pub(crate) fn AnalyticsPage() -> impl IntoView {
    view! {
        <Title text="Analytics"/>
        {render_page(|request| async move {
            let (query, refused) = match AnalyticsQuery::parse_parameters(|name| time_range_field(&request.query, name)) {
                Ok(query) => (query, None),
                Err(error) => (AnalyticsQuery::parse_parameters(|_| "")?, Some(PageError::from(error))),
            };
            if let Some(error) = &refused {
                request.set_error_status(error);
            }
            let source = Source::select_source(&request, PATH).await?;
            let (service, actor) = (&request.service, &request.actor);
            let found = compute_analytics(service, actor, source.environment, &query).await?;
            let dimensions = read_dimensions(service, actor, source.environment, query.period).await?;
            let address = source.format_view_query(&request, query.period, query.to_parameters());
            let Analytics { at, last_event_at, users, adoption, cross_use, annotations, .. } = found;
            let flags = adoption.iter().map(|line| line.flag.clone()).collect();
            let rate = request.cached_environment()?.environment().collection_settings.value.sample_rate;
            let sampled = (rate < Share::ALL).then(|| view! {
                <p class="notice notice-warning">{format!("Only {} % of visits are sampled. User counts cover sampled visits only, and retention is underestimated, because a frequent visitor is sampled on some days only.", rate.percent())}</p>
            });
            let empty = (users.now.users == 0).then(|| view! {
                <p class="empty">"No active users in this period. "<a href="/admin/install">"Install the collector"</a>", or choose a longer period."</p>
            });
            let chosen = (query.dimension != Dimension::All).then(|| view! {
                <span class="pill" data-testid="dimension">{dimension_label(&query.dimension)}</span>
            });
            Ok(view! {
                <header class="page-head"><h1>"Analytics"</h1>{chosen}</header>
                <p class="lead">"User counts are exact. Days are in UTC; today is incomplete. Compared with the previous period."</p>
                <SourceBanner source=source.clone()/>
                {refused.map(|error| view! { <PageErrorNotice error/> })}
                <Filter query=query.clone() flags dimensions environment=request.environment_key()? source=source.as_str()/>
                <Freshness period=query.period at last_event_at/>
                {sampled}
                {empty}
                <Users panel=users annotations=annotations.clone() at period=query.period query=address.clone()/>
                <Annotations annotations/>
                <Adoptions lines=adoption query=address.clone()/>
                <CrossUses pairs=cross_use query=address.clone()/>
                <Arms arms=found.retention query=address.clone()/>
                <Sessions panel=found.sessions query=address.clone()/>
                <div class="split">
                    <Tasks tasks=found.tasks query=address.clone()/>
                    <Feedback panel=found.feedback query=address.clone()/>
                </div>
                <Events events=found.events query=address.clone()/>
                <Properties lines=found.properties query=address/>
            }
            .into_any())
        })}
    }
}
