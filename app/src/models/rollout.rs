//! What the rollout page shows.

use phasegate_domain::{
    Timestamp,
    ids::PhaseNumber,
    measurement::Verdict,
    reports::{FeedbackSummary, KpiValue},
    rollout::CommandKind,
};
use serde::{Deserialize, Serialize};

/// What the rollout page shows at one moment to one account.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RolloutPage {
    /// The version that a command must name.
    pub version: i64,
    pub at: Timestamp,
    /// Whether the account may act: it is an operator or admin.
    pub can_act: bool,
    pub head: RolloutHead,
    /// The firing alerts, as a sentence without its full stop.
    pub alert: Option<String>,
    pub steps: Vec<Step>,
    pub reach: Option<String>,
    pub incidents: Vec<OpenIncident>,
    /// All incidents, the newest first.
    pub all_incidents: Vec<ListedIncident>,
    /// The killed flags of the phases reached.
    pub killed: Vec<String>,
    /// The commands that are possible now, in the order of their buttons.
    pub commands: Vec<CommandChoice>,
    pub limit: Option<Limit>,
    pub first_minutes: Option<FirstMinutesTable>,
    pub gate: Option<GatePart>,
    /// The KPIs by group; with the targets only before the start.
    pub kpis: Vec<KpiValue>,
    pub kpi_targets: Vec<(String, String)>,
    pub checklist: Vec<ChecklistGroup>,
    pub phases: Vec<PhaseCard>,
    /// Its lines, the newest first.
    pub history: Vec<HistoryItem>,
}

/// The name of the rollout and its status.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RolloutHead {
    pub name: String,
    pub description: String,
    pub revision: String,
    pub status: String,
    /// The class of the status.
    pub class: String,
}

/// A phase in the track of steps.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    pub number: PhaseNumber,
    pub name: String,
    pub percentage: String,
    /// The progress in words, and as a class.
    pub progress: String,
    pub class: String,
    pub is_current: bool,
}

/// An incident that is not closed yet.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenIncident {
    pub id: u32,
    pub title: String,
    pub reason: String,
    pub acted_at: Timestamp,
    /// How long the response took, and whether a post-mortem is due.
    pub note: String,
}

/// An incident in the list of all.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedIncident {
    pub id: u32,
    pub title: String,
    pub reason: String,
    pub acted_at: Timestamp,
    /// Whether it is open, and whether its post-mortem is written.
    pub status: String,
}

/// A command that is possible now, with what its confirmation says.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandChoice {
    pub kind: CommandKind,
    /// What its confirmation is called in the address.
    pub name: String,
    pub label: String,
    /// The class of its button on the page, and in the confirmation.
    pub class: String,
    pub confirm_class: String,
    pub consequences: String,
    /// The users that it newly admits.
    pub reach: Option<String>,
    /// The open conditions that it overrides.
    pub overrides: Vec<String>,
    pub needs_reason: bool,
}

/// The next step that is not possible now.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The label of its button; empty if the account may not act at all.
    pub label: String,
    pub reason: String,
}

/// The first minutes of a phase beside those before it.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstMinutesTable {
    pub phase: PhaseNumber,
    pub since: Timestamp,
    pub flags: Vec<MinutesFlag>,
    /// Title, value now, value before.
    pub rows: Vec<(String, String, String)>,
    /// Errors by minute, the newest last.
    pub errors: Vec<u64>,
}

/// Whether a flag of the phase is served.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MinutesFlag {
    pub key: String,
    pub verdict: Verdict,
    pub text: String,
}

/// The gate of the phase.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GatePart {
    pub question: String,
    pub answer: String,
    pub is_passed: bool,
    pub lines: Vec<GateLine>,
    pub feedback: FeedbackSummary,
    /// The votes; `None` if the plan needs none and there is none.
    pub votes: Option<Vec<VoteLine>>,
}

/// A condition of the gate.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GateLine {
    pub title: String,
    pub verdict: Verdict,
    pub detail: String,
    pub trend: Vec<Option<f64>>,
    /// Whether the account may sign it off.
    pub can_sign_off: bool,
    /// The alerts that the account may acknowledge: name and title.
    pub alerts: Vec<(String, String)>,
}

/// A vote about leaving the phase.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VoteLine {
    pub go: bool,
    pub by: String,
    pub at: Timestamp,
    pub comment: String,
}

/// A group of a checklist.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistGroup {
    pub name: String,
    pub items: Vec<ChecklistLine>,
}

/// An item of a checklist.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChecklistLine {
    /// The phase of the item; `None` for items of the start.
    pub phase: Option<PhaseNumber>,
    pub item: String,
    pub tick: Option<TickLine>,
    /// Who waived it at the start of the rollout; `None` if nobody did.
    pub waived_by: Option<String>,
}

/// Who ticked an item, and the link to the proof; the link may be empty.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TickLine {
    pub by: String,
    pub at: Timestamp,
    pub link: String,
}

/// A phase in detail.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseCard {
    pub number: PhaseNumber,
    pub name: String,
    pub description: String,
    pub percentage: String,
    pub progress: String,
    pub class: String,
    pub audience: String,
    pub flags: Vec<String>,
    pub duration: String,
    /// Each criterion, and how it is judged.
    pub criteria: Vec<(String, String)>,
}

/// A line of the history.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryItem {
    pub at: Timestamp,
    pub text: String,
    /// The reason of a command; may be empty.
    pub reason: String,
    /// The account; empty if unknown.
    pub by: String,
    /// Whether it is an annotation beside the rollout's own events.
    pub is_beside: bool,
}
