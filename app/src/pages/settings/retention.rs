//! Retention of telemetry, the storage that it uses, and rejections.

use leptos::prelude::*;
use phasegate_domain::{
    events::{Rejection, RejectionCode},
    privacy::{RetentionKind, RetentionPolicy, StorageUsage},
};
use phasegate_service::{
    DAILY_BYTES, Quota,
    ingest::{bytes_today, read_rejections},
    maintenance::{measure_storage, read_retention_policy},
    models::Versioned,
};

use crate::{
    components::TableCard,
    format,
    parts::FnForm,
    request::{PageError, Request},
    server_fns::privacy::SaveRetention,
};

/// Returns the name and the description of a kind.
fn describe_retention_kind(kind: RetentionKind) -> (&'static str, &'static str) {
    match kind {
        RetentionKind::Raw => (
            "Raw events",
            "as sent by pages, used only to export the data of a user. 0: not stored",
        ),
        RetentionKind::Rollups => (
            "Daily rollups and activity",
            "rollups by minute are kept for 3 days, by hour for 92 days. 0: no limit",
        ),
        RetentionKind::Reports => (
            "Error events and feedback items",
            "at most 5,000 error events and 20,000 feedback items. 0: no limit",
        ),
        RetentionKind::Screenshots => ("Screenshots", "at most 256 MB in total. 0: no limit"),
    }
}

/// The data of the retention section.
pub(super) struct Maintenance {
    kept: Versioned<RetentionPolicy>,
    sizes: StorageUsage,
    rejections: Vec<(Rejection, u64)>,
    /// Bytes that the environment's pages have sent today.
    sent: u64,
}

pub(super) async fn read_maintenance(request: &Request) -> Result<Maintenance, PageError> {
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    Ok(Maintenance {
        kept: read_retention_policy(service, actor, environment)?,
        sizes: measure_storage(service, actor).await?,
        rejections: read_rejections(service, actor, environment).await?,
        sent: bytes_today(service, environment),
    })
}

#[component]
pub(super) fn RetentionForm(maintenance: Maintenance, may_change: bool) -> impl IntoView {
    let Maintenance { kept, sizes, rejections, sent } = maintenance;
    let fields = RetentionKind::ALL.map(|kind| {
        let (name, about) = describe_retention_kind(kind);
        view! {
            <li>
                <label class="field"><span><strong>{name}</strong>", days"</span>
                    <input type="number" name=format!("policy[{}]", kind.as_str()) min="0" max="36500" step="1" required
                        value=kept.value.days_of_kind(kind).to_string() disabled=!may_change/></label>
                <p class="hint">{about}</p>
            </li>
        }
    });
    let save = may_change.then(|| {
        view! { <button class="button" type="submit">"Save retention policy"</button> }
    });
    let room = format!(
        "On disk, all environments: {} in the database (screenshots: {}), and {} of raw events of {}.",
        format::format_bytes(sizes.database),
        format::format_bytes(sizes.screenshots),
        format::format_bytes(sizes.raw),
        format::format_quantity(sizes.raw_days, "day", "days")
    );
    let today = format!(
        "Received from pages of this environment since midnight UTC or server start: {}, {} of the daily quota of {}. Batches over the quota are rejected with a time to retry.",
        format::format_bytes(sent),
        format::format_percent(sent, DAILY_BYTES),
        format::format_bytes(DAILY_BYTES)
    );
    view! {
        <section aria-labelledby="maintenance-title" data-testid="retention">
            <h2 id="maintenance-title">"Data retention"</h2>
            <p class="hint" data-testid="sizes">{room}</p>
            <p class="hint" data-testid="sent">{today}</p>
            <FnForm<SaveRetention> class="stack">
                <input type="hidden" name="version" value=kept.version.to_string()/>
                <ul class="switches">{fields}</ul>
                <p class="hint">"Older data is deleted within an hour and cannot be restored."</p>
                {save}
            </FnForm<SaveRetention>>
        </section>
        <Rejections rejections/>
    }
}

#[component]
fn Rejections(rejections: Vec<(Rejection, u64)>) -> impl IntoView {
    let rows = rejections.into_iter().map(|(Rejection { code, field }, count)| {
        let field = match Quota::parse(&field) {
            Some(quota) if code == RejectionCode::QuotaExceeded => quota.to_string().into_any(),
            _ => view! { <code>{field}</code> }.into_any(),
        };
        view! {
            <tr><th scope="row">{code.title()}</th><td>{field}</td>
                <td>{format::format_count(count)}</td></tr>
        }
    });
    view! {
        <TableCard
            id="rejections"
            title="Rejections of the last 7 days"
            hint="the other events of a batch are stored"
            columns=vec!["Reason", "Field or quota", "Events"]
            empty="No rejections: every event was stored.".into_any()
            rows=rows.map(IntoAny::into_any).collect()
        />
    }
}
