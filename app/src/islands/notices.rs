//! The stream of notices that all islands of a page share.

use std::cell::{OnceCell, RefCell};

use leptos::prelude::*;
use phasegate_domain::{ids::EnvironmentKey, reports::ChangeNotice};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventSource, MessageEvent};

use super::connection::Connection;

/// The newest notice, and the state of the connection.
type Shared = (ArcRwSignal<Option<ChangeNotice>>, ArcRwSignal<Connection>);

thread_local! {
    static SHARED: OnceCell<Shared> = const { OnceCell::new() };
    static SOURCE: RefCell<Option<EventSource>> = const { RefCell::new(None) };
}

/// Returns the notices of the page's environment. The first call opens the stream, which lasts as long
/// as the page.
pub(super) fn shared_notices(environment: &EnvironmentKey) -> Shared {
    SHARED.with(|shared| {
        let begin = || {
            let shared = (ArcRwSignal::new(None), ArcRwSignal::new(Connection::Waiting));
            follow_visibility(format!("/admin/live/changes?environment={environment}"), &shared);
            shared
        };
        shared.get_or_init(begin).clone()
    })
}

/// Opens the stream while the page is visible. Browsers open few connections to a server, so that
/// hidden tabs would keep visible ones from loading.
fn follow_visibility(address: String, shared: &Shared) {
    open_stream(&address, shared);
    let shared = shared.clone();
    let on_change = Closure::<dyn Fn()>::new(move || {
        SOURCE.with_borrow_mut(|source| {
            if let Some(source) = source.take() {
                source.close();
            }
        });
        if !document().hidden() {
            open_stream(&address, &shared);
        }
    });
    let listener = on_change.as_ref().unchecked_ref();
    if document().add_event_listener_with_callback("visibilitychange", listener).is_ok() {
        // The listener lives as long as the page.
        on_change.forget();
    }
}

fn open_stream(address: &str, (newer, connection): &Shared) {
    let Ok(source) = EventSource::new(address) else { return };
    let state = connection.clone();
    let on_open = Closure::<dyn Fn()>::new(move || state.set(Connection::Live));
    let (state, asked) = (connection.clone(), source.clone());
    let on_error = Closure::<dyn Fn()>::new(move || {
        let is_closed = asked.ready_state() == EventSource::CLOSED;
        state.set(if is_closed { Connection::Closed } else { Connection::Lost });
    });
    let newer = newer.clone();
    let on_message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let text = event.data().as_string().unwrap_or_default();
        // A newer server may send an unknown format; a reload helps then.
        if let Ok(notice) = serde_json::from_str(&text) {
            newer.set(Some(notice));
        }
    });
    source.set_onopen(Some(on_open.as_ref().unchecked_ref()));
    source.set_onerror(Some(on_error.as_ref().unchecked_ref()));
    source.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // A tab is shown and hidden a few times, and each time costs three closures of a few bytes.
    on_open.forget();
    on_error.forget();
    on_message.forget();
    SOURCE.with_borrow_mut(|kept| *kept = Some(source));
}
