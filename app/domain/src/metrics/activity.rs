//! Activities of users per day. All user counts come from these sets.

use crate::{
    events::Arm,
    ids::{FlagKey, PhaseNumber, SegmentKey, VariantName},
};

/// What a user did on a day. The store keeps one user set per activity and day.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Activity {
    /// Sent any event of a user.
    Active,
    /// Was active for the first time ever.
    First,
    /// Was exposed to a variant, in a phase or before the rollout.
    Exposed(FlagKey, VariantName, Option<PhaseNumber>),
    Used(FlagKey),
    /// Was active as a member of a segment.
    InSegment(SegmentKey),
    /// Was active while the rollout was in a phase.
    InPhase(PhaseNumber),
    /// Was active in an arm: on one side of an audience entry's share.
    InArm(Arm),
}

/// The activities that a query selects.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum ActivityFilter {
    /// All activities that are stored.
    All,
    /// Only the given activity.
    Only(Activity),
}

impl Activity {
    /// The text form that the store uses as key.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::Active => "active".to_owned(),
            Self::First => "first".to_owned(),
            Self::Exposed(flag, variant, phase) => {
                let phase = phase.map(|phase| phase.0.to_string()).unwrap_or_default();
                format!("exposed:{flag}:{variant}:{phase}")
            }
            Self::Used(flag) => format!("used:{flag}"),
            Self::InSegment(segment) => format!("segment:{segment}"),
            Self::InPhase(phase) => format!("phase:{}", phase.0),
            Self::InArm(arm) => format!("arm:{}", arm.to_text()),
        }
    }

    /// Parses the text form of [`Activity::to_text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if let Some(arm) = text.strip_prefix("arm:") {
            return Arm::parse(arm).map(Self::InArm);
        }
        let mut parts = text.split(':');
        let activity = match parts.next()? {
            "active" => Self::Active,
            "first" => Self::First,
            "used" => Self::Used(FlagKey::new(parts.next()?).ok()?),
            "segment" => Self::InSegment(SegmentKey::new(parts.next()?).ok()?),
            "phase" => Self::InPhase(PhaseNumber(parts.next()?.parse().ok()?)),
            "exposed" => {
                let flag = FlagKey::new(parts.next()?).ok()?;
                let variant = VariantName::new(parts.next()?).ok()?;
                let phase = match parts.next()? {
                    "" => None,
                    number => Some(PhaseNumber(number.parse().ok()?)),
                };
                Self::Exposed(flag, variant, phase)
            }
            _ => return None,
        };
        parts.next().is_none().then_some(activity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_activity_is_parsed_from_its_text() {
        let flag = || FlagKey::new("A").unwrap();
        let on = || VariantName::new("on").unwrap();
        for activity in [
            Activity::Active,
            Activity::First,
            Activity::Used(flag()),
            Activity::InSegment(SegmentKey::new("beta").unwrap()),
            Activity::InPhase(PhaseNumber(3)),
            Activity::InArm(Arm::parse("3:new_users:20000:treatment").unwrap()),
            Activity::Exposed(flag(), on(), None),
            Activity::Exposed(flag(), on(), Some(PhaseNumber(2))),
        ] {
            assert_eq!(Activity::parse(&activity.to_text()), Some(activity));
        }
        for nonsense in ["", "asleep", "used", "active:x", "exposed:A:on", "exposed:A:on:x"] {
            assert_eq!(Activity::parse(nonsense), None, "{nonsense}");
        }
    }
}
