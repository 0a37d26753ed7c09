//! Browsers that have logged in before: a signed name in a cookie, which opens nothing, but whose login
//! attempts are counted apart from those of strangers (OWASP: device cookies).

use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::{
    Service,
    secrets::{self, Seed},
};

/// The signature of a device's name for an account. The key is the one that digests are made with, which
/// stays with the data folder.
fn signature(service: &Service, email: &str, name: &str) -> Option<String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(&service.digest_key).ok()?;
    mac.update(b"device\0");
    mac.update(email.trim().to_lowercase().as_bytes());
    mac.update(b"\0");
    mac.update(name.as_bytes());
    let bytes = mac.finalize().into_bytes();
    Some(secrets::hex(&bytes, bytes.len()))
}

/// The cookie of a browser that has just logged in to an account.
#[must_use]
pub fn device_cookie(service: &Service, email: &str, seed: &Seed) -> Option<String> {
    let name = secrets::text("", seed, 24);
    let signature = signature(service, email, &name)?;
    Some(format!("{name}.{signature}"))
}

/// The device's name, if the cookie was made for this account here.
#[must_use]
pub fn known_device(service: &Service, email: &str, cookie: &str) -> Option<String> {
    let (name, sent) = cookie.split_once('.')?;
    let expected = signature(service, email, name)?;
    // Compared by digest, so that how long it takes tells nothing.
    let is_same = secrets::digest(sent.as_bytes()) == secrets::digest(expected.as_bytes());
    is_same.then(|| name.to_owned())
}
