//! Audience entries, criteria and KPIs as lines of text: `100 % of internal`, `error_rate < 3`,
//! `retention > 10 against control`, `Conversion: events > 10 event "premium_conversion", 28 days`.

use std::fmt;

use serde::{
    Deserialize,
    de::{IntoDeserializer, value::Error as ValueError},
};

use super::{
    AudienceEntry, Comparator, ComparedWith, Criterion, CriterionMetric, Kpi, KpiGroup, Target,
};
use crate::{
    ids::{InvalidKey, SegmentKey},
    targeting::{InvalidShare, Share},
};

/// The window of a KPI whose line has none, in days.
const USUAL_WINDOW: u16 = 28;

/// The reason why a line is not the part of a plan that it should be; says how to write it.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidLine {
    /// Not a share and a segment.
    #[error("write {0:?} as a share and a segment, such as 20 % of new_users")]
    Audience(String),
    /// A share outside 0 to 100 %, or with too many decimals.
    #[error(transparent)]
    Share(#[from] InvalidShare),
    /// A text that cannot be a segment's key.
    #[error(transparent)]
    Segment(#[from] InvalidKey),
    /// Not a name and a target.
    #[error("write {0:?} as a name and a target, such as Satisfaction: nps > 40, 28 days")]
    Kpi(String),
    /// A word is missing at the end.
    #[error("{line:?} ends before {before}")]
    Ends {
        line: String,
        /// The missing word, such as `a number`.
        before: &'static str,
    },
    /// A metric that does not exist.
    #[error("there is no metric {0:?}")]
    Metric(String),
    /// A word that is not a comparison.
    #[error("compare with >, >=, < or <=, not with {0:?}")]
    Comparator(String),
    /// A threshold that is not a number.
    #[error("{0:?} is no number")]
    Number(String),
    /// Something to compare with that does not exist.
    #[error("against control or baseline, not {0:?}")]
    ComparedWith(String),
    /// A word that cannot follow the threshold.
    #[error(
        "{0:?} after the number; what may follow is of FLAG, event \"NAME\", against control, against baseline"
    )]
    Rest(String),
}

/// Writes an audience entry as a line.
#[must_use]
pub fn audience_line(entry: &AudienceEntry) -> String {
    format!("{} % of {}", entry.share.percent(), entry.segment)
}

/// Parses an audience entry from a line.
///
/// # Errors
/// Returns an error with the expected form.
pub fn parse_audience(line: &str) -> Result<AudienceEntry, InvalidLine> {
    let how = || InvalidLine::Audience(line.to_owned());
    let (share, segment) = line.split_once(" of ").ok_or_else(how)?;
    let share = share.trim().trim_end_matches('%').trim();
    let share: f64 = share.parse().map_err(|_| how())?;
    let share = Share::from_percent(share)?;
    let segment = SegmentKey::new(segment.trim())?;
    Ok(AudienceEntry { segment, share })
}

/// Writes a criterion as a line.
#[must_use]
pub fn criterion_line(criterion: &Criterion) -> String {
    match criterion {
        Criterion::SignedOff { statement } => statement.clone(),
        Criterion::Automatic(target) => target_line(target),
    }
}

/// Parses a criterion from a line. A line that does not begin with a metric and a comparator is a
/// statement to sign off.
///
/// # Errors
/// Returns an error if the rest of a line with metric and comparator is invalid.
pub fn parse_criterion(line: &str) -> Result<Criterion, InvalidLine> {
    let mut words = line.split_whitespace();
    let metric = words.next().and_then(parse_word::<CriterionMetric>);
    let comparator = words.next().and_then(parse_word::<Comparator>);
    match (metric, comparator) {
        (Some(_), Some(_)) => parse_target(line).map(Criterion::Automatic),
        _ => Ok(Criterion::SignedOff { statement: line.trim().to_owned() }),
    }
}

/// Writes a KPI as a line.
#[must_use]
pub fn kpi_line(kpi: &Kpi) -> String {
    let Kpi { name, window_days, .. } = kpi;
    format!("{name}: {}, {window_days} days", target_line(&kpi.target()))
}

/// Parses a KPI from a line.
///
/// # Errors
/// Returns an error with the expected form.
pub fn parse_kpi(line: &str, group: KpiGroup) -> Result<Kpi, InvalidLine> {
    let how = || InvalidLine::Kpi(line.to_owned());
    let (name, rest) = line.split_once(':').ok_or_else(how)?;
    let (target, window_days) = match rest.rsplit_once(',') {
        None => (rest, USUAL_WINDOW),
        Some((target, window)) => {
            let days = window.trim().trim_end_matches("days").trim_end_matches("day").trim();
            (target, days.parse().map_err(|_| how())?)
        }
    };
    let Target { metric, comparator, threshold, compared_with, scope, event } =
        parse_target(target)?;
    let name = name.trim().to_owned();
    Ok(Kpi { group, name, metric, event, scope, comparator, threshold, compared_with, window_days })
}

