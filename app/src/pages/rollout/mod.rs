//! The rollout: where it is, what comes next, and the commands that move it.

mod actions;
mod history;
mod phases;
mod track;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use phasegate_domain::rollout::{RolloutState, RolloutView};

use self::{actions::Actions, history::History, phases::Phases, track::Track};
use crate::{
    api::{self, CommandRollout},
    components::{ErrorNotice, Notice, reload_count},
    format,
};

/// The page.
#[component]
pub(crate) fn RolloutPage() -> impl IntoView {
    let command = ServerAction::<CommandRollout>::new();
    let reload = reload_count(command);
    let rollout = Resource::new(move || reload.get(), |_| api::rollout());
    let refusal = move || {
        command.value().get().and_then(Result::err).map(|error| view! { <ErrorNotice error/> })
    };
    view! {
        <Title text="Rollout"/>
        <div class="page">
            {refusal}
            <Transition fallback=|| view! { <p class="hint">"Loading the rollout …"</p> }>
                {move || Suspend::new(async move {
                    match rollout.await {
                        Ok(Some(rollout)) => view! { <Loaded rollout command/> }.into_any(),
                        Ok(None) => view! { <NoPlan/> }.into_any(),
                        Err(error) => view! { <ErrorNotice error/> }.into_any(),
                    }
                })}
            </Transition>
        </div>
    }
}

#[component]
fn NoPlan() -> impl IntoView {
    view! {
        <div class="empty">
            <h1>"No plan yet"</h1>
            <p>"A first start loads one. This database was started without a plan."</p>
        </div>
    }
}

#[component]
fn Loaded(rollout: RolloutView, command: ServerAction<CommandRollout>) -> impl IntoView {
    let query = use_query_map();
    let newest = rollout.history.first().map(|line| history::sentence(&line.change, &rollout.plan));
    let done = move || {
        let is_done = query.read().get("done").is_some();
        newest.clone().filter(|_| is_done).map(|text| view! { <Notice>{text}</Notice> })
    };
    view! {
        {done}
        <Head rollout=rollout.clone()/>
        <Track rollout=rollout.clone()/>
        <Actions rollout=rollout.clone() command/>
        <Phases rollout=rollout.clone()/>
        <History rollout/>
    }
}

#[component]
fn Head(rollout: RolloutView) -> impl IntoView {
    let RolloutView { plan, state, at, .. } = rollout;
    let last = plan.last_phase();
    let (status, class) = match state {
        RolloutState::Draft => ("Not started".to_owned(), "pill"),
        RolloutState::Running(progress) => {
            let length = at - progress.phase_since;
            let since = match length.num_minutes() {
                0 => "just begun".to_owned(),
                _ => format!("for {}", format::duration(length)),
            };
            (format!("Phase {} of {last} · {since}", progress.phase), "pill pill-live")
        }
    };
    view! {
        <header class="page-head">
            <h1>{plan.name}</h1>
            <span class=class data-testid="rollout-status">{status}</span>
            <span class="hint">"Plan " {plan.revision}</span>
        </header>
        <p class="lead">{plan.description}</p>
    }
}
