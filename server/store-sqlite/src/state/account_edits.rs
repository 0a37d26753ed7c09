//! Edits of accounts and of the links with which their owners choose a password.

use phasegate_domain::{accounts::Role, ids::AccountId};
use phasegate_store::{
    StoreError,
    models::{Digest, Edit, LinkPurpose},
};
use sqlx::SqliteConnection;

use super::statement::execute_or_conflict;
use crate::error::database_error;

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
            let save = save.bind(after.as_str()).bind(id.0).bind(before.as_str());
            execute_or_conflict(&mut *tx, save).await?;
            if *after == Role::Admin { Ok(()) } else { delete_created_links(tx, *id).await }
        }
        Edit::SavePassword(id, hash, keep) => save_password(tx, *id, hash, *keep).await,
        Edit::DeleteAccount(id) => {
            delete_created_links(&mut *tx, *id).await?;
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

/// Deletes the links that an account has created: it must not come back through one of them.
async fn delete_created_links(tx: &mut SqliteConnection, id: AccountId) -> Result<(), StoreError> {
    sqlx::query(
        "DELETE FROM account_links
         WHERE created_by = (SELECT email FROM accounts WHERE id = ?) COLLATE NOCASE",
    )
    .bind(id.0)
    .execute(tx)
    .await
    .map_err(database_error)?;
    Ok(())
}

/// Replaces a password, after which an earlier link for it is no longer valid. The session that stays moves to the new epoch.
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
    sqlx::query(
        "DELETE FROM account_links
         WHERE role IS NULL AND email = (SELECT email FROM accounts WHERE id = ?)",
    )
    .bind(id.0)
    .execute(&mut *tx)
    .await
    .map_err(database_error)?;
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
