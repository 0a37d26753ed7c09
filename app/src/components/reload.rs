//! When a page that changes something has to look again.

use leptos::{prelude::*, server_fn::ServerFn};

use crate::api::{ApiError, ErrorKind};

/// Goes up when an action has changed something, or was refused because something else has.
///
/// Not when the server was away or the login has ended: looking again would fail too, and what
/// is on the page is still the best that there is.
pub(crate) fn reload_count<S>(action: ServerAction<S>) -> Memo<usize>
where
    S: ServerFn<Output = (), Error = ApiError> + Clone + Send + Sync + 'static,
{
    Memo::new(move |count: Option<&usize>| {
        let version = action.version().get();
        let kind = action.value().with(|value| match value {
            Some(Err(error)) => Some(error.kind),
            _ => None,
        });
        match kind {
            Some(ErrorKind::Unreachable | ErrorKind::Unauthenticated) => {
                count.copied().unwrap_or_default()
            }
            _ => version,
        }
    })
}
