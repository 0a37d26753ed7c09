//! The login page: a plain form, so that it works without a script.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;

use crate::parts::Logo;

/// Asks for e-mail address and password.
#[component]
pub(crate) fn LoginPage() -> impl IntoView {
    let query = use_query_map();
    let asked = move |name: &str| query.read().get(name);
    let error = move || {
        let text = match asked("error")?.as_str() {
            "wrong" => "Wrong e-mail address or password. Try again.".to_owned(),
            "form" => "Enter e-mail address and password.".to_owned(),
            "wait" => "Too many attempts. Wait five minutes, then try again.".to_owned(),
            "cookie" => "Your browser did not keep the session. Open this page over HTTPS or at \
                         localhost; over plain HTTP, set PHASEGATE_PUBLIC_URL to the http:// address."
                .to_owned(),
            _ => "The server could not check the login. See the server log for the reason.".to_owned(),
        };
        Some(view! { <p class="notice notice-error" role="alert">{text}</p> })
    };
    let done = move || {
        let text = match asked("done")?.as_str() {
            "password" => "Your password is set. Log in with it.",
            _ => return None,
        };
        Some(view! { <p class="notice" role="status">{text}</p> })
    };
    view! {
        <Title text="Log in"/>
        <main class="login">
            <div class="login-card">
                <div class="brand brand-large"><Logo/>"Phasegate"</div>
                <h1>"Log in"</h1>
                {error}
                {done}
                <form method="post" action="/login" class="stack">
                    <input type="hidden" name="next" value=move || asked("next").unwrap_or_default()/>
                    <label class="field">
                        <span>"E-mail"</span>
                        <input type="email" name="email" autocomplete="username" required autofocus
                            value=move || asked("email").unwrap_or_default()/>
                    </label>
                    <label class="field">
                        <span>"Password"</span>
                        <input type="password" name="password" autocomplete="current-password" required/>
                    </label>
                    <button class="button button-primary" type="submit">"Log in"</button>
                </form>
                <p class="hint">
                    "The first start printed both. For a new password, ask an admin for a link, or run "
                    <code>"phasegate account set-password"</code> " on the server."
                </p>
            </div>
        </main>
    }
}
