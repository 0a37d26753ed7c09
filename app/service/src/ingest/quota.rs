//! Quotas per visitor, session and address.

use std::net::IpAddr;

use phasegate_domain::{
    events::{Batch, Event, EventKind, RejectionCode},
    ids::EnvironmentId,
};

use crate::{QuotaExceeded, Service};

/// Checks a batch against the quotas of its visitor, session and address, and removes corrections
/// of values that its session did not send. `address` is `None` if it is private, because many
/// clients may share it; `bytes` is the size of the body.
///
/// # Errors
/// Returns [`QuotaExceeded`] with the time after which there is room again.
#[tracing::instrument(level = "debug", skip_all, fields(environment = batch.environment.0), err(level = "debug"))]
pub fn admit_batch(
    service: &Service,
    batch: &mut Batch,
    address: Option<IpAddr>,
    bytes: usize,
) -> Result<(), QuotaExceeded> {
    service.limits.quotas.admit_batch(batch, address, bytes)?;
    if batch.environment.is_simulated() {
        return Ok(());
    }
    let refused = service.limits.quotas.check_corrections(batch);
    if refused > 0 {
        let at = batch.received_at;
        let reason = RejectionCode::UnknownPrevious.into();
        // The value that was to be replaced stays, so nothing counts as dropped.
        let kind = EventKind::Rejected { reason, events: refused };
        batch.events.push(Event { at, page: String::new(), kind });
    }
    Ok(())
}

/// Checks whether an address may send one more screenshot of this size.
///
/// # Errors
/// Returns [`QuotaExceeded`] with the time after which there is room again.
#[tracing::instrument(level = "debug", skip_all, fields(environment = environment.0), err(level = "debug"))]
pub fn admit_screenshot(
    service: &Service,
    environment: EnvironmentId,
    address: Option<IpAddr>,
    bytes: usize,
) -> Result<(), QuotaExceeded> {
    service.limits.quotas.admit_screenshot(environment, address, bytes, service.now())
}

/// Checks whether an address may begin one more simulation, which erases the previous one.
///
/// # Errors
/// Returns [`QuotaExceeded`] with the time after which there is room again.
#[tracing::instrument(level = "debug", skip_all, err(level = "debug"))]
pub fn admit_simulation(service: &Service, address: Option<IpAddr>) -> Result<(), QuotaExceeded> {
    service.limits.quotas.admit_simulation(address, service.now())
}

/// Returns the bytes that pages of an environment have sent today (UTC) to this process.
#[must_use]
pub fn bytes_today(service: &Service, environment: EnvironmentId) -> u64 {
    service.limits.quotas.bytes_today(environment, service.now())
}
