//! The commands `phasegate plan …`.

use std::{
    io::IsTerminal,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use clap::Subcommand;
use phasegate_domain::plan::PlanFile;
use phasegate_service::{
    rollout::{
        PLAN_TEMPLATES, PlanBase, PlanChange, PlanImport, compare_plan, export_plan, find_template,
        import_plan, read_plan, try_plan,
    },
    setup::parse_plan,
};
use serde_json::json;

use super::{
    files::read_input,
    local::{Local, Place, ask_confirmation, print_json, print_line},
};
use crate::clock;

#[derive(Debug, Subcommand)]
pub(super) enum PlanCommand {
    /// Validate a plan file; errors name the line and field
    Validate {
        /// The plan as a TOML file
        file: PathBuf,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
    },
    /// Print the plan of an environment as TOML, with the flags and segments that it names
    Export {
        #[command(flatten)]
        place: Place,
    },
    /// Show what a plan file would change
    Diff {
        /// The TOML file (- for standard input)
        file: PathBuf,
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Import a plan: a new one, or a higher revision of the current one
    Import {
        /// The TOML file (- for standard input)
        file: PathBuf,
        /// The reason; required while a rollout is in progress
        #[arg(long, default_value = "")]
        note: String,
        /// Only show the difference
        #[arg(long, conflicts_with = "yes")]
        dry_run: bool,
        /// Apply without asking for confirmation
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Print a built-in plan template
    Template {
        /// The template: exercise-library, canary or ring
        name: String,
    },
}

pub(super) async fn run_plan(command: PlanCommand) -> anyhow::Result<()> {
    match command {
        PlanCommand::Export { place } => {
            let Local { service, environment, actor } = place.open_environment().await?;
            print_line(export_plan(&service, &actor, environment).await?.value.trim_end())
        }
        PlanCommand::Diff { file, json, place } => {
            let (_, change) = read_plan_change(&place.open_environment().await?, &file).await?;
            if json { print_json(&change) } else { print_plan_change(&change) }
        }
        PlanCommand::Import { file, note, dry_run, yes, place } => {
            let local = place.open_environment().await?;
            let (plan, change) = read_plan_change(&local, &file).await?;
            print_plan_change(&change)?;
            let Local { service, environment, actor } = local;
            // A change made before the user confirms is a conflict and not overwritten.
            let base = PlanBase::Seen(change.version);
            let import = PlanImport { note: &note, salt: &clock::generate_seed()?, base };
            if change.is_empty() {
                return Ok(());
            }
            if dry_run {
                try_plan(&service, &actor, environment, &plan, import).await?;
                return print_line("It would be imported.");
            }
            if !yes && !confirm_plan_import(&file)? {
                bail!("nothing was changed");
            }
            import_plan(&service, &actor, environment, &plan, import).await?;
            print_line("Imported.")
        }
        PlanCommand::Validate { file, json } => {
            let plan =
                parse_plan(&read_input(&file)?).with_context(|| file.display().to_string())?;
            if json { print_json(&plan_summary(&plan)) } else { print_line(&describe_plan(&plan)) }
        }
        PlanCommand::Template { name } => match find_template(&name) {
            Some(template) => print_line(template.text.trim_end()),
            None => {
                let known: Vec<&str> = PLAN_TEMPLATES.iter().map(|known| known.name).collect();
                bail!("there is no plan {name:?}; there are: {}", known.join(", "))
            }
        },
    }
}

/// Asks for confirmation; an error without a terminal.
fn confirm_plan_import(file: &Path) -> anyhow::Result<bool> {
    if !std::io::stdin().is_terminal() || file.as_os_str() == "-" {
        bail!("nothing was changed, because there is no terminal to ask; repeat it with --yes");
    }
    ask_confirmation("Bring this plan in?")
}

async fn read_plan_change(local: &Local, file: &Path) -> anyhow::Result<(PlanFile, PlanChange)> {
    let Local { service, environment, actor } = local;
    let plan = read_plan(service, *environment, &read_input(file)?)
        .with_context(|| file.display().to_string())?;
    let change = compare_plan(service, actor, *environment, &plan).await?;
    Ok((plan, change))
}

fn print_plan_change(change: &PlanChange) -> anyhow::Result<()> {
    for what in &change.unchanged {
        print_line(&format!("! {what} is different in the file; a plan does not change it"))?;
    }
    if change.is_empty() {
        return print_line("No changes: the file matches the plan.");
    }
    for key in &change.new_segments {
        print_line(&format!("+ segment {key}"))?;
    }
    for key in &change.new_flags {
        print_line(&format!("+ flag {key}"))?;
    }
    for field in &change.fields {
        print_line(&format!("~ {field}"))?;
    }
    Ok(())
}

fn plan_summary(file: &PlanFile) -> serde_json::Value {
    let plan = &file.plan;
    json!({
        "key": plan.key, "revision": plan.revision, "phases": plan.phases.len(),
        "flags": file.flags.len(), "segments": file.segments.len(),
        "criteria": plan.phases.iter().map(|phase| phase.criteria.len()).sum::<usize>(),
        "checklist": plan.all_checklist_items().len(),
    })
}

fn describe_plan(file: &PlanFile) -> String {
    let plan = &file.plan;
    format!(
        "{} {} is sound: {} phases, {} flags, {} segments, {} items to tick.",
        plan.name,
        plan.revision,
        plan.phases.len(),
        file.flags.len(),
        file.segments.len(),
        plan.all_checklist_items().len()
    )
}
