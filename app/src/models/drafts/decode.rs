//! Decodes drafts from encoded forms.

use serde::{Deserialize, de::DeserializeOwned};

/// The part of a form that a draft is decoded from.
#[derive(Deserialize)]
struct DraftForm<T> {
    draft: T,
}

/// The levels of names such as `draft[rules][0][rows][1][value]`: those that server functions decode.
const DEPTH: usize = 5;

/// Decodes the draft of an encoded form.
pub(crate) fn decode_draft<T: DeserializeOwned>(body: &str) -> Option<T> {
    let config = serde_qs::Config::new(DEPTH, false);
    config.deserialize_str::<DraftForm<T>>(body).ok().map(|form| form.draft)
}
