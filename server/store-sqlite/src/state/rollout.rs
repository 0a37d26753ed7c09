//! Rollouts and their plans.

use phasegate_domain::{
    Timestamp,
    ids::{EnvironmentId, RolloutKey},
    plan::Plan,
    rollout::{Rollout, RolloutState},
    targeting::Salt,
};
use phasegate_store::{
    StoreError,
    models::{FirstPlan, NewFlag},
};
use sqlx::SqliteConnection;

use super::{
    columns::{from_json, to_json},
    create::{create_flag, create_segment},
    statement::execute_or_conflict,
};
use crate::{database::Database, error::database_error};

/// Inserts a plan with its flags and segments into an environment, as a draft.
pub(super) async fn insert_plan(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    new: &FirstPlan,
    at: Timestamp,
) -> Result<(), StoreError> {
    create_rollout(tx, environment, &new.plan, &new.salt).await?;
    for segment in &new.segments {
        create_segment(tx, environment, segment).await?;
    }
    for NewFlag { flag, state, elsewhere } in &new.flags {
        create_flag(tx, environment, flag, [state, elsewhere], at).await?;
    }
    Ok(())
}

pub(super) async fn create_rollout(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    plan: &Plan,
    salt: &str,
) -> Result<(), StoreError> {
    let create = sqlx::query(
        "INSERT INTO rollouts (environment_id, key, plan, salt, state, version)
         SELECT ?1, ?2, ?3, ?4, ?5, 1
         WHERE NOT EXISTS (SELECT 1 FROM rollouts WHERE environment_id = ?1)",
    );
    let create = create.bind(environment.0).bind(plan.key.as_str());
    let create = create.bind(to_json("plan", plan)?).bind(to_json("salt", &Salt::new(salt))?);
    execute_or_conflict(tx, create.bind(to_json("rollout", &RolloutState::default())?)).await
}

pub(super) async fn read_rollout(
    db: &Database,
    environment: EnvironmentId,
) -> Result<Option<Rollout>, StoreError> {
    let row: Option<(String, String, String, i64)> = sqlx::query_as(
        "SELECT plan, salt, state, version FROM rollouts WHERE environment_id = ? LIMIT 1",
    )
    .bind(environment.0)
    .fetch_optional(&db.reader)
    .await
    .map_err(database_error)?;
    row.map(|(plan, salt, state, version)| {
        let plan: Plan = from_json("plan", &plan)?;
        Ok(Rollout {
            key: plan.key.clone(),
            plan,
            salt: from_json("salt", &salt)?,
            state: from_json("rollout", &state)?,
            version,
        })
    })
    .transpose()
}

pub(super) async fn save_rollout(
    tx: &mut SqliteConnection,
    environment: EnvironmentId,
    rollout: &RolloutKey,
    state: &RolloutState,
    expected: i64,
) -> Result<(), StoreError> {
    let save = sqlx::query(
        "UPDATE rollouts SET state = ?, version = version + 1
         WHERE environment_id = ? AND key = ? AND version = ?",
    );
    let save = save.bind(to_json("rollout", state)?).bind(environment.0);
    execute_or_conflict(tx, save.bind(rollout.as_str()).bind(expected)).await
}
