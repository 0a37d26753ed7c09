//! The editor of a segment.

use leptos::{prelude::*, server_fn::ServerFn};
use phasegate_domain::ids::EnvironmentKey;

use super::{
    condition::render_condition,
    fields::{render_line, render_suggestions, render_text},
    shell::{Editor, render_editor},
};
use crate::{
    components::live,
    models::{EditorPreview, SegmentDraft, drafts::decode_draft},
    server_fns::segments::{PreviewSegment, SaveSegment},
};

/// The form of a segment.
#[island(lazy)]
pub(crate) fn SegmentEditor(
    environment: EnvironmentKey,
    /// The version that the caller has seen; `None` for a new segment.
    version: Option<i64>,
    draft: SegmentDraft,
    /// The keys of all segments.
    segments: Vec<String>,
    preview: EditorPreview,
    can_save: bool,
    /// The address of the page, to which buttons send the form without a script.
    here: String,
) -> impl IntoView {
    let is_new = version.is_none();
    let version = version.map(|version| {
        let key = draft.key.clone();
        view! {
            <input type="hidden" name="version" value=version.to_string()/>
            <input type="hidden" name="draft[key]" value=key/>
        }
    });
    let fixed = view! {
        <input type="hidden" name="environment" value=environment.to_string()/>
        {version}
        {render_suggestions("values", &segments)}
    };
    let draft = RwSignal::new(draft);
    let fields = live(move || render_fields(&draft.read(), is_new));
    render_editor(Editor {
        save: SaveSegment::PATH,
        preview: PreviewSegment::PATH,
        here,
        back: "/admin/segments".to_owned(),
        fixed: fixed.into_any(),
        fields,
        aside: ().into_any(),
        first: preview,
        title: "Who is in it",
        can_save,
        press: Box::new(move |body, press| {
            if let Some(mut typed) = decode_draft::<SegmentDraft>(body) {
                typed.press(press);
                draft.set(typed);
            }
        }),
    })
}

fn render_fields(draft: &SegmentDraft, is_new: bool) -> AnyView {
    let key = is_new.then(|| {
        view! {
            <label class="field"><span>"Key: used in rules, cannot be changed"</span>
                <input type="text" name="draft[key]" required maxlength="100" autocomplete="off" value=draft.key.clone()
                    placeholder="beta_testers"/></label>
        }
    });
    view! {
        <div class="card stack">
            {key}
            {render_line("Name", "draft[name]", draft.name.clone(), 200)}
            {render_text("Description", "draft[description]", draft.description.clone())}
            <fieldset class="stack"><legend>"Condition"</legend>
                {render_condition(&draft.condition, "draft[condition]", "rows")}
            </fieldset>
        </div>
    }
    .into_any()
}
