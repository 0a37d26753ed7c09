//! Builds the previews of editors.

use phasegate_domain::{
    config::SegmentUse,
    diff::diff_documents,
    field_error::FieldError,
    flags::{FlagDocument, describe_targeting},
    ids::EnvironmentId,
    targeting::Segment,
};
use phasegate_service::{Service, ServiceError, flags::check_document, models::StoredFlag};

use super::EditorPreview;
use crate::format::punctuate_message;

fn refuse(problem: &impl ToString) -> EditorPreview {
    let problem = Some(punctuate_message(&problem.to_string()));
    EditorPreview { problem, ..EditorPreview::default() }
}

/// Describes the targeting of a parsed flag, and what saving it would change.
pub(crate) fn build_flag_preview(
    service: &Service,
    environment: EnvironmentId,
    stored: &StoredFlag,
    parsed: Result<FlagDocument, ServiceError>,
) -> EditorPreview {
    let checked = parsed.and_then(|document| {
        check_document(service, environment, &document)?;
        Ok(document)
    });
    let document = match checked {
        Ok(document) => document,
        Err(error) => return refuse(&error),
    };
    let before = FlagDocument::new(&stored.flag, &stored.state);
    let json = |document: &FlagDocument| serde_json::to_value(document).ok();
    let changes = diff_documents(json(&before).as_ref(), json(&document).as_ref());
    let live = service.environment(environment).ok();
    let entry = live.as_ref().and_then(|live| live.snapshot().flag(document.key.as_str()));
    let added_in = entry.and_then(|entry| entry.added_in);
    let (flag, state) = document.into_parts(None, 1);
    let words = describe_targeting(&flag, &state, added_in, service.now());
    EditorPreview { problem: None, words, changes }
}

/// Describes a parsed segment, and what saving it would change.
pub(crate) fn build_segment_preview(
    stored: Option<&Segment>,
    parsed: Result<Segment, FieldError>,
) -> EditorPreview {
    let segment = match parsed {
        Ok(segment) => segment,
        Err(error) => return refuse(&error),
    };
    let json = |segment: &Segment| serde_json::to_value(segment).ok();
    let before = stored.and_then(json);
    let changes = match before {
        // All of a new segment is new.
        None => Vec::new(),
        Some(before) => diff_documents(Some(&before), json(&segment).as_ref()),
    };
    EditorPreview { problem: None, words: vec![segment.condition.to_string()], changes }
}

/// Returns the page of what uses a segment.
pub(crate) fn page_of_use(of: &SegmentUse) -> String {
    match of {
        SegmentUse::Rule { flag, .. } => format!("/admin/flags/{flag}"),
        SegmentUse::Segment { segment } => format!("/admin/segments/{segment}"),
        SegmentUse::Phase { .. } => "/admin/rollout".to_owned(),
    }
}
