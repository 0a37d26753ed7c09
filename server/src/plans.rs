//! The built-in plan templates.

/// The guide's plan, which the first start imports.
pub(crate) const EXERCISE_LIBRARY: &str = include_str!("../plans/exercise-library.toml");

/// All built-in plans with their names.
pub(crate) const ALL: [(&str, &str); 3] = [
    ("exercise-library", EXERCISE_LIBRARY),
    ("canary", include_str!("../plans/canary.toml")),
    ("ring", include_str!("../plans/ring.toml")),
];

#[cfg(test)]
mod tests {
    use phasegate_service::setup::parse_plan;

    #[test]
    fn every_built_in_plan_parses() {
        for (name, text) in super::ALL {
            let file = parse_plan(text).unwrap();
            assert_eq!(file.plan.key.as_str(), name);
            assert!(!file.plan.start_items().is_empty() && file.plan.quorum > 0);
        }
    }
}
