//! The results that the caches keep.

use std::{collections::BTreeMap, sync::Arc};

use phasegate_domain::{metrics::Activity, stats::UserSet};

/// User sets by activity and day.
pub(in super::super) type Sets = Vec<(Activity, i64, Arc<UserSet>)>;

/// Event counts by dimension value.
pub(in super::super) type Counts = BTreeMap<String, u64>;
