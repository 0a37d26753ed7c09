//! Edits a flag. The form is the state: every button posts all of it, only "Save" stores it, and
//! typed text is kept.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use phasegate_domain::{
    diff::diff_documents,
    flags::{FlagDocument, describe_targeting},
    ids::FlagKey,
    json,
};
use phasegate_service::flags::{
    Expected, check_document, read_document, read_flag_to_edit, replace_flag,
};

use super::{
    editor::FlagDraft,
    fields::{format_stored_version, parse_flag_key, read_seen_version},
};
use crate::{
    components::{Changes, TextArea},
    islands::LivePreview,
    parts::{EnvironmentField, PageErrorNotice, render_page},
    request::{Form, PageError, Request},
};

#[component]
pub(crate) fn FlagEditPage() -> impl IntoView {
    let key = use_params_map().read_untracked().get("key");
    render_page(|request| async move {
        let key = parse_flag_key(key)?;
        let (service, actor) = (&request.service, &request.actor);
        let stored = &read_flag_to_edit(service, actor, request.environment, &key)?;
        let document = FlagDocument::new(&stored.flag, &stored.state);
        // A flag that the form cannot represent, such as fractions of a second, is edited as JSON.
        let as_json = request.query.get("as") == "json" || !FlagDraft::can_hold(&document);
        let form = request.form.clone();
        let mut draft = match &form {
            Some(form) if !as_json => FlagDraft::read_form(form, &document),
            _ => FlagDraft::new(&document),
        };
        let mut version = format_stored_version(stored);
        let mut typed =
            as_json.then(|| serde_json::to_string_pretty(&document).unwrap_or_default());
        let mut error = None;
        if let Some(form) = &form {
            // The version that the form was made for, so that saving detects a conflict.
            form.get("version").clone_into(&mut version);
            typed = typed.map(|_| form.get("document").to_owned());
            draft.press_button(form.get("do"));
            if form.get("do") == "save" {
                match save_flag(&request, &key, form, &draft, typed.as_deref()).await {
                    Ok(()) => return Ok(().into_any()),
                    Err(refused) => error = Some(refused),
                }
            }
        }
        if let Some(error) = &error {
            request.set_error_status(error);
        }
        let read = parse_typed_document(&draft, typed.as_deref()).and_then(|document| {
            let (service, environment) = (&request.service, request.environment);
            check_document(service, environment, &document).map_err(|error| error.to_string())?;
            Ok(document)
        });
        Ok(view! {
            <Title text=format!("Edit {key}")/>
            <header class="page-head"><h1>"Edit " <code>{key.to_string()}</code></h1></header>
            {error.map(|error| view! { <PageErrorNotice error/> })}
            <Editor request=request.clone() key draft typed version preview=view! { <Preview request read before=document/> }.into_any()/>
        }
        .into_any())
    })
}

fn parse_typed_document(draft: &FlagDraft, typed: Option<&str>) -> Result<FlagDocument, String> {
    match typed {
        None => draft.parse_document(),
        Some(json) => {
            let value = json::parse_document(json.as_bytes())
                .map_err(|error| format!("document: {error}"))?;
            read_document(value).map_err(|error| error.to_string())
        }
    }
}

async fn save_flag(
    request: &Request,
    key: &FlagKey,
    form: &Form,
    draft: &FlagDraft,
    typed: Option<&str>,
) -> Result<(), PageError> {
    let document = parse_typed_document(draft, typed).map_err(PageError::invalid)?;
    if document.key != *key {
        return Err(PageError::invalid("key: cannot be changed; create a new flag"));
    }
    let expected = Expected::Version(read_seen_version(form)?);
    let (service, actor) = (&request.service, &request.actor);
    replace_flag(service, actor, request.environment, document, expected).await?;
    request.redirect_to(&format!("/admin/flags/{key}?done=saved"));
    Ok(())
}

#[component]
fn Editor(
    request: Request,
    key: FlagKey,
    draft: FlagDraft,
    typed: Option<String>,
    version: String,
    preview: AnyView,
) -> impl IntoView {
    let live = request.cached_environment().ok();
    let keys = |live: &phasegate_service::CachedEnvironment| -> (Vec<String>, Vec<String>) {
        let flags = live.flags().iter().map(|stored| stored.flag.key.to_string());
        let segments = live.segments().iter().map(|stored| stored.value.key.to_string());
        (flags.filter(|other| *other != key.as_str()).collect(), segments.collect())
    };
    let (flags, segments) = live.as_deref().map(keys).unwrap_or_default();
    let here = format!("/admin/flags/{key}");
    let (action, other, fields) = match typed {
        None => {
            let other =
                view! { <a href=format!("{here}/edit?as=json")>"Edit as JSON"</a> }.into_any();
            (format!("{here}/edit"), other, draft.render_fields(&flags, &segments))
        }
        Some(json) => {
            let other = view! { <a href=format!("{here}/edit")>"Edit with a form"</a> }.into_any();
            let fields = view! {
                <label class="field"><span>"Flag as JSON"</span>
                    <TextArea value=json rows=30 name="document" code=true/></label>
            };
            (format!("{here}/edit?as=json"), other, fields.into_any())
        }
    };
    view! {
        <form id="editor" method="post" action=action class="editor"><EnvironmentField/>
            <input type="hidden" name="version" value=version/>
            // The Enter key presses this button, because it is the first.
            <button class="visually-hidden" name="do" value="preview" tabindex="-1" aria-hidden="true">"Preview"</button>
            <div class="editor-fields stack">{fields}</div>
            <aside class="editor-side stack">
                <div id="preview" class="card stack" aria-live="polite" data-testid="preview">{preview}</div>
                <div class="row">
                    <button class="button button-primary" name="do" value="save">"Save"</button>
                    <button class="button" name="do" value="preview" formnovalidate>"Preview"</button>
                    <a class="button" href=here>"Cancel"</a>
                </div>
                <p class="hint">{other}</p>
            </aside>
        </form>
        <LivePreview form="editor".to_owned() place="preview".to_owned()/>
    }
}

/// Describes the targeting of the typed flag, and lists what saving it would change.
#[component]
fn Preview(
    request: Request,
    read: Result<FlagDocument, String>,
    before: FlagDocument,
) -> impl IntoView {
    let document = match read {
        Ok(document) => document,
        Err(problem) => {
            return view! {
                <h2>"Not valid yet"</h2>
                <p class="notice notice-error">{problem}</p>
            }
            .into_any();
        }
    };
    let live = request.cached_environment().ok();
    let entry = live.as_ref().and_then(|live| live.snapshot().flag(document.key.as_str()));
    let added_in = entry.and_then(|entry| entry.added_in);
    let json = |document: &FlagDocument| serde_json::to_value(document).ok();
    let fields = diff_documents(json(&before).as_ref(), json(&document).as_ref());
    let (flag, state) = document.into_parts(None, 1);
    let words = describe_targeting(&flag, &state, added_in, request.service.now());
    let words = words.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    let changes = if fields.is_empty() {
        view! { <p class="hint">"No changes yet."</p> }.into_any()
    } else {
        view! { <Changes fields/> }.into_any()
    };
    view! {
        <h2>"Targeting after saving"</h2>
        <ol class="words">{words}</ol>
        <h3>"Changes"</h3>
        {changes}
    }
    .into_any()
}
