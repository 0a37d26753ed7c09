//! The form of the plan editor.

use leptos::prelude::*;
use phasegate_domain::plan::KpiGroup;

use crate::{
    components::TextArea,
    models::drafts::{ChecklistDraft, ContactDraft, PhaseDraft, PlanDraft},
};

#[component]
fn Line(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    value: String,
    #[prop(optional)] required: bool,
) -> impl IntoView {
    view! {
        <label class="field"><span>{label}</span>
            <input type="text" name=name value=value required=required maxlength="500"/></label>
    }
}

#[component]
fn Lines(
    #[prop(into)] label: String,
    #[prop(into)] name: String,
    value: String,
    #[prop(optional)] hint: &'static str,
) -> impl IntoView {
    let rows = u32::try_from(value.lines().count() + 1).unwrap_or(2).clamp(2, 12);
    let hint = (!hint.is_empty()).then(|| view! { <span class="hint">{hint}</span> });
    view! {
        <label class="field"><span>{label}</span>{hint}
            <TextArea value rows name code=true/></label>
    }
}

/// The fields of the plan, with an empty entry at the end of each list.
pub(super) fn render_plan_fields(draft: PlanDraft, note: String) -> AnyView {
    let PlanDraft { name, revision, description, quorum, phases, checklist, kpis, contacts } =
        draft;
    let last = phases.len();
    let phases =
        phases.into_iter().enumerate().map(|(n, phase)| phase_fields(n, phase)).collect_view();
    let groups = checklist.into_iter().chain([ChecklistDraft::default()]).enumerate();
    let groups = groups.map(|(n, ChecklistDraft { name, items })| {
        view! {
            <div class="stack">
                <Line label="Group" name=format!("draft[checklist][{n}][name]") value=name/>
                <Lines label="Items, one per line" name=format!("draft[checklist][{n}][items]") value=items/>
            </div>
        }
    });
    let kpis = KpiGroup::ALL.into_iter().zip(kpis).enumerate().map(|(n, (group, text))| {
        view! { <Lines label=group.title() name=format!("draft[kpis][{n}]") value=text/> }
    });
    let contacts = contacts.into_iter().chain([ContactDraft::default()]).enumerate();
    let contacts = contacts.map(|(n, ContactDraft { role, name, reach })| {
        view! {
            <div class="row">
                <Line label="Role" name=format!("draft[contacts][{n}][role]") value=role/>
                <Line label="Name" name=format!("draft[contacts][{n}][name]") value=name/>
                <Line label="Contact details" name=format!("draft[contacts][{n}][reach]") value=reach/>
            </div>
        }
    });
    view! {
            <section class="card stack" aria-label="The plan">
                <div class="row">
                    <Line label="Name" name="draft[name]" value=name required=true/>
                    <Line label="Revision" name="draft[revision]" value=revision required=true/>
                    <Line label="Go votes needed" name="draft[quorum]" value=quorum/>
                </div>
                <Line label="Description" name="draft[description]" value=description/>
            </section>
            {phases}
            <details class="card"><summary>"Add a phase at the end"</summary>{phase_fields(last, PhaseDraft::default())}</details>
            <section class="card stack" aria-labelledby="edit-checklist"><h2 id="edit-checklist">"Checklist before the start"</h2>{groups.collect_view()}</section>
            <section class="card stack" aria-labelledby="edit-kpis"><h2 id="edit-kpis">"KPIs"</h2>
                <p class="hint">"One per line: " <code>"Satisfaction: nps > 40, 28 days"</code> ", "
                    <code>"Support: events < -15 event \"support_ticket\" against baseline, 28 days"</code></p>
                {kpis.collect_view()}</section>
            <section class="card stack" aria-labelledby="edit-contacts"><h2 id="edit-contacts">"Contacts"</h2>{contacts.collect_view()}</section>
            <label class="field"><span>"Note (required once the rollout has started)"</span>
                <input type="text" name="note" maxlength="500" value=note/></label>
            <div class="row"><button class="button button-primary" type="submit">"Show the difference"</button>
                <a class="button" href="/admin/rollout/plan">"Edit as TOML"</a></div>
    }
    .into_any()
}

fn phase_fields(index: usize, phase: PhaseDraft) -> impl IntoView {
    let PhaseDraft {
        name,
        description,
        percentage,
        minimum,
        maximum,
        audience,
        flags,
        criteria,
        checklist,
    } = phase;
    let field = |field: &str| format!("draft[phases][{index}][{field}]");
    let title = format!("edit-phase-{index}");
    let labelled_by = title.clone();
    view! {
        <section class="card stack" aria-labelledby=labelled_by>
            <h2 id=title>"Phase " {(index + 1).to_string()}</h2>
            <div class="row">
                <Line label="Name (empty: the phase is omitted)" name=field("name") value=name/>
                <Line label="Planned share, %" name=field("percentage") value=percentage/>
                <Line label="Minimum duration, days" name=field("minimum") value=minimum/>
                <Line label="Maximum duration, days" name=field("maximum") value=maximum/>
            </div>
            <Line label="Description" name=field("description") value=description/>
            <Lines label="Audience" name=field("audience") value=audience hint="One per line, such as 20 % of new_users"/>
            <Lines label="Flags added" name=field("flags") value=flags hint="One per line"/>
            <Lines label="Criteria" name=field("criteria") value=criteria
                hint="One per line. Measured, such as error_rate < 3 or retention > 10 against control; any other text needs a sign-off"/>
            <Lines label="Checklist of the phase" name=field("checklist") value=checklist hint="One per line"/>
        </section>
    }
}
