//! `POST /ofrep/v1/explain/{key}`: an answer with a text for each evaluation step, for
//! `phasegate.explain(key)` in a page. An extension of OFREP.
//!
//! A client key is public, so the steps name rules, segments, attributes, and the user's values and
//! bucket, but not the values of conditions, which may be a list of customers. The admin's debugger
//! shows those.

use std::sync::Arc;

use axum::{
    Extension, Json,
    body::Body,
    extract::{Path, State, rejection::PathRejection},
    http::HeaderMap,
};
use phasegate_domain::evaluation::{Answer, Reader, explain_flag};
use serde_json::{Value, json};

use super::{
    error::OfrepError,
    request::{self, OfrepContext},
};
use crate::http::{AppState, ClientAddress, Connection};

pub(super) async fn explain_evaluation(
    State(state): State<AppState>,
    key: Result<Path<String>, PathRejection>,
    from: ClientAddress,
    Extension(connection): Extension<Arc<Connection>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Value>, OfrepError> {
    let key = request::path_key(key)?;
    let OfrepContext { live, context, .. } =
        request::read_request(&state, from, &connection, &headers, body)
            .await
            .map_err(|error| error.with_key(&key))?;
    let entry = request::find_entry(&live, &key)?;
    let (found, steps) = explain_flag(live.snapshot(), entry, &context, state.service.now());
    let lines = steps.iter().flat_map(|step| step.explanation_lines(Reader::Page));
    let steps: Vec<String> =
        lines.map(|line| format!("{}{}", "  ".repeat(line.depth), line.text)).collect();
    Ok(Json(match found {
        Ok(found) => {
            let answer = Answer::new(live.snapshot(), entry, &found);
            let mut json = serde_json::to_value(answer).unwrap_or_default();
            if let Some(fields) = json.as_object_mut() {
                fields.insert("steps".to_owned(), json!(steps));
            }
            json
        }
        Err(error) => json!({"key": key, "errorDetails": error.to_string(), "steps": steps}),
    }))
}
