//! The forms of gate conditions: sign-offs and acknowledgements of alerts.

use leptos::prelude::*;

use super::page::Page;
use crate::{
    components::live_text,
    server_fns::rollout::{AcknowledgeAlert, SignOff as SignOffCall},
};

/// Signs a statement off.
#[component]
pub(super) fn SignOff(statement: String, is_pending: Signal<bool>) -> impl IntoView {
    let page = Page::from_context();
    let label = live_text(move || {
        if is_pending.get() { "Sign off".to_owned() } else { "Sign off again".to_owned() }
    });
    view! {
            <details class="gate-more">
                <summary>{label}<span class="visually-hidden">" “"{statement.clone()}"”"</span></summary>
                {page.form::<SignOffCall>("row", view! {

                    <input type="hidden" name="statement" value=statement/>
                    <label class="field field-wide"><span>"Comment (optional)"</span>
                        <input type="text" name="comment" maxlength="500"/></label>
                    <button class="button" type="submit" name="holds" value="true">"Sign off as met"</button>
                    <button class="button button-danger" type="submit" name="holds" value="false">"Sign off as not met"</button>
    }.into_any())}
            </details>
        }
}

/// Acknowledges one of the firing alerts, each given by its name and title.
#[component]
pub(super) fn Acknowledge(alerts: Vec<(String, String)>) -> impl IntoView {
    let page = Page::from_context();
    let options: Vec<AnyView> = alerts
        .into_iter()
        .map(|(name, title)| view! { <option value=name>{title}</option> }.into_any())
        .collect();
    view! {
            <details class="gate-more">
                <summary>"Acknowledge an alert"</summary>
                {page.form::<AcknowledgeAlert>("row", view! {

                    <label class="field"><span>"Alert"</span><select name="alert">{options}</select></label>
                    <label class="field field-wide"><span>"Reason why the rollout may continue"</span>
                        <input type="text" name="comment" maxlength="500" required/></label>
                    <button class="button" type="submit">"Acknowledge for 48 hours"</button>
    }.into_any())}
            </details>
        }
}
