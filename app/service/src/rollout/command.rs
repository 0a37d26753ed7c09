//! Commands that move the rollout, and entries in its record.

use phasegate_domain::{
    accounts::Role,
    audit::{AuditEntry, Change, SubjectKind},
    ids::{ActorName, EnvironmentId},
    rollout::{
        CommandError, GateResult, RecordEntry, Rollout, RolloutCommand, RolloutEvent,
        add_record_entry, apply_command, possible_commands,
    },
};
use phasegate_store::models::{AuditQuery, Edit, EnvironmentAuditEntry};

use super::{kill::add_kill_edits, stored::read_rollout};
use crate::{ObjectKind, Service, ServiceError, access::Actor, gates};

/// Carries out a command. If `seen_version` is given, the rollout must still have that version.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, a rule forbids the command, another
/// change came first, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn execute_command(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    command: &RolloutCommand,
    seen_version: Option<i64>,
) -> Result<RolloutEvent, ServiceError> {
    actor.require_role(Role::Operator)?;
    command.check_texts()?;
    // Rollbacks skip the gate: waiting for evidence would delay them. It is evaluated before the
    // turn is taken, so that a rollback does not wait for the evidence of an advance either.
    let evaluated = match command.kind.needs_gate() {
        true => Some(evaluate_current_gate(service, environment).await?),
        false => None,
    };
    let _turn = service.begin_edit().await?;
    let rollout = read_rollout(service, environment).await?;
    // Checked before the rules, whose error would be about a state that the caller has not seen.
    if seen_version.is_some_and(|seen| seen != rollout.version) {
        return Err(overtaken_error(service, environment).await?);
    }
    let now = service.now();
    let gate = match evaluated {
        Some((version, gate)) if version == rollout.version => Some(gate),
        // The rollout has moved on meanwhile.
        Some(_) => {
            Some(gates::evaluate_gate(service, environment, &rollout).await?.to_gate_result())
        }
        None => None,
    };
    let open = GateResult::always_passing();
    let asked = gate.as_ref().unwrap_or(&open);
    match apply_command(&rollout.plan, &rollout.state, command, asked, actor.role(), now) {
        Ok(event) => {
            save_event(service, actor, environment, &rollout, &event).await?;
            Ok(event)
        }
        Err(error) if error.field_error().is_some() => Err(error.into()),
        Err(error) => {
            let gate = match gate {
                Some(gate) => gate,
                None => {
                    gates::evaluate_gate(service, environment, &rollout).await?.to_gate_result()
                }
            };
            let possible =
                possible_commands(&rollout.plan, &rollout.state, &gate, actor.role(), now);
            Err(ServiceError::Refused { error, possible })
        }
    }
}

/// Evaluates the gate of the stored rollout, and returns it with the rollout's version.
async fn evaluate_current_gate(
    service: &Service,
    environment: EnvironmentId,
) -> Result<(i64, GateResult), ServiceError> {
    let rollout = read_rollout(service, environment).await?;
    let gate = gates::evaluate_gate(service, environment, &rollout).await?;
    Ok((rollout.version, gate.to_gate_result()))
}

/// Adds an entry to the rollout's record, such as a tick, a sign-off, a vote or an incident note.
/// Needs no version, because entries do not overwrite those that others add meanwhile.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, a field is invalid, a rule forbids the
/// entry, or storage fails.
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn add_to_record(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    record_entry: &RecordEntry,
) -> Result<RolloutEvent, ServiceError> {
    actor.require_role(Role::Operator)?;
    record_entry.check_texts()?;
    let _turn = service.begin_edit().await?;
    let rollout = read_rollout(service, environment).await?;
    if matches!(record_entry, RecordEntry::Vote { .. }) {
        check_may_vote(service, actor, &rollout).await?;
    }
    let event = add_record_entry(&rollout.plan, &rollout.state, record_entry, actor.role())?;
    save_event(service, actor, environment, &rollout, &event).await?;
    Ok(event)
}

/// Checks that the actor has an account or acts for one, and that the plan lets server tokens vote
/// if the actor is one.
async fn check_may_vote(
    service: &Service,
    actor: &Actor,
    rollout: &Rollout,
) -> Result<(), ServiceError> {
    if actor.is_token() && !rollout.plan.token_votes {
        return Err(CommandError::TokenVote.into());
    }
    match service.stores.state.read_account(actor.owner()).await? {
        Some(_) => Ok(()),
        None => Err(CommandError::VoteWithoutAccount { voter: actor.owner().to_owned() }.into()),
    }
}

/// Returns the error that names the change that came first, and its actor.
async fn overtaken_error(
    service: &Service,
    environment: EnvironmentId,
) -> Result<ServiceError, ServiceError> {
    let kind = Some(SubjectKind::Rollout);
    let query = AuditQuery { kind, limit: 1, ..AuditQuery::default() };
    let newest =
        service.stores.state.read_audit_records(environment, &query).await?.into_iter().next();
    Ok(match newest.map(|line| line.entry) {
        Some(AuditEntry { actor, at, change: Change::Rollout { what, .. } }) => {
            ServiceError::Overtaken { by: actor.0, at, what: what.to_string() }
        }
        _ => ServiceError::Conflict(ObjectKind::Rollout),
    })
}

/// Writes the event, the state after it and the killed flags in one transaction.
async fn save_event(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    rollout: &Rollout,
    event: &RolloutEvent,
) -> Result<(), ServiceError> {
    let now = service.now();
    // A vote belongs to an account, even if a token casts it.
    let voter = ActorName(actor.owner().to_owned());
    let by = match event {
        RolloutEvent::Added(RecordEntry::Vote { .. }) => voter,
        _ => actor.name(),
    };
    let state = rollout.state.apply_event(event, &by, now);
    let change = Change::Rollout { rollout: rollout.key.clone(), what: event.clone() };
    let entry = AuditEntry { at: now, actor: actor.name(), change };
    let mut edits = vec![Edit::SaveRollout(rollout.key.clone(), Box::new(state), rollout.version)];
    let mut entries = vec![EnvironmentAuditEntry::new(environment, entry)];
    if let RolloutEvent::Killed(killed) = event {
        for flag in &killed.flags {
            add_kill_edits(service, actor, environment, (flag, true), &mut edits, &mut entries)?;
        }
    }
    let written = service.apply_edits(environment, &edits, &entries, ObjectKind::Rollout).await;
    match written {
        Err(ServiceError::Conflict(_)) => Err(overtaken_error(service, environment).await?),
        written => written,
    }
}
