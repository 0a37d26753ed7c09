//! What a server function has just done.

use serde::{Deserialize, Serialize};

/// What an account has just done. Every server function that changes something returns it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// What happened, in one sentence.
    pub text: String,
    /// The message for stakeholders, ready to be copied.
    #[serde(default)]
    pub message: Option<String>,
    /// A secret that is shown once. It is in no cookie and no address.
    #[serde(default)]
    pub secret: Option<String>,
    /// The call that takes it back.
    #[serde(default)]
    pub undo: Option<Undo>,
    /// The page to go to, if what the present page shows is gone or has only just begun.
    #[serde(default)]
    pub next: Option<String>,
}

impl Done {
    /// Describes what happened in one sentence.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// A call that takes back what was just done. It names the version that the change has led to, so
/// that it never takes back anything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// The path of the server function.
    pub function: String,
    /// Its arguments, as fields of a form.
    pub fields: Vec<(String, String)>,
}
