//! The routes of all resources, with their documentation.

use utoipa_axum::router::OpenApiRouter;

use super::{
    audit, client_keys, collection_settings, environments, events, flags, overrides, rollout,
    segments, telemetry, tokens,
};
use crate::http::AppState;

/// Merges the routes of all resources.
pub(super) fn api_router() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(environments::routes())
        .merge(flags::routes())
        .merge(segments::routes())
        .merge(overrides::routes())
        .merge(tokens::routes())
        .merge(client_keys::routes())
        .merge(collection_settings::routes())
        .merge(telemetry::routes())
        .merge(audit::routes())
        .merge(rollout::routes())
        .merge(events::routes())
}
