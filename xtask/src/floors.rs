//! Checks which modules of a crate import which. Each module stands on a floor and imports only
//! from floors below its own, and no files import each other in a circle; `mod.rs` and the files
//! beside it belong together. Tests may import anything.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use anyhow::{Context, Result, bail};
use syn::{Attribute, Item, UseTree, Visibility, visit::Visit};

use crate::files::files_below;

/// The floors of each crate that has any, the ground first. `lib.rs` and `main.rs` stand above all
/// floors.
const CRATES: [(&str, &[&[&str]]); 10] = [
    (
        "app/domain/src",
        &[
            &["field_error"],
            &["diff", "errors", "ids", "json", "stats", "time", "vitals", "words"],
            &["accounts", "feedback", "incidents", "privacy", "targeting"],
            &["events", "flags"],
            &["metrics", "plan", "simulation"],
            &["analytics", "measurement"],
            &["alerts"],
            &["rollout"],
            &["audit"],
            &["config", "gates"],
            &["evaluation"],
            &["reports"],
        ],
    ),
    (
        "app/store/src",
        &[&["error", "models"], &["database"], &["state", "telemetry"], &["unavailable"]],
    ),
    (
        "app/service/src",
        &[
            &["error", "request_id", "secrets", "subscriber", "toml_document", "variables"],
            &["access", "runtime"],
            &["accounts", "annotations", "audit", "check", "evaluation_counts", "keys", "panels"],
            &["collection_settings", "flags", "maintenance", "segments", "setup", "tokens"],
            &["environments", "gates"],
            &["rollout"],
            &["dashboard"],
            &["ingest"],
            &["analytics", "privacy"],
            &["performance"],
        ],
    ),
    (
        "app/src",
        &[
            &["embedding", "format", "sentences"],
            &["models"],
            &["cookies"],
            &["server_fns"],
            &["charts", "request"],
            &["components"],
            &["islands"],
            &["parts"],
            &["pages"],
            &["app"],
            &["shell"],
        ],
    ),
    (
        "server/store-sqlite/src",
        &[
            &["error", "files", "migrations"],
            &["transaction"],
            &["database"],
            &["state", "telemetry"],
        ],
    ),
    (
        "server/src",
        &[
            &["clock", "http", "listen", "lock", "simulate"],
            &["config", "jobs", "routes"],
            &["first_start", "router"],
            &["bootstrap"],
            &["cli"],
        ],
    ),
    // Small crates have no floors; only circles are refused.
    ("app/wire/src", &[]),
    ("frontend/collector/src", &[]),
    ("server/store-tests/src", &[]),
    ("xtask/src", &[]),
];

/// The segments of an import path or a module path.
type Names = Vec<String>;

/// The imports and re-exports of a file.
#[derive(Debug, Default)]
struct File {
    /// Imported paths, relative to the crate's root.
    imports: Vec<Names>,
    /// Re-exported names and the paths that they stand for.
    exports: BTreeMap<String, Names>,
}

/// The files of a crate, by module.
struct Modules(BTreeMap<Names, File>);

/// Fails with a list of all imports from higher floors and all circles.
pub(crate) fn check_floors() -> Result<()> {
    let root = crate::files::repository_root()?;
    let mut broken = Vec::new();
    for (source, floors) in CRATES {
        let modules = Modules::read_modules(&root.join(source))?;
        let found = modules.find_problems(floors);
        broken.extend(found.into_iter().map(|problem| format!("{source}: {problem}")));
        println!("{source}: {} modules on {} floors", modules.0.len(), floors.len());
        for (number, floor) in floors.iter().enumerate().rev() {
            println!("  {:>2}  {}", number + 1, floor.join(" "));
        }
    }
    if !broken.is_empty() {
        bail!("the floors are not kept:\n{}", broken.join("\n"));
    }
    println!("0 circles");
    Ok(())
}

impl Modules {
    fn read_modules(source: &Path) -> Result<Self> {
        let mut modules = BTreeMap::new();
        for path in files_below(source)? {
            let relative = path.strip_prefix(source)?.with_extension("");
            let mut module: Names =
                relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
            if module.last().is_some_and(|name| matches!(name.as_str(), "mod" | "lib" | "main")) {
                module.pop();
            }
            let text = fs::read_to_string(&path)?;
            let file = File::parse(&text, &module).with_context(|| path.display().to_string())?;
            let known: &mut File = modules.entry(module).or_default();
            known.imports.extend(file.imports);
            known.exports.extend(file.exports);
        }
        Ok(Self(modules))
    }

