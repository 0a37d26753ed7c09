//! The environment as a file: export, and import after confirmation of the difference.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{audit::ImportKind, config::ImportChange};
use phasegate_service::environments::{
    FileFormat, export_environment, import_environment, parse_file, preview_import, write_file,
};

use crate::{
    components::{Changes, Notice, TextArea},
    format,
    parts::{EnvironmentField, PageErrorNotice, render_page},
    request::{PageError, Request},
};

#[component]
pub(crate) fn FilesPage() -> impl IntoView {
    view! {
        <Title text="Export and import"/>
        {render_page(|request| async move {
            let (service, actor, environment) = (&request.service, &request.actor, request.environment);
            let shown = match handle_import_form(&request).await {
                Ok(shown) => shown,
                Err(error) => {
                    request.set_error_status(&error);
                    view! { <PageErrorNotice error/> }.into_any()
                }
            };
            let file = export_environment(service, actor, environment)?.file;
            let form = request.form.clone().unwrap_or_default();
            let toml = write_file(&file, FileFormat::Toml);
            let text = match toml {
                Ok(text) => text,
                Err(_) => write_file(&file, FileFormat::Json)?,
            };
            let pasted = form.get("file").to_owned();
            Ok(view! {
                <header class="page-head"><h1>"Export and import"</h1></header>
                <p class="lead">
                    "On the command line: " <code>"phasegate export"</code> " and " <code>"phasegate import"</code> "."
                </p>
                {shown}
                <section aria-labelledby="export-title">
                    <h2 id="export-title">"Export"</h2>
                    <label class="field"><span>"Current environment"</span>
                        <TextArea value=text rows=14 code=true readonly=true testid="export"/></label>
                    <p class="row">
                        <a class="button" href="/admin/export.toml" download>"Download TOML"</a>
                        <a class="button" href="/admin/export.json" download>"Download JSON"</a>
                    </p>
                </section>
                <section aria-labelledby="import-title">
                    <h2 id="import-title">"Import"</h2>
                    <p class="hint">"The import makes the environment match the file, and deletes everything that the file does not contain. You confirm the difference first."</p>
                    <form class="stack" method="post" action="/admin/settings/files"><EnvironmentField/>
                        <label class="field"><span>"File (TOML or JSON)"</span>
                            <TextArea value=pasted rows=14 name="file" code=true required=true/></label>
                        <div><button class="button" name="do" value="preview">"Show the difference"</button></div>
                    </form>
                </section>
            }
            .into_any())
        })}
    }
}

async fn handle_import_form(request: &Request) -> Result<AnyView, PageError> {
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    if request.query.has("done") {
        return Ok(
            view! { <Notice>"Imported. Connected clients have been notified."</Notice> }.into_any()
        );
    }
    let Some(form) = &request.form else { return Ok(().into_any()) };
    let file = parse_file(form.get("file"))?;
    if form.get("do") == "import" {
        import_environment(service, actor, environment, &file, Some(form.get("seen"))).await?;
        request.redirect_to("/admin/settings/files?done=1");
        return Ok(().into_any());
    }
    let preview = preview_import(service, actor, environment, &file)?;
    if preview.changes.is_empty() {
        return Ok(
            view! { <Notice>"No changes: the file matches this environment."</Notice> }.into_any()
        );
    }
    let count = format::format_quantity(preview.changes.len() as u64, "object", "objects");
    let deleted = preview.changes.iter().filter(|change| change.what == ImportKind::Delete).count();
    let warning = (deleted > 0).then(|| view! {
        <p class="notice notice-warning">{format!("{} not in the file will be deleted.", format::format_quantity(deleted as u64, "object", "objects"))}</p>
    });
    let changes =
        preview.changes.into_iter().map(|change| view! { <OneChange change/> }).collect_view();
    Ok(view! {
        <section class="confirm" aria-labelledby="difference-title" data-testid="difference">
            <h2 id="difference-title">{format!("This changes {count}")}</h2>
            {warning}
            <ul class="timeline">{changes}</ul>
            <form method="post" action="/admin/settings/files" class="row"><EnvironmentField/>
                <input type="hidden" name="file" value=form.get("file").to_owned()/>
                <input type="hidden" name="seen" value=preview.based_on/>
                <button class="button button-primary" name="do" value="import">"Import file"</button>
                <a class="button" href="/admin/settings/files">"Cancel"</a>
            </form>
        </section>
    }
    .into_any())
}

#[component]
fn OneChange(change: ImportChange) -> impl IntoView {
    let is_shared = change.is_shared();
    let ImportChange { kind, key, what, fields } = change;
    let verb = match what {
        ImportKind::Create => "Create",
        ImportKind::Change => "Change",
        ImportKind::Delete => "Delete",
    };
    let reach = if is_shared { ", in all environments" } else { "" };
    let fields = (what == ImportKind::Change).then(|| view! { <Changes fields/> });
    view! {
        <li class="timeline-line">
            <span class="timeline-what">{format!("{verb} the {} {key}{reach}", kind.display_name())}</span>
            {fields}
        </li>
    }
}
