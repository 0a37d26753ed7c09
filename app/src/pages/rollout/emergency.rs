//! The rollback page: the three rollbacks and the kill switch, one click from every page.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{incidents::IncidentKind, reports::RolloutSummary, rollout::CommandKind};
use phasegate_service::rollout::read_rollout_summary;

use crate::{
    format,
    models::{command_label, describe_consequences},
    parts::{FnForm, render_page},
    request::Request,
    server_fns::rollout::ExecuteCommand,
};

#[component]
pub(crate) fn EmergencyPage() -> impl IntoView {
    view! {
        <Title text="Roll back"/>
        {render_page(|request| async move {
            let rollout = read_rollout_summary(&request.service, &request.actor, request.environment).await?;
            let pinned = rollout.as_ref().and_then(|rollout| render_pinned_flags(&request, rollout));
            let cards = rollout.map(|rollout| {
                IncidentKind::ALL.map(|kind| view! { <Card rollout=rollout.clone() kind/> }).into_iter().collect_view()
            });
            Ok(view! {
                <header class="page-head"><h1>"Roll back"</h1></header>
                <p class="lead">"Each action takes effect at once, opens an incident, and is recorded in the audit log. To switch off or kill a single flag, open its page under Flags."</p>
                {pinned}
                <div class="phases">{cards}</div>
            }
            .into_any())
        })}
    }
}

/// Warns of flags with an environment override: no action on this page changes their answers.
fn render_pinned_flags(
    request: &Request,
    rollout: &RolloutSummary,
) -> Option<impl IntoView + use<>> {
    let live = request.cached_environment().ok()?;
    let names: Vec<String> = live
        .snapshot()
        .flags()
        .filter(|entry| rollout.plan.phase_that_adds(&entry.flag.key).is_some())
        .filter_map(|entry| {
            Some(format!("{} ({})", entry.flag.key, entry.environment_override.as_ref()?.variable))
        })
        .collect();
    (!names.is_empty()).then(|| {
        view! {
            <p class="notice notice-warning">
                "Environment variables pin " <code>{names.join(", ")}</code>
                ". Neither a rollback nor the kill switch changes their answers. To unlock them, restart the server without the variables."
            </p>
        }
    })
}

/// The choices for the time of detection, in minutes ago.
const NOTICED: [(u32, &str); 5] = [
    (0, "just now"),
    (15, "15 minutes ago"),
    (60, "1 hour ago"),
    (240, "4 hours ago"),
    (1_440, "1 day ago"),
];

#[component]
fn Card(rollout: RolloutSummary, kind: IncidentKind) -> impl IntoView {
    let command = CommandKind::of_incident(kind);
    let (plan, status) = (&rollout.plan, &rollout.state.status);
    let act = match rollout.rollback_refusal(kind) {
        Some(refusal) => {
            view! { <p class="hint">"Not possible now: " {refusal.to_string()} "."</p> }.into_any()
        }
        None => {
            let options = NOTICED.map(|(minutes, text)| {
                view! { <option value=minutes.to_string()>{text}</option> }
            });
            let label = command_label(command, plan, status);
            let version = rollout.version.to_string();
            view! {
                <p>{describe_consequences(command, plan, status)}</p>
                <FnForm<ExecuteCommand> class="stack">
                    <input type="hidden" name="next" value="rollout"/>
                    <input type="hidden" name="kind" value=command.as_str()/>
                    <input type="hidden" name="version" value=version/>
                    <label class="field"><span>"Reason (required)"</span>
                        <input type="text" name="reason" maxlength="500" required/></label>
                    <label class="field"><span>"Detected"</span>
                        <select name="detected_minutes_ago">{options.into_iter().collect_view()}</select></label>
                    <button class="button button-danger" type="submit">{label}</button>
                </FnForm<ExecuteCommand>>
            }
            .into_any()
        }
    };
    let title = format!("emergency-{}", command.as_str());
    let labelled = title.clone();
    view! {
        <article class="card phase emergency" aria-labelledby=labelled>
            <h2 id=title>{kind.title()}</h2>
            <dl class="facts">
                <div><dt>"Trigger"</dt><dd>{kind.trigger()}</dd></div>
                <div><dt>"Act within"</dt><dd>{format::format_duration(kind.act_within())}</dd></div>
                <div><dt>"Follow-up"</dt><dd>{kind.follow_up()}</dd></div>
            </dl>
            {act}
        </article>
    }
}
