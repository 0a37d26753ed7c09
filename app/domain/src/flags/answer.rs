//! An answer in the form that OFREP sends.

use serde::Serialize;
use serde_json::Value;

use crate::{
    Timestamp,
    context::EvaluationContext,
    flags::{Reason, evaluate},
    ids::{FlagKey, VariantName},
    rollout::Membership,
    snapshot::{FlagEntry, Snapshot},
};

/// A flag's answer with what explains it, borrowed from the snapshot.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer<'a> {
    /// Which flag.
    pub key: &'a FlagKey,
    /// What the app gets.
    pub value: &'a Value,
    /// Why.
    pub reason: Reason,
    /// The variant's name.
    pub variant: &'a VariantName,
    /// Enough to explain the answer without asking again.
    pub metadata: Metadata<'a>,
}

/// Flat, because OFREP allows only booleans, texts and numbers here.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// The rollout that adds the flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<&'a str>,
    /// The phase whose audience let the user in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<u16>,
    /// The segment that let the user in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<&'a str>,
    /// The segment's share, %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// The user's position, 0 to 99,999.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<u32>,
    /// Set when the flag is killed rather than just off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub killed: bool,
}

impl<'a> Answer<'a> {
    /// Evaluates a flag. `None` when its variants are broken, which saving prevents.
    #[must_use]
    pub fn of(
        snapshot: &'a Snapshot,
        entry: &'a FlagEntry,
        context: &EvaluationContext,
        now: Timestamp,
    ) -> Option<Self> {
        let evaluation = evaluate(snapshot, entry, context, now)?;
        let mut metadata = Metadata { killed: evaluation.killed, ..Metadata::default() };
        if let Some(membership) = &evaluation.membership {
            metadata.rollout = snapshot.rollout().map(|rollout| rollout.key.as_str());
            match membership {
                Membership::In(admission) => {
                    metadata.phase = Some(admission.phase.0);
                    metadata.segment = Some(admission.entry.segment.as_str());
                    metadata.share = Some(admission.entry.share.percent());
                    metadata.bucket = Some(admission.bucket.0);
                }
                Membership::Out { bucket } => metadata.bucket = bucket.map(|bucket| bucket.0),
            }
        }
        Some(Self {
            key: &entry.flag.key,
            value: evaluation.value(),
            reason: evaluation.reason,
            variant: &evaluation.variant.name,
            metadata,
        })
    }
}
