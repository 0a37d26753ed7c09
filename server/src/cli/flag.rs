//! The commands `phasegate flag …`.

use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use phasegate_domain::{
    evaluation::{Answer, Reader, TraceStep, explain_flag},
    flags::{FlagDocument, describe_targeting},
    ids::FlagKey,
    json,
    targeting::EvaluationContext,
};
use phasegate_service::flags::{self, Expected, change_flag, read_replacement, replace_flag};
use serde::Serialize;
use serde_json::{Value, json};

use super::local::{Local, Place, print_json, print_line};

#[derive(Debug, Subcommand)]
pub(super) enum FlagCommand {
    /// List the flags of an environment.
    List {
        /// Print JSON instead of text
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Show one flag of an environment.
    Get {
        /// The key of the flag
        key: FlagName,
        /// Print JSON, in the form that `set --file` reads
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Switch, kill or revive a flag, or replace it with a JSON document.
    Set(SetArgs),
    /// Evaluate a flag for a user, and show each step of the evaluation.
    Eval(EvalArgs),
}

/// The key of a flag, not validated yet.
type FlagName = String;

#[derive(Debug, Args)]
#[group(id = "what", required = true, multiple = false)]
struct What {
    /// Switch the flag on
    #[arg(long, group = "what")]
    on: bool,
    /// Switch the flag off: users without an override get the off variant
    #[arg(long, group = "what")]
    off: bool,
    /// Kill the flag: all users get the off variant unless an environment override applies
    #[arg(long, group = "what")]
    kill: bool,
    /// Revive the flag after a kill
    #[arg(long, group = "what")]
    revive: bool,
    /// Replace the flag with the JSON document in this file (- for standard input)
    #[arg(long, group = "what")]
    file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct SetArgs {
    /// The key of the flag
    key: FlagName,
    #[command(flatten)]
    what: What,
    #[command(flatten)]
    place: Place,
}

#[derive(Debug, Args)]
pub(super) struct EvalArgs {
    /// The key of the flag
    key: FlagName,
    /// The targeting key of the user
    #[arg(long)]
    targeting_key: Option<String>,
    /// The context attributes as a JSON object
    #[arg(long, default_value = "{}")]
    context: String,
    /// Print the OFREP response with `steps`
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    place: Place,
}

pub(super) async fn run_flag(command: FlagCommand) -> anyhow::Result<()> {
    match command {
        FlagCommand::List { json, place } => {
            list_flags(&place.open_environment().await?, json).await
        }
        FlagCommand::Get { key, json, place } => {
            print_flag(&place.open_without_telemetry().await?, &key, json)
        }
        FlagCommand::Set(args) => set_flag(args).await,
        FlagCommand::Eval(args) => evaluate_flag(args).await,
    }
}

async fn list_flags(local: &Local, json: bool) -> anyhow::Result<()> {
    let rows = flags::list_flags(&local.service, &local.actor, local.environment).await?;
    if json {
        let row = |row: &phasegate_domain::reports::FlagRow| {
            json!({"key": row.flag.key, "name": row.flag.name, "kind": row.flag.kind,
                "enabled": row.enabled, "killed": row.state.killed, "rules": row.state.rules.len(),
                "lifecycle": row.lifecycle, "asked_last_day": row.usage.count_last_day()})
        };
        return print_json(&rows.iter().map(row).collect::<Value>());
    }
    if rows.is_empty() {
        return print_line("There are no flags yet; make one in the admin, or import a file.");
    }
    let width = rows.iter().map(|row| row.flag.key.as_str().len()).max().unwrap_or_default();
    for row in rows {
        let state = match (row.flag.archived, row.state.killed, row.enabled) {
            (true, ..) => "archived",
            (_, true, _) => "killed",
            (_, _, true) => "on",
            _ => "off",
        };
        print_line(&format!(
            "{:width$}  {:8}  {:8}  {}",
            row.flag.key,
            row.flag.kind.as_str(),
            state,
            row.flag.name
        ))?;
    }
    Ok(())
}

fn print_flag(local: &Local, key: &str, json: bool) -> anyhow::Result<()> {
    let live = local.service.environment(local.environment)?;
    let stored = live.stored_flag(key)?;
    let document = FlagDocument::new(&stored.flag, &stored.state);
    if json {
        return print_json(&document);
    }
    let added_in = live.snapshot().flag(key).and_then(|entry| entry.added_in);
    print_line(&format!("{} ({}): {}", document.key, document.kind.as_str(), document.name))?;
    for line in describe_targeting(&stored.flag, &stored.state, added_in, local.service.now()) {
        print_line(&format!("  {line}"))?;
    }
    Ok(())
}

async fn set_flag(args: SetArgs) -> anyhow::Result<()> {
    let SetArgs { key, what, place } = args;
    let local = place.open_without_telemetry().await?;
    let Local { service, environment, actor } = &local;
    let key = FlagKey::new(key)?;
    if let Some(file) = what.file {
        let text = super::files::read_input(&file)?;
        let json: Value =
            json::parse_document(text.as_bytes()).context("the document cannot be read")?;
        let live = service.environment(*environment)?;
        let is_killed = live.stored_flag(key.as_str()).is_ok_and(|stored| stored.state.killed);
        let document = read_replacement(json, is_killed)?;
        if document.key != key {
            bail!("the document is of the flag {}, not of {key}", document.key);
        }
        replace_flag(service, actor, *environment, document, Expected::Any).await?;
    } else {
        change_flag(service, actor, *environment, &key, Expected::Any, |flag| {
            match (what.on, what.off, what.kill) {
                (true, ..) => flag.enabled = true,
                (_, true, _) => flag.enabled = false,
                (_, _, true) => flag.killed = true,
                _ => flag.killed = false,
            }
            Ok(())
        })
        .await?;
    }
    print_flag(&local, key.as_str(), false)
}

/// The OFREP response with the steps of the evaluation.
#[derive(Debug, Serialize)]
struct Evaluated<'a> {
    #[serde(flatten)]
    answer: Option<Answer<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<&'a str>,
    #[serde(rename = "errorDetails", skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    steps: Vec<TraceStep>,
}

async fn evaluate_flag(args: EvalArgs) -> anyhow::Result<()> {
    let local = args.place.open_without_telemetry().await?;
    let live = local.service.environment(local.environment)?;
    let mut context: Value =
        serde_json::from_str(&args.context).context("--context is not a JSON object")?;
    if let (Some(user), Some(fields)) = (args.targeting_key, context.as_object_mut()) {
        fields.insert(EvaluationContext::TARGETING_KEY.to_owned(), user.into());
    }
    let context = EvaluationContext::from_json(context).context("--context")?;
    let entry = live.snapshot().flag(&args.key);
    let entry = entry.with_context(|| format!("there is no flag {:?} in use", args.key))?;
    let (found, steps) = explain_flag(live.snapshot(), entry, &context, local.service.now());
    let error = found.as_ref().err().map(ToString::to_string);
    let answer = found.ok().map(|found| Answer::new(live.snapshot(), entry, &found));
    if args.json {
        let key = answer.is_none().then_some(args.key.as_str());
        print_json(&Evaluated { answer, key, error: error.clone(), steps })?;
    } else {
        if let Some(answer) = &answer {
            print_line(&answer.value.to_string())?;
        }
        for line in steps.iter().flat_map(|step| step.explanation_lines(Reader::Admin)) {
            print_line(&format!("  {}{}", "  ".repeat(line.depth), line.text))?;
        }
    }
    error.map_or(Ok(()), |error| bail!("{error}"))
}
