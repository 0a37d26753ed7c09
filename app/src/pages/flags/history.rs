//! The history of a flag, and the restoring of earlier states.

use leptos::prelude::*;
use phasegate_domain::{
    audit::{AuditRecord, Change},
    diff::diff_documents,
    flags::FlagDocument,
};
use phasegate_service::models::StoredFlag;

use crate::{
    components::{Changes, Time},
    parts::EnvironmentField,
    sentences::describe_audit_change,
};

/// The newest changes, newest first.
#[component]
pub(super) fn History(
    stored: StoredFlag,
    history: Vec<AuditRecord>,
    may_change: bool,
    asked: String,
) -> impl IntoView {
    let key = stored.flag.key.clone();
    let lines = history
        .into_iter()
        .map(|AuditRecord { id, entry }| {
            let fields = entry.change.field_changes();
            let back = may_change
                .then(|| render_restore(&stored, id, &entry.change, asked == id.to_string()));
            view! {
                <li class="timeline-line" id=format!("line-{id}")>
                    <span class="timeline-what">{describe_audit_change(&entry.change)}</span>
                    <span class="hint">{entry.actor.0} ", " <Time at=entry.at/></span>
                    <Changes fields/>
                    {back.flatten()}
                </li>
            }
        })
        .collect_view();
    view! {
        <section aria-labelledby="history-title">
            <h2 id="history-title">"History"</h2>
            <ol class="timeline" data-testid="flag-history">{lines}</ol>
            <p><a href=format!("/admin/audit?kind=flag&key={key}")>"Show the full history"</a></p>
        </section>
    }
}

/// Renders a link that restores the state before a change, or the confirmation if `is_asked`.
fn render_restore(
    stored: &StoredFlag,
    id: i64,
    change: &Change,
    is_asked: bool,
) -> Option<AnyView> {
    let here = format!("/admin/flags/{}", stored.flag.key);
    let now = serde_json::to_value(FlagDocument::new(&stored.flag, &stored.state)).ok();
    let mut then = match change {
        Change::Saved { before, .. } => before.clone()?,
        _ => now.clone()?,
    };
    if let Some(fields) = then.as_object_mut() {
        if let Change::FlagSwitched { enabled, .. } = change {
            fields.insert("enabled".to_owned(), (!enabled).into());
        }
        // Restoring an earlier state does not revive a killed flag.
        fields.insert("killed".to_owned(), stored.state.killed.into());
    }
    let fields = diff_documents(now.as_ref(), Some(&then));
    if fields.is_empty() {
        return None;
    }
    if !is_asked {
        let href = format!("{here}?restore={id}#line-{id}");
        return Some(
            view! { <p><a class="button button-small" href=href>"Restore the state before this …"</a></p> }
                .into_any(),
        );
    }
    Some(
        view! {
            <div class="confirm" data-testid="way-back">
                <p>"Restoring would change:"</p>
                <Changes fields/>
                <form method="post" action=here class="row">
                    <EnvironmentField/>
                    <input type="hidden" name="line" value=id.to_string()/>
                    <button class="button button-danger" name="do" value="restore" autofocus>"Restore this state"</button>
                    <a class="button" href=here.clone()>"Cancel"</a>
                </form>
            </div>
        }
        .into_any(),
    )
}
