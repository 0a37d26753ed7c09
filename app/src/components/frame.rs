//! What surrounds every page of the admin.

use leptos::prelude::*;
use leptos_router::components::{A, Outlet};

/// The sign: a gate that opens in phases.
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

/// Navigation beside the page.
#[component]
pub(crate) fn Frame() -> impl IntoView {
    view! {
        <a class="skip-link" href="#main" rel="external">"Skip to the page"</a>
        <div class="frame">
            <header class="frame-side">
                <a class="brand" href="/admin/rollout"><Logo/>"Phasegate"</a>
                <nav class="frame-nav" aria-label="Pages">
                    <A href="/admin/rollout">"Rollout"</A>
                    <A href="/admin/flags">"Flags"</A>
                    <A href="/admin/dashboard">"Dashboard"</A>
                </nav>
                <form class="frame-logout" method="post" action="/logout">
                    <button class="button button-quiet" type="submit">"Log out"</button>
                </form>
            </header>
            <main id="main" class="frame-main" tabindex="-1">
                <Outlet/>
            </main>
        </div>
    }
}
