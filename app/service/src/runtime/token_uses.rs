//! The last uses of tokens, until they are written.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use phasegate_domain::{Timestamp, ids::TokenId};

/// The last use of each token since the last write.
#[derive(Debug, Default)]
pub(crate) struct TokenUses(Mutex<HashMap<TokenId, Timestamp>>);

impl TokenUses {
    pub(crate) fn record_use(&self, token: TokenId, at: Timestamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token, at);
    }

    /// Returns a token's last use, if it is not written yet.
    pub(crate) fn last_use(&self, token: TokenId) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&token).copied()
    }

    /// Puts back uses that could not be written, unless there was a later one.
    pub(crate) fn restore_uses(&self, used: &[(TokenId, Timestamp)]) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (token, at) in used {
            let newest = all.entry(*token).or_insert(*at);
            *newest = (*newest).max(*at);
        }
    }

    pub(crate) fn take_uses(&self) -> Vec<(TokenId, Timestamp)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).drain().collect()
    }
}
