//! Drafts: the typed fields of an editor, which may still be invalid. Forms are decoded to them by
//! serde, in the browser and on the server.

mod condition;
mod decode;
mod flag;
mod plan;
mod press;
mod segment;

#[cfg(feature = "ssr")]
mod parse_condition;
#[cfg(feature = "ssr")]
mod parse_flag;
#[cfg(feature = "ssr")]
mod parse_plan;
#[cfg(feature = "ssr")]
mod parse_segment;

pub(crate) use self::decode::decode_draft;
#[cfg(feature = "ssr")]
pub use self::plan::{ChecklistDraft, ContactDraft, PhaseDraft};
pub use self::{
    condition::{ConditionDraft, ConditionRow, IN_SEGMENT},
    flag::{
        EditorPreview, FlagDraft, PrerequisiteRow, RuleDraft, SPLIT, SwitchRow, VariantRow,
        WeightRow,
    },
    plan::PlanDraft,
    press::Press,
    segment::SegmentDraft,
};
