//! The frame around every page of the admin.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::components::{A, Outlet};

use crate::{
    format::format_instant,
    islands::{FormGuard, PageForm},
    request::Request,
    server_fns::environments::SelectEnvironment,
};
use phasegate_service::ingest::is_full_since;

/// The logo: a gate that opens in phases.
#[component]
pub(crate) fn Logo() -> impl IntoView {
    view! {
        <svg class="logo" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
            <rect class="logo-bar-1" x="3" y="14" width="4" height="7" rx="1.5"/>
            <rect class="logo-bar-2" x="10" y="9" width="4" height="12" rx="1.5"/>
            <rect class="logo-bar-3" x="17" y="3" width="4" height="18" rx="1.5"/>
        </svg>
    }
}

/// The navigation beside the page.
#[component]
pub(crate) fn Frame() -> impl IntoView {
    view! {
        <a class="skip-link" href="#main" rel="external">"Skip to main content"</a>
        <div class="frame">
            <header class="frame-side">
                <a class="brand" href="/admin/rollout"><Logo/>"Phasegate"</a>
                <EnvironmentPicker/>
                <nav class="frame-nav" aria-label="Pages">
                    <A href="/admin/rollout">"Rollout"</A>
                    <A href="/admin/flags">"Flags"</A>
                    <A href="/admin/segments">"Segments"</A>
                    <A href="/admin/debugger">"Debugger"</A>
                    <A href="/admin/dashboard">"Dashboard"</A>
                    <A href="/admin/analytics">"Analytics"</A>
                    <A href="/admin/performance">"Performance"</A>
                    <A href="/admin/audit">"Audit"</A>
                    <A href="/admin/install">"Install"</A>
                    <A href="/admin/settings">"Settings"</A>
                </nav>
                <a class="button button-danger frame-emergency" href="/admin/rollout/emergency">"Roll back …"</a>
                <form class="frame-logout" method="post" action="/logout">
                    <button class="button button-quiet" type="submit">"Log out"</button>
                </form>
            </header>
            <main id="main" class="frame-main" tabindex="-1">
                <StorageAlert/>
                <FormGuard/>
                <Outlet/>
            </main>
        </div>
    }
}

/// An alert on every page while the disk is full and telemetry cannot be stored.
#[component]
fn StorageAlert() -> impl IntoView {
    let request = Request::from_context().ok()?;
    let since = is_full_since(&request.service)?;
    Some(view! {
        <p class="notice notice-error" role="alert" data-testid="disk-full">
            <strong>"The disk is full. "</strong>
            {format!("No telemetry has been stored since {}. Pages keep their events and retry for a week; flags are still evaluated. Free space on the disk of the data folder, or shorten the data retention under Settings.", format_instant(since))}
        </p>
    })
}

/// Selects the environment that all pages show; a single one is only named.
#[component]
fn EnvironmentPicker() -> impl IntoView {
    let request = Request::from_context().ok()?;
    let mut all = request.service.environments();
    let own = request.cached_environment().ok()?.environment().project_id;
    all.retain(|live| live.environment().project_id == own);
    let shown = request.environment;
    if all.len() < 2 {
        let name = all.first().map(|live| live.environment().name.clone());
        return Some(view! { <p class="environment hint">{name}</p> }.into_any());
    }
    let options = all
        .iter()
        .map(|live| {
            let environment = live.environment();
            view! {
                <option value=environment.key.to_string() selected=environment.id == shown>
                    {environment.name.clone()}
                </option>
            }
        })
        .collect_view();
    Some(
        view! {
            <PageForm function=SelectEnvironment::PATH.to_owned() class="environment">
                <label>
                    <span class="visually-hidden">"Environment"</span>
                    <select name="environment">{options}</select>
                </label>
                <button class="button" type="submit">"Switch"</button>
            </PageForm>
        }
        .into_any(),
    )
}