    /// Returns the module that a path leads to, through at most eight re-exports.
    fn resolve_path(&self, path: &[String], depth: usize) -> Option<Names> {
        let length = (0..=path.len())
            .rev()
            .find(|length| path.get(..*length).is_some_and(|module| self.0.contains_key(module)))?;
        let (module, rest) = path.split_at_checked(length)?;
        let handed_on = rest.first().and_then(|name| self.0.get(module)?.exports.get(name));
        match handed_on {
            Some(target) if depth < 8 => self.resolve_path(target, depth + 1),
            _ => Some(module.to_vec()),
        }
    }

    fn find_targets(&self, module: &[String], file: &File) -> BTreeSet<Names> {
        let found = file.imports.iter().filter_map(|path| self.resolve_path(path, 0));
        found.filter(|target| target.as_slice() != module).collect()
    }

    fn find_problems(&self, floors: &[&[&str]]) -> Vec<String> {
        let floor_of = |module: &[String]| {
            let name = module.first()?;
            floors.iter().position(|floor| floor.contains(&name.as_str()))
        };
        let mut problems = Vec::new();
        let mut arrows: BTreeMap<Names, BTreeSet<Names>> = BTreeMap::new();
        for (module, file) in self.0.iter().filter(|(module, _)| !module.is_empty()) {
            let name = module.join("::");
            if !floors.is_empty() && floor_of(module).is_none() {
                problems.push(format!("{name} stands on no floor; add it to xtask/src/floors.rs"));
            }
            for target in self.find_targets(module, file) {
                // The root stands above all floors. That of a small crate has its constants.
                if target.is_empty() {
                    if !floors.is_empty() {
                        problems.push(format!("{name} imports an item of the crate's root"));
                    }
                    continue;
                }
                let is_outside = target.first() != module.first();
                if is_outside && !floors.is_empty() && floor_of(&target) >= floor_of(module) {
                    let target = target.join("::");
                    problems
                        .push(format!("{name} imports {target}, which is not on a lower floor"));
                }
                arrows.entry(module.clone()).or_default().insert(target);
            }
        }
        problems.extend(find_circles(&arrows).into_iter().map(|circle| {
            let names: Vec<String> = circle.iter().map(|module| module.join("::")).collect();
            format!("a circle of {}", names.join(", "))
        }));
        problems
    }
}

/// Returns the sets of modules that import each other, directly or through others.
fn find_circles(arrows: &BTreeMap<Names, BTreeSet<Names>>) -> Vec<BTreeSet<Names>> {
    let reached = |from: &Names| {
        let mut seen = BTreeSet::new();
        let mut next = vec![from];
        while let Some(module) = next.pop() {
            for target in arrows.get(module).into_iter().flatten() {
                if seen.insert(target.clone()) {
                    next.push(target);
                }
            }
        }
        seen
    };
    let all: BTreeMap<&Names, BTreeSet<Names>> =
        arrows.keys().map(|module| (module, reached(module))).collect();
    let circle = |(module, seen): (&&Names, &BTreeSet<Names>)| {
        let back = |other: &&Names| all.get(*other).is_some_and(|seen| seen.contains(*module));
        let members: BTreeSet<Names> = seen.iter().filter(back).cloned().collect();
        (members.len() > 1).then_some(members)
    };
    let found: BTreeSet<BTreeSet<Names>> = all.iter().filter_map(circle).collect();
    found.into_iter().collect()
}

impl File {
    fn parse(text: &str, module: &[String]) -> Result<Self> {
        let (children, file) = (BTreeSet::new(), Self::default());
        let mut reader = Reader { module: module.to_vec(), children, file };
        reader.visit_file(&syn::parse_file(text)?);
        Ok(reader.file)
    }
}

struct Reader {
    module: Names,
    /// The modules that the file declares; a path may begin with one.
    children: BTreeSet<String>,
    file: File,
}

impl Reader {
    /// Returns a path relative to the crate's root, or `None` for a path of another crate. With
    /// `may_be_child`, for re-exports, the first name may be a child module.
    fn absolute_path(&self, path: &[String], may_be_child: bool) -> Option<Names> {
        let (first, rest) = path.split_first()?;
        let mut base = self.module.clone();
        let mut rest = rest.to_vec();
        match first.as_str() {
            "crate" => base.clear(),
            "self" => {}
            "super" => {
                base.pop();
                while rest.first().is_some_and(|name| name == "super") {
                    base.pop();
                    rest.remove(0);
                }
            }
            _ if may_be_child => rest.insert(0, first.clone()),
            _ => return None,
        }
        base.extend(rest);
        Some(base)
    }

