//! The rollout page: its status, its next phase, and the commands that change it. The server renders
//! it first; then it follows what others do, and sends what its user does without leaving the page.

mod actions;
mod checklist;
mod confirm;
mod details;
mod feedback;
mod gate;
mod head;
mod killed;
mod kpis;
mod page;
mod sign_off;
mod tabs;
mod votes;

use leptos::prelude::*;
use phasegate_domain::{ids::EnvironmentKey, reports::ChangeNotice};

#[cfg(not(feature = "ssr"))]
use self::kpis::Kpis;
use self::{
    actions::Actions,
    checklist::Checklists,
    details::FirstMinutesPanel,
    gate::{GateAnswer, GatePanel},
    head::{Alerts, Head, OpenIncidents, Track},
    killed::KilledFlags,
    page::Page,
    tabs::Tabs,
};
#[cfg(feature = "ssr")]
pub(crate) use self::{feedback::FeedbackPart, gate::render_gate_line, kpis::Kpis};
use super::{live::watch_changes, page_state::provide_question};
use crate::{
    components::live,
    models::{Done, RolloutPage},
};

/// The whole page of a rollout.
#[island(lazy)]
pub(crate) fn LiveRollout(
    first: RolloutPage,
    environment: EnvironmentKey,
    /// The command whose confirmation the address asks for.
    asked: Option<String>,
    /// The tab that the address opens; may be empty.
    tab: String,
    /// What a form without a script has just done.
    done: Option<Done>,
    /// The variables of the server that override this page.
    pinned: Vec<String>,
) -> impl IntoView {
    let followed = environment.clone();
    let page = Page::provide(first, environment, done);
    provide_question(asked);
    let connection = watch_changes(&followed, move |notice: ChangeNotice| {
        let shown = page.peek(|page| page.version);
        if notice.has_new_telemetry || notice.rollout_version != Some(shown) {
            page.refresh();
        }
    });
    let kpis = page.part(|page| (page.kpi_targets.clone(), page.kpis.clone()));
    view! {
        {page.render_done()}
        {render_pinned_notice(&pinned)}
        <Head connection/>
        <KilledFlags/>
        <OpenIncidents/>
        <Track/>
        <Alerts/>
        <GateAnswer/>
        <Actions/>
        <GatePanel/>
        <Checklists/>
        <FirstMinutesPanel/>
        {live(move || {
            let (targets, values) = kpis.get();
            view! { <Kpis targets values/> }.into_any()
        })}
        <Tabs asked=tab/>
    }
}

fn render_pinned_notice(names: &[String]) -> Option<impl IntoView + use<>> {
    (!names.is_empty()).then(|| {
        view! {
            <p class="notice notice-warning">
                "Environment variables pin what is served and override this page: " <code>{names.join(", ")}</code>
                ". To let the rollout decide again, restart the server without \
                 them."
            </p>
        }
    })
}
