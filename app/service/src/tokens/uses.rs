//! When tokens were last used: noted in memory, written now and then.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use phasegate_domain::{Timestamp, ids::TokenId};

use crate::{Service, ServiceError};

/// What was used since the last writing.
#[derive(Debug, Default)]
pub(crate) struct TokenUses(Mutex<HashMap<TokenId, Timestamp>>);

impl TokenUses {
    pub(crate) fn note(&self, token: TokenId, at: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token, at);
    }

    /// The last use that is not written yet.
    pub(crate) fn last(&self, token: TokenId) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&token).copied()
    }

    /// Notes uses that could not be written, unless there was a later one.
    fn put_back(&self, used: &[(TokenId, Timestamp)]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (token, at) in used {
            let newest = all.entry(*token).or_insert(*at);
            *newest = (*newest).max(*at);
        }
    }

    fn take(&self) -> Vec<(TokenId, Timestamp)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }
}

/// Writes which tokens were used since the last time; a job.
///
/// # Errors
/// When storage fails; then the next turn writes them.
pub async fn write_uses(service: &Service) -> Result<(), ServiceError> {
    let used = service.token_uses.take();
    if !used.is_empty() {
        let written = service.state.tokens_used(&used).await;
        if written.is_err() {
            service.token_uses.put_back(&used);
        }
        written?;
    }
    Ok(())
}
