//! Creates, edits and deletes a segment.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use phasegate_domain::{accounts::Role, ids::SegmentKey};
use phasegate_service::segments::{PlacedUse, SegmentDetail, read_segment_detail};

use crate::{
    islands::SegmentEditor,
    models::{SegmentDraft, page_of_use},
    parts::{FnForm, JustDone, render_page},
    request::{PageError, Request},
    server_fns::segments::{DeleteSegment, SaveSegment, preview_segment},
};

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
        let title = key.as_ref().map_or_else(|| "New segment".to_owned(), ToString::to_string);
        let editor = render_editor(&request, found.as_ref()).await?;
        let uses = found.as_ref().map(|detail| view! { <Uses uses=detail.uses.clone()/> });
        let deletion = found.filter(|_| request.has_role(Role::Operator));
        let deletion = deletion.map(|detail| view! { <Deletion detail/> });
        Ok(view! {
            <Title text=title.clone()/>
            <header class="page-head"><h1>{title}</h1></header>
            <JustDone request=request.clone()/>
            {uses}
            {editor}
            {deletion}
        }
        .into_any())
    })
}

async fn render_editor(
    request: &Request,
    found: Option<&SegmentDetail>,
) -> Result<AnyView, PageError> {
    let stored = found.map(|detail| &detail.stored);
    let draft = match request.entered_draft::<SaveSegment, SegmentDraft>() {
        Some((mut draft, press)) => {
            draft.press(&press);
            draft
        }
        None => SegmentDraft::new(stored.map(|stored| &*stored.value)),
    };
    // The version that a refused form was made for, so that saving it again detects a conflict.
    let seen = request.entered_form::<SaveSegment>().get("version").parse().ok();
    let version = stored.map(|stored| seen.unwrap_or(stored.version));
    let live = request.cached_environment()?;
    let environment = live.environment().key.clone();
    let preview = preview_segment(environment.clone(), draft.clone(), version).await?;
    let segments = live.segments().iter().map(|stored| stored.value.key.to_string()).collect();
    let name = stored.map_or_else(|| "new".to_owned(), |stored| stored.value.key.to_string());
    let (here, can_save) = (format!("/admin/segments/{name}"), request.has_role(Role::Operator));
    Ok(view! { <SegmentEditor environment version draft segments preview can_save here/> }
        .into_any())
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
            let href = page_of_use(&place.by);
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
fn Deletion(detail: SegmentDetail) -> impl IntoView {
    if !detail.uses.is_empty() {
        return view! { <p class="hint">"A segment in use cannot be deleted."</p> }.into_any();
    }
    let key = detail.stored.value.key.to_string();
    let (label, version) = (format!("Delete {key}"), detail.stored.version.to_string());
    view! {
        <FnForm<DeleteSegment> class="row">
            <input type="hidden" name="segment" value=key/>
            <input type="hidden" name="version" value=version/>
            <details>
                <summary>"Delete …"</summary>
                <button class="button button-danger" type="submit">{label}</button>
                <span class="hint">" The audit log keeps its last state."</span>
            </details>
        </FnForm<DeleteSegment>>
    }
    .into_any()
}
