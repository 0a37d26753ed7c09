//! The contacts to notify of an incident.

use leptos::prelude::*;

use super::page::{Page, incident_fields};
use crate::{
    components::{TextArea, Time, live},
    models::ContactLine,
    server_fns::incidents::NotifyContact,
};

/// The contacts, each with the time at which it was notified, and the message.
#[component]
pub(super) fn Contacts() -> impl IntoView {
    let page = Page::from_context();
    let contacts = page.part(|page| page.contacts.clone());
    let may = page.peek(|page| page.can_act);
    let message = page.peek(|page| page.message.clone());
    view! {
        <section aria-labelledby="contacts-title">
            <h2 id="contacts-title">"Contacts to notify"</h2>
            <ul class="gate-lines">
                {live(move || {
                    let lines = contacts.get().into_iter().map(|line| render_contact(line, may));
                    lines.collect::<Vec<_>>().into_any()
                })}
            </ul>
            {message.map(|text| view! {
                <label class="field"><span>"Stakeholder message"</span>
                    <TextArea value=text rows=12 readonly=true/></label>
            })}
        </section>
    }
}

fn render_contact(line: ContactLine, may: bool) -> AnyView {
    let ContactLine { name, reach, notified_at } = line;
    let class = if notified_at.is_some() { "gate-line is-pass" } else { "gate-line is-asked" };
    let form = (may && notified_at.is_none()).then(|| view! { <NotifyForm contact=name.clone()/> });
    let time = notified_at.map(|at| view! { ", notified " <Time at/> });
    view! {
        <li class=class><strong>{name}</strong> <span class="hint">{reach} {time}</span> {form}</li>
    }
    .into_any()
}

#[component]
fn NotifyForm(contact: String) -> impl IntoView {
    let page = Page::from_context();
    view! {
            {page.form::<NotifyContact>("", view! {
                {incident_fields(page)}
                <input type="hidden" name="contact" value=contact.clone()/>
                <button class="button" type="submit">"Mark as notified" <span class="visually-hidden">": "{contact}</span></button>
    }.into_any())}
        }
}
