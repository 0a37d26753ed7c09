//! Notices of changes, which tell open pages to read again.

use serde::{Deserialize, Serialize};

/// What has changed in an environment since the notice before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeNotice {
    /// The version of the rollout; `None` without one.
    pub rollout_version: Option<i64>,
    /// The revision of the state: the number of the newest audit entry, of any environment.
    pub state_revision: i64,
    /// Whether telemetry has arrived.
    pub has_new_telemetry: bool,
}
