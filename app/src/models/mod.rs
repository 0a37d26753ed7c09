//! What live pages show, as texts and choices. The server decides and formats; the browser only
//! renders, so that it downloads neither rules nor formats.

#[cfg(feature = "ssr")]
mod build_incident;
#[cfg(feature = "ssr")]
mod build_rollout;
#[cfg(feature = "ssr")]
mod commands;
mod incident;
mod rollout;

#[cfg(feature = "ssr")]
pub use self::rollout::{ChecklistGroup, GatePart, Limit, RolloutHead};
#[cfg(feature = "ssr")]
pub(crate) use self::{
    build_incident::build_incident_page,
    build_rollout::{build_rollout_page, describe_reaction_time},
    commands::{command_label, describe_consequences},
};
pub use self::{
    incident::{ContactLine, IncidentHead, IncidentPage, TimelineLine},
    rollout::{
        ChecklistLine, CommandChoice, Done, FirstMinutesTable, GateLine, HistoryItem, MinutesFlag,
        OpenIncident, PhaseCard, RolloutPage, Step, TickLine, VoteLine,
    },
};
