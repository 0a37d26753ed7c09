//! The data of one user: shown, exported and erased.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_domain::{privacy::UserData, time::date_of};
use phasegate_service::privacy::read_user_data;

use crate::{
    format::{self, percent_encode},
    parts::{FnForm, JustDone, render_page},
    server_fns::privacy::EraseUser,
};

const PATH: &str = "/admin/settings/user-data";

#[component]
pub(crate) fn UserDataPage() -> impl IntoView {
    view! {
        <Title text="User data"/>
        {render_page(|request| async move {
            let id = request.query.get("id").to_owned();
            let (service, actor) = (&request.service, &request.actor);
            let data = match id.as_str() {
                "" => None,
                id => Some(read_user_data(service, actor, request.environment, id).await?),
            };
            let asks = request.query.has("confirm");
            let found = data.map(|data| view! { <Found id=id.clone() data asks/> });
            Ok(view! {
                <header class="page-head"><h1>"User data"</h1></header>
                <p class="lead">"Only a keyed digest of a user ID is stored. Find a user by the ID that your app sends, or an anonymous user by the ID in their browser."</p>
                <JustDone request=request.clone()/>
                <form class="filters" method="get" action=PATH>
                    <label class="field field-wide"><span>"User ID"</span>
                        <input type="text" name="id" required maxlength="200" autocomplete="off" value=id.clone()/></label>
                    <button class="button" type="submit">"Find user"</button>
                </form>
                {found}
                <p><a href="/admin/settings">"Back to the settings"</a></p>
            }
            .into_any())
        })}
    }
}

#[component]
fn Found(id: String, data: UserData, asks: bool) -> impl IntoView {
    if data == UserData::default() {
        return view! { <p class="empty" data-testid="user-data">"No data about this user in this environment."</p> }.into_any();
    }
    let days: std::collections::BTreeSet<i64> = data.days.iter().map(|done| done.day).collect();
    let lines = [
        ("First seen", data.first_day.map_or_else(|| "–".to_owned(), date_of)),
        ("Days active", format::format_count(days.len() as u64)),
        ("Errors and feedback", format::format_count(data.reports.len() as u64)),
        ("Batches of raw events", format::format_count(data.batches.len() as u64)),
    ];
    let lines = lines.map(|(name, value)| {
        view! { <li><span class="hint">{name}</span><span class="number">{value}</span></li> }
    });
    let link = percent_encode(&id);
    let forget = if asks {
        let cancel = format!("{PATH}?id={link}");
        view! {
            <FnForm<EraseUser> class="notice notice-warning">
                <input type="hidden" name="id" value=id/>
                <p>"Erase this data? This cannot be undone; export it first if you may need it. Individual overrides are not erased; remove them on the pages of their flags."</p>
                <button class="button button-danger" type="submit">"Erase this user"</button>
                <a class="button" href=cancel>"Cancel"</a>
            </FnForm<EraseUser>>
        }
        .into_any()
    } else {
        view! { <a class="button" href=format!("{PATH}?id={link}&confirm=1")>"Erase this user …"</a> }.into_any()
    };
    view! {
        <section class="card" data-testid="user-data">
            <ul class="totals">{lines}</ul>
            <div class="actions">
                <a class="button" rel="external" download href=format!("/admin/user.json?id={link}")>"Export as JSON"</a>
                {forget}
            </div>
        </section>
    }
    .into_any()
}
