//! Keyed digests of users, sessions and networks.

use std::net::IpAddr;

use phasegate_domain::{
    events::{NetworkHash, SessionHash, UserHash},
    ids::EnvironmentId,
};

use crate::{Service, secrets, subscriber::subscriber_address};

/// Returns the digest of a user id from an app or a collector. It cannot be reversed without the
/// key in the database, and the same id in two environments has two digests.
#[must_use]
pub(crate) fn user_digest(service: &Service, environment: EnvironmentId, id: &str) -> UserHash {
    UserHash(keyed_digest(service, environment, b'p', id))
}

/// Returns the digest of a session id from a collector.
#[must_use]
pub(crate) fn session_digest(
    service: &Service,
    environment: EnvironmentId,
    id: &str,
) -> SessionHash {
    SessionHash(keyed_digest(service, environment, b's', id))
}

/// Returns the digest of the network that an address belongs to.
#[must_use]
pub(crate) fn network_digest(
    service: &Service,
    environment: EnvironmentId,
    address: IpAddr,
) -> NetworkHash {
    NetworkHash(keyed_digest(service, environment, b'n', &subscriber_address(address).to_string()))
}

/// Returns the first 8 bytes of SHA-256 over key, environment, kind and id. Everything before the
/// id has a fixed length, and truncation prevents length extension.
fn keyed_digest(service: &Service, environment: EnvironmentId, kind: u8, id: &str) -> u64 {
    let mut bytes = service.digest_key.to_vec();
    bytes.extend(environment.0.to_be_bytes());
    bytes.push(kind);
    bytes.extend(id.as_bytes());
    let digest = secrets::hash_secret(&bytes).0;
    digest.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
}
