//! How a rollout is doing: its targets, its first minutes in a phase, and feedback.

use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    feedback::Feedback,
    ids::FlagKey,
    measurement::{CriterionResult, Verdict},
    plan::{ComparedWith, CriterionMetric, Kpi, KpiGroup},
};

/// For how many minutes after the beginning of a phase they are shown one by one.
pub const FIRST_MINUTES: i64 = 60;

/// A target, and how far it is reached.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KpiValue {
    /// Whom it is for.
    pub group: KpiGroup,
    /// The name that pages show.
    pub name: String,
    /// What is to be reached, as users write it.
    pub target: String,
    /// The app's own event that it counts.
    pub event: Option<String>,
    /// The value with its unit; nothing where nothing was measured.
    pub current: Option<String>,
    /// Whether it is reached.
    pub verdict: Verdict,
    /// On what the value rests, or what is missing.
    pub detail: String,
    /// Of how many days up to today.
    pub window_days: u16,
    /// The value of each day, the oldest first.
    pub trend: Vec<Option<f64>>,
}

impl KpiValue {
    /// What was found out about a target.
    #[must_use]
    pub fn of(kpi: &Kpi, found: CriterionResult) -> Self {
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

/// The first minutes in a phase: whether what was switched on is on, and whether anything breaks.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FirstMinutes {
    /// When the phase began.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub since: Timestamp,
    /// The flags that the phase adds: how often each was given, and how often it was asked for and
    /// not given.
    pub flags: Vec<(FlagKey, u64, u64)>,
    pub now: Counts,
    /// In as long a time before.
    pub before: Counts,
    /// Errors in each minute since then.
    pub errors: Vec<u64>,
}

/// What happened in a stretch of minutes.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    pub views: u64,
    pub sessions: u64,
    /// Of those, with an error.
    pub error_sessions: u64,
    pub errors: u64,
    /// 75th percentile of the largest paint, in seconds.
    pub lcp: Option<f64>,
}

/// The feedback in a stretch of time.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FeedbackSummary {
    pub count: u64,
    pub rating: Option<f64>,
    /// About what, the most frequent first: kind and page, and how often.
    pub themes: Vec<(String, u64)>,
    /// The newest with a text, newest first.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<(String, Feedback)>))]
    pub newest: Vec<(Timestamp, Feedback)>,
}

impl FeedbackSummary {
    /// Themes and quotes that are kept.
    const KEPT: usize = 5;

    /// Puts together what users said, newest first.
    #[must_use]
    pub fn of(said: &[(Timestamp, Feedback)]) -> Self {
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
        let feedback = FeedbackSummary::of(&all);
        assert_eq!((feedback.count, feedback.rating), (3, Some(3.5)));
        assert_eq!(feedback.themes[0], ("bug on /a".to_owned(), 2));
        assert_eq!(feedback.newest.len(), 1);
        assert_eq!(FeedbackSummary::of(&[]), FeedbackSummary::default());
    }
}
