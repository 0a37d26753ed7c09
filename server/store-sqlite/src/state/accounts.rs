//! Accounts, environments and their keys.

use phasegate_domain::{
    accounts::{Account, Reach, Role, Scope},
    ids::{AccountId, EnvironmentId, TokenId},
};
use phasegate_store::{
    StoreError,
    models::{ClientKey, Created, FirstStart, ServerToken, StoredAccount},
};

use super::{edits, rollout};
use crate::{
    database::{Database, commit_transaction},
    error::{damaged_error, database_error},
};

pub(super) async fn first_start(
    db: &Database,
    new: &FirstStart,
) -> Result<Option<Created>, StoreError> {
    let mut tx = db.begin_write().await?;
    let has_accounts: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM accounts)")
        .fetch_one(&mut *tx)
        .await
        .map_err(database_error)?;
    if has_accounts {
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
    .map_err(database_error)?;
    let environment: i64 = sqlx::query_scalar(
        "INSERT INTO projects (key, name) VALUES ('default', 'Default');
         INSERT INTO environments (project_id, key, name)
         SELECT id, 'production', 'Production' FROM projects WHERE key = 'default' RETURNING id",
    )
    .fetch_one(&mut *tx)
    .await
    .map_err(database_error)?;
    let environment = EnvironmentId(environment);
    let name = "first start".to_owned();
    let client_key = ClientKey {
        key: new.client_key.clone(),
        environment,
        name: name.clone(),
        allowed_origins: Vec::new(),
        created_at: new.at,
        version: 1,
    };
    edits::create_client_key(&mut tx, environment, &client_key).await?;
    let token = ServerToken {
        id: TokenId(0),
        digest: new.server_token,
        environment,
        name: name.clone(),
        scopes: vec![Scope::Admin],
        reach: Reach::Project,
        created_at: new.at,
        owner: new.email.clone(),
        created_by: name,
        last_used_at: None,
        version: 1,
    };
    edits::create_token(&mut tx, environment, &token).await?;
    if let Some(plan) = &new.plan {
        rollout::insert_plan(&mut tx, environment, plan, new.at).await?;
    }
    commit_transaction(tx).await?;
    Ok(Some(Created { environment, admin: AccountId(admin) }))
}

pub(super) async fn create_account(
    db: &Database,
    email: &str,
    password_hash: &str,
    role: Role,
) -> Result<AccountId, StoreError> {
    let mut tx = db.begin_write().await?;
    let made: Option<i64> = sqlx::query_scalar(
        "INSERT INTO accounts (email, password_hash, role) VALUES (?, ?, ?)
         ON CONFLICT DO NOTHING RETURNING id",
    )
    .bind(email)
    .bind(password_hash)
    .bind(role.as_str())
    .fetch_optional(&mut *tx)
    .await
    .map_err(database_error)?;
    let id = made.ok_or(StoreError::Conflict)?;
    commit_transaction(tx).await?;
    Ok(AccountId(id))
}

fn to_account((id, email, role): (i64, String, String)) -> Result<Account, StoreError> {
    let role = Role::parse(&role).ok_or_else(|| damaged_error("account")(&"unknown role"))?;
    Ok(Account { id: AccountId(id), email, role })
}

pub(super) async fn read_stored_account(
    db: &Database,
    email: &str,
) -> Result<Option<StoredAccount>, StoreError> {
    let row: Option<(i64, String, String, String, i64)> = sqlx::query_as(
        "SELECT id, email, role, password_hash, session_epoch FROM accounts WHERE email = ?",
    )
    .bind(email)
    .fetch_optional(&db.reader)
    .await
    .map_err(database_error)?;
    row.map(|(id, email, role, password_hash, session_epoch)| {
        Ok(StoredAccount { account: to_account((id, email, role))?, password_hash, session_epoch })
    })
    .transpose()
}

pub(super) async fn read_account(
    db: &Database,
    id: AccountId,
) -> Result<Option<Account>, StoreError> {
    let row: Option<(i64, String, String)> =
        sqlx::query_as("SELECT id, email, role FROM accounts WHERE id = ?")
            .bind(id.0)
            .fetch_optional(&db.reader)
            .await
            .map_err(database_error)?;
    row.map(to_account).transpose()
}

pub(super) async fn set_password(
    db: &Database,
    email: &str,
    password_hash: &str,
) -> Result<bool, StoreError> {
    let mut tx = db.begin_write().await?;
    let id: Option<i64> = sqlx::query_scalar(
        "UPDATE accounts SET password_hash = ?, session_epoch = session_epoch + 1
             WHERE email = ? RETURNING id",
    )
    .bind(password_hash)
    .bind(email)
    .fetch_optional(&mut *tx)
    .await
    .map_err(database_error)?;
    sqlx::query("DELETE FROM sessions WHERE account_id = ?")
        .bind(id)
        .execute(&mut *tx)
        .await
        .map_err(database_error)?;
    commit_transaction(tx).await?;
    Ok(id.is_some())
}
