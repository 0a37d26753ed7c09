//! Server functions of segments.

use leptos::prelude::*;
use phasegate_domain::ids::{EnvironmentKey, SegmentKey};
#[cfg(feature = "ssr")]
use phasegate_service::segments as service;

#[cfg(feature = "ssr")]
use super::caller::{Caller, read_caller};
use super::{ApiError, JsonResult};
#[cfg(feature = "ssr")]
use crate::models::build_segment_preview;
use crate::models::{Done, EditorPreview, SegmentDraft};

/// Describes what saving a segment would do. Nothing is changed. Without a version, it is a new one.
#[server(prefix = "/admin/fn", endpoint = "segments/preview", output = JsonResult)]
pub async fn preview_segment(
    environment: EnvironmentKey,
    draft: SegmentDraft,
    #[server(default)] version: Option<i64>,
) -> Result<EditorPreview, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let key = SegmentKey::new(draft.key.trim()).ok().filter(|_| version.is_some());
    let stored = key
        .as_ref()
        .and_then(|key| service::read_segment_detail(&service, &actor, environment, key).ok());
    let stored = stored.as_ref().map(|detail| &*detail.stored.value);
    Ok(build_segment_preview(stored, draft.parse_segment(key.as_ref())))
}

/// Creates a segment, or replaces the one at the version that the caller saw.
#[server(prefix = "/admin/fn", endpoint = "segments/save", output = JsonResult)]
pub async fn save_segment(
    environment: EnvironmentKey,
    draft: SegmentDraft,
    #[server(default)] version: Option<i64>,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    let segment = draft.parse_segment(None).map_err(phasegate_service::ServiceError::from)?;
    let key = segment.key.clone();
    if version.is_none() {
        service::create_segment(&service, &actor, environment, segment).await?;
    } else {
        service::replace_segment(&service, &actor, environment, segment, version).await?;
    }
    let text = "Saved. Connected clients have been notified.";
    Ok(Done { next: Some(format!("/admin/segments/{key}")), ..Done::new(text) })
}

/// Deletes a segment that nothing uses.
#[server(prefix = "/admin/fn", endpoint = "segments/delete", output = JsonResult)]
pub async fn delete_segment(
    environment: EnvironmentKey,
    segment: SegmentKey,
    version: i64,
) -> Result<Done, ApiError> {
    let Caller { service, actor, environment } = read_caller(&environment)?;
    service::delete_segment(&service, &actor, environment, &segment, Some(version)).await?;
    let text = format!("Deleted {segment}. The audit log keeps its last state.");
    Ok(Done { next: Some("/admin/segments".to_owned()), ..Done::new(text) })
}
