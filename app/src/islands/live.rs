//! Updates over server-sent events.

use leptos::prelude::*;
use serde::de::DeserializeOwned;

/// The state of the connection for updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser connects"))]
pub(super) enum Connection {
    /// Not connected yet; the page shows what the server rendered.
    Waiting,
    Live,
    /// The server is unreachable; the browser reconnects by itself.
    Lost,
    /// The server refused the connection, and the browser does not reconnect.
    Closed,
}

impl Connection {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Waiting => "Connecting …",
            Self::Live => "Live",
            Self::Lost => "Disconnected, reconnecting …",
            Self::Closed => "Disconnected: reload the page",
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Waiting => "pill",
            Self::Live => "pill pill-live pill-pulse",
            Self::Lost | Self::Closed => "pill pill-warning",
        }
    }
}

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

/// Calls `on_change` with each value of an address. Returns the state of the connection.
pub(super) fn watch_changes<T>(
    address: impl Into<String>,
    on_change: impl Fn(T) + 'static,
) -> Signal<Connection>
where
    T: DeserializeOwned + Clone + Send + Sync + 'static,
{
    let (newer, connection) = subscribe_to_updates(address);
    Effect::new(move |_| {
        if let Some(value) = newer.get() {
            on_change(value);
        }
    });
    connection
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
