//! The weekly review of a rollout: changes, current state and due decisions.

use std::fmt::Write as _;

use super::{Annotation, FeedbackSummary, KpiValue, RolloutView};
use crate::{
    Timestamp, gates::ConditionKind, measurement::Verdict, plan::Phase, rollout::RolloutStatus,
    targeting::Throttle, words::format_duration,
};

/// The time range of a review, in days.
pub const REVIEW_DAYS: i64 = 7;

/// The data of a weekly review.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// The current view of the rollout.
    pub rollout: RolloutView,
    /// The beginning of the week.
    pub from: Timestamp,
    /// The end of the week: the time of the computation.
    pub to: Timestamp,
    /// Changes of the rollout, its flags and releases in the week, oldest first.
    pub changes: Vec<Annotation>,
    /// The feedback in the week.
    pub feedback: FeedbackSummary,
}

fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "holds",
        Verdict::Fail => "fails",
        Verdict::Inconclusive => "inconclusive",
        Verdict::AwaitingSignOff => "pending sign-off",
    }
}

impl Review {
    fn current_phase(&self) -> Option<&Phase> {
        self.rollout.plan.phase(self.rollout.status().serving_phase()?)
    }

    /// The status in one sentence, with phase and time.
    #[must_use]
    pub fn summary(&self) -> String {
        let (plan, state) = (&self.rollout.plan, self.rollout.status());
        let status = match state {
            RolloutStatus::Draft => "Not started",
            RolloutStatus::Running(_) => "Running",
            RolloutStatus::Paused(_) => "Paused",
            RolloutStatus::Completed(_) => "Completed",
            RolloutStatus::Aborted => "Aborted",
        };
        match (self.current_phase(), state.progress()) {
            (Some(phase), Some(progress)) => format!(
                "{status}: phase {} of {}, {}, for {}. Planned share {}, of which {} is served.",
                phase.number,
                plan.last_phase(),
                phase.name,
                format_duration(self.to - progress.phase_since),
                phase.percentage,
                progress.throttle,
            ),
            _ => format!("{status}."),
        }
    }

    /// The decisions that are due now, the most urgent first.
    #[must_use]
    pub fn due_decisions(&self) -> Vec<String> {
        let record = &self.rollout.state.record;
        let mut due = Vec::new();
        for incident in record.open_incidents() {
            let what = incident.kind.title();
            due.push(format!(
                "Incident {} is open ({what}: {}): close it, or say what is left.",
                incident.id, incident.reason
            ));
        }
        if let Some(incident) = record.find_due_post_mortem() {
            due.push(format!(
                "Write the post-mortem of incident {}; nothing advances before.",
                incident.id
            ));
        }
        let state = self.rollout.status();
        let (RolloutStatus::Running(progress) | RolloutStatus::Paused(progress)) = state else {
            if *state == RolloutStatus::Draft {
                due.push("Start the rollout once its checklist is done.".to_owned());
            }
            return due;
        };
        if matches!(state, RolloutStatus::Paused(_)) {
            due.push("Resume the rollout, or roll it back.".to_owned());
        }
        if progress.throttle != Throttle::NONE {
            due.push(format!(
                "Shares are at {} of the plan: raise them again, or roll back.",
                progress.throttle
            ));
        }
        due.extend(self.phase_decisions(progress.phase_since));
        due
    }

    fn phase_decisions(&self, since: Timestamp) -> Vec<String> {
        let mut due = Vec::new();
        let Some(phase) = self.current_phase() else { return due };
        let conditions = &self.rollout.gate.conditions;
        let next = self.rollout.plan.phase(phase.number.next());
        if self.rollout.gate.passes() {
            due.push(match next {
                Some(next) => {
                    format!("Everything holds: advance to phase {}, {}.", next.number, next.name)
                }
                None => "Everything holds: complete the rollout.".to_owned(),
            });
        }
        let over = phase.planned_end(since).filter(|over| self.to > *over);
        if let Some(over) = over {
            due.push(format!(
                "The phase takes {} longer than planned: advance, roll back, or revise the plan.",
                format_duration(self.to - over)
            ));
        }
        for condition in conditions {
            let text = match (condition.kind, condition.verdict) {
                (ConditionKind::Alerts, Verdict::Fail) => {
                    format!("An alert is firing: {}.", condition.detail)
                }
                (ConditionKind::Criterion, Verdict::Fail) => {
                    format!(
                        "\u{201c}{}\u{201d} fails ({}): mend it, or roll back.",
                        condition.title, condition.detail
                    )
                }
                (ConditionKind::Criterion, Verdict::AwaitingSignOff) => {
                    format!("Look at \u{201c}{}\u{201d}, and sign it off or not.", condition.title)
                }
                (ConditionKind::Votes, Verdict::AwaitingSignOff | Verdict::Fail) => {
                    format!("Vote on leaving the phase: {}.", condition.detail)
                }
                _ => continue,
            };
            due.push(text);
        }
        due
    }

