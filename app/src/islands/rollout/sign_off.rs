//! The forms of gate conditions: sign-offs and acknowledgements of alerts.

use leptos::prelude::*;

use super::page::Page;
use crate::server_fns::rollout::{AcknowledgeAlert, SignOff as SignOffCall};

/// Signs a statement off, with one press. A comment is optional and stands behind it.
#[component]
pub(super) fn SignOff(statement: String, is_pending: Signal<bool>) -> impl IntoView {
    let page = Page::from_context();
    let named = statement.clone();
    let about = move || view! { <span class="visually-hidden">" “"{named.clone()}"”"</span> };
    let (of_met, of_not_met) = (about(), about());
    let class = Signal::derive(move || {
        if is_pending.get() { "button button-small" } else { "button button-small button-quiet" }
    });
    let fields = view! {
        <input type="hidden" name="statement" value=statement/>
        <button class=class type="submit" name="holds" value="true">"Sign off as met"{of_met}</button>
        <button class=class type="submit" name="holds" value="false">"Not met"{of_not_met}</button>
        <details class="gate-more"><summary>"Comment"{about()}</summary>
            <label class="field"><span class="visually-hidden">"Comment (optional)"</span>
                <input type="text" name="comment" maxlength="500"/></label>
        </details>
    };
    page.form::<SignOffCall>("row row-middle sign-off", fields.into_any())
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
