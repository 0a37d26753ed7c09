//! One's own account: its password, and the browsers that are logged in.

use leptos::prelude::*;
use leptos_meta::Title;
use phasegate_service::accounts::{ListedSession, list_sessions};

use crate::{
    components::Time,
    parts::{FnForm, JustDone, render_page},
    request::PageError,
    server_fns::accounts::{ChangePassword, EndOtherSessions, EndSession},
};

#[component]
pub(crate) fn AccountPage() -> impl IntoView {
    view! {
        <Title text="Your account"/>
        {render_page(|request| async move {
            let (account, own) = request.login.clone().ok_or_else(PageError::without_login)?;
            let sessions = list_sessions(&request.service, &account, own).await?;
            let others = sessions.iter().filter(|session| !session.is_own).count();
            let rows = sessions.into_iter().map(|session| view! { <Row session/> }).collect_view();
            let end_others = (others > 0).then(|| view! {
                <FnForm<EndOtherSessions>>
                    <button class="button" type="submit">"Log out all other browsers"</button>
                </FnForm<EndOtherSessions>>
            });
            Ok(view! {
                <header class="page-head"><h1>"Your account"</h1></header>
                <p class="lead">{account.email.clone()} ", " {account.role.as_str()} ": " {account.role.describe()} "."</p>
                <JustDone request=request.clone()/>
                <section class="card narrow stack" aria-labelledby="password-title">
                    <h2 id="password-title">"Change your password"</h2>
                    <FnForm<ChangePassword> class="stack">
                        <input type="text" name="username" value=account.email.clone() autocomplete="username" hidden/>
                        <label class="field"><span>"Present password"</span>
                            <input type="password" name="present_password" autocomplete="current-password" required/></label>
                        <label class="field"><span>"New password, at least 12 characters"</span>
                            <input type="password" name="new_password" autocomplete="new-password" required minlength="12"/></label>
                        <label class="field"><span>"New password again"</span>
                            <input type="password" name="repeated" autocomplete="new-password" required minlength="12"/></label>
                        <div><button class="button button-primary" type="submit">"Change the password"</button></div>
                    </FnForm<ChangePassword>>
                    <p class="hint">"Your other browsers are logged out by it."</p>
                </section>
                <section aria-labelledby="sessions-title" class="stack">
                    <h2 id="sessions-title">"Where you are logged in"</h2>
                    <ul class="timeline" data-testid="sessions">{rows}</ul>
                    {end_others}
                </section>
            }
            .into_any())
        })}
    }
}

#[component]
fn Row(session: ListedSession) -> impl IntoView {
    let ListedSession { name, browser, logged_in_at, used_at, is_own } = session;
    let since = logged_in_at.map(|at| view! { "logged in " <Time at/> ", " });
    let used = used_at.map(|at| view! { "last used " <Time at/> });
    let act = match is_own {
        true => view! { <span class="chip">"this browser"</span> }.into_any(),
        false => view! {
            <FnForm<EndSession>>
                <input type="hidden" name="session" value=name/>
                <button class="button button-small" type="submit">"Log out"</button>
            </FnForm<EndSession>>
        }
        .into_any(),
    };
    view! {
        <li class="timeline-line">
            <span class="timeline-what">{browser}</span>
            <span class="hint">{since} {used}</span>
            {act}
        </li>
    }
}
