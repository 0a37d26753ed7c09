//! Creates, edits and deletes a segment.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use phasegate_domain::{
    accounts::Role,
    config::SegmentUse,
    field_error::FieldError,
    ids::SegmentKey,
    targeting::{Condition, Segment},
};
use phasegate_service::segments::{
    PlacedUse, create_segment, delete_segment, read_segment_detail, replace_segment,
};

use crate::{
    components::{Notice, TextArea},
    islands::LivePreview,
    parts::{ConditionDraft, EnvironmentField, PageErrorNotice, render_page},
    request::{Form, PageError, Request},
};

/// The typed fields of a segment.
struct Draft {
    key: String,
    name: String,
    description: String,
    condition: ConditionDraft,
}

impl Draft {
    fn new(segment: Option<&Segment>) -> Self {
        let everyone = Condition::default();
        Self {
            key: segment.map(|segment| segment.key.to_string()).unwrap_or_default(),
            name: segment.map(|segment| segment.name.clone()).unwrap_or_default(),
            description: segment.map(|segment| segment.description.clone()).unwrap_or_default(),
            condition: ConditionDraft::new(segment.map_or(&everyone, |segment| &segment.condition)),
        }
    }

    fn read_form(form: &Form, key: Option<&SegmentKey>) -> Self {
        let mut draft = Self {
            key: key.map_or_else(|| form.get("key").to_owned(), ToString::to_string),
            name: form.get("name").to_owned(),
            description: form.get("description").to_owned(),
            condition: ConditionDraft::read_form(form, "c"),
        };
        let mut words = form.get("do").split(' ');
        match words.next() {
            Some("add-if") => draft.condition.add_row(),
            Some("remove-if") => {
                let row = words.nth(1).and_then(|index| index.parse().ok());
                draft.condition.remove_row(row.unwrap_or(usize::MAX));
            }
            _ => {}
        }
        draft
    }

    fn parse_segment(&self) -> Result<Segment, String> {
        let condition = self.condition.to_json().map_err(|error| format!("condition: {error}"))?;
        let condition = Condition::from_json(&condition)
            .map_err(|error| FieldError::from(error).inside("condition").to_string())?;
        let key = SegmentKey::new(self.key.as_str()).map_err(|error| format!("key: {error}"))?;
        let name = if self.name.is_empty() { self.key.clone() } else { self.name.clone() };
        Ok(Segment { key, name, description: self.description.clone(), condition })
    }
}

/// The page of a segment; the key `new` creates one.
#[component]
pub(crate) fn SegmentPage() -> impl IntoView {
    let key = use_params_map().read_untracked().get("key").unwrap_or_default();
    render_page(|request| async move {
        let key = match key.as_str() {
            "new" => None,
            key => {
                Some(SegmentKey::new(key).map_err(|error| PageError::invalid(error.to_string()))?)
            }
        };
        let (service, actor) = (&request.service, &request.actor);
        let found = key
            .as_ref()
            .map(|key| read_segment_detail(service, actor, request.environment, key))
            .transpose()?;
        let stored = found.as_ref().map(|detail| &detail.stored);
        let draft = match &request.form {
            Some(form) => Draft::read_form(form, key.as_ref()),
            None => Draft::new(stored.map(|stored| &*stored.value)),
        };
        let error = match handle_segment_form(&request, key.as_ref(), &draft).await {
            Ok(true) => return Ok(().into_any()),
            Ok(false) => None,
            Err(error) => Some(error),
        };
        if let Some(error) = &error {
            request.set_error_status(error);
        }
        let seen = request.form.as_ref().map(|form| form.get("version").to_owned());
        let version = seen.or_else(|| stored.map(|stored| stored.version.to_string()));
        let title = key.as_ref().map_or_else(|| "New segment".to_owned(), ToString::to_string);
        let here = format!("/admin/segments/{}", key.as_ref().map_or("new", |key| key.as_str()));
        let uses = found.as_ref().map(|detail| detail.uses.clone()).unwrap_or_default();
        let saved = request.query.has("done").then(|| {
            view! {
                <Notice>"Saved. Connected clients have been notified."</Notice>
            }
        });
        let may_change = request.has_role(Role::Operator);
        Ok(view! {
            <Title text=title.clone()/>
            <header class="page-head"><h1>{title}</h1></header>
            {saved}
            {error.map(|error| view! { <PageErrorNotice error/> })}
            {found.as_ref().map(|_| view! { <Uses uses=uses.clone()/> })}
            <Editor request draft here=here.clone() is_new=key.is_none() version=version.unwrap_or_default() may_change/>
            {key.filter(|_| may_change).map(|key| view! { <Deletion key here uses version=stored_version(&found)/> })}
        }
        .into_any())
    })
}

fn stored_version(found: &Option<phasegate_service::segments::SegmentDetail>) -> String {
    found.as_ref().map(|detail| detail.stored.version.to_string()).unwrap_or_default()
}

