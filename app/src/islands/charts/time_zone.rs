//! Whether charts show times of UTC or of the reader's clock. The browser remembers it.

use leptos::prelude::*;
use phasegate_domain::Timestamp;

/// The times that charts show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser has a clock"))]
pub(super) enum TimeZone {
    Utc,
    Local,
}

impl TimeZone {
    /// The distance from UTC at an instant, in minutes.
    pub(super) fn offset_at(self, at: Timestamp) -> i32 {
        match self {
            Self::Utc => 0,
            #[cfg(feature = "hydrate")]
            Self::Local => browser::local_offset(at),
            #[cfg(not(feature = "hydrate"))]
            Self::Local => {
                let _ = at;
                0
            }
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Utc => "UTC",
            Self::Local => "local time",
        }
    }
}

/// Returns the choice, which all charts of a page share.
pub(super) fn shared_time_zone() -> RwSignal<TimeZone> {
    #[cfg(feature = "hydrate")]
    {
        browser::shared()
    }
    #[cfg(not(feature = "hydrate"))]
    {
        RwSignal::new(TimeZone::Utc)
    }
}

/// Switches between the two, and remembers it.
pub(super) fn switch_time_zone(zone: RwSignal<TimeZone>) {
    #[cfg(feature = "hydrate")]
    browser::switch(zone);
    #[cfg(not(feature = "hydrate"))]
    let _ = zone;
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::cell::OnceCell;

    use js_sys::Date;
    use leptos::prelude::*;
    use phasegate_domain::Timestamp;
    use wasm_bindgen::JsValue;

    use crate::islands::charts::time_zone::TimeZone;

    /// The name in the browser's storage.
    const STORED: &str = "phasegate-time";

    thread_local! {
        static SHARED: OnceCell<ArcRwSignal<TimeZone>> = const { OnceCell::new() };
    }

    pub(super) fn local_offset(at: Timestamp) -> i32 {
        let date = Date::new(&JsValue::from_f64(at.timestamp_millis() as f64));
        -(date.get_timezone_offset() as i32)
    }

    pub(super) fn shared() -> RwSignal<TimeZone> {
        let begin = || {
            let zone = ArcRwSignal::new(TimeZone::Utc);
            // Only after hydration, whose texts must equal those of the server.
            let later = zone.clone();
            Effect::new(move |_| {
                let stored = window().local_storage().ok().flatten();
                let stored = stored.and_then(|storage| storage.get_item(STORED).ok().flatten());
                if stored.as_deref() == Some("local") {
                    later.set(TimeZone::Local);
                }
            });
            zone
        };
        SHARED.with(|shared| RwSignal::from(shared.get_or_init(begin).clone()))
    }

    pub(super) fn switch(zone: RwSignal<TimeZone>) {
        let next = match zone.get_untracked() {
            TimeZone::Utc => TimeZone::Local,
            TimeZone::Local => TimeZone::Utc,
        };
        zone.set(next);
        if let Ok(Some(storage)) = window().local_storage() {
            let name = if next == TimeZone::Local { "local" } else { "utc" };
            // Without storage, the choice lasts as long as the page.
            let _ = storage.set_item(STORED, name);
        }
    }
}
