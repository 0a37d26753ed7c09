//! The editor of a flag.

use leptos::{prelude::*, server_fn::ServerFn};
use phasegate_domain::{flags::FlagKind, ids::EnvironmentKey};

use super::{
    fields::{
        render_add, render_line, render_options, render_press, render_suggestions, render_text,
    },
    rules::render_rules,
    shell::{Editor, render_editor},
};
use crate::{
    components::TextArea,
    models::{
        EditorPreview, FlagDraft,
        drafts::{PrerequisiteRow, SwitchRow, VariantRow, decode_draft},
    },
    server_fns::flags::{PreviewFlag, SaveFlag},
};

/// The attributes that are suggested for conditions.
const ATTRIBUTES: [&str; 7] =
    ["targetingKey", "groups", "plan", "country", "app_version", "signed_up_at", "last_active_at"];

/// The form of a flag, in fields or as JSON.
#[island(lazy)]
pub(crate) fn FlagEditor(
    environment: EnvironmentKey,
    flag: String,
    kind: FlagKind,
    /// The versions that the caller has seen.
    definition: i64,
    state: i64,
    /// The fields; `None` if the flag is edited as JSON.
    draft: Option<FlagDraft>,
    /// The flag as JSON.
    document: Option<String>,
    /// The other flags, for prerequisites, and the segments.
    flags: Vec<String>,
    segments: Vec<String>,
    preview: EditorPreview,
    /// The address of the page, to which buttons send the form without a script.
    here: String,
) -> impl IntoView {
    let other = match draft {
        Some(_) => ("?as=json", "Edit as JSON"),
        None => ("", "Edit with a form"),
    };
    let hidden = view! {
        <input type="hidden" name="environment" value=environment.to_string()/>
        <input type="hidden" name="flag" value=flag.clone()/>
        <input type="hidden" name="definition" value=definition.to_string()/>
        <input type="hidden" name="state" value=state.to_string()/>
    };
    let attributes = ATTRIBUTES.map(str::to_owned);
    let suggestions = view! {
        {render_suggestions("flags", &flags)}
        {render_suggestions("values", &segments)}
        {render_suggestions("attributes", &attributes)}
    };
    let fixed = view! { {hidden} {suggestions} }.into_any();
    let back = format!("/admin/flags/{flag}");
    let switch = view! {
        <p class="hint"><a href=format!("{back}/edit{}", other.0) rel="external">{other.1}</a></p>
    }
    .into_any();
    let draft = draft.map(RwSignal::new);
    let fields = match draft {
        Some(draft) => crate::components::live(move || render_fields(&draft.read(), kind)),
        None => view! {
            <label class="field"><span>"Flag as JSON"</span>
                <TextArea value=document.unwrap_or_default() rows=30 name="document" code=true/></label>
        }
        .into_any(),
    };
    render_editor(Editor {
        save: SaveFlag::PATH,
        preview: PreviewFlag::PATH,
        here,
        back,
        fixed,
        fields,
        aside: switch,
        first: preview,
        title: "Targeting after saving",
        can_save: true,
        press: Box::new(move |body, press| {
            let Some(draft) = draft else { return };
            if let Some(mut typed) = decode_draft::<FlagDraft>(body) {
                typed.press(press);
                draft.set(typed);
            }
        }),
    })
}

fn render_fields(draft: &FlagDraft, kind: FlagKind) -> AnyView {
    view! {
        {render_rules(draft)}
        {render_prerequisites(&draft.prerequisites)}
        {render_schedule(&draft.schedule)}
        {render_definition(draft, kind)}
    }
    .into_any()
}

