//! The frame around every page of the admin.

use leptos::prelude::*;
use leptos_router::components::Outlet;
use phasegate_domain::{ids::EnvironmentKey, reports::Attention};

use crate::{
    format::format_instant,
    islands::{AttentionBadge, AttentionStrip, CommandPalette, FormGuard, Shortcuts, ThemeSwitch},
    models::{Group, PAGES, PRODUCTION, list_crumbs},
    request::Request,
};
use phasegate_service::{ingest::is_full_since, rollout::read_attention};

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

/// The navigation beside the page, and what is above it.
#[component]
pub(crate) fn Frame() -> impl IntoView {
    // Read once, for the menu and the strip.
    let made = Request::from_context().map(|request| async move {
        let key = request.cached_environment().ok()?.environment().key.clone();
        let read = read_attention(&request.service, &request.actor, request.environment).await;
        let nothing = |error| {
            tracing::warn!(%error, "the frame could not read what needs attention");
            let at = request.service.now();
            Attention { at, alerts: Vec::new(), incidents: Vec::new() }
        };
        let revision = request.service.state_revision();
        Some(FrameData { attention: read.unwrap_or_else(nothing), environment: key, revision })
    });
    let made = async move {
        match made {
            Ok(reading) => reading.await,
            Err(_) => None,
        }
    };
    let request = Request::from_context().ok();
    // A screen on the wall has nobody who navigates.
    let is_wall = request.as_ref().is_some_and(|request| request.query.has("wall"));
    let class = if is_wall { "frame is-wall" } else { "frame" };
    view! {
        <a class="skip-link" href="#main" rel="external">"Skip to main content"</a>
        {Suspend::new(async move {
            let data = made.await;
            let revision = data.as_ref().map(|data| data.revision.to_string());
            view! {
                <div class=class>
                    {(!is_wall).then(|| view! { <Side data=data.clone() request=request.clone()/> })}
                    <main id="main" class="frame-main" tabindex="-1" data-revision=revision>
                        {data.map(|FrameData { attention, environment, revision }| view! {
                            <div class="strips"><AttentionStrip first=attention environment revision/></div>
                        })}
                        <StorageAlert/>
                        <FormGuard/>
                        {request.map(|request| view! { <Crumbs request/> })}
                        <Outlet/>
                    </main>
                </div>
            }
        })}
    }
}

/// What the frame shows of the environment.
#[derive(Clone)]
struct FrameData {
    attention: Attention,
    environment: EnvironmentKey,
    /// The revision of the state that the page shows.
    revision: i64,
}

/// The side of the page, or its top on a phone.
#[component]
fn Side(data: Option<FrameData>, request: Option<Request>) -> impl IntoView {
    let Some((FrameData { attention, environment, .. }, request)) = data.zip(request) else {
        return view! { <header class="frame-side"><a class="brand" href="/admin/rollout"><Logo/>"Phasegate"</a></header> }
            .into_any();
    };
    let shortcuts = PAGES.iter().filter(|page| !page.key.is_empty()).map(|page| {
        let href = format!("{}?environment={environment}", page.path);
        (page.key.to_owned(), page.title.to_owned(), href)
    });
    let shortcuts: Vec<_> = shortcuts.collect();
    let emergency = format!("/admin/rollout/emergency?environment={environment}");
    view! {
        <header class="frame-side">
            <a class="brand" href=format!("/admin/rollout?environment={environment}")><Logo/>"Phasegate"</a>
            <EnvironmentSwitcher request=request.clone()/>
            <CommandPalette environment=environment.clone()/>
            <Menu attention environment path=request.path.clone()/>
            <a class="button button-danger frame-emergency" href=emergency>"Roll back …"</a>
            <UserMenu request/>
        </header>
        <Shortcuts pages=shortcuts/>
    }
    .into_any()
}

