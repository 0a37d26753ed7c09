//! Device cookies (OWASP): a browser that has logged in before presents a signed name. It grants no
//! access, but its login attempts are counted apart from those of unknown browsers.

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{
    Service,
    secrets::{self, Seed},
};

/// Signs a device's name for an account, with the key of the digests, which is kept in the data
/// folder.
fn sign_device(service: &Service, email: &str, name: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&service.digest_key).ok()?;
    mac.update(b"device\0");
    mac.update(email.trim().to_lowercase().as_bytes());
    mac.update(b"\0");
    mac.update(name.as_bytes());
    let bytes = mac.finalize().into_bytes();
    Some(secrets::hex_prefix(&bytes, bytes.len()))
}

/// Returns the cookie for a browser that has just logged in to an account.
#[must_use]
pub fn create_device_cookie(service: &Service, email: &str, seed: &Seed) -> Option<String> {
    let name = secrets::random_text("", seed, 24);
    let signature = sign_device(service, email, &name)?;
    Some(format!("{name}.{signature}"))
}

/// Returns the device's name if this server signed the cookie for this account.
#[must_use]
pub fn verify_device_cookie(service: &Service, email: &str, cookie: &str) -> Option<String> {
    let (name, sent) = cookie.split_once('.')?;
    let expected = sign_device(service, email, name)?;
    // Compared by digest, so that the timing does not reveal the signature.
    let is_same =
        secrets::hash_secret(sent.as_bytes()) == secrets::hash_secret(expected.as_bytes());
    is_same.then(|| name.to_owned())
}
