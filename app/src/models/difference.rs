//! The difference that an import would make, to be confirmed.

use phasegate_domain::diff::FieldChange;
use serde::{Deserialize, Serialize};

/// What an import would change.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Difference {
    pub title: String,
    /// Whether nothing would change; the title says so.
    pub is_empty: bool,
    pub warning: Option<String>,
    /// Each object that changes.
    pub lines: Vec<DifferenceLine>,
    /// The label of the button that imports.
    pub button: String,
    /// The arguments of the import besides the environment, as fields of a form.
    pub fields: Vec<(String, String)>,
}

/// One object that changes.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DifferenceLine {
    pub text: String,
    pub fields: Vec<FieldChange>,
}
