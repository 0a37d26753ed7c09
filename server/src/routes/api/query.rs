//! Rejects unknown query parameters: a misplaced `?dry_run=true` must not be ignored.

use std::{
    collections::{BTreeSet, HashMap},
    sync::OnceLock,
};

use axum::{
    extract::{MatchedPath, Request},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse, Response},
};
use phasegate_domain::field_error::FieldCode;
use utoipa::openapi::{
    RefOr,
    path::{Operation, ParameterIn},
};

use super::document::openapi;
use crate::http::Problem;

/// The names of the query parameters of each operation, by method and path.
type Known = HashMap<(Method, String), BTreeSet<String>>;

fn known_parameters() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let mut known = Known::new();
        for (path, item) in openapi().paths.paths {
            let operations = [
                (Method::GET, item.get),
                (Method::POST, item.post),
                (Method::PUT, item.put),
                (Method::DELETE, item.delete),
            ];
            for (method, operation) in operations {
                if let Some(operation) = operation {
                    known.insert((method, path.clone()), query_parameters(&operation));
                }
            }
        }
        known
    })
}

fn query_parameters(operation: &Operation) -> BTreeSet<String> {
    let all = operation.parameters.iter().flatten();
    let given = all.filter_map(|parameter| match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    });
    let asked = given.filter(|parameter| matches!(parameter.parameter_in, ParameterIn::Query));
    asked.map(|parameter| parameter.name.clone()).collect()
}

/// Rejects query parameters that are not in the OpenAPI document.
pub(super) async fn refuse_unknown_parameters(request: Request, next: Next) -> Response {
    match check_parameters(&request) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn check_parameters(request: &Request) -> Result<(), Problem> {
    let Some(query) = request.uri().query().filter(|query| !query.is_empty()) else {
        return Ok(());
    };
    let Some(path) = request.extensions().get::<MatchedPath>() else { return Ok(()) };
    let method = match *request.method() {
        Method::HEAD => Method::GET,
        ref method => method.clone(),
    };
    let Some(known) = known_parameters().get(&(method, path.as_str().to_owned())) else {
        return Ok(());
    };
    let bad = |field: &str, code, message: String| {
        Problem::invalid_field(StatusCode::BAD_REQUEST, field, code, message)
    };
    let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query)
        .map_err(|error| bad("query", FieldCode::Invalid, error.to_string()))?;
    let mut seen = BTreeSet::new();
    for (name, _) in pairs {
        if !known.contains(&name) {
            let names: Vec<&str> = known.iter().map(String::as_str).collect();
            let help = match names.as_slice() {
                [] => "this operation has none".to_owned(),
                names => format!("choose from {}", names.join(", ")),
            };
            let message = format!("there is no such query parameter; {help}");
            return Err(bad(&name, FieldCode::Unknown, message));
        }
        if !seen.insert(name.clone()) {
            return Err(bad(&name, FieldCode::Invalid, "is given twice".to_owned()));
        }
    }
    Ok(())
}
