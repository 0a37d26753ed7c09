//! The rollout: where it is, what comes next, and the commands that move it.

mod actions;
mod history;
mod phases;
mod track;

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::rollout::{Command, RolloutState, RolloutView};
use phasegate_service::rollout::{command, view};

pub(crate) use self::history::rollout_sentence;
use self::{actions::Actions, history::History, phases::Phases, track::Track};
use crate::{
    components::{Notice, TroubleNotice},
    format,
    request::{Request, Trouble, page},
};

/// The page.
#[component]
pub(crate) fn RolloutPage() -> impl IntoView {
    view! {
        <Title text="Rollout"/>
        {page(|request| async move {
            let refused = act(&request).await.err();
            if let Some(trouble) = &refused {
                request.note(trouble);
            }
            let refusal = refused.map(|trouble| view! { <TroubleNotice trouble/> });
            let rollout = view(&request.service, &request.actor, request.environment).await?;
            let rollout = match rollout {
                Some(rollout) => view! { <Loaded rollout request/> }.into_any(),
                None => view! { <NoPlan/> }.into_any(),
            };
            Ok(view! { {refusal} {rollout} }.into_any())
        })}
    }
}

/// Moves the rollout as the form says.
async fn act(request: &Request) -> Result<(), Trouble> {
    let Some(form) = &request.form else { return Ok(()) };
    let kind = actions::kind(form.get("kind"))
        .ok_or_else(|| Trouble::invalid("kind: there is no such command"))?;
    let (version, reason) = (form.version()?, form.get("reason").to_owned());
    let (service, actor) = (&request.service, &request.actor);
    command(service, actor, request.environment, &Command { kind, reason }, version).await?;
    request.go_to("/admin/rollout?done=1");
    Ok(())
}

#[component]
fn NoPlan() -> impl IntoView {
    view! {
        <div class="empty">
            <h1>"No plan yet"</h1>
            <p>"This environment has no plan. A first start loads one into the first environment."</p>
        </div>
    }
}

#[component]
fn Loaded(rollout: RolloutView, request: Request) -> impl IntoView {
    let newest = rollout.history.first().map(|line| history::sentence(&line.change, &rollout.plan));
    let done =
        newest.filter(|_| request.query.has("done")).map(|text| view! { <Notice>{text}</Notice> });
    let held = request.live().ok().and_then(|live| {
        let names: Vec<String> = live.snapshot.rollout_variables().names().map(str::to_owned).collect();
        (!names.is_empty()).then(|| view! {
            <p class="notice notice-warning">
                "The server's variable " <code>{names.join(", ")}</code>
                " holds what is served, whatever this page says. Start the server without it to let \
                 the rollout decide again."
            </p>
        })
    });
    let asked = Some(request.query.get("confirm").to_owned()).filter(|asked| !asked.is_empty());
    view! {
        {done}
        {held}
        <Head rollout=rollout.clone()/>
        <Track rollout=rollout.clone()/>
        <Actions rollout=rollout.clone() asked/>
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
