//! The last uses of tokens, which are recorded in memory and written periodically.

use crate::{Service, ServiceError};

/// Writes the uses of tokens since the last call; run as a job.
///
/// # Errors
/// Returns an error if storage fails; the next call writes them then.
pub async fn write_uses(service: &Service) -> Result<(), ServiceError> {
    let used = service.token_uses.take();
    if !used.is_empty() {
        let written = service.stores.state.tokens_used(&used).await;
        if written.is_err() {
            service.token_uses.put_back(&used);
        }
        written?;
    }
    Ok(())
}
