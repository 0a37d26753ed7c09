//! The environment as a file: export, and import after confirmation of the difference.

use leptos::{prelude::*, server_fn::ServerFn};
use leptos_meta::Title;
use phasegate_service::environments::{FileFormat, export_environment, write_file};

use crate::{
    components::TextArea,
    islands::ImportForm,
    models::Difference,
    parts::{JustDone, render_page},
    server_fns::files::{ImportFile, PreviewFile},
};

const PATH: &str = "/admin/settings/files";

#[component]
pub(crate) fn FilesPage() -> impl IntoView {
    view! {
        <Title text="Export and import"/>
        {render_page(|request| async move {
            let (service, actor, environment) = (&request.service, &request.actor, request.environment);
            let file = export_environment(service, actor, environment)?.file;
            let entered = request.entered_form::<PreviewFile>();
            let difference = request.answer::<PreviewFile, Difference>();
            let key = request.environment_key()?;
            let toml = write_file(&file, FileFormat::Toml);
            let text = match toml {
                Ok(text) => text,
                Err(_) => write_file(&file, FileFormat::Json)?,
            };
            let pasted = entered.get_exact("file");
            Ok(view! {
                <header class="page-head"><h1>"Export and import"</h1></header>
                <p class="lead">
                    "On the command line: " <code>"phasegate export"</code> " and " <code>"phasegate import"</code> "."
                </p>
                <JustDone request=request.clone()/>
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
                    <ImportForm preview=PreviewFile::PATH.to_owned() import=ImportFile::PATH.to_owned() class="stack"
                        environment=key difference back=PATH.to_owned()>
                        <label class="field"><span>"File (TOML or JSON)"</span>
                            <TextArea value=pasted.clone() rows=14 name="file" code=true required=true/></label>
                        <div><button class="button" type="submit">"Show the difference"</button></div>
                    </ImportForm>
                </section>
            }
            .into_any())
        })}
    }
}
