//! Converts plans to their drafts and back.

use phasegate_domain::{
    field_error::{FieldCode, FieldError},
    ids::{FlagKey, PhaseNumber},
    plan::{
        ChecklistGroup, Contact, InvalidLine, KpiGroup, Phase, Plan, audience_line, criterion_line,
        kpi_line, parse_audience, parse_criterion, parse_kpi,
    },
    targeting::Share,
};
use phasegate_service::ServiceError;

use super::{ChecklistDraft, ContactDraft, PhaseDraft, PlanDraft};

fn invalid(field: &str, message: String) -> ServiceError {
    FieldError::new(field, FieldCode::Invalid, message).into()
}

fn join_lines(lines: impl Iterator<Item = String>) -> String {
    lines.collect::<Vec<_>>().join("\n")
}

fn split_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines().map(str::trim).filter(|line| !line.is_empty())
}

impl PhaseDraft {
    fn new(phase: &Phase) -> Self {
        Self {
            name: phase.name.clone(),
            description: phase.description.clone(),
            percentage: phase.percentage.percent().to_string(),
            minimum: phase.minimum_days.to_string(),
            maximum: phase.maximum_days.map(|days| days.to_string()).unwrap_or_default(),
            audience: join_lines(phase.audience.iter().map(audience_line)),
            flags: join_lines(phase.flags.iter().map(ToString::to_string)),
            criteria: join_lines(phase.criteria.iter().map(criterion_line)),
            checklist: phase.checklist.join("\n"),
        }
    }

    fn parse_phase(&self, number: PhaseNumber) -> Result<Phase, ServiceError> {
        let wrong = |field: &'static str| {
            move |error: String| invalid(&format!("phase {number}, {field}"), error)
        };
        let days = |text: &str, field| match text.trim() {
            "" => Ok(None),
            text => {
                let days = text.parse::<u16>();
                days.map(Some)
                    .map_err(|_| wrong(field)("must be a whole number of days".to_owned()))
            }
        };
        let percentage = self.percentage.trim().trim_end_matches('%').trim().parse::<f64>();
        let percentage = percentage
            .map_err(|_| wrong("percentage")("must be a number of per cent".to_owned()))?;
        let percentage = Share::from_percent(percentage)
            .map_err(|error| wrong("percentage")(error.to_string()))?;
        let flag = |key: &str| FlagKey::new(key).map_err(|error| error.to_string());
        let flags: Result<_, String> = self
            .flags
            .split([',', '\n'])
            .map(str::trim)
            .filter(|key| !key.is_empty())
            .map(flag)
            .collect();
        let line = |error: InvalidLine| error.to_string();
        let audience: Result<_, _> = split_lines(&self.audience).map(parse_audience).collect();
        let criteria: Result<_, _> = split_lines(&self.criteria).map(parse_criterion).collect();
        Ok(Phase {
            number,
            name: self.name.trim().to_owned(),
            description: self.description.trim().to_owned(),
            percentage,
            audience: audience.map_err(line).map_err(wrong("audience"))?,
            flags: flags.map_err(wrong("flags"))?,
            minimum_days: days(&self.minimum, "minimum days")?.unwrap_or_default(),
            maximum_days: days(&self.maximum, "maximum days")?,
            criteria: criteria.map_err(line).map_err(wrong("criteria"))?,
            checklist: split_lines(&self.checklist).map(str::to_owned).collect(),
        })
    }
}

impl PlanDraft {
    pub(crate) fn new(plan: &Plan, revision: String) -> Self {
        let of =
            |group| join_lines(plan.kpis.iter().filter(|kpi| kpi.group == group).map(kpi_line));
        let contact = |contact: &Contact| ContactDraft {
            role: contact.role.clone(),
            name: contact.name.clone(),
            reach: contact.reach.clone(),
        };
        Self {
            name: plan.name.clone(),
            revision,
            description: plan.description.clone(),
            quorum: plan.quorum.to_string(),
            phases: plan.phases.iter().map(PhaseDraft::new).collect(),
            checklist: plan
                .checklist
                .iter()
                .map(|group| ChecklistDraft {
                    name: group.name.clone(),
                    items: group.items.join("\n"),
                })
                .collect(),
            kpis: KpiGroup::ALL.map(of).into(),
            contacts: plan.contacts.iter().map(contact).collect(),
        }
    }

