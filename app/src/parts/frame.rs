//! The frame around every page of the admin.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_router::components::{A, Outlet};

use crate::{
    format::format_instant,
    islands::{FormGuard, PageForm},
    models::PRODUCTION,
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
                <Menu/>
                <a class="button button-danger frame-emergency" href="/admin/rollout/emergency">"Roll back …"</a>
                <div class="frame-account">
                    <WhoAmI/>
                    <form class="frame-logout" method="post" action="/logout">
                        <button class="button button-quiet" type="submit">"Log out"</button>
                    </form>
                </div>
            </header>
            <main id="main" class="frame-main" tabindex="-1">
                <StorageAlert/>
                <FormGuard/>
                <Outlet/>
            </main>
        </div>
    }
}

/// A page in the menu: its address, its title, and the path of its icon in a square of 20.
type MenuItem = (&'static str, &'static str, &'static str);

/// The menu, by what its pages are for.
const MENU: [(&str, &[MenuItem]); 3] = [
    (
        "Watch",
        &[
            ("/admin/dashboard", "Dashboard", "M3 3h6v8H3zM11 3h6v4h-6zM11 9h6v8h-6zM3 13h6v4H3z"),
            ("/admin/performance", "Performance", "M3 15a7 7 0 1 1 14 0M10 15l4-5"),
            ("/admin/analytics", "Analytics", "M3 17h14M5 14V9M10 14V4M15 14v-3"),
        ],
    ),
    (
        "Ship",
        &[
            ("/admin/rollout", "Rollout", "M3 17v-4M8 17v-7M13 17V7M17 17V3"),
            ("/admin/flags", "Flags", "M4 18V3M4 4h11l-2 4 2 4H4"),
            ("/admin/segments", "Segments", "M10 3a7 7 0 1 0 7 7h-7zM13 3a7 7 0 0 1 4 4h-4z"),
            ("/admin/debugger", "Debugger", "M9 3a6 6 0 1 0 0 12A6 6 0 0 0 9 3zM13.5 13.5L18 18"),
        ],
    ),
    (
        "Run",
        &[
            ("/admin/audit", "Audit", "M5 3h10v14H5zM8 7h4M8 10h4M8 13h2"),
            ("/admin/install", "Install", "M10 3v9M6 9l4 4 4-4M4 17h12"),
            ("/admin/settings", "Settings", "M3 6h8M15 6h2M3 14h2M9 14h8M13 4v4M7 12v4"),
        ],
    ),
];

/// The pages, in groups.
#[component]
fn Menu() -> impl IntoView {
    let item = |(href, title, path): &MenuItem| {
        let (href, title, path) = (*href, *title, *path);
        view! {
            <A href=href>
                <svg class="menu-icon" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><path d=path></path></svg>
                {title}
            </A>
        }
    };
    let groups = MENU
        .iter()
        .map(|(group, items)| {
            let items = items.iter().map(item).collect_view();
            view! {
                <div class="menu-group" role="group" aria-label=*group>
                    <span class="menu-title" aria-hidden="true">{*group}</span>
                    {items}
                </div>
            }
        })
        .collect_view();
    view! { <nav class="frame-nav" aria-label="Pages">{groups}</nav> }
}

/// The account that is logged in, and its role.
#[component]
fn WhoAmI() -> impl IntoView {
    let request = Request::from_context().ok()?;
    let (name, role) = (request.actor.name().0, request.actor.role().as_str());
    let title = name.clone();
    Some(view! { <p class="who hint"><span class="who-name" title=title>{name}</span> {role}</p> })
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
    // Real users are behind this environment, so it looks different on every page.
    let is_production = request.environment_key().is_ok_and(|key| key == PRODUCTION);
    let class = if is_production { "environment is-production" } else { "environment" };
    if all.len() < 2 {
        let name = all.first().map(|live| live.environment().name.clone());
        return Some(view! { <p class=format!("{class} hint")>{name}</p> }.into_any());
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
            <PageForm function=SelectEnvironment::PATH.to_owned() class>
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
