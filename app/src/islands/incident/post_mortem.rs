//! The post-mortem of an incident.

use leptos::prelude::*;
use phasegate_domain::incidents::{FollowUp, PostMortem};

use super::page::{Page, incident_fields};
use crate::{
    components::{TextArea, live},
    server_fns::incidents::WritePostMortem,
};

/// The number of rows for actions.
const ACTION_ROWS: usize = 3;

/// The post-mortem, or the form to write it.
#[component]
pub(super) fn PostMortemPart() -> impl IntoView {
    let page = Page::from_context();
    let written = page.part(|page| page.post_mortem.clone());
    let may = page.peek(|page| page.can_act);
    live(move || match written.get() {
        Some(written) => render_post_mortem(written),
        None if may => view! { <PostMortemForm/> }.into_any(),
        None => ().into_any(),
    })
}

#[component]
fn PostMortemForm() -> impl IntoView {
    let page = Page::from_context();
    let hint = match page.peek(|page| page.needs_post_mortem) {
        true => "Required before the next advance.",
        false => "Optional for this kind of incident.",
    };
    let draft = page.peek(|page| page.draft.clone());
    let rows: Vec<AnyView> = (0..ACTION_ROWS).map(render_action_row).collect();
    view! {
            <section aria-labelledby="post-mortem-title">
                <h2 id="post-mortem-title">"Post-mortem"</h2>
                <p class="hint">{hint}</p>
                {page.form::<WritePostMortem>("stack", view! {
                    {incident_fields(page)}
                    {render_area("impact", "Impact: affected users, effect, duration", 3, String::new())}
                    {render_area("timeline", "Timeline", 6, draft)}
                    {render_area("cause", "Cause", 3, String::new())}
                    {render_area("went_well", "What went well", 2, String::new())}
                    <fieldset class="stack"><legend>"Actions"</legend>{rows}</fieldset>
                    <div><button class="button button-primary" type="submit">"Save the post-mortem"</button></div>
    }.into_any())}
            </section>
        }
}

fn render_area(name: &'static str, label: &'static str, rows: u32, text: String) -> AnyView {
    view! {
        <label class="field"><span>{label}</span>
            <TextArea value=text name=format!("post_mortem[{name}]") rows required=true/></label>
    }
    .into_any()
}

fn render_action_row(row: usize) -> AnyView {
    let name = |field: &str| format!("post_mortem[actions][{row}][{field}]");
    view! {
        <div class="row">
            <label class="field field-wide"><span>"Action"</span>
                <input type="text" name=name("what") maxlength="500" required=row == 0/></label>
            <label class="field"><span>"Owner"</span>
                <input type="text" name=name("owner") maxlength="200" required=row == 0/></label>
        </div>
    }
    .into_any()
}

fn render_post_mortem(written: PostMortem) -> AnyView {
    let PostMortem { impact, timeline, cause, went_well, actions } = written;
    let part = |title: &'static str, text: String| {
        view! { <h3>{title}</h3> <p class="as-typed">{text}</p> }.into_any()
    };
    let action = |FollowUp { what, owner }| {
        view! { <li>{what} ", " <strong>{owner}</strong></li> }.into_any()
    };
    let actions: Vec<AnyView> = actions.into_iter().map(action).collect();
    view! {
        <section aria-labelledby="post-mortem-title" data-testid="post-mortem">
            <h2 id="post-mortem-title">"Post-mortem"</h2>
            {part("Impact", impact)}
            {part("Timeline", timeline)}
            {part("Cause", cause)}
            {part("What went well", went_well)}
            <h3>"Actions"</h3>
            <ul class="criteria">{actions}</ul>
        </section>
    }
    .into_any()
}
