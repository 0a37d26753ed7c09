//! The built-in templates of plans, and the plan that a rollout begins with.

use phasegate_domain::{
    accounts::Role,
    field_error::{FieldCode, FieldError},
    ids::{EnvironmentId, FlagKey, RolloutKey},
    plan::PlanFile,
};

use super::plan::{PlanBase, PlanImport, import_plan, read_plan};
use crate::{Service, ServiceError, access::Actor, secrets::Seed};

/// A built-in template of plans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlanTemplate {
    /// The name on the command line and in forms.
    pub name: &'static str,
    /// What it is for.
    pub description: &'static str,
    /// The plan as TOML.
    pub text: &'static str,
}

/// All built-in templates, in the order in which they are listed.
pub const PLAN_TEMPLATES: [PlanTemplate; 4] = [
    PlanTemplate {
        name: "exercise-library",
        description: "Six phases from the team to everyone, with criteria, KPIs and contacts, as the guide describes them.",
        text: include_str!("../../plans/exercise-library.toml"),
    },
    PlanTemplate {
        name: "canary",
        description: "1 %, 10 %, half and everyone; errors and performance are the criteria.",
        text: include_str!("../../plans/canary.toml"),
    },
    PlanTemplate {
        name: "ring",
        description: "The team first, then beta testers, then everyone in steps.",
        text: include_str!("../../plans/ring.toml"),
    },
    PlanTemplate {
        name: "empty",
        description: "One phase for everyone, to be filled in.",
        text: include_str!("../../plans/empty.toml"),
    },
];

/// Finds a template by its name.
#[must_use]
pub fn find_template(name: &str) -> Option<PlanTemplate> {
    PLAN_TEMPLATES.into_iter().find(|template| template.name == name)
}

/// The choices for a new rollout.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone)]
pub struct NewRollout {
    /// The name of the template.
    pub template: String,
    pub key: String,
    pub name: String,
    /// The flags that its first phase adds; those of the template if empty.
    pub flags: Vec<FlagKey>,
}

/// Creates a rollout from a template, if the environment's rollout still has the version `seen`, or
/// there still is none.
///
/// # Errors
/// Returns an error if the actor lacks the operator role, a field is invalid, or one of those of [`import_plan`].
#[tracing::instrument(level = "info", skip_all, fields(environment = environment.0), err(level = "debug"))]
#[async_recursion::async_recursion]
pub async fn create_rollout(
    service: &Service,
    actor: &Actor,
    environment: EnvironmentId,
    new: &NewRollout,
    seen: Option<i64>,
    salt: &Seed,
) -> Result<(), ServiceError> {
    actor.require_role(Role::Operator)?;
    let unknown = || {
        let text = format!("there is no template {:?}", new.template);
        FieldError::new("template", FieldCode::Unknown, text)
    };
    let template = find_template(&new.template).ok_or_else(unknown)?;
    let mut file = read_plan(service, environment, template.text)?;
    file.plan.key = RolloutKey::new(new.key.trim())
        .map_err(|error| FieldError::new("key", FieldCode::Invalid, error.to_string()))?;
    if !new.name.trim().is_empty() {
        file.plan.name = new.name.trim().to_owned();
    }
    choose_flags(&mut file, &new.flags);
    let import = PlanImport { note: "", salt, base: PlanBase::Seen(seen) };
    import_plan(service, actor, environment, &file, import).await?;
    Ok(())
}

/// Puts the chosen flags into the first phase, in place of those of the template.
fn choose_flags(file: &mut PlanFile, flags: &[FlagKey]) {
    if flags.is_empty() {
        return;
    }
    let own: Vec<FlagKey> = file.plan.phases.iter().flat_map(|phase| phase.flags.clone()).collect();
    file.flags.retain(|flag| !own.contains(&flag.key) || flags.contains(&flag.key));
    for phase in &mut file.plan.phases {
        phase.flags.clear();
    }
    if let Some(first) = file.plan.phases.first_mut() {
        first.flags = flags.to_vec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::setup::parse_plan;

    #[test]
    fn every_template_parses() {
        for PlanTemplate { name, text, .. } in PLAN_TEMPLATES {
            let file = parse_plan(text).unwrap();
            assert_eq!(file.plan.key.as_str(), name);
            assert!(!file.plan.start_items().is_empty() && file.plan.quorum > 0);
        }
    }

    #[test]
    fn chosen_flags_replace_those_of_the_template() {
        let mut file = parse_plan(find_template("canary").unwrap().text).unwrap();
        let mine = FlagKey::new("MINE").unwrap();
        choose_flags(&mut file, std::slice::from_ref(&mine));
        assert_eq!(file.plan.phases[0].flags, [mine]);
        assert!(file.flags.is_empty(), "{:?}", file.flags);
    }
}
