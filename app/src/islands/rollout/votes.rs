//! The votes about leaving the phase.

use leptos::prelude::*;

use super::page::Page;
use crate::{
    components::{Time, live},
    models::VoteLine,
    server_fns::rollout::CastVote,
};

/// The votes so far, and the form for one's own; nothing if the plan needs no votes.
#[component]
pub(super) fn Votes() -> impl IntoView {
    let page = Page::from_context();
    let has_votes = page.part(|page| page.gate.as_ref().is_some_and(|gate| gate.votes.is_some()));
    live(move || match has_votes.get() {
        true => view! { <VoteList/> }.into_any(),
        false => ().into_any(),
    })
}

#[component]
fn VoteList() -> impl IntoView {
    let page = Page::from_context();
    let votes = page
        .part(|page| page.gate.as_ref().and_then(|gate| gate.votes.clone()).unwrap_or_default());
    let form = page.peek(|page| page.can_act).then(|| view! { <VoteForm/> });
    view! {
        <div class="votes" data-testid="votes">
            <h3>"Votes"</h3>
            <ul class="stack">
                {live(move || votes.get().into_iter().map(render_vote).collect::<Vec<_>>().into_any())}
            </ul>
            {form}
        </div>
    }
}

#[component]
fn VoteForm() -> impl IntoView {
    let page = Page::from_context();
    view! {
            {page.form::<CastVote>("row", view! {

                <label class="field field-wide"><span>"Comment (required for a no-go)"</span>
                    <input type="text" name="comment" maxlength="500"/></label>
                <button class="button" type="submit" name="go" value="true">"Go"</button>
                <button class="button button-danger" type="submit" name="go" value="false">"No-go"</button>
    }.into_any())}
        }
}

fn render_vote(vote: VoteLine) -> AnyView {
    let VoteLine { go, by, at, comment } = vote;
    let (text, class) = if go { ("Go", "pill pill-live") } else { ("No-go", "pill pill-warning") };
    let comment =
        (!comment.is_empty()).then(|| view! { " " <q class="timeline-reason">{comment}</q> });
    view! { <li><span class=class>{text}</span> " " {by} ", " <Time at/> {comment}</li> }.into_any()
}
