//! Retention of telemetry, the storage that it uses, and rejections.

use leptos::prelude::*;
use phasegate_domain::{
    events::Rejection,
    privacy::{RetentionKind, RetentionPolicy, StorageUsage},
};
use phasegate_service::{
    DAILY_BYTES,
    ingest::{bytes_today, rejections},
    maintenance::{retention_policy, save_retention_policy, sizes},
    models::Versioned,
};

use crate::{
    components::TableCard,
    format,
    parts::Here,
    request::{Form, PageError, Request},
};

pub(super) async fn change(request: &Request, form: &Form) -> Result<(), PageError> {
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    let mut value = retention_policy(service, actor, environment)?.value;
    for kind in RetentionKind::ALL {
        let (field, days) = (kind.as_str(), form.get(kind.as_str()));
        let days = days.parse().map_err(|_| {
            PageError::invalid(format!("{field}: a whole number of days, not {days:?}"))
        })?;
        value = value.with(kind, days);
    }
    let after = Versioned { value, version: form.version()? };
    save_retention_policy(service, actor, environment, after).await?;
    Ok(())
}

/// What each kind is.
fn words(kind: RetentionKind) -> (&'static str, &'static str) {
    match kind {
        RetentionKind::Raw => (
            "Raw events",
            "as pages sent them, for the export of one user's data; nothing on any page is read from them. 0: not kept",
        ),
        RetentionKind::Rollups => (
            "Numbers by day, and who did what on which day",
            "those by minute are kept for 3 days, those by hour for 92. 0: always",
        ),
        RetentionKind::Reports => (
            "Errors and feedback in full",
            "at most 5,000 errors and 20,000 pieces of feedback. 0: always",
        ),
        RetentionKind::Screenshots => {
            ("Pictures that came with feedback", "at most 256 MB of them. 0: always")
        }
    }
}

/// All that the section shows.
pub(super) struct Maintenance {
    kept: Versioned<RetentionPolicy>,
    sizes: StorageUsage,
    rejections: Vec<(Rejection, u64)>,
    /// Bytes that the environment's pages have sent today.
    sent: u64,
}

pub(super) async fn read(request: &Request) -> Result<Maintenance, PageError> {
    let (service, actor, environment) = (&request.service, &request.actor, request.environment);
    Ok(Maintenance {
        kept: retention_policy(service, actor, environment)?,
        sizes: sizes(service, actor).await?,
        rejections: rejections(service, actor, environment).await?,
        sent: bytes_today(service, environment),
    })
}

#[component]
pub(super) fn RetentionForm(maintenance: Maintenance, may_change: bool) -> impl IntoView {
    let Maintenance { kept, sizes, rejections, sent } = maintenance;
    let fields = RetentionKind::ALL.map(|kind| {
        let (name, about) = words(kind);
        view! {
            <li>
                <label class="field"><span><strong>{name}</strong>", days"</span>
                    <input type="number" name=kind.as_str() min="0" max="36500" step="1" required
                        value=kept.value.days(kind).to_string() disabled=!may_change/></label>
                <p class="hint">{about}</p>
            </li>
        }
    });
    let save = may_change.then(|| {
        view! { <button class="button" name="do" value="retention">"Save how long it is kept"</button> }
    });
    let room = format!(
        "On disk: {} in the database, of which {} are pictures, and {} of raw events of {}; for all environments.",
        format::bytes(sizes.database),
        format::bytes(sizes.screenshots),
        format::bytes(sizes.raw),
        format::counted(sizes.raw_days, "day", "days")
    );
    let today = format!(
        "The pages of this environment have sent {} since midnight UTC or the server's start, {} of the {} that are taken in a day; what comes above that is refused with a time to come back.",
        format::bytes(sent),
        format::percent(sent, DAILY_BYTES),
        format::bytes(DAILY_BYTES)
    );
    view! {
        <section aria-labelledby="maintenance-title">
            <h2 id="maintenance-title">"What is kept"</h2>
            <p class="hint" data-testid="sizes">{room}</p>
            <p class="hint" data-testid="sent">{today}</p>
            <form class="stack" method="post" action="/admin/settings" data-testid="retention"><Here/>
                <input type="hidden" name="version" value=kept.version.to_string()/>
                <ul class="switches">{fields}</ul>
                <p class="hint">"What is older goes within an hour, and cannot be brought back. A day of raw events is a file of its own, so that its end costs nothing."</p>
                {save}
            </form>
        </section>
        <Rejections rejections/>
    }
}

#[component]
fn Rejections(rejections: Vec<(Rejection, u64)>) -> impl IntoView {
    let rows = rejections.into_iter().map(|(Rejection { code, field }, count)| {
        view! {
            <tr><th scope="row">{code.title()}</th><td><code>{field}</code></td>
                <td>{format::count(count)}</td></tr>
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
