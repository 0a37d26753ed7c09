//! Request ids, by which a response can be found in the log.

use std::{
    fmt,
    hash::{BuildHasher, RandomState},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// The id of a request. Unlike the values of a counter, ids differ between two starts of the
/// server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(u64);

impl serde::Serialize for RequestId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

tokio::task_local! {
    static CURRENT: RequestId;
}

impl RequestId {
    /// Returns a new id: the hash of a counter with a key that is random per process.
    fn next_id() -> Self {
        static KEY: LazyLock<RandomState> = LazyLock::new(RandomState::new);
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Self(KEY.hash_one(COUNT.fetch_add(1, Ordering::Relaxed)))
    }

    /// Returns the id of the current request, or `None` outside of a request.
    #[must_use]
    pub fn current() -> Option<Self> {
        CURRENT.try_with(|id| *id).ok()
    }
}

/// Runs the future that answers a request with a new request id.
pub async fn with_request_id<T>(answer: impl Future<Output = T>) -> T {
    CURRENT.scope(RequestId::next_id(), answer).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_request_has_its_own_id() {
        assert_eq!(RequestId::current(), None);
        let id = async { RequestId::current().unwrap() };
        let (one, two) =
            (with_request_id(id).await, with_request_id(async { RequestId::current() }).await);
        assert_ne!(Some(one), two);
        assert_eq!(one.to_string().len(), 16);
    }
}
