//! Secrets, which are made from randomness that callers pass in and stored only as digests.

use data_encoding::HEXLOWER;
use phasegate_store::models::Digest;
use sha2::Digest as _;

/// 62 characters that can be read aloud, selected by double-click and put into a URL.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Randomness for one secret.
pub type Seed = [u8; 32];

/// A source of randomness, for callers that learn late whether they need any; `None` if it fails.
pub type Randomness = fn() -> Option<Seed>;

/// Returns the SHA-256 digest that is stored in place of a secret. Secrets are random and long, so
/// a fast digest without salt is enough; passwords are hashed with argon2 instead.
#[must_use]
pub fn hash_secret(secret: &[u8]) -> Digest {
    Digest(sha2::Sha256::digest(secret).into())
}

/// Returns `prefix` followed by `length` characters (at most 32), each with 5.95 bits of the seed's
/// randomness.
#[must_use]
pub fn random_text(prefix: &str, seed: &Seed, length: usize) -> String {
    let signs = seed.iter().take(length).map(|byte| {
        // 256 is not a multiple of 62, so the first 8 characters are slightly more likely. That
        // costs less than 0.005 bits per character and does not help in guessing.
        let index = usize::from(*byte) % ALPHABET.len();
        ALPHABET.get(index).map_or('A', |sign| char::from(*sign))
    });
    prefix.chars().chain(signs).collect()
}

/// Returns the first `bytes` bytes of a digest in hexadecimal.
pub(crate) fn hex_prefix(digest: &[u8], bytes: usize) -> String {
    HEXLOWER.encode(digest.get(..bytes).unwrap_or(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_its_prefix_and_length() {
        let secret = random_text("pk_", &[61; 32], 24);
        assert_eq!(secret, format!("pk_{}", "9".repeat(24)));
    }

    #[test]
    fn a_digest_is_sha_256() {
        let Digest(bytes) = hash_secret(b"abc");
        assert_eq!(bytes[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
