//! The page of a flag: targeting, evaluation counts, switches, overrides and history.

use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::hooks::use_params_map;
use phasegate_domain::{
    accounts::Role,
    flags::{EvaluationCounts, Flag},
};
use phasegate_service::{
    flags::{FlagDetail, read_flag_detail},
    models::{Environment, StoredFlag},
};

use super::{
    actions,
    fields::{format_stored_version, parse_flag_key},
    history::History,
    overrides::Overrides,
    status::describe_flag_status,
};
use crate::{
    components::{Notice, Sparkline, Time},
    format,
    parts::{EnvironmentField, PageErrorNotice, render_page},
    request::Request,
};

#[component]
pub(crate) fn FlagPage() -> impl IntoView {
    let key = use_params_map().read_untracked().get("key");
    render_page(|request| async move {
        let key = parse_flag_key(key)?;
        let refused = actions::handle_flag_action(&request, &key).await.err();
        if let Some(error) = &refused {
            request.set_error_status(error);
        }
        if request.form.is_some() && refused.is_none() {
            // The response is a redirect, and the flag may have been deleted.
            return Ok(().into_any());
        }
        let refusal = refused.map(|error| view! { <PageErrorNotice error/> });
        let detail =
            read_flag_detail(&request.service, &request.actor, request.environment, &key).await?;
        Ok(view! {
            <Title text=key.to_string()/>
            {refusal}
            <FlagSections detail request/>
        }
        .into_any())
    })
}

fn describe_done_action(action: &str) -> Option<&'static str> {
    Some(match action {
        "switch" => "Switched. Connected clients have been notified.",
        "kill" => "Killed. All users get the off variant, regardless of other settings.",
        "revive" => "Revived. Switch, rules and rollout apply again.",
        "archive" => "Archived. Apps that still ask for it get the default in their own code.",
        "unarchive" => "Unarchived.",
        "restore" => "Restored.",
        "override" => "The individual override is saved.",
        "forget" => "The individual override is deleted.",
        "saved" => "Saved. Connected clients have been notified.",
        "made" => "Created. Evaluate it in your app; this page shows the evaluation counts.",
        _ => return None,
    })
}

#[component]
fn FlagSections(detail: FlagDetail, request: Request) -> impl IntoView {
    let FlagDetail { row, stored, advice, words, switches, history, needed_by } = detail;
    let (status, class) = describe_flag_status(&row);
    let flag = row.flag.clone();
    let may_change = request.has_role(Role::Operator);
    // An environment override cannot be changed in the admin.
    let may_decide = may_change && row.variable.is_none();
    let overrides = request.cached_environment().map(|live| {
        live.overrides().iter().filter(|o| o.value.flag == flag.key).cloned().collect::<Vec<_>>()
    });
    let edit = (may_change && !flag.archived).then(|| view! {
        <a class="button button-primary" href=format!("/admin/flags/{}/edit", flag.key)>"Edit"</a>
    });
    let notice = describe_done_action(request.query.get("done"))
        .map(|text| view! { <Notice>{text}</Notice> });
    let pinned = row.variable.clone().map(|variable| view! {
        <p class="notice notice-warning">
            "The environment variable " <code>{variable}</code>
            " pins the answer. Switches and overrides are locked, and other changes have no effect. \
             To unlock the flag, restart the server without the variable."
        </p>
    });
    let advice =
        advice.map(|advice| view! { <p class="notice notice-warning">{advice.to_string()}</p> });
    let needed = (!needed_by.is_empty()).then(|| {
        let keys: Vec<&str> = needed_by.iter().map(|key| key.as_str()).collect();
        view! { <p class="hint">"Prerequisite of " {keys.join(", ")} "."</p> }
    });
    let words = words.into_iter().map(|line| view! { <li>{line}</li> }).collect_view();
    view! {
        <header class="page-head">
            <h1><code>{flag.key.to_string()}</code></h1>
            <span class=class>{status}</span>
            {edit}
            <a class="button" href=format!("/admin/debugger?flag={}", flag.key)>"Debug"</a>
        </header>
        {notice} {pinned} {advice}
        <FlagSummary flag=flag.clone() stored=stored.clone()/>
        <section aria-labelledby="words-title">
            <h2 id="words-title">"Targeting"</h2>
            <ol class="words" data-testid="words">{words}</ol>
            {needed}
        </section>
        <Affected flag=flag.clone() usage=row.usage/>
        <Switches flag=flag.clone() switches may_change=may_decide/>
        <Overrides flag=flag.clone() overrides=overrides.unwrap_or_default() now=request.service.now() may_change=may_decide/>
        <History stored=stored.clone() history may_change asked=request.query.get("restore").to_owned()/>
        {may_change.then(|| view! { <DangerZone flag stored may_decide asked=request.query.get("confirm").to_owned()/> })}
    }
}

