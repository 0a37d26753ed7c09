//! The plan as TOML: shown, edited, and imported after confirmation of the difference.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{
    accounts::Role,
    plan::Revision,
    reports::RolloutSummary,
    rollout::{PlanRevision, RolloutEvent},
};
use phasegate_service::rollout::{
    PlanBase, PlanImport, compare_plan, export_plan, import_plan, read_plan, read_rollout_summary,
};

use crate::{
    components::{Changes, Notice, TextArea, Time},
    parts::{EnvironmentField, PageErrorNotice, render_page},
    request::{PageError, Request},
};

const PATH: &str = "/admin/rollout/plan";

#[component]
pub(crate) fn PlanPage() -> impl IntoView {
    view! {
        <Title text="Plan"/>
        {render_page(|request| async move {
            let (service, actor, environment) = (&request.service, &request.actor, request.environment);
            let shown = match handle_plan_form(&request).await {
                Ok(shown) => shown,
                Err(error) => {
                    request.set_error_status(&error);
                    view! { <PageErrorNotice error/> }.into_any()
                }
            };
            let rollout = read_rollout_summary(service, actor, environment).await?;
            let text = match (&request.form, &rollout) {
                // Typed text is kept.
                (Some(form), _) => form.get_exact("plan"),
                (None, Some(_)) => export_plan(service, actor, environment).await?.value,
                (None, None) => String::new(),
            };
            let note = request.form.as_ref().map(|form| form.get("note").to_owned()).unwrap_or_default();
            let may = request.has_role(Role::Operator);
            let next = rollout.as_ref().and_then(|rollout| Revision::parse(&rollout.plan.revision));
            let next = next.map(|revision| revision.next_minor().to_string());
            Ok(view! {
                <header class="page-head"><h1>"Plan"</h1>
                    {may.then(|| view! { <a class="button" href="/admin/rollout/plan/edit">"Edit in a form"</a> })}</header>
                <p class="lead">
                    "A started plan is not changed in place: give it a higher revision"
                    {next.map(|next| format!(", such as {next}"))}
                    " and a note. On the command line: "
                    <code>"phasegate plan export"</code> ", " <code>"diff"</code> " and " <code>"import"</code> "."
                </p>
                {shown}
                <form class="stack" method="post" action=PATH><EnvironmentField/>
                    <label class="field"><span>"Plan (TOML)"</span>
                        <TextArea value=text rows=24 name="plan" code=true required=true readonly=!may/></label>
                    {may.then(|| view! {
                        <label class="field"><span>"Note (required once the rollout has started)"</span>
                            <input type="text" name="note" maxlength="500" value=note/></label>
                        <div><button class="button" name="do" value="preview">"Show the difference"</button></div>
                    })}
                </form>
                {rollout.map(|rollout| view! { <Revisions rollout/> })}
                <p><a href="/admin/rollout">"Back to the rollout"</a></p>
            }
            .into_any())
        })}
    }
}

async fn handle_plan_form(request: &Request) -> Result<AnyView, PageError> {
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    let Some(form) = &request.form else {
        let done = request.query.has("done");
        return Ok(done.then(|| view! { <Notice>"Plan imported."</Notice> }).into_any());
    };
    let (text, note) = (form.get_exact("plan"), form.get("note").to_owned());
    if form.get("do") == "import" {
        let plan = read_plan(service, environment, &text)?;
        let seed = request.draw_seed()?;
        // The version that the difference was shown for, so that a later change is not overwritten.
        let seen = (!form.get("version").is_empty()).then(|| form.parse_version()).transpose()?;
        let base = PlanBase::Seen(seen);
        let import = PlanImport { note: &note, salt: &seed, base };
        import_plan(service, actor, environment, &plan, import).await?;
        request.redirect_to("/admin/rollout/plan?done=1");
        return Ok(().into_any());
    }
    render_import_confirmation(request, text, note).await
}

/// Shows what a plan would change, and asks for confirmation of the import.
pub(super) async fn render_import_confirmation(
    request: &Request,
    text: String,
    note: String,
) -> Result<AnyView, PageError> {
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    let plan = read_plan(service, environment, &text)?;
    let change = compare_plan(service, actor, environment, &plan).await?;
    if change.is_empty() {
        return Ok(
            view! { <Notice>"No changes: the text matches the current plan."</Notice> }.into_any()
        );
    }
    let version = change.version.map(|version| version.to_string()).unwrap_or_default();
    let made = |what: &'static str, keys: Vec<String>| {
        keys.into_iter().map(|key| view! { <li>{what} " " <code>{key}</code></li> }).collect_view()
    };
    Ok(view! {
        <section class="confirm" aria-labelledby="difference-title">
            <h2 id="difference-title">"Import this plan?"</h2>
            <ul class="criteria">
                {made("New segment:", change.new_segments)} {made("New flag:", change.new_flags)}
                {made("Different in the text, but not changed by the import:", change.unchanged)}
            </ul>
            <Changes fields=change.fields/>
            <form method="post" action=PATH class="stack"><EnvironmentField/>
                <input type="hidden" name="plan" value=text/>
                <input type="hidden" name="note" value=note/>
                <input type="hidden" name="version" value=version/>
                <div class="row">
                    <button class="button button-primary" name="do" value="import">"Import plan"</button>
                    <a class="button" href=PATH>"Cancel"</a>
                </div>
            </form>
        </section>
    }
    .into_any())
}

/// The revisions in the history, newest first.
#[component]
fn Revisions(rollout: RolloutSummary) -> impl IntoView {
    let revised = rollout.history.iter().filter_map(|line| match &line.change {
        phasegate_domain::audit::Change::Rollout {
            what: RolloutEvent::Planned(planned), ..
        } => Some((planned.clone(), line.actor.0.clone(), line.at)),
        _ => None,
    });
    let lines: Vec<_> = revised
        .map(|(PlanRevision { to, note, .. }, by, at)| {
            view! {
                <li class="timeline-line">
                    <span class="timeline-what">{to}</span>
                    {(!note.is_empty()).then(|| view! { <q class="timeline-reason">{note}</q> })}
                    <span class="hint">{by} ", " <Time at/></span>
                </li>
            }
        })
        .collect();
    let key = rollout.plan.key.to_string();
    (!lines.is_empty()).then(|| {
        view! {
            <section aria-labelledby="revisions-title">
                <h2 id="revisions-title">"Revisions"</h2>
                <ol class="timeline" data-testid="revisions">{lines}</ol>
                <p class="hint"><a href=format!("/admin/audit?kind=rollout&key={key}")>"Show all differences in the audit log"</a></p>
            </section>
        }
    })
}
