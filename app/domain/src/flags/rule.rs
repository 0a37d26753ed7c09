//! Targeting rules: a condition and what is served to the users that match it.

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    ids::VariantName,
    targeting::{BUCKETS, Bucket, Condition, Share, Throttle, is_inside},
};

/// One rule of a flag; the first that answers wins.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawRule", into = "RawRule")]
pub struct Rule {
    /// The display name; may be empty.
    pub name: String,
    /// The users that the rule applies to.
    pub condition: Condition,
    pub serve: Serve,
}

/// The variant or variants that a rule serves.
#[derive(Debug, Clone, PartialEq)]
pub enum Serve {
    /// One variant, to every user that the rule matches.
    Variant(VariantName),
    /// One variant, to a share of the matching users; the others continue with the next rule.
    Share(VariantName, Portion),
    /// One of several variants, by bucket. The shares add up to 100 %.
    Split(Vec<WeightedVariant>),
}

/// The size of a share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Portion {
    /// A share that does not change.
    Fixed(Share),
    /// A share that grows or shrinks with time.
    Ramp(Ramp),
}

/// A share that changes linearly from one value to another.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Ramp {
    /// The share until `starts_at`, %.
    pub from: Share,
    /// The share from `ends_at` on, %.
    pub to: Share,
    /// The time at which the share starts to change.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::targeting::instant::deserialize_instant")]
    pub starts_at: Timestamp,
    /// The time at which the share reaches `to`.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    #[serde(deserialize_with = "crate::targeting::instant::deserialize_instant")]
    pub ends_at: Timestamp,
}

/// The part of a split that one variant gets.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WeightedVariant {
    pub variant: VariantName,
    pub share: Share,
}

impl Ramp {
    /// The share at an instant, in whole buckets: a pure function of ramp and clock.
    #[must_use]
    pub fn share_at(&self, now: Timestamp) -> Share {
        if now <= self.starts_at {
            return self.from;
        }
        if now >= self.ends_at {
            return self.to;
        }
        let part = |length: TimeDelta| i128::from(length.num_milliseconds());
        let (done, whole) =
            (part(now - self.starts_at), part(self.ends_at - self.starts_at).max(1));
        let (from, to) = (i128::from(self.from.buckets()), i128::from(self.to.buckets()));
        let buckets = from + (to - from) * done / whole;
        Share::from_buckets(u32::try_from(buckets).unwrap_or_default())
    }

    /// Whether the share is changing at an instant.
    #[must_use]
    pub fn is_moving(&self, now: Timestamp) -> bool {
        (self.starts_at..self.ends_at).contains(&now)
    }
}

impl Portion {
    /// The share at an instant.
    #[must_use]
    pub fn share_at(&self, now: Timestamp) -> Share {
        match self {
            Self::Fixed(share) => *share,
            Self::Ramp(ramp) => ramp.share_at(now),
        }
    }
}

impl Serve {
    /// Whether the answer depends on the user's bucket at an instant.
    #[must_use]
    pub fn needs_bucket(&self, now: Timestamp) -> bool {
        match self {
            Self::Variant(_) => false,
            Self::Share(_, portion) => portion.share_at(now) != Share::ALL,
            Self::Split(_) => true,
        }
    }

    /// The variant for a bucket, with the share that contains it; `None` means the next rule.
    #[must_use]
    pub fn choose_variant(&self, bucket: Bucket, now: Timestamp) -> Option<(&VariantName, Share)> {
        match self {
            Self::Variant(variant) => Some((variant, Share::ALL)),
            Self::Share(variant, portion) => {
                let share = portion.share_at(now);
                is_inside(bucket, share, Throttle::NONE).then_some((variant, share))
            }
            Self::Split(parts) => {
                let mut end = 0;
                let part = parts.iter().find(|part| {
                    end += part.share.buckets();
                    bucket.0 < end
                })?;
                Some((&part.variant, part.share))
            }
        }
    }

    /// The share of [`Serve::Share`] at an instant; `None` for the other kinds.
    #[must_use]
    pub fn served_share_at(&self, now: Timestamp) -> Option<Share> {
        match self {
            Self::Share(_, portion) => Some(portion.share_at(now)),
            Self::Variant(_) | Self::Split(_) => None,
        }
    }

