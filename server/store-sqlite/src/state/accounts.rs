//! Accounts, environments and their keys.

use phasegate_domain::{
    Timestamp,
    accounts::{Account, Reach, Role, Scope},
    ids::{AccountId, EnvironmentId, TokenId},
};
use phasegate_store::{
    StoreError,
    models::{
        AccountLink, ClientKey, Created, Digest, FirstStart, LinkPurpose, ServerToken,
        StoredAccount,
    },
};

use super::{columns::parse_timestamp, edits, rollout};
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

pub(super) async fn read_accounts(db: &Database) -> Result<Vec<Account>, StoreError> {
    let rows: Vec<(i64, String, String)> =
        sqlx::query_as("SELECT id, email, role FROM accounts ORDER BY id")
            .fetch_all(&db.reader)
            .await
            .map_err(database_error)?;
    rows.into_iter().map(to_account).collect()
}

/// A row of links: digest, e-mail address, role, creator, end.
type LinkRow = (Vec<u8>, String, Option<String>, String, i64);

pub(super) async fn read_links(
    db: &Database,
    now: Timestamp,
) -> Result<Vec<AccountLink>, StoreError> {
    let rows: Vec<LinkRow> = sqlx::query_as(
        "SELECT digest, email, role, created_by, expires_at FROM account_links
         WHERE expires_at > ? ORDER BY expires_at DESC",
    )
    .bind(now.timestamp_millis())
    .fetch_all(&db.reader)
    .await
    .map_err(database_error)?;
    let parse = |(digest, email, role, created_by, expires_at): LinkRow| {
        let damaged = damaged_error("account link");
        let digest = digest.try_into().map_err(|_| damaged(&"a digest has 32 bytes"))?;
        let purpose = match role {
            Some(role) => {
                LinkPurpose::Invitation(Role::parse(&role).ok_or_else(|| damaged(&"unknown role"))?)
            }
            None => LinkPurpose::PasswordReset,
        };
        let expires_at = parse_timestamp("account link", expires_at)?;
        Ok(AccountLink { digest: Digest(digest), purpose, email, created_by, expires_at })
    };
    rows.into_iter().map(parse).collect()
}