/// Carries out the action of the form. Returns whether the response is a redirect.
async fn handle_segment_form(
    request: &Request,
    key: Option<&SegmentKey>,
    draft: &Draft,
) -> Result<bool, PageError> {
    let Some(form) = &request.form else { return Ok(false) };
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    match (form.get("do"), key) {
        ("save", None) => {
            let segment = draft.parse_segment().map_err(PageError::invalid)?;
            let key = segment.key.clone();
            create_segment(service, actor, environment, segment).await?;
            request.redirect_to(&format!("/admin/segments/{key}?done=1"));
            Ok(true)
        }
        ("save", Some(key)) => {
            let segment = draft.parse_segment().map_err(PageError::invalid)?;
            replace_segment(service, actor, environment, segment, Some(form.parse_version()?))
                .await?;
            request.redirect_to(&format!("/admin/segments/{key}?done=1"));
            Ok(true)
        }
        ("delete", Some(key)) => {
            delete_segment(service, actor, environment, key, Some(form.parse_version()?)).await?;
            request.redirect_to("/admin/segments");
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Lists the rules, segments and phases that a change affects.
#[component]
fn Uses(uses: Vec<PlacedUse>) -> impl IntoView {
    if uses.is_empty() {
        return view! { <p class="hint" data-testid="uses">"Not used in any environment."</p> }
            .into_any();
    }
    let links = uses
        .into_iter()
        .map(|place| {
            let href = match &place.by {
                SegmentUse::Rule { flag, .. } => format!("/admin/flags/{flag}"),
                SegmentUse::Segment { segment } => format!("/admin/segments/{segment}"),
                SegmentUse::Phase { .. } => "/admin/rollout".to_owned(),
            };
            view! { <li><a href=href>{place.to_string()}</a></li> }
        })
        .collect_view();
    view! {
        <div class="notice" data-testid="uses">
            <p>"Changes take effect at once in:"</p>
            <ul class="words">{links}</ul>
        </div>
    }
    .into_any()
}

#[component]
fn Editor(
    request: Request,
    draft: Draft,
    here: String,
    is_new: bool,
    version: String,
    may_change: bool,
) -> impl IntoView {
    let segments = request.cached_environment().map(|live| {
        let keys = live.segments().iter().map(|stored| stored.value.key.to_string());
        keys.collect::<Vec<_>>()
    });
    let segments = segments.unwrap_or_default().into_iter();
    let segments = segments.map(|key| view! { <option value=key></option> }).collect_view();
    let preview = match draft.parse_segment() {
        Ok(segment) => view! { <p>{segment.condition.to_string()}</p> }.into_any(),
        Err(problem) => view! { <p class="notice notice-error">{problem}</p> }.into_any(),
    };
    let key = is_new.then(|| view! {
        <label class="field"><span>"Key: used in rules, cannot be changed"</span>
            <input type="text" name="key" required maxlength="100" autocomplete="off" value=draft.key.clone()
                placeholder="beta_testers"/></label>
    });
    let save = may_change.then(|| {
        view! {
            <div class="row">
                <button class="button button-primary" name="do" value="save">"Save"</button>
                <a class="button" href="/admin/segments">"Cancel"</a>
            </div>
        }
    });
    view! {
        <form id="editor" class="card stack" method="post" action=here><EnvironmentField/>
            <input type="hidden" name="version" value=version/>
            <button class="visually-hidden" name="do" value="preview" tabindex="-1" aria-hidden="true">"Preview"</button>
            <datalist id="values">{segments}</datalist>
            {key}
            <label class="field"><span>"Name"</span>
                <input type="text" name="name" maxlength="200" value=draft.name.clone()/></label>
            <label class="field"><span>"Description"</span>
                <TextArea value=draft.description.clone() rows=2 name="description"/></label>
            <fieldset class="stack"><legend>"Condition"</legend>{draft.condition.render_fields("c")}</fieldset>
            <div id="preview" aria-live="polite" data-testid="preview">{preview}</div>
            {save}
        </form>
        <LivePreview form="editor".to_owned() place="preview".to_owned()/>
    }
}

#[component]
fn Deletion(key: SegmentKey, here: String, uses: Vec<PlacedUse>, version: String) -> impl IntoView {
    if !uses.is_empty() {
        return view! { <p class="hint">"A segment in use cannot be deleted."</p> }.into_any();
    }
    view! {
        <form class="row" method="post" action=here><EnvironmentField/>
            <input type="hidden" name="version" value=version/>
            <details>
                <summary>"Delete …"</summary>
                <button class="button button-danger" name="do" value="delete">{format!("Delete {key}")}</button>
                <span class="hint">" The audit log keeps its last state."</span>
            </details>
        </form>
    }
    .into_any()
}
