//! Extracts the client address: the peer of the connection, or the client that a trusted proxy
//! names.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};

use super::{AppState, ClientAddress, Connection, Problem, proxies::FORWARDED_FOR};

impl FromRequestParts<AppState> for ClientAddress {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let Some(connection) = parts.extensions.get::<Arc<Connection>>() else {
            let detail = "the request came over no connection";
            return Err(Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail));
        };
        let peer = connection.peer.ip();
        if parts.headers.contains_key(FORWARDED_FOR) {
            state.settings.trusted_proxies.warn_of_untrusted(peer);
        }
        Ok(Self(state.settings.trusted_proxies.client_address(peer, &parts.headers)))
    }
}
