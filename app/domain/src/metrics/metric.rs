//! The metrics of rollups, and their labels.

use crate::{
    events::{EventKind, TimingKind},
    feedback::Feedback,
    ids::{FlagKey, VariantName},
    vitals::Vital,
};

/// The maximum number of labels with rollups of their own, per metric and environment.
pub const MAX_LABELS: u32 = 500;

/// The label under which all further labels are counted.
pub const OTHER_LABEL: &str = "other";

/// The subject of a rollup, which determines its labels and values.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    Vital(Vital),
    Errors,
    /// Exposures; labelled with flag and variant, as [`exposure_label`] writes them.
    Exposures,
    /// Uses; labelled with the flag.
    FeatureUses,
    /// Custom events; labelled with their name.
    Custom,
    /// Values of properties of events; labelled as [`property_label`] writes them.
    Properties,
    /// Durations; labelled with the endpoint or component.
    Timing(TimingKind),
    /// Timed calls that failed; labelled with the endpoint.
    Failures,
    Views,
    /// Visible time with a feature in use; labelled with the flag.
    Engagement,
    /// Tasks; labelled `name:outcome`, with durations as values.
    Tasks,
    /// Feedback items without a score, with ratings as values.
    Feedback,
    /// Net promoter scores, 0 to 10.
    Nps,
    /// Events that were dropped or rejected.
    Dropped,
    /// Rejected events; labelled with the reason. They are also part of the dropped ones.
    Rejected,
    /// Sessions, in the minute of their start, with durations as values.
    Sessions,
    /// Sessions with at least one error.
    ErrorSessions,
    /// Sessions with at least one critical error.
    CriticalSessions,
}

impl Metric {
    /// All metrics, each vital and timing included.
    pub const ALL: [Self; 24] = [
        Self::Vital(Vital::Lcp),
        Self::Vital(Vital::Inp),
        Self::Vital(Vital::Cls),
        Self::Vital(Vital::Fcp),
        Self::Vital(Vital::Ttfb),
        Self::Vital(Vital::Fid),
        Self::Errors,
        Self::Exposures,
        Self::FeatureUses,
        Self::Custom,
        Self::Properties,
        Self::Timing(TimingKind::Api),
        Self::Timing(TimingKind::Render),
        Self::Failures,
        Self::Views,
        Self::Engagement,
        Self::Tasks,
        Self::Feedback,
        Self::Nps,
        Self::Dropped,
        Self::Rejected,
        Self::Sessions,
        Self::ErrorSessions,
        Self::CriticalSessions,
    ];

    /// Parses the name of [`Metric::as_str`].
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.as_str() == name)
    }

    /// The name that the store uses as key.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vital(Vital::Lcp) => "vital.lcp",
            Self::Vital(Vital::Inp) => "vital.inp",
            Self::Vital(Vital::Cls) => "vital.cls",
            Self::Vital(Vital::Fcp) => "vital.fcp",
            Self::Vital(Vital::Ttfb) => "vital.ttfb",
            Self::Vital(Vital::Fid) => "vital.fid",
            Self::Errors => "errors",
            Self::Exposures => "exposures",
            Self::FeatureUses => "feature_uses",
            Self::Custom => "custom",
            Self::Properties => "properties",
            Self::Timing(TimingKind::Api) => "timing.api",
            Self::Timing(TimingKind::Render) => "timing.render",
            Self::Failures => "failures",
            Self::Views => "views",
            Self::Engagement => "engagement",
            Self::Tasks => "tasks",
            Self::Feedback => "feedback",
            Self::Nps => "nps",
            Self::Dropped => "dropped",
            Self::Rejected => "rejected",
            Self::Sessions => "sessions",
            Self::ErrorSessions => "error_sessions",
            Self::CriticalSessions => "critical_sessions",
        }
    }
}

impl EventKind {
    /// The metric, the label, the count and the value of an event.
    pub(super) fn to_rollup_parts(&self) -> (Metric, String, u64, Option<u64>) {
        let none = String::new();
        match self {
            Self::Vital { vital, millionths, .. } => {
                (Metric::Vital(*vital), none, 1, Some(*millionths))
            }
            Self::Error(report) => (Metric::Errors, none, report.error_count(), None),
            Self::View => (Metric::Views, none, 1, None),
            Self::Engaged { flag, millionths } => {
                (Metric::Engagement, flag.to_string(), 1, Some(*millionths))
            }
            Self::Task { name, outcome, millionths } => {
                (Metric::Tasks, format!("{name}:{}", outcome.as_str()), 1, Some(*millionths))
            }
            Self::Exposure { flag, variant } => {
                (Metric::Exposures, exposure_label(flag, variant), 1, None)
            }
            Self::FeatureUsed { flag } => (Metric::FeatureUses, flag.to_string(), 1, None),
            Self::Custom { name } => (Metric::Custom, name.clone(), 1, None),
            Self::Property { event, name, value } => {
                (Metric::Properties, property_label(event, name, value), 1, None)
            }
            Self::Timing { kind, name, millionths, .. } => {
                (Metric::Timing(*kind), name.clone(), 1, Some(*millionths))
            }
            Self::Feedback(Feedback { score: Some(score), .. }) => {
                (Metric::Nps, none, 1, Some(u64::from(*score)))
            }
            Self::Feedback(feedback) => (Metric::Feedback, none, 1, feedback.rating.map(u64::from)),
            Self::Dropped { events } => (Metric::Dropped, none, *events, None),
            Self::Rejected { reason, events } => {
                (Metric::Rejected, reason.to_string(), *events, None)
            }
        }
    }
}

/// Separates the parts of a property's label; no readable text contains it.
const BETWEEN: char = '\u{1f}';

/// The label of a property's value.
#[must_use]
pub fn property_label(event: &str, name: &str, value: &str) -> String {
    let clean = |text: &str| text.replace(BETWEEN, " ");
    format!("{}{BETWEEN}{}{BETWEEN}{}", clean(event), clean(name), clean(value))
}

/// Parses event, name and value from the label of a property's value.
#[must_use]
pub fn parse_property_label(label: &str) -> Option<(&str, &str, &str)> {
    let (event, rest) = label.split_once(BETWEEN)?;
    let (name, value) = rest.split_once(BETWEEN)?;
    Some((event, name, value))
}

/// The label of an exposure: `FLAG:variant`. Keys contain no colon, so it can be parsed.
#[must_use]
pub fn exposure_label(flag: &FlagKey, variant: &VariantName) -> String {
    format!("{flag}:{variant}")
}

/// Parses flag and variant from an exposure's label.
#[must_use]
pub fn parse_exposure_label(label: &str) -> Option<(FlagKey, VariantName)> {
    let (flag, variant) = label.split_once(':')?;
    Some((FlagKey::new(flag).ok()?, VariantName::new(variant).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_property_is_parsed_from_its_label() {
        let label = property_label("set:logged", "exercise", "a\u{1f}b=c");
        assert_eq!(parse_property_label(&label), Some(("set:logged", "exercise", "a b=c")));
        assert_eq!(parse_property_label("other"), None);
    }

    #[test]
    fn metrics_are_parsed_from_their_names() {
        for metric in Metric::ALL {
            assert_eq!(Metric::parse(metric.as_str()), Some(metric));
        }
    }
}
