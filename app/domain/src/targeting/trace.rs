//! The trace of a condition, test by test.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Condition, EVERYONE, EvaluationContext, Operator, Segments, Test, Verdict, matching::is_in,
};
use crate::Timestamp;

/// One line of a condition, with its result.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConditionStep {
    /// The nesting depth; parts of a combination are one deeper than it.
    pub depth: usize,
    /// The test in words.
    pub asked: String,
    /// The test without the value that it compares with, which may be a list of customers; equal to
    /// `asked` if there is no such value.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asked_in_public: String,
    pub verdict: Verdict,
    /// The attribute's value in the context, if one attribute was tested.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub found: Option<Value>,
    /// Why the attribute is unreadable, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Condition {
    /// Returns all lines of the condition for one context, also after a line has decided, because
    /// readers want to know what else prevents a match.
    #[must_use]
    pub fn trace_steps(
        &self,
        context: &EvaluationContext,
        segments: &Segments,
        now: Timestamp,
    ) -> Vec<ConditionStep> {
        let mut steps = Vec::new();
        self.push_steps(context, segments, now, 0, &mut steps);
        steps
    }

    fn push_steps(
        &self,
        context: &EvaluationContext,
        segments: &Segments,
        now: Timestamp,
        depth: usize,
        steps: &mut Vec<ConditionStep>,
    ) {
        let verdict = Verdict::from(self.matches(context, segments, now));
        let (asked, parts): (String, &[Self]) = match self {
            Self::All(parts) if parts.is_empty() => (EVERYONE.to_owned(), &[]),
            Self::All(parts) => ("all of these".to_owned(), parts),
            Self::Any(parts) => ("any of these".to_owned(), parts),
            Self::Not(part) => ("not".to_owned(), std::slice::from_ref(&**part)),
            Self::InSegment(key) => {
                let verdict = Verdict::from(is_in(key, context, segments, now));
                let asked = format!("in the segment {key}");
                steps.push(ConditionStep::from_verdict(depth, asked, verdict));
                if let Some(segment) = segments.get(key) {
                    segment.condition.push_steps(context, segments, now, depth + 1, steps);
                }
                return;
            }
            Self::Test(test) => {
                let (verdict, found) =
                    (test.judge_context(context, now), test.attribute_value(context));
                let asked_in_public = format!("{} {} …", test.attribute, test.operator.as_phrase());
                let asked = test.to_string();
                let is_unreadable = verdict == Verdict::Unreadable;
                let problem = found.as_ref().filter(|_| is_unreadable);
                let problem = problem.and_then(|found| test.explain_unreadable(found));
                steps.push(ConditionStep {
                    depth,
                    asked,
                    asked_in_public,
                    verdict,
                    found,
                    problem,
                });
                return;
            }
        };
        steps.push(ConditionStep::from_verdict(depth, asked, verdict));
        for part in parts {
            part.push_steps(context, segments, now, depth + 1, steps);
        }
    }
}

impl ConditionStep {
    fn from_verdict(depth: usize, asked: String, verdict: Verdict) -> Self {
        Self { depth, asked_in_public: asked.clone(), asked, verdict, found: None, problem: None }
    }

    /// The line for the user's own browser: with the user's value, without the one compared with.
    #[must_use]
    pub fn public_text(&self) -> String {
        format!("{}: {}", self.asked_in_public, self.verdict_text())
    }

    fn verdict_text(&self) -> String {
        match (self.verdict, &self.found) {
            (Verdict::Holds, Some(found)) => format!("yes, it is {found}"),
            (Verdict::Holds, None) => "yes".to_owned(),
            (Verdict::Fails, Some(found)) => format!("no, it is {found}"),
            (Verdict::Fails, None) => "no".to_owned(),
            (Verdict::Missing, _) => "no, the context does not have it".to_owned(),
            (Verdict::Unreadable, _) => {
                format!("no, it cannot be read: {}", self.problem.as_deref().unwrap_or_default())
            }
            (Verdict::WrongType, found) => {
                let found = found.clone().unwrap_or_default();
                format!("no, {found} has a type that cannot be compared with that")
            }
        }
    }
}

impl std::fmt::Display for ConditionStep {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.asked, self.verdict_text())
    }
}

impl std::fmt::Display for Test {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { attribute, operator, .. } = self;
        write!(f, "{attribute} {}", operator.as_phrase())?;
        match (operator, &self.value()) {
            (Operator::Exists, _) => Ok(()),
            (Operator::WithinLastDays | Operator::OlderThanDays, value) => {
                write!(f, " {value} days")
            }
            (_, Value::Array(list)) => {
                let items: Vec<String> = list.iter().take(5).map(Value::to_string).collect();
                write!(f, " {}", items.join(", "))?;
                match list.len().saturating_sub(5) {
                    0 => Ok(()),
                    more => write!(f, " and {more} more"),
                }
            }
            (_, value) => write!(f, " {value}"),
        }
    }
}

impl std::fmt::Display for Condition {
    /// In words, as previews of rules show it: `beta_testers and plan is "pro"`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let joined = |parts: &[Self], word: &str| {
            let one = |part: &Self| match part {
                Self::All(inner) | Self::Any(inner) if inner.len() > 1 => format!("({part})"),
                _ => part.to_string(),
            };
            parts.iter().map(one).collect::<Vec<_>>().join(word)
        };
        match self {
            condition if condition.is_everyone() => f.write_str(EVERYONE),
            Self::All(parts) => f.write_str(&joined(parts, " and ")),
            Self::Any(parts) if parts.is_empty() => f.write_str("nobody"),
            Self::Any(parts) => f.write_str(&joined(parts, " or ")),
            Self::Not(part) => match &**part {
                Self::InSegment(key) => write!(f, "not in {key}"),
                part => write!(f, "not ({part})"),
            },
            Self::InSegment(key) => f.write_str(key.as_str()),
            Self::Test(test) => test.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;

    #[test]
    fn every_line_has_the_test_and_the_value_found() {
        let condition: Condition = serde_json::from_value(json!({"all": [
            {"attribute": "plan", "operator": "equals", "value": "pro"},
            {"attribute": "age", "operator": "at_least", "value": 18},
            {"attribute": "signed_up_at", "operator": "within_last_days", "value": 30},
            {"not": {"attribute": "beta", "operator": "exists"}},
        ]}))
        .unwrap();
        let context =
            EvaluationContext::default().with_attribute("plan", "free").with_attribute("age", "18");
        let steps = condition.trace_steps(&context, &Segments::new(), DateTime::UNIX_EPOCH);
        let lines: Vec<String> =
            steps.iter().map(|step| format!("{}{step}", "  ".repeat(step.depth))).collect();
        assert_eq!(
            lines,
            [
                "all of these: no",
                "  plan is \"pro\": no, it is \"free\"",
                "  age is at least 18: no, \"18\" has a type that cannot be compared with that",
                "  signed_up_at is within the last 30 days: no, the context does not have it",
                "  not: yes",
                "    beta is known: no, the context does not have it",
            ]
        );
        assert_eq!(
            condition.to_string(),
            "plan is \"pro\" and age is at least 18 and signed_up_at is within the last 30 days \
             and not (beta is known)"
        );
    }
}
