//! Passwords: argon2id with the crate's defaults (19 MiB, 2 passes), OWASP's first choice.

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};

use phasegate_store::models::Edit;
use unicode_normalization::UnicodeNormalization;

use super::edit::{AccountChange, apply_account_edits};
use crate::{ObjectKind, Service, ServiceError, access::Actor, secrets::Seed};

/// The minimum length of a password, in characters.
pub(super) const MIN_PASSWORD_CHARS: usize = 12;

/// The maximum length of a password, in bytes, which bounds the cost of hashing it.
pub(super) const MAX_PASSWORD_BYTES: usize = 1_024;

/// Why a password cannot be used.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPassword {
    #[error("at least {MIN_PASSWORD_CHARS} characters are needed")]
    TooShort,
    /// Longer than the login accepts.
    #[error("at most {MAX_PASSWORD_BYTES} bytes are taken")]
    TooLong,
}

/// Normalises a password for hashing and checking: NFKC, so that it is the same from every
/// keyboard, and without the line end that comes from a file or an `echo`.
pub(super) fn normalise_password(password: &str) -> String {
    password.trim_end_matches(['\r', '\n']).nfkc().collect()
}

/// Checks the length of a new password.
///
/// # Errors
/// Returns an error if it is too short, or longer than the login accepts.
pub fn check_password(password: &str) -> Result<(), InvalidPassword> {
    let password = normalise_password(password);
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(InvalidPassword::TooLong);
    }
    if password.chars().count() < MIN_PASSWORD_CHARS {
        Err(InvalidPassword::TooShort)
    } else {
        Ok(())
    }
}

/// Hashes a password into a PHC string.
///
/// # Errors
/// Returns an error only if argon2 rejects its own defaults, so never in practice.
pub fn hash_password(password: &str, seed: Seed) -> Result<String, ServiceError> {
    let refused = |_| ServiceError::Inconsistent("argon2 refused to hash");
    let salt = seed.first_chunk::<16>().map_or(seed.as_slice(), |salt| salt);
    let salt = SaltString::encode_b64(salt).map_err(refused)?;
    let password = normalise_password(password);
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt).map_err(refused)?.to_string())
}

/// Returns whether a password matches a hash. Takes tens of milliseconds on purpose.
pub(super) fn matches_hash(password: &str, hash: &str) -> bool {
    let is = |password: &str| {
        PasswordHash::new(hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    };
    // Older versions hashed passwords without normalising them.
    let normalised = normalise_password(password);
    is(&normalised) || (normalised != password && is(password))
}

/// Hashes a password in the background. It takes 19 MiB and a core for a while, so only a few run at
/// once.
pub(super) async fn run_hashing(
    service: &Service,
    password: &str,
    salt: Seed,
) -> Result<String, ServiceError> {
    let closed = |_| ServiceError::Inconsistent("password checks have been stopped");
    let _permit = service.limits.password_checks.acquire().await.map_err(closed)?;
    let password = password.to_owned();
    tokio::task::spawn_blocking(move || hash_password(&password, salt))
        .await
        .map_err(|_| ServiceError::Inconsistent("hashing the password was interrupted"))?
}

/// Replaces an account's password and ends its sessions. Checks no role, because only the server's
/// command line calls it.
///
/// # Errors
/// Returns [`ServiceError::NotFound`] if no account has that address, or an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn set_password(
    service: &Service,
    actor: &Actor,
    email: &str,
    password: &str,
    salt: Seed,
) -> Result<(), ServiceError> {
    let hash = hash_password(password, salt)?;
    let _turn = service.begin_edit().await?;
    let missing = || ServiceError::not_found(ObjectKind::Account, email);
    let stored = service.stores.state.read_account(email).await?.ok_or_else(missing)?;
    let edits = [Edit::SavePassword(stored.account.id, hash, None)];
    let role = Some(stored.account.role);
    let note = Some(("password", "changed"));
    let change = AccountChange { email: &stored.account.email, before: role, after: role, note };
    apply_account_edits(service, actor.name(), &edits, change).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_is_accepted() {
        let hash = hash_password("correct horse", [3; 32]).unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(matches_hash("correct horse", &hash));
        assert!(!matches_hash("wrong horse", &hash));
        assert!(!matches_hash("correct horse", "not a hash"));
    }

    #[test]
    fn passwords_match_in_any_unicode_form_and_with_a_line_end() {
        let hash = hash_password("pa\u{df}w\u{f6}rter und mehr\r\n", [3; 32]).unwrap();
        assert!(matches_hash("pa\u{df}wo\u{308}rter und mehr", &hash), "composed and decomposed");
        assert!(matches_hash("pa\u{df}w\u{f6}rter und mehr\n", &hash), "from a file");
        assert!(!matches_hash("passw\u{f6}rter und mehr", &hash));
    }

    #[test]
    fn new_passwords_that_are_too_short_or_too_long_are_rejected() {
        assert_eq!(check_password(&"x".repeat(12)), Ok(()));
        assert_eq!(check_password("short one\n\n\n\n"), Err(InvalidPassword::TooShort));
        assert_eq!(check_password(&"x".repeat(1_024)), Ok(()));
        assert_eq!(check_password(&"x".repeat(1_025)), Err(InvalidPassword::TooLong));
    }
}
