//! Divides the admin's WASM: what every page needs stays in the module, and each lazy island gets a
//! chunk, which the browser loads with the first page that has the island.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use walrus::{ConstExpr, DataKind, Module, ir::Value};
use wasm_split_cli_support::{Options, SplitWasm, transform};

use crate::{
    files::files_below,
    minify::minify_script,
    snip::read_module,
    wasm_sections::{export_functions, function_names},
};

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
    /// Constants that several islands share, with their addresses; they belong in the module.
    pub(crate) constants: Vec<(i32, Vec<u8>)>,
    /// The names of the chunks that each lazy island needs.
    pub(crate) needs: BTreeMap<String, Vec<String>>,
}

/// Divides a module, and writes chunks and their loader into a folder. Each lazy island gets one chunk:
/// what several islands share stays in the module, because a chunk for each set of islands that share
/// something would be dozens of requests.
pub(crate) fn split_module(input: &Path, folder: &Path) -> Result<SplitModule> {
    let module = fs::read(input).with_context(|| format!("reading {}", input.display()))?;
    let trial = input.with_extension("trial");
    let shared = find_shared_functions(&module, &trial)?;
    let module = export_functions(&module, SHARED, &shared)?;
    let main = input.with_extension("main.wasm");
    let made = divide(&module, &main, folder)?;
    let (constants, chunks) = take_constants(made.split_modules)?;
    let is_left =
        |name: &String| chunks.iter().any(|chunk| chunk.ends_with(format!("{name}.wasm")));
    let needs = made.prefetch_map.into_iter();
    let needs = needs.map(|(island, files)| (island, files.into_iter().filter(is_left).collect()));
    rewrite_loader(&folder.join(LOADER), &chunks)?;
    let needs = needs.collect();
    Ok(SplitModule { main, chunks, constants, needs })
}

/// The beginning of the exports by which shared functions are kept in the module, until
/// [`finish_module`] removes them.
const SHARED: &str = "__shared_by_islands_";

/// Divides the module on trial, and returns the functions of chunks that several islands need.
fn find_shared_functions(module: &[u8], folder: &Path) -> Result<Vec<u32>> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    divide(module, &folder.join("main.wasm"), folder)?;
    let mut shared = BTreeSet::new();
    for file in files_below(folder)? {
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with("chunk_") && name.ends_with(".wasm") {
            let chunk = fs::read(&file)?;
            let names = function_names(&chunk)?;
            shared.extend(names.into_iter().map(|(_, name)| name.to_vec()));
        }
    }
    fs::remove_dir_all(folder)?;
    let functions = function_names(module)?.into_iter();
    Ok(functions.filter(|(_, name)| shared.contains(*name)).map(|(index, _)| index).collect())
}

/// A constant with its address in memory.
type Constant = (i32, Vec<u8>);

/// Removes the chunks that only hold constants. Returns their constants, and the other chunks.
fn take_constants(chunks: Vec<PathBuf>) -> Result<(Vec<Constant>, Vec<PathBuf>)> {
    let (mut constants, mut left) = (Vec::new(), Vec::new());
    for path in chunks {
        let chunk = read_module(&path)?;
        if chunk.funcs.iter_local().next().is_some() {
            left.push(path);
            continue;
        }
        for data in chunk.data.iter().filter(|data| !data.value.is_empty()) {
            let DataKind::Active { offset: ConstExpr::Value(Value::I32(address)), .. } = data.kind
            else {
                bail!("{} has a constant without an address", path.display());
            };
            constants.push((address, data.value.clone()));
        }
        fs::remove_file(path)?;
    }
    Ok((constants, left))
}

/// Adds the shared constants to the module, and removes the exports that only kept shared functions.
pub(crate) fn finish_module(module: &mut Module, constants: Vec<Constant>) -> Result<()> {
    let markers = module.exports.iter().filter(|export| export.name.starts_with(SHARED));
    let markers: Vec<_> = markers.map(|export| export.id()).collect();
    markers.into_iter().for_each(|id| module.exports.delete(id));
    let memory = module.memories.iter().next().context("the module has no memory")?.id();
    for (address, bytes) in constants {
        let offset = ConstExpr::Value(Value::I32(address));
        let data = module.data.add(DataKind::Active { memory, offset }, bytes);
        module.memories.get_mut(memory).data_segments.insert(data);
    }
    Ok(())
}

fn divide(module: &[u8], main: &Path, folder: &Path) -> Result<SplitWasm> {
    let link = format!("./{LOADER}");
    let mut options = Options::new(module);
    options.output_dir = folder;
    options.main_out_path = main;
    options.link_name = &link;
    options.main_module = "./admin.js";
    transform(options).map_err(|error| anyhow!("{error:#}")).context("dividing the module")
}

/// How the generated loader defines a chunk, and how that ends.
const DEFINITION: &str = "const __chunk_";
const DEFINITION_END: &str = ", []);";

/// Leaves out the chunks that are gone, and makes the loader patient.
fn rewrite_loader(loader: &Path, chunks: &[PathBuf]) -> Result<()> {
    let mut script = fs::read_to_string(loader)?;
    let mut at = 0;
    while let Some(found) = script.get(at..).and_then(|rest| rest.find(DEFINITION)) {
        let start = at + found;
        let rest = script.get(start..).unwrap_or_default();
        let length = rest.find(DEFINITION_END).context("a chunk of the loader has no end")?;
        let digits = |letter: &char| letter.is_ascii_digit();
        let number: String =
            rest.chars().skip(DEFINITION.len()).take_while(|letter| digits(letter)).collect();
        if chunks.iter().any(|chunk| chunk.ends_with(format!("chunk_{number}.wasm"))) {
            at = start + DEFINITION.len();
            continue;
        }
        script.replace_range(start..start + length + DEFINITION_END.len(), "");
        let name = format!("__chunk_{number}");
        for ending in [", ", "]"] {
            let kept = if ending == "]" { "]" } else { "" };
            script = script.replace(&format!("{name}{ending}"), kept);
        }
    }
    ensure!(script.contains(COMPILE), "the loader of chunks does not contain {COMPILE}");
    let script = COMPILE_FUNCTION.to_owned() + &script.replace(COMPILE, PATIENT_COMPILE);
    Ok(fs::write(loader, minify_script(&script, true).context("the loader of chunks")?)?)
}
