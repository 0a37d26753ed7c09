//! An answer in the form that OFREP sends.

use serde::Serialize;
use serde_json::Value;

use super::{Cause, Evaluation, EvaluationError, Reason, evaluate_flag};
use crate::{
    Timestamp,
    config::{FlagEntry, Snapshot},
    ids::{FlagKey, VariantName},
    rollout::Membership,
    targeting::EvaluationContext,
};

/// A flag's answer with its explanation, borrowed from the snapshot.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer<'a> {
    pub key: &'a FlagKey,
    pub value: &'a Value,
    pub reason: Reason,
    pub variant: &'a VariantName,
    /// The data that explains the answer.
    pub metadata: Metadata<'a>,
}

/// The metadata of an answer. Flat, because OFREP allows only booleans, strings and numbers.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Metadata<'a> {
    /// The variable of the environment override that pins the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub variable: Option<&'a str>,
    /// Set when the flag is killed rather than just off.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub killed: bool,
    /// Set when the user has an individual override.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub r#override: bool,
    /// The flag whose answer does not meet the prerequisite.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prerequisite: Option<&'a str>,
    /// The rule that answered, counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule_name: Option<&'a str>,
    /// The rollout that adds the flag.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<&'a str>,
    /// The phase whose audience admits the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<u16>,
    /// The segment that admits the user.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<&'a str>,
    /// The share that decided, %.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub share: Option<f64>,
    /// The user's bucket, 0 to 99,999.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bucket: Option<u32>,
}

impl<'a> Metadata<'a> {
    fn from_cause(cause: &Cause<'a>, snapshot: &'a Snapshot) -> Self {
        let none = Self::default();
        match cause {
            Cause::Variable(name) => Self { variable: Some(name), ..none },
            Cause::Killed => Self { killed: true, ..none },
            Cause::Override(_) => Self { r#override: true, ..none },
            Cause::Off | Cause::Default => none,
            Cause::Prerequisite(flag) => Self { prerequisite: Some(flag.as_str()), ..none },
            Cause::Rule(hit) => Self {
                rule: Some(hit.index + 1),
                rule_name: Some(hit.rule.name.as_str()).filter(|name| !name.is_empty()),
                share: hit.split.map(|(_, share)| share.percent()),
                bucket: hit.split.map(|(bucket, _)| bucket.0),
                ..none
            },
            Cause::Rollout(membership) => {
                let rollout = snapshot.rollout().map(|rollout| rollout.key.as_str());
                match membership {
                    Membership::In(admission) => Self {
                        rollout,
                        phase: Some(admission.phase.0),
                        segment: Some(admission.segment()),
                        share: Some(admission.share.percent()),
                        bucket: admission.bucket.map(|bucket| bucket.0),
                        ..none
                    },
                    Membership::Out { bucket } => {
                        Self { rollout, bucket: bucket.map(|bucket| bucket.0), ..none }
                    }
                }
            }
        }
    }
}

impl<'a> Answer<'a> {
    /// Evaluates a flag for a user.
    ///
    /// # Errors
    /// Returns the errors of [`evaluate_flag`].
    pub fn answer_flag(
        snapshot: &'a Snapshot,
        entry: &'a FlagEntry,
        context: &EvaluationContext,
        now: Timestamp,
    ) -> Result<Self, EvaluationError> {
        Ok(Self::new(snapshot, entry, &evaluate_flag(snapshot, entry, context, now)?))
    }

    /// Converts an evaluation to an answer.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot, entry: &'a FlagEntry, found: &Evaluation<'a>) -> Self {
        Self {
            key: &entry.flag.key,
            value: found.value(),
            reason: found.reason,
            variant: &found.variant.name,
            metadata: Metadata::from_cause(&found.cause, snapshot),
        }
    }
}
