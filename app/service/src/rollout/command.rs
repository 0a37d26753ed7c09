//! Moving the rollout, and adding to its record.

use phasegate_domain::{
    flags::FlagDocument,
    history::{Change, HistoryEntry, SubjectKind},
    ids::{EnvironmentId, FlagKey},
    people::Role,
    rollout::{Command, Contribution, Refusal, Rollout, RolloutEvent, apply, contribute},
};
use phasegate_store::models::{Edit, HistoryQuery, PlacedEntry};

use crate::{Service, ServiceError, access::Actor, gates, history::of_flag};

/// Carries out a command, if the rollout is still as the actor saw it.
///
/// # Errors
/// When the actor may not, a rule stands against it, or somebody else was first.
pub async fn command(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    command: &Command,
    seen_version: i64,
) -> Result<RolloutEvent, ServiceError> {
    actor.require(Role::Operator)?;
    let _turn = service.begin_edit().await;
    let rollout = as_seen(service, environment, seen_version).await?;
    let now = service.now();
    let gate = gates::gate(service, environment, &rollout).await?;
    let event = apply(&rollout.plan, &rollout.standing, command, &gate, actor.role(), now)?;
    save(service, actor, environment, &rollout, &event).await?;
    Ok(event)
}

/// Adds to the rollout's record: ticks, judgements, votes, notes on incidents. Who does so need not
/// have seen what others have added meanwhile: nothing of theirs is overwritten.
///
/// # Errors
/// When the actor may not, or a rule stands against it.
pub async fn add(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    contribution: &Contribution,
) -> Result<RolloutEvent, ServiceError> {
    actor.require(Role::Operator)?;
    within_bounds(contribution)?;
    let _turn = service.begin_edit().await;
    let rollout = find(service, environment).await?;
    let event = contribute(&rollout.plan, &rollout.standing, contribution, actor.role())?;
    save(service, actor, environment, &rollout, &event).await?;
    Ok(event)
}

/// Characters of a text that somebody adds.
const MAX_TEXT: usize = 10_000;

/// Things to be done after an incident.
const MAX_ACTIONS: usize = 50;

fn within_bounds(contribution: &Contribution) -> Result<(), ServiceError> {
    let text = match contribution {
        Contribution::Tick { link, .. } => {
            let is_address =
                link.is_empty() || link.starts_with("https://") || link.starts_with("http://");
            if !is_address {
                let text = "link: begin with https:// or http://, or leave it empty";
                return Err(ServiceError::Invalid(text.to_owned()));
            }
            link.len()
        }
        Contribution::Untick { .. } | Contribution::CloseIncident { .. } => 0,
        Contribution::SignOff { comment, .. } | Contribution::Vote { comment, .. } => comment.len(),
        Contribution::Note { text, .. } => text.len(),
        Contribution::Tell { who, .. } => who.len(),
        Contribution::WritePostMortem { post_mortem, .. } => {
            if post_mortem.actions.len() > MAX_ACTIONS {
                let text = format!("actions: at most {MAX_ACTIONS}");
                return Err(ServiceError::Invalid(text));
            }
            let parts = [
                &post_mortem.impact,
                &post_mortem.timeline,
                &post_mortem.cause,
                &post_mortem.went_well,
            ];
            let actions =
                post_mortem.actions.iter().flat_map(|action| [&action.what, &action.owner]);
            parts.into_iter().chain(actions).map(String::len).max().unwrap_or(0)
        }
    };
    if text > MAX_TEXT {
        return Err(ServiceError::Invalid(format!("text: at most {MAX_TEXT} characters")));
    }
    Ok(())
}

pub(super) async fn find(
    service: &Service,
    environment: EnvironmentId,
) -> Result<Rollout, ServiceError> {
    let rollout = service.state.rollout(environment).await?;
    rollout.ok_or_else(|| ServiceError::not_found("rollout", "of this environment"))
}

/// Before the rules: if what was seen has changed, a refusal would speak of something else.
async fn as_seen(
    service: &Service,
    environment: EnvironmentId,
    seen_version: i64,
) -> Result<Rollout, ServiceError> {
    let rollout = find(service, environment).await?;
    if rollout.version != seen_version {
        return Err(overtaken(service, environment).await?);
    }
    Ok(rollout)
}

/// Says who was first, and what they did.
async fn overtaken(
    service: &Service,
    environment: EnvironmentId,
) -> Result<ServiceError, ServiceError> {
    let kind = Some(SubjectKind::Rollout);
    let query = HistoryQuery { kind, limit: 1, ..HistoryQuery::default() };
    let newest = service.state.history(environment, &query).await?.into_iter().next();
    Ok(match newest.map(|line| line.entry) {
        Some(HistoryEntry { actor, at, change: Change::Rollout { what, .. } }) => {
            ServiceError::Overtaken { by: actor.0, at, what: what.to_string() }
        }
        _ => ServiceError::Conflict("the rollout"),
    })
}

/// Writes what happened, what the rollout is afterwards, and the flags that were killed; all or none.
async fn save(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    rollout: &Rollout,
    event: &RolloutEvent,
) -> Result<(), ServiceError> {
    let now = service.now();
    let standing = rollout.standing.after(event, &actor.name(), now);
    let change = Change::Rollout { rollout: rollout.key.clone(), what: event.clone() };
    let entry = HistoryEntry { at: now, actor: actor.name(), change };
    let mut edits =
        vec![Edit::SaveRollout(rollout.key.clone(), Box::new(standing), rollout.version)];
    let mut entries = vec![PlacedEntry::new(environment, entry)];
    if let RolloutEvent::Killed(killed) = event {
        for flag in &killed.flags {
            kill(service, actor, environment, flag, &mut edits, &mut entries)?;
        }
    }
    let written = service.edit(environment, &edits, &entries, "the rollout").await;
    match written {
        Err(ServiceError::Conflict(_)) => Err(overtaken(service, environment).await?),
        written => written,
    }
}

/// A flag that is dead already, or is gone, needs no killing.
fn kill(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    key: &FlagKey,
    edits: &mut Vec<Edit>,
    entries: &mut Vec<PlacedEntry>,
) -> Result<(), ServiceError> {
    let live = service.environment(environment)?;
    let Ok(stored) = live.stored_flag(key.as_str()) else { return Ok(()) };
    if stored.state.killed {
        return Ok(());
    }
    let mut state = stored.state.clone();
    state.killed = true;
    state.version += 1;
    entries.extend(of_flag(service, actor, &live, key, |sibling| {
        let own = sibling.stored_flag(key.as_str()).ok()?;
        let state = if sibling.environment.id == environment { &state } else { &own.state };
        Some(FlagDocument::new(&own.flag, state))
    }));
    edits.push(Edit::SaveState(key.clone(), state));
    Ok(())
}

/// Why a rule stands against it, and what would be allowed instead.
///
/// # Errors
/// When storage fails.
pub async fn instead(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    refusal: &Refusal,
) -> Result<String, ServiceError> {
    let rollout = find(service, environment).await?;
    let gate = gates::gate(service, environment, &rollout).await?;
    let (plan, standing) = (&rollout.plan, &rollout.standing);
    let possible =
        phasegate_domain::rollout::possible(plan, standing, &gate, actor.role(), service.now());
    let names: Vec<&str> = possible.iter().map(|kind| kind.as_str()).collect();
    Ok(match names.as_slice() {
        [] => refusal.to_string(),
        names => format!("{refusal}. Possible now: {}", names.join(", ")),
    })
}
