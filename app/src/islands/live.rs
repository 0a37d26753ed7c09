//! Updates over server-sent events.

use leptos::prelude::*;
use serde::de::DeserializeOwned;

/// How the page hears of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser connects"))]
pub(super) enum Connection {
    /// Not yet; the page shows what the server rendered.
    Waiting,
    Live,
    /// The server is away; the browser tries again by itself.
    Lost,
    /// The server turned us away, so the browser does not try again.
    Closed,
}

impl Connection {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Waiting => "Connecting …",
            Self::Live => "Live",
            Self::Lost => "Server away, reconnecting …",
            Self::Closed => "Not live, reload the page",
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

/// The newest that arrived from an address, and how the connection is.
pub(super) fn subscribe<T>(address: &'static str) -> (ReadSignal<Option<T>>, Signal<Connection>)
where
    T: DeserializeOwned + Send + Sync + 'static,
{
    let (newer, set_newer) = signal(None);
    let (connection, set_connection) = signal(Connection::Waiting);
    #[cfg(feature = "hydrate")]
    Effect::new(move |_| browser::listen(address, set_newer, set_connection));
    #[cfg(not(feature = "hydrate"))]
    let _ = (address, set_newer, set_connection);
    (newer, connection.into())
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::prelude::*;
    use serde::de::DeserializeOwned;
    use wasm_bindgen::{JsCast, closure::Closure};
    use web_sys::{EventSource, MessageEvent};

    use super::Connection;

    /// Listens until the page is left.
    pub(super) fn listen<T>(
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
            // A newer server may send what this page does not know; a reload then helps.
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
