//! The dimensions by which every metric can be broken down.

use super::OTHER_LABEL;
use crate::{
    events::{Arm, Visit},
    ids::{FlagKey, PhaseNumber, SegmentKey, VariantName},
    vitals::Device,
};

/// A dimension with its value: one part of all events. Values of one kind do not overlap, except
/// flags and segments: a session is exposed to many flags, and a user is in several segments.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Dimension {
    #[default]
    All,
    /// Events on a page, by its path.
    Page(String),
    /// Events on a kind of device.
    Device(Device),
    /// Events of a version of the app.
    Release(String),
    /// Events while the rollout was in a phase.
    Phase(PhaseNumber),
    /// Events of users in a segment.
    Segment(SegmentKey),
    /// Events of users exposed to a variant, in a phase or before the rollout.
    Flag(FlagKey, VariantName, Option<PhaseNumber>),
    /// Events of one arm: a side of an audience entry's share.
    Arm(Arm),
}

/// The kind of a dimension.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DimensionKind {
    Page,
    Device,
    Release,
    Phase,
    Segment,
    Flag,
    Arm,
}

impl DimensionKind {
    /// Returns the prefix in [`Dimension::to_text`], before the first colon.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Device => "device",
            Self::Release => "release",
            Self::Phase => "phase",
            Self::Segment => "segment",
            Self::Flag => "flag",
            Self::Arm => "arm",
        }
    }
}

impl Dimension {
    /// The dimensions of a visit. Pages are missing: each event has its own.
    #[must_use]
    pub fn from_visit(visit: &Visit) -> Vec<Self> {
        let mut dimensions = vec![Self::All, Self::Device(visit.device)];
        dimensions.extend(visit.release.clone().map(Self::Release));
        dimensions.extend(visit.phase.map(Self::Phase));
        dimensions.extend(visit.segments.iter().cloned().map(Self::Segment));
        let flags = visit.exposed.iter();
        dimensions.extend(
            flags.map(|(flag, variant)| Self::Flag(flag.clone(), variant.clone(), visit.phase)),
        );
        dimensions.extend(visit.arm.clone().map(Self::Arm));
        dimensions
    }

    /// Whether a page view keeps this dimension until it ends. Device and release stay; exposures
    /// and phases may change meanwhile.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        matches!(self, Self::All | Self::Page(_) | Self::Device(_) | Self::Release(_))
    }

    /// The kind whose number of values is bounded; `None` for kinds with few values.
    #[must_use]
    pub fn bounded_kind(&self) -> Option<&'static str> {
        match self {
            Self::Page(_) => Some("page"),
            Self::Release(_) => Some("release"),
            _ => None,
        }
    }

    /// The value under which further values of its kind are counted.
    #[must_use]
    pub fn to_other_label(&self) -> Self {
        match self {
            Self::Page(_) => Self::Page(OTHER_LABEL.to_owned()),
            Self::Release(_) => Self::Release(OTHER_LABEL.to_owned()),
            same => same.clone(),
        }
    }

    /// The text form that the store uses as key.
    #[must_use]
    pub fn to_text(&self) -> String {
        match self {
            Self::All => String::new(),
            Self::Page(page) => format!("page:{page}"),
            Self::Device(device) => format!("device:{}", device.as_str()),
            Self::Release(release) => format!("release:{release}"),
            Self::Phase(phase) => format!("phase:{}", phase.0),
            Self::Segment(segment) => format!("segment:{segment}"),
            Self::Flag(flag, variant, None) => format!("flag:{flag}:{variant}:"),
            Self::Flag(flag, variant, Some(phase)) => format!("flag:{flag}:{variant}:{}", phase.0),
            Self::Arm(arm) => format!("arm:{}", arm.to_text()),
        }
    }

    /// Parses the text form of [`Dimension::to_text`].
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.is_empty() {
            return Some(Self::All);
        }
        let (kind, rest) = text.split_once(':')?;
        match kind {
            "page" => Some(Self::Page(rest.to_owned())),
            "device" => {
                Device::ALL.into_iter().find(|device| device.as_str() == rest).map(Self::Device)
            }
            "release" => Some(Self::Release(rest.to_owned())),
            "arm" => Arm::parse(rest).map(Self::Arm),
            "segment" => SegmentKey::new(rest).ok().map(Self::Segment),
            "phase" => rest.parse().ok().map(PhaseNumber).map(Self::Phase),
            "flag" => {
                let mut parts = rest.split(':');
                let flag = FlagKey::new(parts.next()?).ok()?;
                let variant = VariantName::new(parts.next()?).ok()?;
                let phase = match parts.next()? {
                    "" => None,
                    number => Some(PhaseNumber(number.parse().ok()?)),
                };
                parts.next().is_none().then_some(Self::Flag(flag, variant, phase))
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dimension_is_parsed_from_its_text() {
        let flag = || FlagKey::new("A").unwrap();
        let on = || VariantName::new("on").unwrap();
        for dimension in [
            Dimension::All,
            Dimension::Page("/a:b?c".into()),
            Dimension::Device(Device::Tablet),
            Dimension::Release("1.2:x".into()),
            Dimension::Phase(PhaseNumber(3)),
            Dimension::Segment(SegmentKey::new("beta").unwrap()),
            Dimension::Flag(flag(), on(), None),
            Dimension::Flag(flag(), on(), Some(PhaseNumber(6))),
            Dimension::Arm(Arm::parse("3:everyone:5000:control").unwrap()),
        ] {
            assert_eq!(Dimension::parse(&dimension.to_text()), Some(dimension));
        }
        for nonsense in [
            "device:watch",
            "flag:A",
            "flag:A:on:1:2",
            "phase:x",
            "moon:1",
            "page",
            "arm:3:x:5:out",
        ] {
            assert_eq!(Dimension::parse(nonsense), None, "{nonsense}");
        }
    }
}
