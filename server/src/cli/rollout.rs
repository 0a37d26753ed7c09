//! The commands `phasegate rollout …`.

use anyhow::Context;
use clap::{Args, Subcommand};
use phasegate_domain::{
    measurement::Verdict,
    reports::RolloutView,
    rollout::{CommandKind, RecordEntry, RolloutCommand},
};
use phasegate_service::{
    accounts::account_by_email,
    rollout::{self, RolloutOverview, add_to_record, execute_command, read_review},
};

use super::local::{Local, Place, print_json, print_line};

#[derive(Debug, Subcommand)]
pub(super) enum RolloutSubcommand {
    /// Show the phase, its gate, open incidents and the possible commands
    Status {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Start the rollout with phase 1
    Start(Given),
    /// Advance to the next phase
    Advance(Given),
    /// Pause advancing and raising shares; users keep their features
    Pause(Given),
    /// Resume a paused rollout
    Resume(Given),
    /// Roll back to the previous phase, or with --full to phase 1
    Rollback {
        /// Roll back to phase 1
        #[arg(long)]
        full: bool,
        #[command(flatten)]
        given: Given,
    },
    /// Halve every share below 100 %
    Halve(Given),
    /// Double the halved shares again
    Restore(Given),
    /// Kill all flags of the phases reached, for all users
    Kill(Given),
    /// Complete the rollout after its last phase
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
        /// The e-mail address of the voting account
        #[arg(long = "as", value_name = "EMAIL")]
        account: String,
        /// The reason; required for no-go
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
    /// The reason; required to overrule a rule or to take features away
    #[arg(long, default_value = "")]
    reason: String,
    /// Run the command only if the rollout still has this version, as shown by status --json
    #[arg(long)]
    if_version: Option<i64>,
    /// Print JSON instead of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

pub(super) async fn run_rollout(wanted: RolloutSubcommand) -> anyhow::Result<()> {
    use RolloutSubcommand as R;
    let (kind, given) = match wanted {
        R::Status { json, place } => {
            return print_rollout_status(&place.open_environment().await?, json).await;
        }
        R::Vote { vote, account, comment, json, place } => {
            let local = place.open_environment().await?;
            let record_entry = RecordEntry::Vote { go: vote == "go", comment };
            let account = account_by_email(&local.service, &account).await?;
            let voter = local.actor.clone().acting_for(&account);
            add_to_record(&local.service, &voter, local.environment, &record_entry).await?;
            return print_rollout_status(&local, json).await;
        }
        R::Review { place } => {
            let Local { service, environment, actor } = place.open_environment().await?;
            let review = read_review(&service, &actor, environment).await?;
            let review = review.context("this environment has no rollout; import a plan first")?;
            return print_line(review.to_markdown().trim_end());
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
    execute_command(service, actor, environment, &wanted, given.if_version).await?;
    print_rollout_status(&local, given.json).await
}

async fn read_rollout_view(local: &Local) -> anyhow::Result<RolloutView> {
    let view = rollout::read_rollout_view(&local.service, &local.actor, local.environment).await?;
    view.context("this environment has no rollout; import a plan first")
}

async fn print_rollout_status(local: &Local, json: bool) -> anyhow::Result<()> {
    let view = read_rollout_view(local).await?;
    let status = RolloutOverview::from_view(&view);
    if json {
        return print_json(&status);
    }
    let phase = match (status.phase, &status.phase_name) {
        (Some(number), Some(name)) => {
            format!(", phase {number} of {}: {name}", view.plan.last_phase())
        }
        _ => String::new(),
    };
    print_line(&format!("{} {}: {}{phase}", view.plan.name, status.revision, status.status))?;
    for condition in &status.gate.conditions {
        let sign = match condition.verdict {
            Verdict::Pass => "pass",
            Verdict::Fail => "FAIL",
            Verdict::Inconclusive => "open",
            Verdict::AwaitingSignOff => "asks",
        };
        print_line(&format!("  {sign}  {}: {}", condition.title, condition.detail))?;
    }
    for incident in view.state.record.open_incidents() {
        let id = incident.id;
        print_line(&format!(
            "  incident {id} is open: {}, {}",
            incident.kind.title(),
            incident.reason
        ))?;
    }
    let possible: Vec<&str> = status.commands.iter().map(|kind| kind.as_str()).collect();
    print_line(&format!("Possible now: {}", possible.join(", ")))
}
