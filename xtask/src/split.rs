//! Divides the admin's WASM: what every page needs stays in the module, and each lazy island gets a
//! chunk, which the browser loads with the first page that has the island.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, ensure};
use wasm_split_cli_support::{Options, transform};

use crate::minify::minify_script;

/// The script that loads chunks, beside the glue code of the module.
const LOADER: &str = "admin_split.js";

/// The linker's argument that keeps the relocations, by which code is divided.
pub(crate) const LINK_ARGUMENT: &str = "-Clink-arg=--emit-relocs";

/// How the generated loader compiles a chunk, and what replaces it.
const COMPILE: &str = "WebAssembly.instantiateStreaming(";
const PATIENT_COMPILE: &str = "compile(";

/// Leaving a page aborts its requests, which is not an error: an aborted page is gone before the
/// second is over.
const COMPILE_FUNCTION: &str = "const compile = (source, imports) =>
    WebAssembly.instantiateStreaming(source, imports).catch((error) =>
        new Promise((_, reject) => setTimeout(() => reject(error), 1000)));\n";

/// A module that has been divided.
pub(crate) struct SplitModule {
    /// The module without its chunks, which still has to pass wasm-bindgen.
    pub(crate) main: PathBuf,
    pub(crate) chunks: Vec<PathBuf>,
    /// The names of the chunks that each lazy island needs.
    pub(crate) needs: BTreeMap<String, Vec<String>>,
}

/// Divides a module, and writes chunks and their loader into a folder.
pub(crate) fn split_module(input: &Path, folder: &Path) -> Result<SplitModule> {
    let module = fs::read(input).with_context(|| format!("reading {}", input.display()))?;
    let main = input.with_extension("main.wasm");
    let link = format!("./{LOADER}");
    let mut options = Options::new(&module);
    options.output_dir = folder;
    options.main_out_path = &main;
    options.link_name = &link;
    options.main_module = "./admin.js";
    let made = transform(options)
        .map_err(|error| anyhow!("{error:#}"))
        .with_context(|| format!("dividing {}", input.display()))?;
    rewrite_loader(&folder.join(LOADER))?;
    Ok(SplitModule {
        main,
        chunks: made.split_modules,
        needs: made.prefetch_map.into_iter().collect(),
    })
}

fn rewrite_loader(loader: &Path) -> Result<()> {
    let script = fs::read_to_string(loader)?;
    ensure!(script.contains(COMPILE), "the loader of chunks does not contain {COMPILE}");
    let script = COMPILE_FUNCTION.to_owned() + &script.replace(COMPILE, PATIENT_COMPILE);
    Ok(fs::write(loader, minify_script(&script, true).context("the loader of chunks")?)?)
}
