//! The plans that come with the program.

/// The plan that a first start loads: the guide's.
pub(crate) const EXERCISE_LIBRARY: &str = include_str!("../plans/exercise-library.toml");

/// All of them, by name.
pub(crate) const ALL: [(&str, &str); 3] = [
    ("exercise-library", EXERCISE_LIBRARY),
    ("canary", include_str!("../plans/canary.toml")),
    ("ring", include_str!("../plans/ring.toml")),
];

#[cfg(test)]
mod tests {
    use phasegate_service::setup::parse_plan;

    #[test]
    fn all_of_them_are_sound() {
        for (name, text) in super::ALL {
            let file = parse_plan(text).unwrap();
            assert_eq!(file.plan.key.as_str(), name);
            assert!(!file.plan.start_items().is_empty() && file.plan.quorum > 0);
        }
    }
}