    /// All variants that the rule may answer.
    pub fn variants(&self) -> impl Iterator<Item = &VariantName> {
        let (one, many): (Option<&VariantName>, &[WeightedVariant]) = match self {
            Self::Variant(variant) | Self::Share(variant, _) => (Some(variant), &[]),
            Self::Split(parts) => (None, parts),
        };
        one.into_iter().chain(many.iter().map(|part| &part.variant))
    }
}

/// Why a rule is invalid. The message names the field.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidRule {
    /// Neither a variant nor a split, or both.
    #[error("variant: a rule answers either one \"variant\" or a \"split\"; name one of them")]
    Answer,
    /// A share and a ramp, or one of them beside a split.
    #[error("share: give a \"share\" or a \"ramp\", and neither beside a \"split\"")]
    Portion,
    /// The shares of a split do not add up to 100 %.
    #[error("split: the shares add up to {0} %, not to 100 %")]
    Sum(f64),
    /// A ramp that ends before it begins.
    #[error("ramp.ends_at: must be later than starts_at")]
    Ramp,
}

/// A rule in the format of files and the API.
#[derive(Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Rule))]
#[serde(deny_unknown_fields)]
pub(crate) struct RawRule {
    /// The display name of the rule.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    name: String,
    /// The users that the rule applies to; everyone if left out.
    #[serde(default, skip_serializing_if = "asks_nothing")]
    condition: Condition,
    /// The variant that it answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    variant: Option<VariantName>,
    /// The share of these users that gets the variant, %; the others continue with the next rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<f64>))]
    share: Option<Share>,
    /// A share that changes with time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ramp: Option<Ramp>,
    /// Several variants, by bucket; the shares add up to 100 %.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    split: Vec<WeightedVariant>,
}

fn asks_nothing(condition: &Condition) -> bool {
    *condition == Condition::default()
}

impl TryFrom<RawRule> for Rule {
    type Error = InvalidRule;

    fn try_from(raw: RawRule) -> Result<Self, InvalidRule> {
        let RawRule { name, condition, variant, share, ramp, split } = raw;
        let serve = match (variant, share, ramp, split) {
            (Some(variant), None, None, split) if split.is_empty() => Serve::Variant(variant),
            (Some(variant), Some(share), None, split) if split.is_empty() => {
                Serve::Share(variant, Portion::Fixed(share))
            }
            (Some(_), None, Some(ramp), _) if ramp.ends_at <= ramp.starts_at => {
                return Err(InvalidRule::Ramp);
            }
            (Some(variant), None, Some(ramp), split) if split.is_empty() => {
                Serve::Share(variant, Portion::Ramp(ramp))
            }
            (None, None, None, split) if !split.is_empty() => {
                let sum: u64 = split.iter().map(|part| u64::from(part.share.buckets())).sum();
                if sum != u64::from(BUCKETS) {
                    return Err(InvalidRule::Sum(sum as f64 / 1_000.0));
                }
                Serve::Split(split)
            }
            (Some(_), _, _, split) if !split.is_empty() => return Err(InvalidRule::Answer),
            (None, _, _, split) if split.is_empty() => return Err(InvalidRule::Answer),
            _ => return Err(InvalidRule::Portion),
        };
        Ok(Self { name, condition, serve })
    }
}

