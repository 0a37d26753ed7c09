//! Accounts, environments and their keys.

use phasegate_domain::{
    Timestamp,
    accounts::{Account, Reach, Role, Scope},
    ids::{AccountId, EnvironmentId, TokenId},
};
use phasegate_store::{
    StoreError,
    models::{
        AccountLink, ClientKey, Created, Digest, Edit, FirstStart, LinkPurpose, ServerToken,
        StoredAccount,
    },
};
use sqlx::SqliteConnection;

use super::{columns::parse_timestamp, edits, rollout, statement::execute_or_conflict};
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

/// Applies an edit of accounts; other edits are not passed here.
pub(super) async fn apply_account_edit(
    tx: &mut SqliteConnection,
    edit: &Edit,
) -> Result<(), StoreError> {
    match edit {
        Edit::CreateAccount(email, hash, role) => {
            let insert = sqlx::query(
                "INSERT INTO accounts (email, password_hash, role) VALUES (?, ?, ?)
                 ON CONFLICT DO NOTHING",
            );
            execute_or_conflict(tx, insert.bind(email).bind(hash).bind(role.as_str())).await
        }
        Edit::SaveRole(id, before, after) => {
            let save = sqlx::query("UPDATE accounts SET role = ? WHERE id = ? AND role = ?");
            execute_or_conflict(tx, save.bind(after.as_str()).bind(id.0).bind(before.as_str()))
                .await
        }
        Edit::SavePassword(id, hash, keep) => save_password(tx, *id, hash, *keep).await,
        Edit::DeleteAccount(id) => {
            for delete in [
                "DELETE FROM sessions WHERE account_id = ?",
                "DELETE FROM account_values WHERE account_id = ?",
                "DELETE FROM account_links
                 WHERE email = (SELECT email FROM accounts WHERE id = ?)",
            ] {
                sqlx::query(delete).bind(id.0).execute(&mut *tx).await.map_err(database_error)?;
            }
            let delete = sqlx::query("DELETE FROM accounts WHERE id = ?");
            execute_or_conflict(tx, delete.bind(id.0)).await
        }
        Edit::CreateAccountLink(link) => {
            let role = match link.purpose {
                LinkPurpose::Invitation(role) => Some(role.as_str()),
                LinkPurpose::PasswordReset => None,
            };
            let insert = sqlx::query(
                "INSERT OR REPLACE INTO account_links (digest, email, role, created_by, expires_at)
                 VALUES (?, ?, ?, ?, ?)",
            );
            let insert = insert.bind(link.digest.0.as_slice()).bind(&link.email).bind(role);
            let insert = insert.bind(&link.created_by).bind(link.expires_at.timestamp_millis());
            execute_or_conflict(tx, insert).await
        }
        Edit::DeleteAccountLink(digest) => {
            let delete = sqlx::query("DELETE FROM account_links WHERE digest = ?");
            execute_or_conflict(tx, delete.bind(digest.0.as_slice())).await
        }
        _ => Ok(()),
    }
}

/// Replaces a password. The session that stays moves to the new epoch.
async fn save_password(
    tx: &mut SqliteConnection,
    id: AccountId,
    hash: &str,
    keep: Option<Digest>,
) -> Result<(), StoreError> {
    let save = sqlx::query(
        "UPDATE accounts SET password_hash = ?, session_epoch = session_epoch + 1 WHERE id = ?",
    );
    execute_or_conflict(&mut *tx, save.bind(hash).bind(id.0)).await?;
    let keep = keep.map(|keep| keep.0.to_vec());
    for change in [
        "DELETE FROM sessions WHERE account_id = ?1 AND (?2 IS NULL OR id <> ?2)",
        "UPDATE sessions SET account_epoch = (SELECT session_epoch FROM accounts WHERE id = ?1)
         WHERE account_id = ?1 AND id = ?2",
    ] {
        sqlx::query(change)
            .bind(id.0)
            .bind(&keep)
            .execute(&mut *tx)
            .await
            .map_err(database_error)?;
    }
    Ok(())
}