    fn add_import(&mut self, path: &[String]) {
        let begins_with_child =
            path.len() > 1 && path.first().is_some_and(|first| self.children.contains(first));
        self.file.imports.extend(self.absolute_path(path, begins_with_child));
    }
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}

/// Collects the paths of a `use` tree, each with the name that it is imported as.
fn flatten_use_tree(tree: &UseTree, before: &[String], found: &mut Vec<(Names, String)>) {
    let with = |name: &dyn ToString| [before, &[name.to_string()]].concat();
    match tree {
        UseTree::Path(path) => flatten_use_tree(&path.tree, &with(&path.ident), found),
        UseTree::Name(name) if name.ident == "self" => {
            found.push((before.to_vec(), before.last().cloned().unwrap_or_default()));
        }
        UseTree::Name(name) => found.push((with(&name.ident), name.ident.to_string())),
        UseTree::Rename(name) => found.push((with(&name.ident), name.rename.to_string())),
        UseTree::Glob(_) => found.push((before.to_vec(), String::new())),
        UseTree::Group(group) => {
            group.items.iter().for_each(|tree| flatten_use_tree(tree, before, found));
        }
    }
}

impl<'ast> Visit<'ast> for Reader {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes = match item {
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            _ => return syn::visit::visit_item(self, item),
        };
        if !is_test(attributes) {
            if let Item::Mod(item) = item
                && item.content.is_none()
            {
                self.children.insert(item.ident.to_string());
            }
            syn::visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        let mut found = Vec::new();
        flatten_use_tree(&item.tree, &[], &mut found);
        for (path, name) in found {
            if matches!(item.vis, Visibility::Inherited) {
                self.add_import(&path);
            } else if let Some(target) = self.absolute_path(&path, true) {
                // Handing on what is in the module itself is no import.
                if !target.starts_with(&self.module) {
                    self.file.imports.push(target.clone());
                }
                self.file.exports.insert(name, target);
            }
        }
    }

    // `pub(super)` names a module without importing from it.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let names: Names = path.segments.iter().map(|segment| segment.ident.to_string()).collect();
        self.add_import(&names);
        syn::visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'ast syn::Macro) {
        // A macro has tokens, not paths, so paths are found in their text.
        let text = item.tokens.to_string().replace(" :: ", "::");
        let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
        for word in text.split(|c| !is_part(c)).filter(|word| word.contains("::")) {
            let names: Names = word.split("::").map(str::to_owned).collect();
            self.add_import(&names);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse_crate(files: &[(&str, &str)]) -> Modules {
        let file = |(module, text): &(&str, &str)| {
            let module: Names = module.split('/').map(str::to_owned).collect();
            let file = File::parse(text, &module).unwrap();
            (module, file)
        };
        Modules(files.iter().map(file).collect())
    }

    #[test]
    fn an_import_from_a_higher_floor_is_reported() {
        let modules = parse_crate(&[
            ("ids", "pub struct Id;"),
            ("flags", "mod flag; pub use flag::Flag;"),
            ("flags/flag", "use crate::ids::Id; pub struct Flag(Id);"),
            ("gates", "fn gate() { let _ = crate::flags::Flag; }"),
            ("stray", "use std::fmt;"),
        ]);
        let good: &[&[&str]] = &[&["ids", "stray"], &["flags"], &["gates"]];
        assert_eq!(modules.find_problems(good), Vec::<String>::new());
        let bad: &[&[&str]] = &[&["flags", "gates"], &["ids"]];
        assert_eq!(
            modules.find_problems(bad),
            [
                "flags::flag imports ids, which is not on a lower floor",
                "gates imports flags::flag, which is not on a lower floor",
                "stray stands on no floor; add it to xtask/src/floors.rs",
            ]
        );
    }

    #[test]
    fn a_circle_is_found_through_re_exports() {
        let modules = parse_crate(&[
            ("a", "mod one; pub use one::One;"),
            ("a/one", "pub struct One; fn one() { crate::b::two() }"),
            ("b", "use crate::a::One; pub fn two() { super::c::three() }"),
            ("c", "#[cfg(test)] mod tests { use crate::b::two; } pub fn three() {}"),
        ]);
        assert_eq!(modules.find_problems(&[]), ["a circle of a::one, b"]);
    }

    #[test]
    fn paths_in_macros_count() {
        let modules = parse_crate(&[
            ("a", "fn a() -> String { format!(\"{}\", crate::b::x()) }"),
            ("b", "use super::a; pub fn x() {}"),
        ]);
        assert_eq!(modules.find_problems(&[]), ["a circle of a, b"]);
    }
}
