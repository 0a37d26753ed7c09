//! Checks dependencies by the rules of `deny.toml`: licences, duplicate versions and sources. The
//! rules are those of cargo-deny, whose build would take longer than the server's. Its check of
//! advisories is left out, because it needs a database from the network.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::run;

/// The only allowed source of crates.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks every package that the platforms of `deny.toml` need.
pub(crate) fn check_dependencies() -> Result<()> {
    let rules = std::fs::read_to_string(crate::repository_root()?.join("deny.toml"))?;
    let rules: toml::Table = rules.parse()?;
    let texts = |table: &str, list: &str| -> Result<BTreeSet<String>> {
        let list = rules.get(table).and_then(|table| table.get(list)?.as_array());
        let list = list.with_context(|| format!("deny.toml: {table} has no {list:?}"))?;
        let text = |entry: &toml::Value| {
            let text = entry.as_str().or_else(|| entry.get("crate")?.as_str());
            text.map(str::to_owned)
        };
        Ok(list.iter().filter_map(text).collect())
    };
    let (allowed, skipped) = (texts("licenses", "allow")?, texts("bans", "skip")?);
    let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let (mut problems, mut used) = (Vec::new(), BTreeSet::new());
    for package in read_needed_packages(&texts("graph", "targets")?)? {
        let field = |name: &str| package.get(name).and_then(Value::as_str).unwrap_or_default();
        let (name, version) = (field("name").to_owned(), field("version").to_owned());
        // A package without a source is one of ours.
        if field("source").is_empty() {
            continue;
        }
        if field("source") != REGISTRY {
            problems.push(format!("{name} {version} comes from {}", field("source")));
        }
        match needed_licences(field("license"), &allowed) {
            Some(needed) => used.extend(needed),
            None => {
                problems.push(format!("{name} {version} has the licence {:?}", field("license")));
            }
        }
        versions.entry(name).or_default().insert(version);
    }
    for (name, versions) in versions.iter().filter(|(_, versions)| versions.len() > 1) {
        if !skipped.contains(name) {
            problems.push(format!("{name} is there in several versions: {versions:?}"));
        }
    }
    let is_single = |name: &&String| versions.get(*name).is_none_or(|versions| versions.len() < 2);
    let stale = skipped.iter().filter(is_single);
    problems.extend(stale.map(|name| format!("{name} is skipped and has one version only")));
    let unused = allowed.difference(&used);
    problems.extend(unused.map(|licence| format!("the licence {licence} is allowed and unused")));
    if !problems.is_empty() {
        bail!("deny.toml is not followed:\n{}", problems.join("\n"));
    }
    println!("{} crates of {} licences, from crates.io", versions.len(), used.len());
    Ok(())
}

/// Returns the packages that at least one of the targets needs.
fn read_needed_packages(targets: &BTreeSet<String>) -> Result<Vec<Value>> {
    let mut metadata = run::cargo_command();
    metadata.args(["metadata", "--locked", "--format-version", "1"]);
    for target in targets {
        metadata.args(["--filter-platform", target]);
    }
    let mut metadata: Value = serde_json::from_str(&run::read_output(&mut metadata)?)?;
    let needed: BTreeSet<String> = metadata
        .pointer("/resolve/nodes")
        .and_then(Value::as_array)
        .context("cargo metadata has no graph")?
        .iter()
        .filter_map(|node| node.get("id")?.as_str().map(str::to_owned))
        .collect();
    let packages = metadata.get_mut("packages").and_then(Value::as_array_mut);
    let mut packages = std::mem::take(packages.context("cargo metadata has no packages")?);
    packages.retain(|package| {
        package.get("id").and_then(Value::as_str).is_some_and(|id| needed.contains(id))
    });
    Ok(packages)
}

/// Returns the licences under which a crate is used, or `None` if the allowed ones do not suffice.
/// The expression is SPDX, or has slashes for "or", as in older crates.
fn needed_licences(expression: &str, allowed: &BTreeSet<String>) -> Option<BTreeSet<String>> {
    let expression = expression.replace('/', " OR ");
    let tokens =
        expression.replace('(', " ( ").replace(')', " ) ").replace(" WITH ", "\u{a0}WITH\u{a0}");
    let tokens: Vec<&str> = tokens.split(' ').filter(|token| !token.is_empty()).collect();
    let (needed, rest) = parse_any_of(&tokens, allowed)?;
    if rest.is_empty() { needed } else { None }
}

/// The licences that a part of an expression needs (`None` if not allowed), and the tokens behind
/// the part.
type Read<'a> = (Option<BTreeSet<String>>, &'a [&'a str]);

fn parse_any_of<'a>(tokens: &'a [&'a str], allowed: &BTreeSet<String>) -> Option<Read<'a>> {
    let (mut needed, mut rest) = parse_all_of(tokens, allowed)?;
    while let ["OR", more @ ..] = rest {
        let (other, behind) = parse_all_of(more, allowed)?;
        (needed, rest) = (needed.or(other), behind);
    }
    Some((needed, rest))
}

fn parse_all_of<'a>(tokens: &'a [&'a str], allowed: &BTreeSet<String>) -> Option<Read<'a>> {
    let (mut needed, mut rest) = parse_operand(tokens, allowed)?;
    while let ["AND", more @ ..] = rest {
        let (other, behind) = parse_operand(more, allowed)?;
        needed = needed.zip(other).map(|(mut needed, other)| {
            needed.extend(other);
            needed
        });
        rest = behind;
    }
    Some((needed, rest))
}

fn parse_operand<'a>(tokens: &'a [&'a str], allowed: &BTreeSet<String>) -> Option<Read<'a>> {
    match tokens {
        ["(", rest @ ..] => {
            let (needed, rest) = parse_any_of(rest, allowed)?;
            let [")", rest @ ..] = rest else { return None };
            Some((needed, rest))
        }
        [name, rest @ ..] => {
            let name = name.replace('\u{a0}', " ");
            Some((allowed.contains(&name).then(|| BTreeSet::from([name])), rest))
        }
        [] => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_allowed_by_their_parts() {
        let allowed = ["MIT", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"];
        let allowed: BTreeSet<String> = allowed.map(str::to_owned).into();
        let needs = |expression| needed_licences(expression, &allowed).map(|needed| needed.len());
        assert_eq!(needs("GPL-2.0-only OR MIT"), Some(1));
        assert_eq!(needs("Apache-2.0/MIT"), Some(1));
        assert_eq!(needs("(MIT OR Apache-2.0) AND Unicode-3.0"), Some(2));
        assert_eq!(needs("Apache-2.0 WITH LLVM-exception"), Some(1));
        for refused in ["", "Apache-2.0", "MIT AND Apache-2.0", "(MIT", "MIT MIT", "Apache-2.0 OR"]
        {
            assert_eq!(needs(refused), None, "{refused}");
        }
    }
}