impl From<Rule> for RawRule {
    fn from(rule: Rule) -> Self {
        let Rule { name, condition, serve } = rule;
        let raw =
            Self { name, condition, variant: None, share: None, ramp: None, split: Vec::new() };
        match serve {
            Serve::Variant(variant) => Self { variant: Some(variant), ..raw },
            Serve::Share(variant, Portion::Fixed(share)) => {
                Self { variant: Some(variant), share: Some(share), ..raw }
            }
            Serve::Share(variant, Portion::Ramp(ramp)) => {
                Self { variant: Some(variant), ramp: Some(ramp), ..raw }
            }
            Serve::Split(split) => Self { split, ..raw },
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn at_second(second: i64) -> Timestamp {
        DateTime::from_timestamp(second, 0).unwrap()
    }

    fn read_rule(json: Value) -> Result<Rule, String> {
        serde_json::from_value(json).map_err(|error| error.to_string())
    }

    #[test]
    fn a_rule_round_trips_through_json() {
        for json in [
            json!({"variant": "on"}),
            json!({"name": "Beta", "condition": {"in_segment": "beta"}, "variant": "on", "share": 5.0}),
            json!({"variant": "on", "ramp": {"from": 0.0, "to": 100.0,
                   "starts_at": "2026-01-01T00:00:00Z", "ends_at": "2026-01-02T00:00:00Z"}}),
            json!({"split": [{"variant": "a", "share": 33.4}, {"variant": "b", "share": 66.6}]}),
        ] {
            assert_eq!(serde_json::to_value(read_rule(json.clone()).unwrap()).unwrap(), json);
        }
    }

    #[test]
    fn an_invalid_rule_names_the_wrong_field() {
        let complaint = |json| read_rule(json).unwrap_err();
        let half = json!([{"variant": "a", "share": 50}]);
        assert!(complaint(json!({})).starts_with("variant:"));
        assert!(complaint(json!({"variant": "on", "split": half})).starts_with("variant:"));
        assert!(complaint(json!({"split": half})).starts_with("split: the shares add up to 50 %"));
        assert!(complaint(json!({"share": 5})).starts_with("variant:"));
        let whole = json!([{"variant": "a", "share": 100}]);
        assert!(complaint(json!({"share": 5, "split": whole})).starts_with("share:"));
        let ramp = json!({"from": 0, "to": 1, "starts_at": at_second(5), "ends_at": at_second(5)});
        assert!(complaint(json!({"variant": "on", "ramp": ramp})).starts_with("ramp.ends_at:"));
        assert!(complaint(json!({"variant": "on", "share": 101})).contains("between 0 and 100"));
        assert!(
            complaint(json!({"variant": "on", "weight": 1})).contains("unknown field `weight`")
        );
    }

    #[test]
    fn a_ramp_is_linear() {
        let ramp = Ramp {
            from: Share::from_percent(10.0).unwrap(),
            to: Share::from_percent(50.0).unwrap(),
            starts_at: at_second(1_000),
            ends_at: at_second(2_000),
        };
        for (second, percent) in
            [(0, 10.0), (1_000, 10.0), (1_250, 20.0), (1_500, 30.0), (2_000, 50.0), (9_000, 50.0)]
        {
            assert_eq!(
                ramp.share_at(at_second(second)),
                Share::from_percent(percent).unwrap(),
                "{second}"
            );
        }
        assert!(ramp.is_moving(at_second(1_000)) && !ramp.is_moving(at_second(2_000)));
        let down = Ramp { from: ramp.to, to: ramp.from, ..ramp };
        assert_eq!(down.share_at(at_second(1_500)), Share::from_percent(30.0).unwrap());
    }

    proptest! {
        #[test]
        fn a_rising_ramp_never_falls(a in 0_i64..3_000, b in 0_i64..3_000, low in 0..BUCKETS, high in 0..BUCKETS) {
            let (from, to) = (Share::from_buckets(low.min(high)), Share::from_buckets(low.max(high)));
            let ramp = Ramp { from, to, starts_at: at_second(1_000), ends_at: at_second(2_000) };
            prop_assert!(ramp.share_at(at_second(a.min(b))) <= ramp.share_at(at_second(a.max(b))));
        }

        #[test]
        fn a_split_answers_every_bucket(bucket in 0..BUCKETS, first in 0..=BUCKETS) {
            let part = |name: &str, buckets| WeightedVariant {
                variant: VariantName::new(name).unwrap(),
                share: Share::from_buckets(buckets),
            };
            let split = Serve::Split(vec![part("a", first), part("b", BUCKETS - first)]);
            let (variant, _) = split.choose_variant(Bucket(bucket), at_second(0)).unwrap();
            prop_assert_eq!(variant.as_str(), if bucket < first { "a" } else { "b" });
        }
    }
}
