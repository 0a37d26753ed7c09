//! `phasegate plan …`.

use std::{fs, path::PathBuf};

use anyhow::{Context, bail};
use clap::Subcommand;
use phasegate_domain::rollout::PlanFile;
use phasegate_service::setup::parse_plan;
use serde_json::json;

use super::local::{print, print_json};
use crate::plans;

#[derive(Debug, Subcommand)]
pub(super) enum PlanCommand {
    /// Check a plan file; names line and field of what is wrong
    Validate {
        /// The TOML file
        file: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print one of the plans that come with the program
    Template {
        /// exercise-library, canary or ring
        name: String,
    },
}

pub(super) fn run(command: PlanCommand) -> anyhow::Result<()> {
    match command {
        PlanCommand::Validate { file, json } => {
            let text = fs::read_to_string(&file)
                .with_context(|| format!("{} cannot be read", file.display()))?;
            let plan = parse_plan(&text).with_context(|| file.display().to_string())?;
            if json { print_json(&summary(&plan)) } else { print(&in_words(&plan)) }
        }
        PlanCommand::Template { name } => match plans::ALL.iter().find(|(known, _)| *known == name)
        {
            Some((_, text)) => print(text.trim_end()),
            None => {
                let known: Vec<&str> = plans::ALL.iter().map(|(name, _)| *name).collect();
                bail!("there is no plan {name:?}; there are: {}", known.join(", "))
            }
        },
    }
}

fn summary(file: &PlanFile) -> serde_json::Value {
    let plan = &file.plan;
    json!({
        "key": plan.key, "revision": plan.revision, "phases": plan.phases.len(),
        "flags": file.flags.len(), "segments": file.segments.len(),
        "criteria": plan.phases.iter().map(|phase| phase.criteria.len()).sum::<usize>(),
        "checklist": plan.items().len(),
    })
}

fn in_words(file: &PlanFile) -> String {
    let plan = &file.plan;
    format!(
        "{} {} is sound: {} phases, {} flags, {} segments, {} items to tick.",
        plan.name,
        plan.revision,
        plan.phases.len(),
        file.flags.len(),
        file.segments.len(),
        plan.items().len()
    )
}
