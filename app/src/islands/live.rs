//! Updates over server-sent events.

use leptos::prelude::*;
use phasegate_domain::{ids::EnvironmentKey, reports::ChangeNotice};
use serde::de::DeserializeOwned;

pub(super) use super::connection::Connection;

/// Subscribes to an address. Returns the newest value, and the state of the connection.
pub(super) fn subscribe_to_updates<T>(
    address: impl Into<String>,
) -> (ReadSignal<Option<T>>, Signal<Connection>)
where
    T: DeserializeOwned + Send + Sync + 'static,
{
    let (newer, set_newer) = signal(None);
    let (connection, set_connection) = signal(Connection::Waiting);
    #[cfg(feature = "hydrate")]
    {
        let address = address.into();
        Effect::new(move |_| browser::listen_to_events(&address, set_newer, set_connection));
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (address.into(), set_newer, set_connection);
    (newer, connection.into())
}

/// Returns the revision of the state that the server has rendered.
pub(super) fn rendered_revision() -> Option<i64> {
    #[cfg(feature = "hydrate")]
    {
        let main = document().get_element_by_id("main")?;
        main.get_attribute("data-revision")?.parse().ok()
    }
    #[cfg(not(feature = "hydrate"))]
    None
}

/// Calls `on_change` with each notice about an environment. Returns the state of the connection. All
/// islands of a page share one stream.
pub(super) fn watch_changes(
    environment: &EnvironmentKey,
    on_change: impl Fn(ChangeNotice) + 'static,
) -> Signal<Connection> {
    #[cfg(feature = "hydrate")]
    {
        let (newer, connection) = super::notices::shared_notices(environment);
        Effect::new(move |_| {
            if let Some(notice) = newer.get() {
                on_change(notice);
            }
        });
        connection.into()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = (environment, on_change);
        Signal::derive(|| Connection::Waiting)
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::*;
    use serde::de::DeserializeOwned;
    use wasm_bindgen::{JsCast, closure::Closure};
    use web_sys::{EventSource, MessageEvent};

    use super::Connection;

    /// Listens until the page is left.
    pub(super) fn listen_to_events<T>(
        address: &str,
        newer: WriteSignal<Option<T>>,
        connection: WriteSignal<Connection>,
    ) where
        T: DeserializeOwned + Send + Sync + 'static,
    {
        let Ok(source) = EventSource::new(address) else {
            return;
        };
        let on_open = Closure::<dyn Fn()>::new(move || connection.set(Connection::Live));
        let asked = source.clone();
        let on_error = Closure::<dyn Fn()>::new(move || {
            let is_closed = asked.ready_state() == EventSource::CLOSED;
            connection.set(if is_closed { Connection::Closed } else { Connection::Lost });
        });
        let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
            let text = event.data().as_string().unwrap_or_default();
            // A newer server may send an unknown format; a reload helps then.
            if let Ok(panel) = serde_json::from_str(&text) {
                newer.set(Some(panel));
            }
        });
        source.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let listening = StoredValue::new_local((source, on_open, on_error, on_message));
        on_cleanup(move || {
            listening.with_value(|(source, ..)| source.close());
        });
    }
}