#[component]
fn FlagSummary(flag: Flag, stored: StoredFlag) -> impl IntoView {
    let variants = flag
        .variants
        .iter()
        .map(|variant| {
            let value = variant.value.to_string();
            let value = if value.len() > 80 {
                format!("{} …", value.chars().take(80).collect::<String>())
            } else {
                value
            };
            view! { <li><code>{variant.name.to_string()}</code> " = " <code>{value}</code></li> }
        })
        .collect_view();
    let tags = flag.tags.iter().map(|tag| view! { <span class="chip">{tag.clone()}</span> });
    let owner = if flag.owner.is_empty() { "none".to_owned() } else { flag.owner.clone() };
    view! {
        <p class="lead">{flag.name} {(!flag.description.is_empty()).then(|| format!(": {}", flag.description))}</p>
        <dl class="facts">
            <div><dt>"Kind"</dt><dd>{flag.kind.as_str()}</dd></div>
            <div><dt>"Variants"</dt><dd><ul>{variants}</ul></dd></div>
            <div><dt>"Off, default and rollout variant"</dt>
                <dd>{format!("{}, {}, {}", flag.off_variant, flag.default_variant, flag.rollout_variant)}</dd></div>
            <div><dt>"Owner"</dt><dd>{owner}</dd></div>
            <div><dt>"Tags"</dt><dd class="chips">{tags.collect_view()}</dd></div>
            <div><dt>"Created, changed"</dt><dd><Time at=stored.created_at/> ", " <Time at=stored.changed_at/></dd></div>
        </dl>
    }
}

/// The evaluations of the last 24 hours, by variant.
#[component]
fn Affected(flag: Flag, usage: EvaluationCounts) -> impl IntoView {
    let total = usage.count_last_day();
    let rows = flag
        .variants
        .iter()
        .map(|variant| {
            let count = usage.variants.get(&variant.name).map_or(0, |usage| usage.last_day);
            view! {
                <tr>
                    <th scope="row"><code>{variant.name.to_string()}</code></th>
                    <td class="is-number">{format::format_count(count)}</td>
                    <td class="is-number">{format::format_percent(count, total)}</td>
                </tr>
            }
        })
        .collect_view();
    view! {
        <section aria-labelledby="affected-title">
            <h2 id="affected-title">"Evaluations (24 h)"</h2>
            <div class="row row-middle">
                <Sparkline by_hour=usage.by_hour/>
                <span>{format::format_quantity(total, "evaluation", "evaluations")} " in the last 24 hours"</span>
            </div>
            <div class="table-scroll">
                <table data-testid="affected">
                    <thead><tr><th scope="col">"Variant"</th><th scope="col">"Evaluations"</th><th scope="col">"Share"</th></tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="hint">
                "Counts evaluations, not users. For the variants of individual users, paste their IDs into the "
                <a href=format!("/admin/debugger?flag={}", flag.key)>"debugger"</a>
                "."
            </p>
        </section>
    }
}

