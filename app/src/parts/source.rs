//! Whether a page shows real or simulated telemetry, and the links between the two.

use leptos::prelude::*;
use phasegate_domain::{
    accounts::Role, ids::EnvironmentId, simulation::Simulation, time::TimeRange,
};
use phasegate_service::ingest::{last_event_at, read_simulation, simulation_progress};

use super::FnForm;
use crate::{
    format::{self, percent_encode},
    request::{PageError, Request},
    server_fns::simulation::{RemoveSimulation, StartSimulation},
};

/// The source of a page's numbers: real or simulated telemetry.
#[derive(Debug, Clone)]
pub(crate) struct Source {
    /// The environment whose telemetry is read; negative if simulated.
    pub(crate) environment: EnvironmentId,
    simulation: Option<Simulation>,
    /// Sessions sent and all sessions of the running simulation.
    progress: Option<(u64, u64)>,
    /// Whether no real event was ever received.
    is_silent: bool,
    has_demo: bool,
    may_change: bool,
    path: &'static str,
}

impl Source {
    /// Selects the source that the URL names. The default is real data, and simulated data only
    /// with `--demo`: the public client key can start simulations, and must not decide what is
    /// shown.
    pub(crate) async fn select_source(
        request: &Request,
        path: &'static str,
    ) -> Result<Self, PageError> {
        let real = request.environment;
        let simulation = read_simulation(&request.service, real).await?;
        let is_silent = last_event_at(&request.service, real).await?.is_none();
        let has_demo = request.embedding.has_demo;
        let is_simulated = match request.query.get("data") {
            "real" => false,
            "simulated" => simulation.is_some(),
            _ => simulation.is_some() && has_demo,
        };
        let progress = simulation_progress(&request.service, real);
        if progress.is_some() {
            request.schedule_refresh();
        }
        Ok(Self {
            environment: if is_simulated { real.simulated_id() } else { real },
            simulation,
            progress,
            is_silent,
            has_demo,
            may_change: request.has_role(Role::Operator),
            path,
        })
    }

    pub(crate) fn is_simulated(&self) -> bool {
        self.environment.is_simulated()
    }

    /// Returns the query string of a view, so that a shared link shows the same data.
    pub(crate) fn format_view_query(
        &self,
        request: &Request,
        period: TimeRange,
        fields: Vec<(&'static str, String)>,
    ) -> String {
        let environment = request.environment_key().unwrap_or_default();
        let mut query = format!(
            "environment={}&data={}&{}",
            percent_encode(&environment),
            self.as_str(),
            period.to_query_string()
        );
        for (name, value) in fields {
            query.push_str(&format!("&{name}={}", percent_encode(&value)));
        }
        query
    }

    /// The value of the URL parameter `data`.
    pub(crate) fn as_str(&self) -> &'static str {
        if self.is_simulated() { "simulated" } else { "real" }
    }
}

/// A banner over simulated telemetry, or an offer to simulate where nothing is measured yet.
#[component]
pub(crate) fn SourceBanner(source: Source) -> impl IntoView {
    let Source { simulation, progress, is_silent, has_demo, may_change, path, .. } = source.clone();
    if let Some((done, total)) = progress {
        return view! {
            <div class="notice notice-warning banner" role="status" data-testid="simulating">
                <p><strong>"Simulation running: "</strong>
                    {format!("{} of {} sessions.", format::format_count(done), format::format_count(total))}</p>
                <progress max=total.to_string() value=done.to_string()></progress>
            </div>
        }
        .into_any();
    }
    let Some(simulation) = simulation else {
        let offer = has_demo && is_silent && may_change;
        return offer.then(|| view! { <Offer/> }).into_any();
    };
    let remove = may_change.then(|| {
        view! {
            <FnForm<RemoveSimulation>>
                <button class="button" type="submit">"Remove simulated data"</button>
            </FnForm<RemoveSimulation>>
        }
    });
    let Simulation { users, days, regression, .. } = simulation;
    let made = format!(
        "{} simulated users over {}",
        format::format_count(users.into()),
        format::format_quantity(days.into(), "day", "days")
    );
    let worse = regression.map(|phase| format!(", with a regression in phase {phase}"));
    if source.is_simulated() {
        return view! {
            <div class="notice notice-warning banner" role="note" data-testid="simulated">
                <p><strong>"Simulated data. "</strong>"This page shows no real data: "{made}{worse}"."</p>
                <div class="actions"><a class="button" href=format!("{path}?data=real")>"Show real data"</a>{remove}</div>
            </div>
        }
        .into_any();
    }
    view! {
        <div class="notice banner" role="note" data-testid="simulation-there">
            <p>"Real data. Simulated data exists as well: "{made}{worse}"."</p>
            <div class="actions"><a class="button" href=format!("{path}?data=simulated")>"Show simulated data"</a>{remove}</div>
        </div>
    }
    .into_any()
}

/// Offers to generate simulated data.
#[component]
fn Offer() -> impl IntoView {
    view! {
        <div data-testid="offer"><FnForm<StartSimulation> class="notice banner">
            <p><strong>"No telemetry yet."</strong>" Preview the pages with 2,000 simulated users over 30 days in three phases. Simulated data is labelled on every page, and one click removes it."</p>
            <button class="button button-primary" type="submit">"Generate simulated data"</button>
        </FnForm<StartSimulation>></div>
    }
}
