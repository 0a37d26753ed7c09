//! Accounts, environments and their keys.

use phasegate_domain::{
    ids::{EnvironmentId, UserId},
    people::{Person, Role},
};
use phasegate_store::{
    StoreError,
    models::{Account, Created, Digest, Environment, FirstStart, Scope, ServerToken},
};

use super::{from_json, rollout, to_json};
use crate::{
    database::{Database, commit},
    error::{damaged, database},
};

pub(super) async fn first_start(
    db: &Database,
    new: &FirstStart,
) -> Result<Option<Created>, StoreError> {
    let mut tx = db.write().await?;
    let somebody: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM accounts)")
        .fetch_one(&mut *tx)
        .await
        .map_err(database)?;
    if somebody {
        return Ok(None);
    }
    let admin: i64 = sqlx::query_scalar(
        "INSERT INTO accounts (email, password_hash, role) VALUES (?, ?, ?) RETURNING id",
    )
    .bind(&new.email)
    .bind(&new.password_hash)
    .bind(Role::Admin.as_str())
    .fetch_one(&mut *tx)
    .await
    .map_err(database)?;
    let environment: i64 = sqlx::query_scalar(
        "INSERT INTO projects (key, name) VALUES ('default', 'Default');
         INSERT INTO environments (project_id, key, client_key)
         SELECT id, 'production', ? FROM projects WHERE key = 'default' RETURNING id",
    )
    .bind(&new.client_key)
    .fetch_one(&mut *tx)
    .await
    .map_err(database)?;
    sqlx::query(
        "INSERT INTO server_tokens (digest, environment_id, name, scopes) VALUES (?, ?, ?, ?)",
    )
    .bind(new.server_token.0.as_slice())
    .bind(environment)
    .bind("first start")
    .bind(to_json("scopes", &[Scope::Admin])?)
    .execute(&mut *tx)
    .await
    .map_err(database)?;
    if let Some((file, salt)) = &new.plan {
        rollout::insert_plan(&mut tx, EnvironmentId(environment), file, salt).await?;
    }
    commit(tx).await?;
    Ok(Some(Created { environment: EnvironmentId(environment), admin: UserId(admin) }))
}

pub(super) async fn environments(db: &Database) -> Result<Vec<Environment>, StoreError> {
    let rows: Vec<(i64, String, String, String)> = sqlx::query_as(
        "SELECT e.id, p.key, e.key, e.client_key
         FROM environments e JOIN projects p ON p.id = e.project_id ORDER BY e.id",
    )
    .fetch_all(&db.reader)
    .await
    .map_err(database)?;
    let environment = |(id, project, key, client_key)| Environment {
        id: EnvironmentId(id),
        project,
        key,
        client_key,
    };
    Ok(rows.into_iter().map(environment).collect())
}

fn to_person((id, email, role): (i64, String, String)) -> Result<Person, StoreError> {
    let role = Role::parse(&role).ok_or_else(|| damaged("account")(&"unknown role"))?;
    Ok(Person { id: UserId(id), email, role })
}

pub(super) async fn account(db: &Database, email: &str) -> Result<Option<Account>, StoreError> {
    let row: Option<(i64, String, String, String)> =
        sqlx::query_as("SELECT id, email, role, password_hash FROM accounts WHERE email = ?")
            .bind(email)
            .fetch_optional(&db.reader)
            .await
            .map_err(database)?;
    row.map(|(id, email, role, password_hash)| {
        Ok(Account { person: to_person((id, email, role))?, password_hash })
    })
    .transpose()
}

pub(super) async fn person(db: &Database, id: UserId) -> Result<Option<Person>, StoreError> {
    let row: Option<(i64, String, String)> =
        sqlx::query_as("SELECT id, email, role FROM accounts WHERE id = ?")
            .bind(id.0)
            .fetch_optional(&db.reader)
            .await
            .map_err(database)?;
    row.map(to_person).transpose()
}

pub(super) async fn set_password(
    db: &Database,
    email: &str,
    password_hash: &str,
) -> Result<bool, StoreError> {
    let mut tx = db.write().await?;
    let id: Option<i64> =
        sqlx::query_scalar("UPDATE accounts SET password_hash = ? WHERE email = ? RETURNING id")
            .bind(password_hash)
            .bind(email)
            .fetch_optional(&mut *tx)
            .await
            .map_err(database)?;
    sqlx::query("DELETE FROM sessions WHERE account_id = ?")
        .bind(id)
        .execute(&mut *tx)
        .await
        .map_err(database)?;
    commit(tx).await?;
    Ok(id.is_some())
}

pub(super) async fn server_tokens(db: &Database) -> Result<Vec<(Digest, ServerToken)>, StoreError> {
    let rows: Vec<(Vec<u8>, i64, String, String)> =
        sqlx::query_as("SELECT digest, environment_id, name, scopes FROM server_tokens")
            .fetch_all(&db.reader)
            .await
            .map_err(database)?;
    rows.into_iter()
        .map(|(digest, environment, name, scopes)| {
            let digest: [u8; 32] = digest
                .try_into()
                .map_err(|_| damaged("server token")(&"its digest is not 32 bytes long"))?;
            let scopes = from_json("scopes", &scopes)?;
            let token = ServerToken { environment: EnvironmentId(environment), name, scopes };
            Ok((Digest(digest), token))
        })
        .collect()
}
