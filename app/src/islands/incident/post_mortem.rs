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
    let PostMortem { impact, timeline, cause, went_well, actions } =
        page.peek(|page| page.draft.clone());
    let count = ACTION_ROWS.max(actions.len() + 1);
    let mut actions = actions.into_iter();
    let rows: Vec<AnyView> = (0..count).map(|row| render_action_row(row, actions.next())).collect();
    let kept = RwSignal::new(false);
    let keep = move |event: leptos::ev::Event| {
        #[cfg(feature = "hydrate")]
        browser::keep_draft(&event, kept);
        #[cfg(not(feature = "hydrate"))]
        let _ = event;
    };
    // The form is sent as a whole; a draft must not follow it.
    let stop = move |_| {
        #[cfg(feature = "hydrate")]
        browser::stop_keeping();
    };
    let fields = view! {
        {incident_fields(page)}
        {render_area("impact", "Impact: affected users, effect, duration", 3, impact)}
        {render_area("timeline", "Timeline", 6, timeline)}
        {render_area("cause", "Cause", 3, cause)}
        {render_area("went_well", "What went well", 2, went_well)}
        <fieldset class="stack"><legend>"Actions"</legend>{rows}</fieldset>
        <div class="row row-middle">
            <button class="button button-primary" type="submit">"Save the post-mortem"</button>
            {live(move || match kept.get() {
                true => view! { <span class="hint" role="status">"Your draft is kept on the server."</span> }.into_any(),
                false => ().into_any(),
            })}
        </div>
    };
    let form = page.form::<WritePostMortem>("stack", fields.into_any());
    view! {
        <section aria-labelledby="post-mortem-title" on:input=keep on:submit=stop>
            <h2 id="post-mortem-title">"Post-mortem"</h2>
            <p class="hint">{hint}</p>
            {form}
        </section>
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::time::Duration;

    use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};
    use wasm_bindgen::JsCast;
    use web_sys::{Element, HtmlFormElement};

    use crate::{
        islands::fn_form::{Then, encode_form, post_form},
        server_fns::incidents::SaveDraft,
    };

    /// The pause in typing after which the draft is kept.
    const PAUSE: Duration = Duration::from_millis(800);

    thread_local! {
        static WAITING: std::cell::RefCell<Option<TimeoutHandle>> = const { std::cell::RefCell::new(None) };
    }

    /// Cancels a draft that waits to be kept.
    pub(super) fn stop_keeping() {
        if let Some(waiting) = WAITING.take() {
            waiting.clear();
        }
    }

    /// Keeps the form of an event once the typing pauses.
    pub(super) fn keep_draft(event: &leptos::ev::Event, kept: RwSignal<bool>) {
        let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
        let form = target.and_then(|target| target.closest("form").ok().flatten());
        let Some(form) = form.and_then(|form| form.dyn_into::<HtmlFormElement>().ok()) else {
            return;
        };
        stop_keeping();
        kept.set(false);
        let send = move || {
            let Some(body) = encode_form(&form, None) else { return };
            spawn_local(async move {
                let answer = post_form(SaveDraft::PATH, &body, Then::Refresh).await;
                let _ = kept.try_set(answer.is_ok_and(|(is_kept, _)| is_kept));
            });
        };
        WAITING.set(set_timeout_with_handle(send, PAUSE).ok());
    }
}

fn render_area(name: &'static str, label: &'static str, rows: u32, text: String) -> AnyView {
    view! {
        <label class="field"><span>{label}</span>
            <TextArea value=text name=format!("post_mortem[{name}]") rows required=true/></label>
    }
    .into_any()
}

fn render_action_row(row: usize, kept: Option<FollowUp>) -> AnyView {
    let (what, owner) = kept.map(|kept| (kept.what, kept.owner)).unzip();
    let name = |field: &str| format!("post_mortem[actions][{row}][{field}]");
    view! {
        <div class="row">
            <label class="field field-wide"><span>"Action"</span>
                <input type="text" name=name("what") value=what maxlength="500" required=row == 0/></label>
            <label class="field"><span>"Owner"</span>
                <input type="text" name=name("owner") value=owner maxlength="200" required=row == 0/></label>
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
