//! What one visitor, session or address may send.

use std::net::IpAddr;

use phasegate_domain::{
    events::{Batch, Event, EventKind, RejectionCode},
    ids::EnvironmentId,
};

use crate::{QuotaExceeded, Service};

/// Checks what a page sends against what one visitor, session and address may. `address` is none where it
/// says nothing, as on the machine itself; `bytes` is the size of what was sent.
///
/// # Errors
/// [`QuotaExceeded`], with the time after which there is room again.
pub fn admit(
    service: &Service,
    batch: &mut Batch,
    address: Option<IpAddr>,
    bytes: usize,
) -> Result<(), QuotaExceeded> {
    service.limits.quotas.admit(batch, address, bytes)?;
    if batch.environment.is_simulated() {
        return Ok(());
    }
    let refused = service.limits.quotas.check_corrections(batch);
    if refused > 0 {
        let at = batch.received_at;
        let reason = RejectionCode::UnknownPrevious.into();
        // The value that it would have replaced is still there, so nothing is lost.
        let kind = EventKind::Rejected { reason, events: refused };
        batch.events.push(Event { at, page: String::new(), kind });
    }
    Ok(())
}

/// Checks whether an address may send one more screenshot, of so many bytes.
///
/// # Errors
/// [`QuotaExceeded`], with the time after which there is room again.
pub fn admit_picture(
    service: &Service,
    environment: EnvironmentId,
    address: Option<IpAddr>,
    bytes: usize,
) -> Result<(), QuotaExceeded> {
    service.limits.quotas.admit_picture(environment, address, bytes, service.now())
}

/// Checks whether an address may begin one more simulation, which forgets the one before.
///
/// # Errors
/// [`QuotaExceeded`], with the time after which there is room again.
pub fn admit_simulation(service: &Service, address: Option<IpAddr>) -> Result<(), QuotaExceeded> {
    service.limits.quotas.admit_simulation(address, service.now())
}

/// The bytes that pages of an environment have sent today, since the server started.
#[must_use]
pub fn bytes_today(service: &Service, environment: EnvironmentId) -> u64 {
    service.limits.quotas.bytes_today(environment, service.now())
}
