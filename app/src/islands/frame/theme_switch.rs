//! Chooses the colours of the admin.

use std::sync::Arc;

use leptos::{prelude::*, server_fn::ServerFn};

use crate::{
    islands::fn_form::{Answer, Then, render_fn_form},
    models::Theme,
    server_fns::frame::ChooseTheme,
};

/// Three buttons, of which one is pressed. The choice is kept by the browser.
#[island]
pub(crate) fn ThemeSwitch(first: Theme) -> impl IntoView {
    let (shown, asked) = (RwSignal::new(first), StoredValue::new(first));
    let buttons = Theme::ALL.map(|theme| {
        let title = match theme {
            Theme::System => "System",
            Theme::Light => "Light",
            Theme::Dark => "Dark",
        };
        let is_shown = move || (shown.get() == theme).to_string();
        view! {
            <button class="button button-small" type="submit" name="theme" value=theme.as_str()
                aria-pressed=is_shown on:click=move |_| asked.set_value(theme)>{title}</button>
        }
        .into_any()
    });
    let fields = view! {
        <fieldset class="theme-switch">
            <legend class="visually-hidden">"Colours"</legend>
            {buttons.into_iter().collect::<Vec<_>>()}
        </fieldset>
    };
    let on_answer = Arc::new(move |answer: &Answer| {
        if answer.is_ok() {
            shown.set(asked.get_value());
            show_theme(asked.get_value());
        }
    });
    render_fn_form(ChooseTheme::PATH, "", Then::Refresh, fields.into_any(), on_answer)
}

fn show_theme(theme: Theme) {
    #[cfg(feature = "hydrate")]
    if let Some(root) = document().document_element() {
        // The next page has the theme even if this one could not change.
        let _ = root.set_attribute("data-theme", theme.as_str());
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = theme;
}
