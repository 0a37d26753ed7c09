//! The reasons why a criterion is not measured.

use chrono::NaiveDate;
use phasegate_domain::config::Switch;

/// The reason why a criterion is not measured, as the gate shows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unmeasured {
    /// The flag in the scope belongs to a later phase.
    #[error("not measured: no phase reached so far adds {0}")]
    LaterFlag(String),
    /// No page has sent the event of the target.
    #[error("not measured: no event {0:?} was received; compare the name with the app's")]
    UnknownEvent(String),
    /// No visit is sampled.
    #[error("not measured: the share of visits that is measured is 0 %; raise it under Settings")]
    NothingSampled,
    /// An environment variable pins the switch off.
    #[error("not measured: {} not collected: {variable} is set", subject(*.switch))]
    PinnedOff { switch: Switch, variable: String },
    /// The switch is off.
    #[error("not measured: {} not collected; switch that on under Settings", subject(*.0))]
    SwitchedOff(Switch),
    /// The switch has been on for less than a full day.
    #[error(
        "not measured: {} collected again since today; whole days are counted, from {from} (UTC) on",
        subject(*.switch)
    )]
    JustStarted { switch: Switch, from: NaiveDate },
    /// There is no time before the rollout to compare with.
    #[error("it is not known when the rollout began")]
    NoBaseline,
    /// No audience entry of the phase has a share below 100 %.
    #[error("there is no control group")]
    NoControl,
    /// The sizes of the arms contradict the share.
    #[error("{0}")]
    SampleRatio(String),
}

fn subject(switch: Switch) -> &'static str {
    match switch {
        Switch::Analytics => "analytics are",
        Switch::Performance => "vitals and timings are",
        Switch::Errors => "errors are",
    }
}
