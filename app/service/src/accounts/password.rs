//! Passwords: argon2id with the crate's defaults (19 MiB, 2 passes), OWASP's first choice.

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};

use unicode_normalization::UnicodeNormalization;

use crate::{ObjectKind, Service, ServiceError, secrets::Seed};

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

/// Replaces an account's password and ends its sessions. Checks no role, because only the server's
/// command line calls it.
///
/// # Errors
/// Returns [`ServiceError::NotFound`] if no account has that address, or an error if storage fails.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn set_password(
    service: &Service,
    email: &str,
    password: &str,
    salt: Seed,
) -> Result<(), ServiceError> {
    let hash = hash_password(password, salt)?;
    if service.stores.state.set_password(email, &hash).await? {
        Ok(())
    } else {
        Err(ServiceError::NotFound { what: ObjectKind::Account, key: email.to_owned() })
    }
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
