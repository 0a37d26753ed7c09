//! How an app gets the collector: what to paste, and whether it works.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_service::{ingest::arrivals, models::ClientKey, tokens::client_keys};

use crate::{
    islands::LiveArrivals,
    parts::{Snippet, page},
    request::Request,
};

#[component]
pub(crate) fn InstallPage() -> impl IntoView {
    view! {
        <Title text="Install"/>
        {page(|request| async move {
            let (service, actor, environment) = (&request.service, &request.actor, request.environment);
            let first = arrivals(service, actor, environment).await?;
            let keys = client_keys(service, actor, environment).await?;
            let wanted = request.query.get("key");
            let key = keys.iter().find(|key| key.key == wanted).or_else(|| keys.first()).cloned();
            let snippets = match key {
                Some(key) => view! { <Snippets request=request.clone() key keys/> }.into_any(),
                None => view! {
                    <p class="notice">"This environment has no client key. "<a href="/admin/settings">"Make one in the settings"</a>", then come back."</p>
                }
                .into_any(),
            };
            Ok(view! {
                <header class="page-head"><h1>"Install"</h1></header>
                <p class="lead">"What an app needs to ask for its flags here, and to report what happens to its users."</p>
                <LiveArrivals first/>
                {snippets}
            }
            .into_any())
        })}
    }
}

#[component]
fn Snippets(request: Request, key: ClientKey, keys: Vec<ClientKey>) -> impl IntoView {
    let origin = request.origin.clone();
    let name = &key.key;
    let stub = format!("<script>{}</script>", request.embedding.stub);
    let tag = format!(
        "{stub}\n<script async src=\"{origin}/collector.js\" data-key=\"{name}\"></script>"
    );
    let pinned = request.embedding.integrity.as_ref().map(|integrity| {
        format!(
            "{stub}\n<script async src=\"{origin}/collector.js\" data-key=\"{name}\"\n        integrity=\"{integrity}\" crossorigin=\"anonymous\"></script>"
        )
    });
    let policy = format!(
        "script-src {origin} '{}' 'wasm-unsafe-eval'; connect-src {origin}",
        request.embedding.stub_digest
    );
    let module = format!(
        "// After the line above: it answers where this is blocked.\nimport('{origin}/collector.mjs').then(({{ start }}) => start({{ key: '{name}' }}), () => {{}});\n\nawait phasegate.identify('ada', {{ groups: ['beta'] }});\nif (phasegate.isFeatureEnabled('MY_FLAG')) {{ /* … */ }}"
    );
    let first = "phasegate.identify('ada', { groups: ['beta'] });\nphasegate.track('hello');\nphasegate.debug();".to_owned();
    let server = format!(
        "import {{ OpenFeature }} from '@openfeature/server-sdk';\nimport {{ OFREPProvider }} from '@openfeature/ofrep-provider';\n\nawait OpenFeature.setProviderAndWait(new OFREPProvider({{\n  baseUrl: '{origin}',\n  headers: [['Authorization', `Bearer ${{process.env.PHASEGATE_TOKEN}}`]],\n}}));\nconst client = OpenFeature.getClient();\nconst isOn = await client.getBooleanValue('MY_FLAG', false, {{ targetingKey: 'ada' }});"
    );
    let origins = match key.allowed_origins.as_slice() {
        [] => "Pages of any site may use this key.".to_owned(),
        some => format!("Only pages of {} may use this key.", some.join(", ")),
    };
    let pinned = pinned.map(|code| view! {
        <h3>"Pinned to this version"</h3>
        <p class="hint">"With the digest, a browser runs these very bytes of the loader or none; what the loader brings comes from your Phasegate, as its answers do. After an upgrade the digest is another one: take the new tag from this page then. Until you do, your pages work on, with the fallbacks of your code and without being measured."</p>
        <Snippet id="snippet-pinned" code/>
    });
    view! {
        <KeyPicker keys chosen=name.clone()/>
        <section aria-labelledby="page-title">
            <h2 id="page-title">"1. Into your pages"</h2>
            <p class="hint">"Anywhere in the head, before your own scripts. The first line answers with the fallbacks of your code until the collector is there, and where it is blocked. The script is 2 KB, delays nothing, and brings the rest when the page is idle. "{origins}</p>
            <Snippet id="snippet-tag" code=tag/>
            {pinned}
            <h3>"If your pages have a content security policy"</h3>
            <p class="hint">"Add these sources to yours; the digest is that of the first line, which may as well be a file of your own. No styles are needed; without "<code>"'wasm-unsafe-eval'"</code>" web vitals and errors are still reported when a page is left, and flags are answered with your fallbacks."</p>
            <Snippet id="snippet-policy" code=policy/>
        </section>
        <section aria-labelledby="module-title">
            <h2 id="module-title">"Or as a module"</h2>
            <p class="hint">"For bundlers and React; its types are at "<a href="/collector.d.mts"><code>"/collector.d.mts"</code></a>"."</p>
            <Snippet id="snippet-module" code=module/>
        </section>
        <section aria-labelledby="try-title">
            <h2 id="try-title">"2. Try it"</h2>
            <p class="hint">"In the console of a page that has it; the event arrives above within a few seconds."</p>
            <Snippet id="snippet-first" code=first/>
        </section>
        <section aria-labelledby="server-title">
            <h2 id="server-title">"3. On your servers"</h2>
            <p class="hint">"Any OpenFeature client with its OFREP provider; the token needs the scope evaluate and is made "<a href="/admin/settings">"in the settings"</a>"."</p>
            <Snippet id="snippet-server" code=server/>
        </section>
        <p class="hint">{format!("The address {origin} is wrong? Set PHASEGATE_PUBLIC_URL to the one that your visitors' browsers reach.")}</p>
    }
}

/// Which key the snippets have; nothing to choose if there is one.
#[component]
fn KeyPicker(keys: Vec<ClientKey>, chosen: String) -> impl IntoView {
    let options = keys.iter().map(|key| {
        view! { <option value=key.key.clone() selected=key.key == chosen>{key.name.clone()}</option> }
    });
    (keys.len() > 1).then(|| view! {
        <form class="filters" method="get" action="/admin/install">
            <label class="field"><span>"Client key"</span><select name="key">{options.collect_view()}</select></label>
            <button class="button" type="submit">"Show"</button>
        </form>
    })
}
