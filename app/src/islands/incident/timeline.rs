//! The timeline of an incident.

use leptos::prelude::*;

use super::page::{Page, incident_fields};
use crate::{
    components::{Time, live},
    models::TimelineLine,
    server_fns::incidents::AddNote,
};

/// What happened while the incident was open, and the form for a note.
#[component]
pub(super) fn Timeline() -> impl IntoView {
    let page = Page::from_context();
    let lines = page.part(|page| page.timeline.clone());
    let form = page.peek(|page| page.can_act).then(|| view! { <NoteForm/> });
    view! {
        <section aria-labelledby="timeline-title">
            <h2 id="timeline-title">"Timeline"</h2>
            <ol class="timeline" data-testid="incident-timeline">
                {live(move || lines.get().into_iter().map(render_line).collect::<Vec<_>>().into_any())}
            </ol>
            {form}
        </section>
    }
}

fn render_line(line: TimelineLine) -> AnyView {
    view! {
        <li class="timeline-line">
            <span class="timeline-what">{line.text}</span>
            <span class="hint"><Time at=line.at/></span>
        </li>
    }
    .into_any()
}

#[component]
fn NoteForm() -> impl IntoView {
    let page = Page::from_context();
    view! {
            {page.form::<AddNote>("row", view! {
                {incident_fields(page)}
                <label class="field field-wide"><span>"Note"</span>
                    <input type="text" name="text" maxlength="2000" required/></label>
                <button class="button" type="submit">"Add note"</button>
    }.into_any())}
        }
}
