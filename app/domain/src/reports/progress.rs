//! The progress of a rollout: KPI values, the first minutes of a phase, and feedback.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    feedback::Feedback,
    ids::FlagKey,
    measurement::{CriterionResult, Verdict},
    plan::{ComparedWith, CriterionMetric, Kpi, KpiGroup},
};

/// Minutes after the start of a phase that are shown one by one.
pub const FIRST_MINUTES: i64 = 60;

/// A KPI with its current value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KpiValue {
    /// The group of the KPI.
    pub group: KpiGroup,
    /// The name that pages show.
    pub name: String,
    /// The target in words, such as `Adoption rate > 60 %`.
    pub target: String,
    /// The custom event that it counts.
    pub event: Option<String>,
    /// The value with its unit; `None` if nothing was measured.
    pub current: Option<String>,
    /// Whether the target is reached.
    pub verdict: Verdict,
    /// The value with its sample, or what is missing.
    pub detail: String,
    /// The measured window, in days up to today.
    pub window_days: u16,
    /// The value of each day, the oldest first.
    pub trend: Vec<Option<f64>>,
}

impl KpiValue {
    /// Creates the value of a KPI from the result of its target.
    #[must_use]
    pub fn from_result(kpi: &Kpi, found: CriterionResult) -> Self {
        let unit = match kpi.compared_with {
            ComparedWith::Fixed => kpi.metric.unit(),
            ComparedWith::Control | ComparedWith::Baseline => " %",
        };
        let value = |value: f64| match (kpi.compared_with, kpi.metric) {
            (ComparedWith::Fixed, CriterionMetric::CriticalBugs) => format!("{value:.0}"),
            (ComparedWith::Fixed, _) => format!("{value:.1}{unit}"),
            _ => format!("{value:+.1}{unit}"),
        };
        Self {
            group: kpi.group,
            name: kpi.name.clone(),
            target: kpi.target().to_string(),
            event: kpi.event.clone(),
            current: found.value.map(value),
            verdict: found.verdict,
            detail: found.detail,
            window_days: kpi.window_days,
            trend: found.trend,
        }
    }
}

/// The first minutes of a phase, to check that its flags are served and that nothing breaks.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FirstMinutes {
    /// The start of the phase.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// The flags that the phase adds, each with its exposures to the rollout's variant and to other
    /// variants.
    pub flags: Vec<(FlagKey, u64, u64)>,
    pub now: Counts,
    /// The counts of an equally long time before.
    pub before: Counts,
    /// Errors per minute since the start of the phase.
    pub errors: Vec<u64>,
}

/// The counts of a time range.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    pub views: u64,
    pub sessions: u64,
    /// Sessions with at least one error.
    pub error_sessions: u64,
    pub errors: u64,
    /// 75th percentile of the Largest Contentful Paint, in seconds.
    pub lcp: Option<f64>,
}

/// A summary of the feedback in a time range.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedbackSummary {
    pub count: u64,
    pub rating: Option<f64>,
    /// Themes (kind and page) with their counts, most frequent first.
    pub themes: Vec<(String, u64)>,
    /// The newest items with a message, newest first.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<(String, Feedback)>))]
    pub newest: Vec<(Timestamp, Feedback)>,
}

impl FeedbackSummary {
    /// Maximum themes, and maximum messages.
    const KEPT: usize = 5;

    /// Summarizes feedback items, which are sorted newest first.
    #[must_use]
    pub fn from_feedback(said: &[(Timestamp, Feedback)]) -> Self {
        let ratings: Vec<f64> =
            said.iter().filter_map(|(_, what)| what.rating.map(f64::from)).collect();
        let mut themes: Vec<(String, u64)> = Vec::new();
        for (_, what) in said {
            let kind = if what.kind.is_empty() { "feedback" } else { what.kind.as_str() };
            let theme = format!("{kind} on {}", what.page);
            match themes.iter_mut().find(|(known, _)| *known == theme) {
                Some((_, times)) => *times += 1,
                None => themes.push((theme, 1)),
            }
        }
        themes.sort_by_key(|(_, times)| std::cmp::Reverse(*times));
        themes.truncate(Self::KEPT);
        let texts = said.iter().filter(|(_, what)| !what.message.is_empty());
        Self {
            count: said.len() as u64,
            rating: (!ratings.is_empty())
                .then(|| ratings.iter().sum::<f64>() / ratings.len() as f64),
            themes,
            newest: texts.take(Self::KEPT).cloned().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn feedback_is_grouped_by_kind_and_page() {
        let said = |kind: &str, page: &str, rating, message: &str| {
            let what = Feedback {
                kind: kind.into(),
                rating,
                score: None,
                message: message.into(),
                page: page.into(),
                screenshot: String::new(),
            };
            (Timestamp::UNIX_EPOCH, what)
        };
        let all = [
            said("bug", "/a", None, "broken"),
            said("rating", "/b", Some(5), ""),
            said("bug", "/a", Some(2), ""),
        ];
        let feedback = FeedbackSummary::from_feedback(&all);
        assert_eq!((feedback.count, feedback.rating), (3, Some(3.5)));
        assert_eq!(feedback.themes[0], ("bug on /a".to_owned(), 2));
        assert_eq!(feedback.newest.len(), 1);
        assert_eq!(FeedbackSummary::from_feedback(&[]), FeedbackSummary::default());
    }
}
