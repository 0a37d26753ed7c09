//! The post-mortem of an incident.

use leptos::prelude::*;
use phasegate_domain::{
    audit::AuditRecord,
    incidents::{Incident, IncidentKind, PostMortem},
    plan::Plan,
};

use super::record_entries;
use crate::{
    components::TextArea, format, pages::sentences::build_audit_timeline, parts::Here,
    request::Request,
};

/// Returns the URL of an incident's page.
pub(super) fn incident_url(id: u32) -> String {
    format!("/admin/rollout/incident?id={id}")
}

/// Shows the post-mortem, or the form to write it.
#[component]
pub(super) fn PostMortemPart(
    plan: Plan,
    incident: Incident,
    lines: Vec<AuditRecord>,
    request: Request,
    may: bool,
) -> impl IntoView {
    if let Some(written) = incident.post_mortem.clone() {
        return view! { <Written written/> }.into_any();
    }
    if !may {
        return ().into_any();
    }
    // Typed text is kept if a field is missing.
    let typed = request.form.as_ref().filter(|form| form.get("add") == "post_mortem");
    let draft = typed.map_or_else(
        || PostMortem {
            timeline: build_audit_timeline(&lines, &plan)
                .iter()
                .map(|(at, text)| format!("{}  {text}\n", format::format_instant(*at)))
                .collect(),
            ..PostMortem::default()
        },
        record_entries::read_post_mortem,
    );
    let needed = incident.kind == IncidentKind::Full;
    let hint = if needed {
        "Required before the next advance."
    } else {
        "Optional for this kind of incident."
    };
    let area = |name: &'static str, label: &'static str, rows: u32, text: String| {
        view! {
            <label class="field"><span>{label}</span>
                <TextArea value=text name rows required=true/></label>
        }
    };
    let rows = (0..3.max(draft.actions.len())).map(|row| {
        let action = draft.actions.get(row).cloned();
        let (what, owner) = action.map(|a| (a.what, a.owner)).unwrap_or_default();
        view! {
            <div class="row">
                <label class="field field-wide"><span>"Action"</span>
                    <input type="text" name=format!("action.{row}.what") maxlength="500" value=what required=row == 0/></label>
                <label class="field"><span>"Owner"</span>
                    <input type="text" name=format!("action.{row}.owner") maxlength="200" value=owner required=row == 0/></label>
            </div>
        }
    });
    view! {
        <section aria-labelledby="post-mortem-title">
            <h2 id="post-mortem-title">"Post-mortem"</h2>
            <p class="hint">{hint}</p>
            <form method="post" action=incident_url(incident.id) class="stack"><Here/>
                <input type="hidden" name="add" value="post_mortem"/>
                <input type="hidden" name="incident" value=incident.id.to_string()/>
                {area("impact", "Impact: affected users, effect, duration", 3, draft.impact.clone())}
                {area("timeline", "Timeline", 6, draft.timeline.clone())}
                {area("cause", "Cause", 3, draft.cause.clone())}
                {area("went_well", "What went well", 2, draft.went_well.clone())}
                <fieldset class="stack"><legend>"Actions"</legend>{rows.collect_view()}</fieldset>
                <div><button class="button button-primary" type="submit">"Save the post-mortem"</button></div>
            </form>
        </section>
    }
    .into_any()
}

#[component]
fn Written(written: PostMortem) -> impl IntoView {
    let part = |title: &'static str, text: String| view! { <h3>{title}</h3> <p class="as-typed">{text}</p> };
    let actions = written.actions.iter().map(|action| view! { <li>{action.what.clone()} ", " <strong>{action.owner.clone()}</strong></li> });
    view! {
        <section aria-labelledby="post-mortem-title" data-testid="post-mortem">
            <h2 id="post-mortem-title">"Post-mortem"</h2>
            {part("Impact", written.impact.clone())}
            {part("Timeline", written.timeline.clone())}
            {part("Cause", written.cause.clone())}
            {part("What went well", written.went_well.clone())}
            <h3>"Actions"</h3>
            <ul class="criteria">{actions.collect_view()}</ul>
        </section>
    }
}
