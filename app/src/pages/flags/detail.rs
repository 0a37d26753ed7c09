//! The page of a flag.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;

use super::fields::parse_flag_key;
use crate::{islands::LiveFlag, parts::render_page, server_fns::flags::read_flag};

#[component]
pub(crate) fn FlagPage() -> impl IntoView {
    let key = use_params_map().read_untracked().get("key");
    render_page(|request| async move {
        let key = parse_flag_key(key)?;
        let environment = request.cached_environment()?.environment().key.clone();
        let first = read_flag(environment.clone(), key.clone()).await?;
        let asked = Some(request.query.get("confirm").to_owned()).filter(|asked| !asked.is_empty());
        let done = request.take_done();
        Ok(view! {
            <Title text=key.to_string()/>
            <LiveFlag first environment asked done/>
        }
        .into_any())
    })
}
