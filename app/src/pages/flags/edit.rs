//! Edits a flag.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use phasegate_domain::{flags::FlagDocument, ids::FlagKey};
use phasegate_service::{flags::read_flag_to_edit, models::StoredFlag};

use super::fields::parse_flag_key;
use crate::{
    islands::FlagEditor,
    models::FlagDraft,
    parts::render_page,
    request::{PageError, Request},
    server_fns::flags::{SaveFlag, preview_flag},
};

#[component]
pub(crate) fn FlagEditPage() -> impl IntoView {
    let key = use_params_map().read_untracked().get("key");
    render_page(|request| async move {
        let key = parse_flag_key(key)?;
        let (service, actor) = (&request.service, &request.actor);
        let stored = read_flag_to_edit(service, actor, request.environment, &key)?;
        let editor = render_editor(&request, &key, &stored).await?;
        Ok(view! {
            <Title text=format!("Edit {key}")/>
            <header class="page-head"><h1>"Edit " <code>{key.to_string()}</code></h1></header>
            {editor}
        }
        .into_any())
    })
}

async fn render_editor(
    request: &Request,
    key: &FlagKey,
    stored: &StoredFlag,
) -> Result<AnyView, PageError> {
    let before = FlagDocument::new(&stored.flag, &stored.state);
    // A flag that the form cannot represent, such as fractions of a second, is edited as JSON.
    let as_json = request.query.get("as") == "json" || !FlagDraft::can_hold(&before);
    let entered = request.entered_form::<SaveFlag>();
    let (draft, document) = if as_json {
        let typed = Some(entered.get("document").to_owned()).filter(|typed| !typed.is_empty());
        let stored = || serde_json::to_string_pretty(&before).unwrap_or_default();
        (None, Some(typed.unwrap_or_else(stored)))
    } else {
        (Some(read_draft(request, &before)), None)
    };
    let live = request.cached_environment()?;
    let environment = live.environment().key.clone();
    let preview =
        preview_flag(environment.clone(), key.clone(), draft.clone(), document.clone()).await?;
    let flags = live.flags().iter().map(|stored| stored.flag.key.to_string());
    let flags: Vec<String> = flags.filter(|other| other != key.as_str()).collect();
    let segments = live.segments().iter().map(|stored| stored.value.key.to_string()).collect();
    let ending = if as_json { "?as=json" } else { "" };
    let here = format!("/admin/flags/{key}/edit{ending}");
    // The version that a refused form was made for, so that saving it again detects a conflict.
    let seen = |name: &str, stored: i64| entered.get(name).parse().unwrap_or(stored);
    let version = stored.version();
    let (definition, state) =
        (seen("definition", version.definition), seen("state", version.state));
    let (flag, kind) = (key.to_string(), before.kind);
    Ok(view! {
        <FlagEditor environment flag kind definition state draft document flags segments preview here/>
    }
    .into_any())
}

/// Returns the draft that was entered, with the pressed button applied, or that of the stored flag.
fn read_draft(request: &Request, before: &FlagDocument) -> FlagDraft {
    match request.entered_draft::<SaveFlag, FlagDraft>() {
        Some((mut draft, press)) => {
            draft.press(&press);
            draft
        }
        None => FlagDraft::new(before),
    }
}