#[component]
fn Switches(
    flag: Flag,
    switches: Vec<(Environment, StoredFlag)>,
    may_change: bool,
) -> impl IntoView {
    let action = format!("/admin/flags/{}", flag.key);
    let rows = switches
        .into_iter()
        .map(|(environment, stored)| {
            let enabled = stored.state.enabled;
            let (checked, next) = if enabled { ("true", "false") } else { ("false", "true") };
            let killed = stored
                .state
                .killed
                .then(|| view! { <span class="pill pill-danger">"Killed"</span> });
            let label = format!("{} in {}", flag.key, environment.name);
            view! {
                <li class="override">
                    <strong>{environment.name.clone()}</strong>
                    <form method="post" action=action.clone()><EnvironmentField/>
                        <input type="hidden" name="do" value="switch"/>
                        <input type="hidden" name="environment" value=environment.key.to_string()/>
                        <input type="hidden" name="enabled" value=next/>
                        <input type="hidden" name="version" value=stored.state.version.to_string()/>
                        <button class="switch" type="submit" role="switch" aria-checked=checked
                            aria-label=label disabled=!may_change || flag.archived>
                            <span class="switch-knob"></span>
                        </button>
                    </form>
                    {killed}
                </li>
            }
        })
        .collect_view();
    view! {
        <section aria-labelledby="switches-title">
            <h2 id="switches-title">"Environments"</h2>
            <ul class="overrides">{rows}</ul>
        </section>
    }
}

/// The actions that ask for confirmation: kill, archive and delete.
#[component]
fn DangerZone(flag: Flag, stored: StoredFlag, may_decide: bool, asked: String) -> impl IntoView {
    let here = format!("/admin/flags/{}", flag.key);
    let version = format_stored_version(&stored);
    let question = match asked.as_str() {
        "kill" if may_decide && !stored.state.killed => Some((
            "kill",
            "Kill the flag",
            "All users get the off variant at once, regardless of switch, rules, rollout and overrides. You can revive the flag here.",
        )),
        "archive" if !flag.archived => Some((
            "archive",
            "Archive the flag",
            "The flag is no longer evaluated in any environment. Apps that still ask for it get the default in their own code. You can unarchive it here.",
        )),
        "delete" => Some((
            "delete",
            "Delete the flag",
            "Deletes the flag with its rules and overrides in all environments. The audit log keeps its last state.",
        )),
        _ => None,
    };
    if let Some((action, title, text)) = question {
        return view! {
            <section class="confirm" aria-labelledby="confirm-title">
                <h2 id="confirm-title">{title} "?"</h2>
                <p>{text}</p>
                <form method="post" action=here class="row"><EnvironmentField/>
                    <input type="hidden" name="version" value=version/>
                    <button class="button button-danger" name="do" value=action autofocus>{title}</button>
                    <a class="button" href=here.clone()>"Cancel"</a>
                </form>
            </section>
        }
        .into_any();
    }
    let ask = |action: &str, text: &'static str| {
        let href = format!("{here}?confirm={action}#confirm-title");
        view! { <a class="button button-danger" href=href>{text}</a> }.into_any()
    };
    let back = |action: &'static str, text: &'static str| {
        view! { <button class="button" name="do" value=action>{text}</button> }.into_any()
    };
    let kill = match stored.state.killed {
        _ if !may_decide => ().into_any(),
        true => back("revive", "Revive"),
        false => ask("kill", "Kill …"),
    };
    let archive =
        if flag.archived { back("unarchive", "Unarchive") } else { ask("archive", "Archive …") };
    view! {
        <section aria-labelledby="grave-title">
            <h2 id="grave-title">"Danger zone"</h2>
            <form method="post" action=here.clone() class="row"><EnvironmentField/>
                <input type="hidden" name="version" value=version/>
                {kill} {archive} {ask("delete", "Delete …")}
            </form>
        </section>
    }
    .into_any()
}
