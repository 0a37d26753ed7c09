//! Finds what the command palette leads to.

use phasegate_domain::{ids::EnvironmentId, incidents::IncidentKind, rollout::CommandKind};
use phasegate_service::{Service, ServiceError, access::Actor, rollout::read_rollout_summary};

use super::{
    Target,
    commands::{command_label, command_name},
    pages::PAGES,
};

/// The maximum number of results.
const MAX_TARGETS: usize = 20;

/// A target with the texts that it is found by.
struct Candidate {
    target: Target,
    text: String,
}

fn candidate(
    kind: &str,
    name: impl Into<String>,
    also: &str,
    href: impl Into<String>,
) -> Candidate {
    let name = name.into();
    let text = format!("{name} {also} {kind}").to_lowercase();
    Candidate { target: Target { kind: kind.to_owned(), name, href: href.into() }, text }
}

/// Returns how well a candidate fits: 0 if its name begins with the query, 1 if a word does, 2 if all
/// words of the query occur; `None` if one does not.
fn rank(text: &str, query: &str) -> Option<u8> {
    if !query.split_whitespace().all(|word| text.contains(word)) {
        return None;
    }
    if text.starts_with(query) {
        return Some(0);
    }
    let starts_word = |(at, _): (usize, &str)| {
        text.get(..at)
            .and_then(|before| before.chars().last())
            .is_some_and(|c| !c.is_alphanumeric())
    };
    Some(if text.match_indices(query).any(starts_word) { 1 } else { 2 })
}

/// Finds pages, commands, flags, segments and incidents of an environment, the best first.
pub(crate) async fn find_targets(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    query: &str,
) -> Result<Vec<Target>, ServiceError> {
    let query = query.trim().to_lowercase();
    let live = service.environment(environment)?;
    let at = format!("environment={}", live.environment().key);
    let mut all: Vec<Candidate> = PAGES
        .iter()
        .map(|page| candidate("Page", page.title, page.words, format!("{}?{at}", page.path)))
        .collect();
    if let Some(rollout) = read_rollout_summary(service, actor, environment).await? {
        let (plan, status) = (&rollout.plan, &rollout.state.status);
        let command = |kind: CommandKind| {
            let is_rollback = IncidentKind::ALL
                .into_iter()
                .any(|incident| CommandKind::of_incident(incident) == kind);
            let href = match is_rollback {
                true => format!("/admin/rollout/emergency?{at}"),
                false => {
                    let name = command_name(kind, plan, status, rollout.version);
                    format!("/admin/rollout?{at}&confirm={name}")
                }
            };
            candidate("Command", command_label(kind, plan, status), kind.as_str(), href)
        };
        let possible = CommandKind::ALL.into_iter();
        let possible = possible.filter(|kind| rollout.command_refusal(*kind).is_none());
        all.extend(possible.map(command));
        all.extend(rollout.state.record.incidents.iter().rev().map(|incident| {
            let name = format!("Incident {}: {}", incident.id, incident.kind.title());
            let href = format!("/admin/rollout/incident?{at}&id={}", incident.id);
            candidate("Incident", name, &incident.reason, href)
        }));
    }
    all.extend(live.snapshot().segments().values().map(|segment| {
        let href = format!("/admin/segments/{}?{at}", segment.key);
        candidate("Segment", segment.name.clone(), segment.key.as_str(), href)
    }));
    all.extend(live.snapshot().flags().map(|entry| {
        let flag = &entry.flag;
        let href = format!("/admin/flags/{}?{at}", flag.key);
        candidate("Flag", flag.key.to_string(), &flag.name, href)
    }));
    let mut found: Vec<(u8, Candidate)> =
        all.into_iter().filter_map(|one| Some((rank(&one.text, &query)?, one))).collect();
    // Stable, so that pages come before flags that fit as well.
    found.sort_by_key(|(rank, _)| *rank);
    Ok(found.into_iter().take(MAX_TARGETS).map(|(_, one)| one.target).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_rank_before_words_and_words_before_parts() {
        assert_eq!(rank("flags", "fla"), Some(0));
        assert_eq!(rank("new_flag f flag", "flag"), Some(1));
        assert_eq!(rank("subflag", "flag"), Some(2));
        assert_eq!(rank("roll back production", "back roll"), Some(2));
        assert_eq!(rank("flags", "segment"), None);
    }
}
