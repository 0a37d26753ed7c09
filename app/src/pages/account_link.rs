//! The page of an invitation or a password link: its holder chooses a password.

use std::sync::Arc;

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use phasegate_service::{Service, accounts::find_account_link, models::LinkPurpose};

use crate::parts::Logo;

#[component]
pub(crate) fn AccountLinkPage() -> impl IntoView {
    let query = use_query_map();
    let asked = move |name: &str| query.read_untracked().get(name).unwrap_or_default();
    let (link, error) = (asked("link"), asked("error"));
    let service = use_context::<Arc<Service>>();
    let problem = match error.as_str() {
        "" => None,
        "repeated" => Some("The two passwords differ. Enter the same one twice."),
        "password" => Some("Choose a password of at least 12 characters and at most 1,024 bytes."),
        _ => Some("The password could not be set. Try again."),
    };
    let made = async move {
        let found = match service {
            Some(service) => find_account_link(&service, &link).await.ok(),
            None => None,
        };
        let Some(found) = found else {
            return view! {
                <h1>"This link is not valid"</h1>
                <p>"It was used, revoked, or is too old. Ask an admin of this server for a new one."</p>
                <p><a class="button" href="/login">"Log in"</a></p>
            }
            .into_any();
        };
        let title = match found.purpose {
            LinkPurpose::Invitation(_) => "Create your account",
            LinkPurpose::PasswordReset => "Choose a new password",
        };
        let role = match found.purpose {
            LinkPurpose::Invitation(role) => Some(format!(
                "{} invites you as {}: {}.",
                found.created_by,
                role.as_str(),
                role.describe()
            )),
            LinkPurpose::PasswordReset => None,
        };
        view! {
            <h1>{title}</h1>
            {role.map(|role| view! { <p class="hint">{role}</p> })}
            {problem.map(|text| view! { <p class="notice notice-error" role="alert">{text}</p> })}
            <form method="post" action="/login/link" class="stack">
                <input type="hidden" name="link" value=link/>
                <label class="field"><span>"E-mail"</span>
                    <input type="email" name="email" value=found.email autocomplete="username" readonly/></label>
                <label class="field"><span>"Password, at least 12 characters"</span>
                    <input type="password" name="password" autocomplete="new-password" required minlength="12" autofocus/></label>
                <label class="field"><span>"The same again"</span>
                    <input type="password" name="repeated" autocomplete="new-password" required minlength="12"/></label>
                <button class="button button-primary" type="submit">"Set the password"</button>
            </form>
        }
        .into_any()
    };
    view! {
        <Title text="Choose a password"/>
        <main class="login">
            <div class="login-card">
                <div class="brand brand-large"><Logo/>"Phasegate"</div>
                {Suspend::new(made)}
            </div>
        </main>
    }
}