    /// Parses the plan of the same rollout as `before`. Phases and checklist groups without a name
    /// and contacts without a role are omitted.
    pub(crate) fn parse_plan(&self, before: &Plan) -> Result<Plan, ServiceError> {
        let quorum = match self.quorum.trim() {
            "" => 0,
            text => text
                .parse()
                .map_err(|_| invalid("quorum", "must be a whole number of accounts".to_owned()))?,
        };
        let mut number = PhaseNumber::FIRST;
        let mut phases = Vec::new();
        for draft in self.phases.iter().filter(|draft| !draft.name.trim().is_empty()) {
            phases.push(draft.parse_phase(number)?);
            number = number.next();
        }
        let mut kpis = Vec::new();
        for (group, text) in KpiGroup::ALL.into_iter().zip(&self.kpis) {
            for line in split_lines(text) {
                let kpi = parse_kpi(line, group);
                let field = group.title().to_lowercase();
                let field = format!("{field} targets");
                kpis.push(kpi.map_err(|error| invalid(&field, error.to_string()))?);
            }
        }
        let group = |group: &ChecklistDraft| ChecklistGroup {
            name: group.name.trim().to_owned(),
            items: split_lines(&group.items).map(str::to_owned).collect(),
        };
        let contact = |contact: &ContactDraft| {
            let ContactDraft { role, name, reach } = contact;
            let [role, name, reach] = [role, name, reach].map(|text| text.trim().to_owned());
            Contact { role, name, reach }
        };
        Ok(Plan {
            key: before.key.clone(),
            name: self.name.trim().to_owned(),
            revision: self.revision.trim().to_owned(),
            description: self.description.trim().to_owned(),
            quorum,
            token_votes: before.token_votes,
            phases,
            checklist: self.checklist.iter().map(group).filter(|g| !g.name.is_empty()).collect(),
            kpis,
            contacts: self.contacts.iter().map(contact).filter(|c| !c.role.is_empty()).collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_guide_plan() -> Plan {
        let text = include_str!("../../../service/plans/exercise-library.toml");
        phasegate_service::setup::parse_plan(text).unwrap().plan
    }

    #[test]
    fn a_plan_survives_a_round_trip_through_its_form() {
        let plan = read_guide_plan();
        let draft = PlanDraft::new(&plan, plan.revision.clone());
        assert_eq!(draft.parse_plan(&plan).unwrap(), plan);
    }

    #[test]
    fn errors_name_phase_and_field() {
        let plan = read_guide_plan();
        let complaint = |change: fn(&mut PlanDraft)| {
            let mut draft = PlanDraft::new(&plan, "v2.1".to_owned());
            change(&mut draft);
            draft.parse_plan(&plan).unwrap_err().to_string()
        };
        let found = complaint(|draft| draft.phases[1].audience.push_str("\nsome of them"));
        assert!(found.starts_with("phase 2, audience: write \"some of them\" as"), "{found}");
        let found = complaint(|draft| draft.phases[0].minimum = "soon".into());
        assert_eq!(found, "phase 1, minimum days: must be a whole number of days");
        let found = complaint(|draft| draft.kpis[1] = "nps".into());
        assert!(found.starts_with("user targets: write \"nps\""), "{found}");
    }

    #[test]
    fn phases_without_a_name_are_omitted_and_later_ones_renumbered() {
        let plan = read_guide_plan();
        let mut draft = PlanDraft::new(&plan, "v2.1".to_owned());
        draft.phases[1].name.clear();
        draft.phases.push(PhaseDraft::default());
        let fewer = draft.parse_plan(&plan).unwrap();
        assert_eq!(fewer.phases.len(), 5);
        assert_eq!(
            (fewer.phases[1].number, fewer.phases[1].name.as_str()),
            (PhaseNumber(2), "Limited rollout")
        );
    }
}
