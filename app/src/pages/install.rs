//! The install page: snippets to embed the collector, and the events that arrive.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_service::{ingest::read_arrivals, models::ClientKey, tokens::list_client_keys};

use crate::{
    islands::LiveArrivals,
    parts::{Snippet, render_page},
    request::Request,
};

#[component]
pub(crate) fn InstallPage() -> impl IntoView {
    view! {
        <Title text="Install"/>
        {render_page(|request| async move {
            let (service, actor, environment) = (&request.service, &request.actor, request.environment);
            let first = read_arrivals(service, actor, environment).await?;
            let keys = list_client_keys(service, actor, environment).await?;
            let wanted = request.query.get("key");
            let key = keys.iter().find(|key| key.key == wanted).or_else(|| keys.first()).cloned();
            let snippets = match key {
                Some(key) => view! { <Snippets request=request.clone() key keys/> }.into_any(),
                None => view! {
                    <p class="notice">"This environment has no client key. "<a href="/admin/settings">"Create one in the settings"</a>" first."</p>
                }
                .into_any(),
            };
            Ok(view! {
                <header class="page-head"><h1>"Install"</h1></header>
                <p class="lead">"Add the collector to an app, so that it evaluates flags and sends telemetry."</p>
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
        "// Put the line above first: it returns fallbacks if this import is blocked.\nimport('{origin}/collector.mjs').then(({{ start }}) => start({{ key: '{name}' }}), () => {{}});\n\nawait phasegate.identify('ada', {{ groups: ['beta'] }});\nif (phasegate.isFeatureEnabled('MY_FLAG')) {{ /* … */ }}"
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
        <h3>"Pinned version"</h3>
        <p class="hint">"With the digest, browsers run exactly this version of the loader or none. The files that it loads and its answers come from your Phasegate server. An upgrade changes the digest: copy the new tag from this page. Until then, pages use the fallbacks in your code and send no telemetry."</p>
        <Snippet id="snippet-pinned" code/>
    });
    view! {
        <KeyPicker keys chosen=name.clone()/>
        <section aria-labelledby="page-title">
            <h2 id="page-title">"1. Add the tag to your pages"</h2>
            <p class="hint">"Place it in the head, before your own scripts. The first line returns the fallbacks in your code until the collector has loaded, or if it is blocked. The script is 2 KB, loads asynchronously, and loads the rest when the page is idle. "{origins}</p>
            <Snippet id="snippet-tag" code=tag/>
            {pinned}
            <h3>"Content security policy"</h3>
            <p class="hint">"If your pages have a policy, add these sources. The digest is that of the first line, which can also be a file of your own. No style source is needed. Without "<code>"'wasm-unsafe-eval'"</code>", web vitals and errors are still reported when a page is left, and flags return your fallbacks."</p>
            <Snippet id="snippet-policy" code=policy/>
        </section>
        <section aria-labelledby="module-title">
            <h2 id="module-title">"Alternative: load it as a module"</h2>
            <p class="hint">"For bundlers and React; its types are at "<a href="/collector.d.mts"><code>"/collector.d.mts"</code></a>"."</p>
            <Snippet id="snippet-module" code=module/>
        </section>
        <section aria-labelledby="try-title">
            <h2 id="try-title">"2. Send a test event"</h2>
            <p class="hint">"Run this in the console of a page that has the tag. The event appears above within a few seconds."</p>
            <Snippet id="snippet-first" code=first/>
        </section>
        <section aria-labelledby="server-title">
            <h2 id="server-title">"3. Evaluate flags on your servers"</h2>
            <p class="hint">"Use any OpenFeature client with its OFREP provider. The token needs the scope evaluate; create it "<a href="/admin/settings">"in the settings"</a>"."</p>
            <Snippet id="snippet-server" code=server/>
        </section>
        <p class="hint">{format!("If users' browsers cannot reach {origin}, set PHASEGATE_PUBLIC_URL to the address that they can reach.")}</p>
    }
}

/// Selects the client key of the snippets; hidden if there is only one.
#[component]
fn KeyPicker(keys: Vec<ClientKey>, chosen: String) -> impl IntoView {
    let options = keys.iter().map(|key| {
        view! { <option value=key.key.clone() selected=key.key == chosen>{key.name.clone()}</option> }
    });
    (keys.len() > 1).then(|| view! {
        <form class="filters" method="get" action="/admin/install">
            <label class="field"><span>"Client key"</span><select name="key">{options.collect_view()}</select></label>
            <button class="button" type="submit">"Show snippets"</button>
        </form>
    })
}