    /// Writes the review as Markdown. Texts of users are escaped, so that they cannot add markup.
    #[must_use]
    pub fn to_markdown(&self) -> String {
        let plan = &self.rollout.plan;
        let day = |at: Timestamp| at.format("%Y-%m-%d").to_string();
        let mut text = format!(
            "# {} {}: review {} to {}\n\n{}\n",
            escape_markdown(&plan.name),
            plan.revision,
            day(self.from),
            day(self.to),
            self.summary()
        );
        if let Some(reach) = self.rollout.reach {
            let _ = writeln!(
                text,
                "\n{} of {} active users were given it.",
                reach.exposed, reach.active
            );
        }
        let decisions = self.due_decisions().into_iter().map(|text| escape_markdown(&text));
        write_section(&mut text, "Decisions due", decisions, "No decisions due.");
        let conditions = self.rollout.gate.conditions.iter().map(|condition| {
            format!(
                "{} — **{}**: {}",
                escape_markdown(&condition.title),
                verdict_word(condition.verdict),
                escape_markdown(&condition.detail)
            )
        });
        write_section(&mut text, "Gate", conditions, "No phase is served.");
        self.write_kpis(&mut text);
        let changes = self.changes.iter().map(|annotation| {
            let by = annotation
                .by
                .as_ref()
                .map(|by| format!(", {}", escape_markdown(by)))
                .unwrap_or_default();
            format!(
                "{} {}: {}{by}",
                annotation.at.format("%Y-%m-%d %H:%M"),
                annotation.kind.title(),
                escape_markdown(&annotation.text)
            )
        });
        write_section(&mut text, "Changes", changes, "No changes.");
        let incidents = self.rollout.state.record.incidents.iter().rev();
        let incidents = incidents
            .filter(|incident| incident.closed_at.is_none_or(|closed| closed >= self.from));
        let incidents = incidents.map(|incident| {
            let state = if incident.closed_at.is_some() { "closed" } else { "open" };
            format!(
                "{}: {} on {} after {}: {} ({state})",
                incident.id,
                incident.kind.title(),
                incident.acted_at.format("%Y-%m-%d %H:%M"),
                format_duration(incident.acted_at - incident.detected_at),
                escape_markdown(&incident.reason),
            )
        });
        write_section(&mut text, "Incidents", incidents, "No incidents.");
        self.write_feedback(&mut text);
        text
    }

    fn write_kpis(&self, text: &mut String) {
        if self.rollout.kpis.is_empty() {
            return;
        }
        text.push_str("\n## Targets\n\n| | target | now | |\n|---|---|---|---|\n");
        for KpiValue { name, target, current, verdict, window_days, .. } in &self.rollout.kpis {
            let now = current.as_deref().unwrap_or("not measured");
            let _ = writeln!(
                text,
                "| {} | {} | {} ({window_days} days) | {} |",
                escape_cell(name),
                escape_cell(target),
                escape_cell(now),
                verdict_word(*verdict)
            );
        }
    }

    fn write_feedback(&self, text: &mut String) {
        let FeedbackSummary { count, rating, themes, newest } = &self.feedback;
        let rating = rating.map(|mean| format!(", rated {mean:.1} of 5 on average"));
        let _ =
            writeln!(text, "\n## Feedback\n\n{count} in the week{}.\n", rating.unwrap_or_default());
        for (theme, times) in themes {
            let _ = writeln!(text, "- {}: {times}", escape_markdown(theme));
        }
        for (at, what) in newest {
            let _ = writeln!(
                text,
                "\n> {} ({}, {})",
                escape_markdown(&what.message),
                escape_markdown(&what.page),
                format_day(*at)
            );
        }
    }
}

fn format_day(at: Timestamp) -> String {
    at.format("%Y-%m-%d").to_string()
}

fn write_section(
    text: &mut String,
    title: &str,
    lines: impl IntoIterator<Item = String>,
    empty: &str,
) {
    let _ = writeln!(text, "\n## {title}\n");
    let mut is_empty = true;
    for line in lines {
        let _ = writeln!(text, "- {}", line.replace('\n', " "));
        is_empty = false;
    }
    if is_empty {
        let _ = writeln!(text, "{empty}");
    }
}

/// Puts a text on one line and escapes its Markdown markup.
fn escape_markdown(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '\n' | '\r' => plain.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '!' => {
                plain.push('\\');
                plain.push(sign);
            }
            sign => plain.push(sign),
        }
    }
    plain
}

fn escape_cell(text: &str) -> String {
    escape_markdown(text)
}
