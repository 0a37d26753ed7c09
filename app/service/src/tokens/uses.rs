//! The last uses of tokens, which are recorded in memory and written periodically.

use crate::{Service, ServiceError};

/// Writes the uses of tokens since the last call; run as a job.
///
/// # Errors
/// Returns an error if storage fails; the next call writes them then.
#[tracing::instrument(level = "info", skip_all, err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn write_token_uses(service: &Service) -> Result<(), ServiceError> {
    let used = service.token_uses.take_uses();
    if !used.is_empty() {
        let written = service.stores.state.save_token_use(&used).await;
        if written.is_err() {
            service.token_uses.restore_uses(&used);
        }
        written?;
    }
    Ok(())
}