/// The pages, in groups.
#[component]
fn Menu(attention: Attention, environment: EnvironmentKey, path: String) -> impl IntoView {
    let groups = Group::MENU.map(|group| {
        let items = PAGES.iter().filter(|page| page.group == group).map(|page| {
            let href = format!("{}?environment={environment}", page.path);
            let is_here = path == page.path || path.starts_with(&format!("{}/", page.path));
            let badge = matches!(page.title, "Alerts" | "Rollout").then(|| {
                let first = attention.clone();
                let counts_incidents = page.title == "Rollout";
                view! { <AttentionBadge first environment=environment.clone() counts_incidents/> }
            });
            view! {
                <a href=href aria-current=is_here.then_some("page")>
                    <svg class="menu-icon" viewBox="0 0 20 20" width="18" height="18" aria-hidden="true"><path d=page.icon></path></svg>
                    {page.title}
                    {badge}
                </a>
            }
        });
        let items = items.collect_view();
        view! {
            <div class="menu-group" role="group" aria-label=group.title()>
                <span class="menu-title" aria-hidden="true">{group.title()}</span>
                {items}
            </div>
        }
    });
    view! { <nav class="frame-nav" aria-label="Pages">{groups.into_iter().collect_view()}</nav> }
}

/// The account that is logged in, with its role, its page, the theme and the way out.
#[component]
fn UserMenu(request: Request) -> impl IntoView {
    let (name, role) = (request.actor.name().0, request.actor.role().as_str());
    let title = name.clone();
    let first = request.theme;
    view! {
        <details class="user-menu">
            <summary><span class="who-name" title=title>{name}</span> <span class="hint">{role}</span></summary>
            <div class="user-menu-items">
                <a class="button button-small" href="/admin/account">"Password and sessions"</a>
                <ThemeSwitch first/>
                <p class="hint">"Press " <kbd>"?"</kbd> " for keyboard shortcuts."</p>
                <form method="post" action="/logout">
                    <button class="button button-small" type="submit">"Log out"</button>
                </form>
            </div>
        </details>
    }
}

/// The way to a page below one of the menu.
#[component]
fn Crumbs(request: Request) -> impl IntoView {
    let crumbs = list_crumbs(&request.path);
    if crumbs.is_empty() {
        return ().into_any();
    }
    let last = crumbs.len() - 1;
    let key = request.environment_key().unwrap_or_default();
    let parts = crumbs.into_iter().enumerate().map(|(index, crumb)| match index == last {
        true => view! { <li aria-current="page">{crumb.title}</li> }.into_any(),
        false => {
            let href = format!("{}?environment={key}", crumb.path);
            view! { <li><a href=href>{crumb.title}</a></li> }.into_any()
        }
    });
    view! { <nav class="crumbs" aria-label="Breadcrumbs"><ol>{parts.collect_view()}</ol></nav> }
        .into_any()
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

/// Names the environment that pages show, and leads to the same page of another one.
#[component]
fn EnvironmentSwitcher(request: Request) -> impl IntoView {
    let own = request.cached_environment().ok()?.environment().clone();
    let all = request.service.project_environments(own.project_id);
    // Real users are behind this environment, so it looks different on every page.
    let class =
        if own.key.as_str() == PRODUCTION { "environment is-production" } else { "environment" };
    if all.len() < 2 {
        return Some(view! { <p class=class>{own.name}</p> }.into_any());
    }
    // Incidents belong to one environment.
    let path = match request.path.as_str() {
        "/admin/rollout/incident" => "/admin/rollout",
        path => path,
    };
    let choices = all
        .iter()
        .map(|live| {
            let environment = live.environment();
            let href = format!("{path}?environment={}", environment.key);
            let is_here = (environment.id == own.id).then_some("true");
            let mark = (environment.key.as_str() == PRODUCTION).then_some("is-production");
            view! { <li><a class=mark href=href aria-current=is_here>{environment.name.clone()}</a></li> }
        })
        .collect_view();
    Some(
        view! {
            <details class=class data-testid="environments">
                <summary><span class="visually-hidden">"Environment: "</span>{own.name}</summary>
                <ul>{choices}</ul>
            </details>
        }
        .into_any(),
    )
}
