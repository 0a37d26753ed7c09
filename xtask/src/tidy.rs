//! Checks the dependency rules of `app/ARCHITECTURE.md`.

use std::collections::BTreeSet;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{floors, language, run};

/// The workspace crates that each workspace crate may depend on.
const MAY_KNOW: [(&str, &[&str]); 11] = [
    ("phasegate-domain", &[]),
    ("phasegate-wire", &[]),
    ("phasegate-store", &["phasegate-domain"]),
    ("phasegate-service", &["phasegate-domain", "phasegate-store", "phasegate-wire"]),
    ("phasegate-app", &["phasegate-domain", "phasegate-service"]),
    ("phasegate-store-sqlite", &["phasegate-domain", "phasegate-store", "phasegate-store-tests"]),
    // The tests store batches as the service does.
    ("phasegate-store-tests", &["phasegate-domain", "phasegate-service", "phasegate-store"]),
    ("phasegate-frontend", &["phasegate-app"]),
    ("phasegate-collector", &["phasegate-wire"]),
    (
        "phasegate",
        &[
            "phasegate-app",
            // For pages on which only the loader ran (`loader_fallback`).
            "phasegate-collector",
            "phasegate-domain",
            "phasegate-service",
            "phasegate-store",
            "phasegate-store-sqlite",
            "phasegate-wire",
        ],
    ),
    ("xtask", &[]),
];

/// Crates that do IO, read the clock or draw random numbers; pure crates must not depend on them.
const IMPURE: [&str; 9] =
    ["tokio", "sqlx", "axum", "reqwest", "getrandom", "rand", "web-sys", "js-sys", "leptos"];

/// Fails with a list of all broken rules.
pub(crate) fn check_rules() -> Result<()> {
    let metadata = run::read_output(run::cargo_command().args([
        "metadata",
        "--format-version",
        "1",
        "--no-deps",
        "--locked",
    ]))?;
    let metadata: Value = serde_json::from_str(&metadata)?;
    let packages = metadata.get("packages").and_then(Value::as_array).context("no packages")?;
    let mut broken = Vec::new();
    let mut seen = BTreeSet::new();
    for package in packages {
        let name = package.get("name").and_then(Value::as_str).context("a package has no name")?;
        seen.insert(name);
        broken.extend(check_package(name, &counted_dependencies(package)));
    }
    for (name, _) in MAY_KNOW {
        if !seen.contains(name) {
            broken.push(format!("{name} is in the rules but not in the workspace"));
        }
    }
    if !broken.is_empty() {
        bail!("dependency rules are broken:\n{}", broken.join("\n"));
    }
    println!("{} crates keep the dependency rules", seen.len());
    floors::check_floors()?;
    language::check_language()
}

/// Returns the dependencies of a package, including those of its tests. Some count outside tests
/// only: a test may open a database as another program would, and store batches as the service does.
fn counted_dependencies(package: &Value) -> BTreeSet<&str> {
    let list = package.get("dependencies").and_then(Value::as_array);
    let counts = |dependency: &&Value| {
        let is = |field, value| dependency.get(field).and_then(Value::as_str) == Some(value);
        let is_for_tests = is("name", "sqlx") || is("name", "phasegate-service");
        !(is_for_tests && is("kind", "dev"))
    };
    let named = list.into_iter().flatten().filter(counts);
    named.filter_map(|dependency| dependency.get("name").and_then(Value::as_str)).collect()
}

fn check_package(name: &str, dependencies: &BTreeSet<&str>) -> Vec<String> {
    let Some((_, allowed)) = MAY_KNOW.iter().find(|(known, _)| *known == name) else {
        return vec![format!("{name} has no rule; add one to tidy and to ARCHITECTURE")];
    };
    let ours = dependencies.iter().filter(|d| d.starts_with("phasegate"));
    let mut broken: Vec<String> = ours
        .filter(|dependency| !allowed.contains(dependency))
        .map(|dependency| format!("{name} must not know {dependency}"))
        .collect();
    if dependencies.contains("sqlx") && !name.starts_with("phasegate-store-") {
        broken.push(format!("{name} must not name a database driver"));
    }
    if matches!(name, "phasegate-domain" | "phasegate-wire") {
        let impure = IMPURE.iter().filter(|impure| dependencies.contains(*impure));
        broken.extend(impure.map(|impure| format!("{name} is pure and must not know {impure}")));
    }
    if name == "phasegate-collector" && dependencies.contains("leptos") {
        broken.push(format!("{name} must not know leptos"));
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_rule_is_named() {
        let check = |name, dependencies: &[&str]| {
            check_package(name, &dependencies.iter().copied().collect()).join("; ")
        };
        assert_eq!(check("phasegate-store", &["phasegate-domain", "serde"]), "");
        assert_eq!(
            check("phasegate-domain", &["tokio"]),
            "phasegate-domain is pure and must not know tokio"
        );
        assert_eq!(
            check("phasegate-service", &["sqlx"]),
            "phasegate-service must not name a database driver"
        );
        assert_eq!(
            check("phasegate-collector", &["phasegate-domain"]),
            "phasegate-collector must not know phasegate-domain"
        );
        assert!(check("phasegate-new", &[]).contains("no rule"));
        let package = |kind: &str| serde_json::json!({"dependencies": [{"name": "sqlx", "kind": kind}, {"name": "serde", "kind": null}]});
        assert_eq!(counted_dependencies(&package("dev")), BTreeSet::from(["serde"]));
        assert_eq!(counted_dependencies(&package("build")).len(), 2);
    }
}
