//! The state of a connection for updates.

/// The state of the connection for updates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser connects"))]
pub(super) enum Connection {
    /// Not connected yet; the page shows what the server rendered.
    Waiting,
    Live,
    /// The server is unreachable; the browser reconnects by itself.
    Lost,
    /// The server refused the connection, and the browser does not reconnect.
    Closed,
}

impl Connection {
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Waiting => "Connecting …",
            Self::Live => "Live",
            Self::Lost => "Disconnected, reconnecting …",
            Self::Closed => "Disconnected: reload the page",
        }
    }

    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Waiting => "pill",
            Self::Live => "pill pill-live pill-pulse",
            Self::Lost | Self::Closed => "pill pill-warning",
        }
    }
}