fn render_prerequisites(rows: &[PrerequisiteRow]) -> AnyView {
    let row = |(index, row): (usize, &PrerequisiteRow)| {
        let name = |field: &str| format!("draft[prerequisites][{index}][{field}]");
        view! {
            <div class="row row-middle">
                <input type="text" name=name("flag") value=row.flag.clone() list="flags"
                    placeholder="flag" aria-label="Flag" autocomplete="off"/>
                "returns"
                <input type="text" name=name("variants") value=row.variants.clone()
                    placeholder="on" aria-label="Variants, comma-separated" autocomplete="off"/>
                {render_press(format!("remove prerequisites.{index}"), "Remove this prerequisite".to_owned(), "✕", "button button-small")}
            </div>
        }
        .into_any()
    };
    let rows: Vec<AnyView> = rows.iter().enumerate().map(row).collect();
    view! {
        <fieldset class="card stack">
            <legend>"Prerequisites"</legend>
            <p class="hint">"Flags that must return one of these variants; otherwise this flag returns its off variant."</p>
            {rows}
            <div>{render_add("prerequisites", "Add a prerequisite")}</div>
        </fieldset>
    }
    .into_any()
}

fn render_schedule(rows: &[SwitchRow]) -> AnyView {
    let row = |(index, row): (usize, &SwitchRow)| {
        let name = |field: &str| format!("draft[schedule][{index}][{field}]");
        view! {
            <div class="row row-middle">
                <label class="field-inline"><span>"At (UTC)"</span>
                    <input type="datetime-local" step="1" name=name("at") value=row.at.clone()/></label>
                <select name=name("enabled") aria-label="Action">
                    <option value="true" selected=row.enabled>"switch on"</option>
                    <option value="false" selected=!row.enabled>"switch off"</option>
                </select>
                {render_press(format!("remove schedule.{index}"), "Remove this time".to_owned(), "✕", "button button-small")}
            </div>
        }
        .into_any()
    };
    let rows: Vec<AnyView> = rows.iter().enumerate().map(row).collect();
    view! {
        <fieldset class="card stack">
            <legend>"Schedule"</legend>
            {rows}
            <div>{render_add("schedule", "Add a time")}</div>
        </fieldset>
    }
    .into_any()
}

fn render_variant(index: usize, row: &VariantRow, kind: FlagKind) -> AnyView {
    let name = |field: &str| format!("draft[variants][{index}][{field}]");
    let value = row.value.clone();
    let value = if kind == FlagKind::Object || value.contains('\n') {
        view! { <TextArea value rows=3 name=name("value") code=true label="Value"/> }.into_any()
    } else {
        view! { <input type="text" name=name("value") value=value placeholder="value" aria-label="Value" autocomplete="off"/> }
            .into_any()
    };
    view! {
        <div class="row row-middle">
            <input type="text" name=name("name") value=row.name.clone() placeholder="name"
                aria-label="Variant" autocomplete="off" maxlength="100"/>
            "=" {value}
            {render_press(format!("remove variants.{index}"), "Remove this variant".to_owned(), "✕", "button button-small")}
        </div>
    }
    .into_any()
}

fn render_definition(draft: &FlagDraft, kind: FlagKind) -> AnyView {
    let variants = draft.variants.iter().enumerate();
    let variants: Vec<AnyView> =
        variants.map(|(index, row)| render_variant(index, row, kind)).collect();
    let names = draft.variant_names();
    let choice = |name: &'static str, label: &'static str, chosen: &str| {
        let options = render_options(&names, chosen, None);
        view! { <label class="field"><span>{label}</span><select name=name>{options}</select></label> }
            .into_any()
    };
    let hint = format!("Variants: name and value, each a {}.", kind.as_str());
    view! {
        <fieldset class="card stack">
            <legend>"Definition, shared by all environments"</legend>
            {render_line("Name", "draft[name]", draft.name.clone(), 200)}
            {render_text("Description", "draft[description]", draft.description.clone())}
            <div class="filters">
                {render_line("Owner", "draft[owner]", draft.owner.clone(), 200)}
                {render_line("Tags, comma-separated", "draft[tags]", draft.tags.clone(), 500)}
                {render_line("Salt (changing it reassigns every user)", "draft[salt]", draft.salt.clone(), 200)}
            </div>
            <p class="hint">{hint}</p>
            {variants}
            <div>{render_add("variants", "Add a variant")}</div>
            <div class="filters">
                {choice("draft[off]", "Off variant", &draft.off)}
                {choice("draft[default]", "Default variant", &draft.default)}
                {choice("draft[rollout]", "Rollout variant", &draft.rollout)}
            </div>
        </fieldset>
    }
    .into_any()
}
