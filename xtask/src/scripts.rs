//! Assembles and minifies the scripts that browsers download.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use anyhow::{Context, Result};

use crate::{
    files::{files_below, sorted_files},
    minify::minify_script,
};

/// Minifies the admin's glue code of wasm-bindgen.
pub(crate) fn write_admin_script(site: &Path) -> Result<()> {
    let glue = site.join("assets/admin.js");
    let small = minify_script(&fs::read_to_string(&glue)?, true)?;
    Ok(fs::write(glue, small)?)
}

/// Writes the collector's scripts: the bridge behind wasm-bindgen's glue code, the widget, and the
/// loader, which names the build of the others.
pub(crate) fn write_collector_scripts(js: &Path, site: &Path) -> Result<()> {
    let folder = site.join("collector");
    let glue = fs::read_to_string(folder.join("core_bg.js"))?;
    let mut bridge = privatise_glue(&glue);
    for part in sorted_files(&js.join("bridge"), "js")? {
        bridge.push_str(&fs::read_to_string(part)?);
    }
    fs::write(folder.join("bridge.js"), minify_script(&bridge, true).context("bridge")?)?;
    for unused in ["core_bg.js", "core.js"] {
        fs::remove_file(folder.join(unused))?;
    }
    let widget = fs::read_to_string(js.join("widget.js"))?;
    fs::write(folder.join("widget.js"), minify_script(&widget, true).context("widget")?)?;
    let build = hash_build(&folder)?;
    let read = |name: &str| fs::read_to_string(js.join(name)).with_context(|| name.to_owned());
    let install = read("loader.js")?.replace("__BUILD__", &build);
    let classic = format!("{{{install}{}}}", read("loader.classic.js")?);
    fs::write(site.join("collector.js"), minify_script(&classic, false).context("loader")?)?;
    let module = install + &read("loader.module.js")?;
    fs::write(
        site.join("collector.mjs"),
        minify_script(&module, true).context("loader as a module")?,
    )?;
    fs::write(site.join("stub.js"), minify_stub(js)?)?;
    fs::copy(js.join("collector.d.mts"), site.join("collector.d.mts"))?;
    Ok(())
}

/// Returns the minified stub, which pages embed before the loader's tag.
fn minify_stub(js: &Path) -> Result<String> {
    let source = fs::read_to_string(js.join("stub.js"))?;
    Ok(minify_script(&source, false).context("stub")?.trim().to_owned())
}

/// Turns wasm-bindgen's glue code into the beginning of a module that exports nothing of it, with a
/// list of the functions that the WASM imports.
fn privatise_glue(glue: &str) -> String {
    let imported: Vec<&str> = glue
        .lines()
        .filter_map(|line| line.strip_prefix("export function ")?.split('(').next())
        .filter(|name| name.starts_with("__wb") && *name != "__wbg_set_wasm")
        .collect();
    let imports = format!("const imports = {{ {} }};\n", imported.join(", "));
    // A page has one collector for its whole life, so the code that frees it is cut out. It ends
    // before the doc comment of `Collector::begin`.
    let kept = remove_between(glue, "    __destroy_into_raw() {", "    /**\n     * Begins");
    let kept = remove_between(&kept, "const CollectorFinalization", "\n\n");
    let lines = kept.lines().filter(|line| {
        !line.contains("CollectorFinalization") && !line.starts_with("if (Symbol.dispose)")
    });
    lines.fold(String::new(), |out, line| out + line + "\n").replace("export ", "") + &imports
}

/// Removes the text from one mark up to another, including the first. Returns the text unchanged if
/// they are not found.
fn remove_between(text: &str, from: &str, to: &str) -> String {
    let cut = text.split_once(from).and_then(|(before, rest)| {
        let end = rest.find(to)?;
        Some(before.to_owned() + rest.get(end..)?)
    });
    cut.unwrap_or_else(|| text.to_owned())
}

/// Returns a name that changes with the files in the folder, so that caches never mix two builds.
fn hash_build(folder: &Path) -> Result<String> {
    let mut hash = DefaultHasher::new();
    for file in files_below(folder)? {
        fs::read(file)?.hash(&mut hash);
    }
    // Every page downloads it, and it only keeps caches apart: half of the hash is enough.
    Ok(format!("{:08x}", hash.finish() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Users copy the line from these files, and the tests use the stub.
    #[test]
    fn the_docs_and_examples_contain_the_current_stub() {
        let root = crate::files::repository_root().unwrap();
        let stub = minify_stub(&root.join("frontend/collector/js")).unwrap();
        for file in ["README.md", "examples/react/index.html", "examples/plain/stub.js"] {
            let text = fs::read_to_string(root.join(file)).unwrap();
            assert!(text.contains(&stub), "{file} needs this line:\n{stub}\n");
        }
    }
}
