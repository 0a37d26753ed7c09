//! Passwords: argon2id with the crate's defaults (19 MiB, 2 passes), OWASP's first choice.

use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};

use crate::{Service, ServiceError, secrets::Seed};

/// The shortest password that is taken.
pub const MIN_PASSWORD_CHARS: usize = 12;

/// Hashes a password, in PHC form.
///
/// # Errors
/// Never in practice: only if argon2 refuses its own defaults.
pub fn hash_password(password: &str, seed: Seed) -> Result<String, ServiceError> {
    let refused = |_| ServiceError::Inconsistent("argon2 refused to hash");
    let salt = seed.first_chunk::<16>().map_or(seed.as_slice(), |salt| salt);
    let salt = SaltString::encode_b64(salt).map_err(refused)?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt).map_err(refused)?.to_string())
}

/// Whether a password is the one that was hashed. Takes tens of milliseconds on purpose.
pub(super) fn verify(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash)
        .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

/// Replaces an account's password and ends its sessions. For who holds the server's shell.
///
/// # Errors
/// [`ServiceError::NotFound`] when nobody has that address.
pub async fn set_password(
    service: &Service,
    email: &str,
    password: &str,
    salt: Seed,
) -> Result<(), ServiceError> {
    let hash = hash_password(password, salt)?;
    if service.state.set_password(email, &hash).await? {
        Ok(())
    } else {
        Err(ServiceError::NotFound { what: "account", key: email.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_right_password_is_accepted() {
        let hash = hash_password("correct horse", [3; 32]).unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(verify("correct horse", &hash));
        assert!(!verify("wrong horse", &hash));
        assert!(!verify("correct horse", "not a hash"));
    }
}
