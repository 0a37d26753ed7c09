//! When tokens were last used: noted in memory, written now and then.

use crate::{Service, ServiceError};

/// Writes which tokens were used since the last time; a job.
///
/// # Errors
/// When storage fails; then the next turn writes them.
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
