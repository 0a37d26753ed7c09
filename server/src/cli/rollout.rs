//! `phasegate rollout …`.

use anyhow::Context;
use clap::{Args, Subcommand};
use phasegate_domain::{
    measurement::Verdict,
    reports::RolloutView,
    rollout::{CommandKind, RecordEntry, RolloutCommand},
};
use phasegate_service::{
    accounts::account_by_email,
    rollout::{RolloutOverview, add, command, review, view},
};

use super::local::{Local, Place, print, print_json};

#[derive(Debug, Subcommand)]
pub(super) enum RolloutSubcommand {
    /// Show where it is, whether it can go on, and if not, why not
    Status {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Begin with phase 1
    Start(Given),
    /// Go on to the next phase
    Advance(Given),
    /// Advance and raise nothing; everyone keeps what they have
    Pause(Given),
    /// Go on after a pause
    Resume(Given),
    /// Go back to the phase before, or with --full to phase 1
    Rollback {
        /// Go back to phase 1
        #[arg(long)]
        full: bool,
        #[command(flatten)]
        given: Given,
    },
    /// Halve every share below 100 %
    Halve(Given),
    /// Double what was halved
    Restore(Given),
    /// Turn all flags of the phases reached off, for all users
    Kill(Given),
    /// All phases are done
    Complete(Given),
    /// Abort the rollout for good
    Abort(Given),
    /// Print the review of the last seven days, in Markdown
    Review {
        #[command(flatten)]
        place: Place,
    },
    /// Vote on leaving the current phase
    Vote {
        /// The vote: go or no-go
        #[arg(value_parser = ["go", "no-go"])]
        vote: String,
        /// The account whose vote it is, by its e-mail address
        #[arg(long = "as", value_name = "EMAIL")]
        account: String,
        /// Why; needed for no-go
        #[arg(long, default_value = "")]
        comment: String,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
}

#[derive(Debug, Args)]
pub(super) struct Given {
    /// Why; needed where a rule is overruled or something is taken away
    #[arg(long, default_value = "")]
    reason: String,
    /// Only if it was not moved since it had this version, as status --json shows it
    #[arg(long)]
    if_version: Option<i64>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

pub(super) async fn run(wanted: RolloutSubcommand) -> anyhow::Result<()> {
    use RolloutSubcommand as R;
    let (kind, given) = match wanted {
        R::Status { json, place } => return show(&place.open().await?, json).await,
        R::Vote { vote, account, comment, json, place } => {
            let local = place.open().await?;
            let record_entry = RecordEntry::Vote { go: vote == "go", comment };
            let account = account_by_email(&local.service, &account).await?;
            let voter = local.actor.clone().acting_for(&account);
            add(&local.service, &voter, local.environment, &record_entry).await?;
            return show(&local, json).await;
        }
        R::Review { place } => {
            let Local { service, environment, actor } = place.open().await?;
            let review = review(&service, &actor, environment).await?;
            let review = review.context("this environment has no rollout; import a plan first")?;
            return print(review.markdown().trim_end());
        }
        R::Start(given) => (CommandKind::Start, given),
        R::Advance(given) => (CommandKind::Advance, given),
        R::Pause(given) => (CommandKind::Pause, given),
        R::Resume(given) => (CommandKind::Resume, given),
        R::Rollback { full: false, given } => (CommandKind::RollBack, given),
        R::Rollback { full: true, given } => (CommandKind::RollBackFully, given),
        R::Halve(given) => (CommandKind::Halve, given),
        R::Restore(given) => (CommandKind::Restore, given),
        R::Kill(given) => (CommandKind::Kill, given),
        R::Complete(given) => (CommandKind::Complete, given),
        R::Abort(given) => (CommandKind::Abort, given),
    };
    let local = given.place.open_without_telemetry().await?;
    let (service, actor, environment) = (&local.service, &local.actor, local.environment);
    let wanted = RolloutCommand::new(kind, given.reason);
    command(service, actor, environment, &wanted, given.if_version).await?;
    show(&local, given.json).await
}

async fn now(local: &Local) -> anyhow::Result<RolloutView> {
    let view = view(&local.service, &local.actor, local.environment).await?;
    view.context("this environment has no rollout; import a plan first")
}

async fn show(local: &Local, json: bool) -> anyhow::Result<()> {
    let view = now(local).await?;
    let status = RolloutOverview::of(&view);
    if json {
        return print_json(&status);
    }
    let phase = match (status.phase, &status.phase_name) {
        (Some(number), Some(name)) => {
            format!(", phase {number} of {}: {name}", view.plan.last_phase())
        }
        _ => String::new(),
    };
    print(&format!("{} {}: {}{phase}", view.plan.name, status.revision, status.status))?;
    for condition in &status.gate.conditions {
        let sign = match condition.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "FAIL",
            Verdict::Inconclusive => "open",
            Verdict::AwaitingSignOff => "asks",
        };
        print(&format!("  {sign}  {}: {}", condition.title, condition.detail))?;
    }
    for incident in view.state.record.open_incidents() {
        let id = incident.id;
        print(&format!("  incident {id} is open: {}, {}", incident.kind.title(), incident.reason))?;
    }
    let possible: Vec<&str> = status.commands.iter().map(|kind| kind.as_str()).collect();
    print(&format!("Possible now: {}", possible.join(", ")))
}
