//! The OpenAPI 3.1 document.

use axum::http::StatusCode;
use phasegate_domain::ids::FlagKey;
use utoipa::{
    Modify, OpenApi, PartialSchema,
    openapi::{
        OpenApi as Document, RefOr,
        path::ParameterIn,
        security::{Http, HttpAuthScheme, SecurityScheme},
    },
};

use super::router::api_router;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Phasegate",
        description = "Feature flags, segments, overrides and keys of one environment, and what its pages report. Errors are \
                       `application/problem+json` (RFC 9457). Everything that can be changed has an \
                       `ETag`; send it back as `If-Match`, and a change that was made in the \
                       meantime is never overwritten (412).",
        license(name = "All rights reserved", identifier = "LicenseRef-Proprietary")
    ),
    servers((url = "/", description = "This server")),
    security(("server_token" = [])),
    modifiers(&ServerToken)
)]
struct Head;

/// The changes of each version, for authors of clients.
const CHANGES: &str = include_str!("../../../api-changes.md");

struct ServerToken;

impl Modify for ServerToken {
    fn modify(&self, document: &mut Document) {
        let mut scheme = Http::new(HttpAuthScheme::Bearer);
        scheme.description = Some(
            "A server token with the scope read, write or admin; made in the admin, under Settings."
                .to_owned(),
        );
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("server_token", SecurityScheme::Http(scheme));
    }
}

/// Generates the OpenAPI document from the handlers.
#[must_use]
pub fn openapi() -> Document {
    let (_, mut document) = api_router().split_for_parts();
    let head = Head::openapi();
    document.info = head.info;
    document.info.description =
        document.info.description.map(|text| format!("{text}\n\n{CHANGES}"));
    env!("CARGO_PKG_VERSION").clone_into(&mut document.info.version);
    document.servers = head.servers;
    document.security = head.security;
    ServerToken.modify(&mut document);
    describe_keys(&mut document);
    describe_responses(&mut document);
    document
}

/// Gives keys in paths the schema of keys in documents. Client keys may be any text.
fn describe_keys(document: &mut Document) {
    let key = FlagKey::schema();
    for (path, item) in &mut document.paths.paths {
        let is_free = path.contains("/client-keys/");
        let operations =
            [&mut item.get, &mut item.post, &mut item.put, &mut item.delete].into_iter().flatten();
        for parameter in operations.flat_map(|o| o.parameters.iter_mut().flatten()) {
            let RefOr::T(parameter) = parameter else { continue };
            let is_key = matches!(&*parameter.name, "project" | "environment" | "flag")
                || (parameter.name == "key" && !is_free);
            if parameter.parameter_in == ParameterIn::Path && is_key {
                parameter.schema = Some(key.clone());
            }
        }
    }
}

/// Sets missing descriptions of responses, which OpenAPI requires, to the name of the status.
fn describe_responses(document: &mut Document) {
    for path in document.paths.paths.values_mut() {
        let operations =
            [&mut path.get, &mut path.post, &mut path.put, &mut path.delete].into_iter().flatten();
        for (status, response) in operations.flat_map(|o| o.responses.responses.iter_mut()) {
            if let RefOr::T(response) = response
                && response.description.is_empty()
            {
                let code = status.parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
                let text = code
                    .and_then(|code| code.canonical_reason())
                    .unwrap_or("Refused; the detail says why");
                text.clone_into(&mut response.description);
            }
        }
    }
}
