//! The strip on top of every page: alerts that fire, incidents that are open, and a server that does
//! not answer.

use leptos::prelude::*;
use phasegate_domain::{ids::EnvironmentKey, reports::Attention};

use crate::{components::live, islands::live::Connection};

/// Returns what needs attention, and the state of the connection by which it is followed. All islands
/// of a page share both.
pub(super) fn follow_attention(
    first: Attention,
    environment: &EnvironmentKey,
) -> (Signal<Attention>, Signal<Connection>) {
    #[cfg(feature = "hydrate")]
    {
        browser::follow(first, environment)
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = environment;
        let first = RwSignal::new(first);
        (first.into(), Signal::derive(|| Connection::Waiting))
    }
}

/// The strip; empty if all is well.
#[island]
pub(crate) fn AttentionStrip(
    first: Attention,
    environment: EnvironmentKey,
    /// The revision of the state that the page shows.
    revision: i64,
) -> impl IntoView {
    let (attention, connection) = follow_attention(first, &environment);
    #[cfg(feature = "hydrate")]
    browser::reload_if_stale(&environment, revision);
    #[cfg(not(feature = "hydrate"))]
    let _ = revision;
    view! {
        {live(move || render_connection(connection.get()))}
        {live(move || render_attention(&attention.read()))}
    }
}

fn render_connection(connection: Connection) -> AnyView {
    match connection {
        Connection::Waiting | Connection::Live => ().into_any(),
        Connection::Lost => view! {
            <p class="strip strip-away" role="status" data-testid="away">
                <strong>"The server does not answer."</strong>
                " Numbers stand still. The page reconnects by itself; what you type is kept."
            </p>
        }
        .into_any(),
        Connection::Closed => view! {
            <p class="strip strip-away" role="status" data-testid="logged-out">
                <strong>"Your session has ended, or the server turns this page away."</strong>
                " What you type is kept. " <a href="/login" target="_blank">"Log in again"</a>
                " in a new tab, then continue here."
            </p>
        }
        .into_any(),
    }
}

fn render_attention(attention: &Attention) -> AnyView {
    let alert = attention.alerts.first().map(|alert| {
        let more = attention.alerts.len() - 1;
        let more = (more > 0).then(|| format!(" and {more} more"));
        let detail = alert.detail.clone();
        view! {
            <p class="strip" role="status" data-testid="alert-strip">
                <span><strong>{alert.kind.title()}</strong> ": " {detail} {more}</span>
                <span class="strip-acts">
                    <a class="button button-small" href="/admin/alerts">"Look into it"</a>
                    <a class="button button-small button-danger" href="/admin/rollout/emergency">"Roll back …"</a>
                </span>
            </p>
        }
    });
    let incident = attention.incidents.first().map(|incident| {
        let more = attention.incidents.len() - 1;
        let more = (more > 0).then(|| format!(" and {more} more"));
        let href = format!("/admin/rollout/incident?id={}", incident.id);
        let (title, reason) = (incident.kind.title(), incident.reason.clone());
        view! {
            <p class="strip" role="status" data-testid="incident-strip">
                <span><strong>{format!("Incident {} is open", incident.id)}</strong> {more} ": " {title} ", " <q>{reason}</q></span>
                <span class="strip-acts">
                    <a class="button button-small" href=href>"Open the incident"</a>
                    <a class="button button-small" href="/admin/rollout">"Rollout"</a>
                </span>
            </p>
        }
    });
    view! { {alert} {incident} }.into_any()
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::cell::OnceCell;

    use leptos::{prelude::*, task::spawn_local};
    use phasegate_domain::{ids::EnvironmentKey, reports::Attention};

    use crate::{
        islands::live::{Connection, rendered_revision, watch_changes},
        server_fns::frame::frame_attention,
    };

    type Shared = (ArcRwSignal<Attention>, Signal<Connection>);

    thread_local! {
        static SHARED: OnceCell<Shared> = const { OnceCell::new() };
    }

    pub(super) fn follow(
        first: Attention,
        environment: &EnvironmentKey,
    ) -> (Signal<Attention>, Signal<Connection>) {
        let begin = || {
            let shown = ArcRwSignal::new(first);
            (shown.clone(), read_after_changes(shown, environment))
        };
        let (shown, connection) = SHARED.with(|shared| shared.get_or_init(begin).clone());
        (shown.into(), connection)
    }

    fn read_after_changes(
        shown: ArcRwSignal<Attention>,
        environment: &EnvironmentKey,
    ) -> Signal<Connection> {
        let mark = shown.clone();
        Effect::new(move |_| {
            let attention = mark.read();
            mark_tab(attention.alerts.len() + attention.incidents.len());
        });
        let (key, seen) = (environment.clone(), StoredValue::new(rendered_revision()));
        watch_changes(environment, move |notice| {
            let before = seen.get_value();
            seen.set_value(Some(notice.state_revision));
            if before.is_none()
                || (before == Some(notice.state_revision) && !notice.has_new_telemetry)
            {
                return;
            }
            let (key, shown) = (key.clone(), shown.clone());
            spawn_local(async move {
                if let Ok(newer) = frame_attention(key).await
                    && shown.read_untracked().at <= newer.at
                {
                    shown.set(newer);
                }
            });
        })
    }

    /// Loads the page again if it was prefetched, and the state has changed since.
    pub(super) fn reload_if_stale(environment: &EnvironmentKey, revision: i64) {
        let root = document().document_element();
        if !root.is_some_and(|root| root.has_attribute("data-prefetched")) {
            return;
        }
        let is_first = StoredValue::new(true);
        watch_changes(environment, move |notice| {
            if is_first.get_value() && notice.state_revision != revision {
                let _ = window().location().reload();
            }
            is_first.set_value(false);
        });
    }

    /// Shows the number in the title of the tab, and in its icon that there is something.
    fn mark_tab(count: usize) {
        let title = document().title();
        let plain = match title.strip_prefix('(').and_then(|title| title.split_once(") ")) {
            Some((_, plain)) => plain.to_owned(),
            None => title,
        };
        document().set_title(&match count {
            0 => plain,
            _ => format!("({count}) {plain}"),
        });
        let icon = document().query_selector("link[rel=icon]").ok().flatten();
        if let Some(icon) = icon {
            let name = if count == 0 { "data-calm" } else { "data-alert" };
            if let Some(href) = icon.get_attribute(name) {
                // The icon only, which the page shows as well if this fails.
                let _ = icon.set_attribute("href", &href);
            }
        }
    }
}