fn target_line(target: &Target) -> String {
    let Target { metric, comparator, threshold, compared_with, scope, event } = target;
    let mut line =
        format!("{} {} {threshold}", serialized_name(metric), serialized_name(comparator));
    if let Some(event) = event {
        line.push_str(&format!(" event \"{event}\""));
    }
    if let Some(scope) = scope {
        line.push_str(&format!(" of {scope}"));
    }
    match compared_with {
        ComparedWith::Fixed => {}
        ComparedWith::Control => line.push_str(" against control"),
        ComparedWith::Baseline => line.push_str(" against baseline"),
    }
    line
}

fn parse_target(line: &str) -> Result<Target, InvalidLine> {
    let words = split_words(line);
    let mut words = words.iter().map(String::as_str);
    let ends = |before| InvalidLine::Ends { line: line.to_owned(), before };
    let mut next = |what| words.next().ok_or_else(|| ends(what));
    let named = next("the metric")?;
    let metric = parse_word(named).ok_or_else(|| InvalidLine::Metric(named.to_owned()))?;
    let sign = next("a comparison")?;
    let comparator = parse_word(sign).ok_or_else(|| InvalidLine::Comparator(sign.to_owned()))?;
    let number = next("a number")?;
    let threshold = number.parse().map_err(|_| InvalidLine::Number(number.to_owned()))?;
    let mut target = Target {
        metric,
        comparator,
        threshold,
        compared_with: ComparedWith::Fixed,
        scope: None,
        event: None,
    };
    while let Some(word) = words.next() {
        let mut next = |what| words.next().ok_or_else(|| ends(what));
        match word {
            "of" => target.scope = Some(next("a flag")?.to_owned()),
            "event" => target.event = Some(next("an event")?.to_owned()),
            "against" => {
                let with = next("control or baseline")?;
                target.compared_with =
                    parse_word(with).ok_or_else(|| InvalidLine::ComparedWith(with.to_owned()))?;
            }
            other => return Err(InvalidLine::Rest(other.to_owned())),
        }
    }
    Ok(target)
}

/// Splits a line into words; a text in quotes is one word.
fn split_words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('"').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

fn parse_word<'de, T: Deserialize<'de>>(word: &'de str) -> Option<T> {
    let word: serde::de::value::StrDeserializer<'de, ValueError> = word.into_deserializer();
    T::deserialize(word).ok()
}

/// Returns the serialized name of an enum value.
fn serialized_name(value: &(impl serde::Serialize + fmt::Debug)) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => format!("{value:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_round_trip_through_their_types() {
        for line in ["100 % of internal", "0.1 % of new_users"] {
            assert_eq!(audience_line(&parse_audience(line).unwrap()), line);
        }
        for line in [
            "error_rate < 3",
            "critical_bugs <= 0",
            "retention > 10 against control",
            "adoption_rate > 15 of EXERCISE_SOCIAL_FEATURES",
            "events >= 10 event \"premium conversion\" against baseline",
            "Community activity metrics positive",
            "retention is good",
        ] {
            assert_eq!(criterion_line(&parse_criterion(line).unwrap()), line);
        }
        let line = "Support: events < -15 event \"support_ticket\" against baseline, 90 days";
        assert_eq!(kpi_line(&parse_kpi(line, KpiGroup::Business).unwrap()), line);
        assert_eq!(parse_kpi("NPS: nps > 40", KpiGroup::User).unwrap().window_days, 28);
    }

    #[test]
    fn an_invalid_line_is_refused_with_the_expected_form() {
        assert!(parse_audience("everyone").unwrap_err().to_string().contains("20 % of new_users"));
        assert!(
            parse_audience("120 % of everyone")
                .unwrap_err()
                .to_string()
                .contains("between 0 and 100")
        );
        let criterion = |line| parse_criterion(line).unwrap_err().to_string();
        assert_eq!(criterion("nps > many"), "\"many\" is no number");
        assert!(criterion("nps > 4 against them").contains("control or baseline, not \"them\""));
        assert!(criterion("nps > 4 or so").contains("what may follow is"));
        assert!(criterion("nps >").contains("ends before a number"));
        let kpi = |line| parse_kpi(line, KpiGroup::User).unwrap_err().to_string();
        assert!(kpi("nps > 40").contains("a name and a target"));
        assert_eq!(kpi("x: moon > 40"), "there is no metric \"moon\"");
        assert!(kpi("x: nps > 40, soon").contains("a name and a target"));
    }
}
