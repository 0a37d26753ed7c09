//! What the user has just done.

use leptos::prelude::*;

use super::copy::CopyText;
use crate::{components::Notice, models::Done};

/// The sentence, and the message for stakeholders; nothing if nothing was done.
#[component]
pub(super) fn DoneNotice(done: Option<Done>) -> impl IntoView {
    let Some(Done { text, message, .. }) = done else { return ().into_any() };
    let message = message.map(|message| {
        view! {
            <details class="to-send" data-testid="to-send">
                <summary>"Stakeholder message"</summary>
                <pre id="to-send-text">{message}</pre>
                <CopyText of="to-send-text".to_owned()/>
            </details>
        }
    });
    view! { <Notice>{text}</Notice> {message} }.into_any()
}
