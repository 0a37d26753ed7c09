//! The scripts that browsers download: put together, and minified.

use std::{
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use anyhow::{Context, Result};

use crate::{
    files::{files_below, sorted_files},
    minify::minify,
};

/// The admin's glue, as wasm-bindgen wrote it.
pub(crate) fn admin(site: &Path) -> Result<()> {
    let glue = site.join("assets/admin.js");
    let small = minify(&fs::read_to_string(&glue)?, true)?;
    Ok(fs::write(glue, small)?)
}

/// The collector: the bridge behind wasm-bindgen's part of it, the widget, and the loader, which
/// names the build of the rest.
pub(crate) fn collector(js: &Path, site: &Path) -> Result<()> {
    let folder = site.join("collector");
    let glue = fs::read_to_string(folder.join("core_bg.js"))?;
    let mut bridge = private(&glue);
    for part in sorted_files(&js.join("bridge"), "js")? {
        bridge.push_str(&fs::read_to_string(part)?);
    }
    fs::write(folder.join("bridge.js"), minify(&bridge, true).context("bridge")?)?;
    for unused in ["core_bg.js", "core.js"] {
        fs::remove_file(folder.join(unused))?;
    }
    let widget = fs::read_to_string(js.join("widget.js"))?;
    fs::write(folder.join("widget.js"), minify(&widget, true).context("widget")?)?;
    let build = build_of(&folder)?;
    let read = |name: &str| fs::read_to_string(js.join(name)).with_context(|| name.to_owned());
    let install = read("loader.js")?.replace("__BUILD__", &build);
    let classic = format!("{{{install}{}}}", read("loader.classic.js")?);
    fs::write(site.join("collector.js"), minify(&classic, false).context("loader")?)?;
    let module = install + &read("loader.module.js")?;
    fs::write(site.join("collector.mjs"), minify(&module, true).context("loader as a module")?)?;
    fs::write(site.join("stub.js"), stub(js)?)?;
    fs::copy(js.join("collector.d.mts"), site.join("collector.d.mts"))?;
    Ok(())
}

/// The line that pages carry before the loader's tag.
fn stub(js: &Path) -> Result<String> {
    let source = fs::read_to_string(js.join("stub.js"))?;
    Ok(minify(&source, false).context("stub")?.trim().to_owned())
}

/// wasm-bindgen's part as the beginning of a module that exports nothing of it, with a list of what
/// the WASM imports.
fn private(glue: &str) -> String {
    let imported: Vec<&str> = glue
        .lines()
        .filter_map(|line| line.strip_prefix("export function ")?.split('(').next())
        .filter(|name| name.starts_with("__wb") && *name != "__wbg_set_wasm")
        .collect();
    let imports = format!("const imports = {{ {} }};\n", imported.join(", "));
    // The page has one collector for as long as it lives: nothing frees it.
    let kept = without(glue, "    __destroy_into_raw() {", "    /**\n     * Begins");
    let kept = without(&kept, "const CollectorFinalization", "\n\n");
    let lines = kept.lines().filter(|line| {
        !line.contains("CollectorFinalization") && !line.starts_with("if (Symbol.dispose)")
    });
    lines.fold(String::new(), |out, line| out + line + "\n").replace("export ", "") + &imports
}

/// A text without what stands between two marks, the first of them included; as it is where they are
/// not found.
fn without(text: &str, from: &str, to: &str) -> String {
    let cut = text.split_once(from).and_then(|(before, rest)| {
        let end = rest.find(to)?;
        Some(before.to_owned() + rest.get(end..)?)
    });
    cut.unwrap_or_else(|| text.to_owned())
}

/// A name that changes when a file in the folder does, so that caches never mix two builds.
fn build_of(folder: &Path) -> Result<String> {
    let mut hash = DefaultHasher::new();
    for file in files_below(folder)? {
        fs::read(file)?.hash(&mut hash);
    }
    // It only keeps caches apart, and every page downloads it: half of the hash is enough.
    Ok(format!("{:08x}", hash.finish() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What users copy is what is tested.
    #[test]
    fn the_stub_in_the_docs_and_examples_is_the_stub() {
        let root = crate::root().unwrap();
        let stub = stub(&root.join("frontend/collector/js")).unwrap();
        for file in ["README.md", "examples/react/index.html", "examples/plain/stub.js"] {
            let text = fs::read_to_string(root.join(file)).unwrap();
            assert!(text.contains(&stub), "{file} needs this line:\n{stub}\n");
        }
    }
}
