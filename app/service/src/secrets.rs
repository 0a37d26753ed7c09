//! Secrets: made from randomness that is passed in, kept only as digests.

use data_encoding::HEXLOWER;
use phasegate_store::models::Digest;
use sha2::Digest as _;

/// 62 signs that survive being read aloud, double-clicked and put into a URL.
const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Randomness for one secret.
pub type Seed = [u8; 32];

/// Where randomness comes from, for doors that find out late that they need some; nothing when
/// there is none.
pub type Randomness = fn() -> Option<Seed>;

/// The digest under which a secret is kept. The secrets are random and long, so a fast digest
/// without salt is enough; passwords go through argon2 instead.
#[must_use]
pub fn digest(secret: &[u8]) -> Digest {
    Digest(sha2::Sha256::digest(secret).into())
}

/// A text of `length` signs (at most 32), each with 5.95 bits of the seed's randomness.
#[must_use]
pub fn text(prefix: &str, seed: &Seed, length: usize) -> String {
    let signs = seed.iter().take(length).map(|byte| {
        // 256 is no multiple of 62: the first 8 signs are a little likelier, which costs 0.003
        // bits a sign and is no help in guessing.
        let index = usize::from(*byte) % ALPHABET.len();
        ALPHABET.get(index).map_or('A', |sign| char::from(*sign))
    });
    prefix.chars().chain(signs).collect()
}

/// The first bytes of a digest as hexadecimal digits.
pub(crate) fn hex(digest: &[u8], bytes: usize) -> String {
    HEXLOWER.encode(digest.get(..bytes).unwrap_or(digest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_its_prefix_and_length() {
        let secret = text("pk_", &[61; 32], 24);
        assert_eq!(secret, format!("pk_{}", "9".repeat(24)));
    }

    #[test]
    fn a_digest_is_sha_256() {
        let Digest(bytes) = digest(b"abc");
        assert_eq!(bytes[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
