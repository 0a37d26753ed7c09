//! The switch of a flag, and the question that it asks where real users are affected.

use leptos::prelude::*;
use phasegate_domain::ids::FlagKey;

use super::page_state::{LiveView, PageState};
use crate::server_fns::flags::SwitchFlag;

/// A switch in its present position.
#[derive(Debug, Clone)]
pub(super) struct SwitchForm {
    pub(super) flag: FlagKey,
    pub(super) label: String,
    pub(super) enabled: bool,
    /// The version of the flag's state.
    pub(super) version: i64,
    pub(super) is_disabled: bool,
}

/// The address that asks for confirmation, and what opens the question in place.
pub(super) type Ask = (String, Box<dyn Fn() + Send + Sync>);

impl SwitchForm {
    fn fields(&self) -> AnyView {
        view! {
            <input type="hidden" name="flag" value=self.flag.to_string()/>
            <input type="hidden" name="enabled" value=(!self.enabled).to_string()/>
            <input type="hidden" name="version" value=self.version.to_string()/>
        }
        .into_any()
    }

    /// Renders the question. `here` is the address without it.
    pub(super) fn render_question<V: LiveView>(
        &self,
        page: PageState<V>,
        place: &str,
        consequences: String,
        environment: AnyView,
        here: &str,
        close: Box<dyn Fn() + Send + Sync>,
    ) -> AnyView {
        let position = if self.enabled { "off" } else { "on" };
        let label = format!("Switch {position} in {place}");
        let title = format!("Switch {} {position} in {place}?", self.flag);
        let cancel = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            close();
        };
        let fields = view! {
            {self.fields()}
            <button class="button button-danger" type="submit" autofocus>{label}</button>
            <a class="button" href=here.to_owned() rel="external" on:click=cancel>"Cancel"</a>
        };
        let form = page.form_in::<SwitchFlag>("row", environment, fields.into_any());
        let name = title.clone();
        view! {
            <div class="confirm" role="group" aria-label=name>
                <p><strong>{title}</strong></p>
                <p>{consequences}</p>
                {form}
            </div>
        }
        .into_any()
    }
}

/// Renders a switch, which acts at once unless it has to ask.
pub(super) fn render_switch<V: LiveView>(
    page: PageState<V>,
    switch: SwitchForm,
    environment: AnyView,
    ask: Option<Ask>,
) -> AnyView {
    let checked = switch.enabled.to_string();
    let label = switch.label.clone();
    let is_disabled = switch.is_disabled;
    if let Some((href, open)) = ask.filter(|_| !is_disabled) {
        let open = move |event: leptos::ev::MouseEvent| {
            event.prevent_default();
            open();
        };
        return view! {
            <a class="switch" href=href rel="external" role="switch" aria-checked=checked aria-label=label on:click=open>
                <span class="switch-knob"></span>
            </a>
        }
        .into_any();
    }
    let button = view! {
        {switch.fields()}
        <button class="switch" type="submit" role="switch" aria-checked=checked aria-label=label disabled=is_disabled>
            <span class="switch-knob"></span>
        </button>
    };
    page.form_in::<SwitchFlag>("switch-form", environment, button.into_any())
}
