//! Builds, optimises and compresses the files that browsers download, in `target/site`, from where
//! the server embeds them.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use flate2::{Compression, write::GzEncoder};
use wasm_bindgen_cli_support::Bindgen;

use crate::{
    files::{files_below, sorted_files},
    report, run, scripts, snip, split, wasm_target,
};

const PROFILE: &str = "wasm-release";

/// A WASM module: its crate, the name its files get, and the folder below the site.
struct Module {
    package: &'static str,
    name: &'static str,
    folder: &'static str,
    /// Whether panics and formatting are removed to save bytes.
    is_tiny: bool,
}

/// The names of the chunks that each lazy island needs.
type Needs = BTreeMap<String, Vec<String>>;

const ADMIN: Module =
    Module { package: "phasegate-frontend", name: "admin", folder: "assets", is_tiny: false };
const COLLECTOR: Module =
    Module { package: "phasegate-collector", name: "core", folder: "collector", is_tiny: true };

/// Returns the path of the release server.
pub(crate) fn server_binary() -> PathBuf {
    target_folder().join("release/phasegate")
}

pub(crate) fn target_folder() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || {
            crate::files::repository_root()
                .map_or_else(|_| "target".into(), |root| root.join("target"))
        },
        PathBuf::from,
    )
}

/// Builds the assets, then the server around them.
pub(crate) fn build_server() -> Result<()> {
    build_assets()?;
    report::print_stage("release server");
    // Cargo does not strip a package that has an optimisation level of its own.
    let server = [
        "rustc",
        "--release",
        "--package",
        "phasegate",
        "--bin",
        "phasegate",
        "--",
        "-Cstrip=symbols",
    ];
    run::run_command(run::cargo_command().args(server).args(LINK_ARGUMENTS))?;
    ensure_within_budget("the server", fs::metadata(server_binary())?.len(), SERVER_BUDGET)
}

/// Functions with the same machine code are linked once, which makes the server 2 % smaller. Rust's
/// own linker for this platform, LLVM's, supports it; elsewhere the linker is the system's.
const LINK_ARGUMENTS: &[&str] =
    if cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")) {
        &["-Clink-arg=-Wl,--icf=all"]
    } else {
        &[]
    };

/// The maximum size of the server with all assets, in bytes.
const SERVER_BUDGET: u64 = 30_000_000;

fn ensure_within_budget(what: &str, bytes: u64, budget: u64) -> Result<()> {
    println!("{what}: {bytes} of {budget} bytes");
    anyhow::ensure!(bytes <= budget, "{what} has {bytes} bytes, and may have {budget}");
    Ok(())
}

/// Builds the assets. An unchanged site is not replaced, so that the server around it is not
/// compiled again.
pub(crate) fn build_assets() -> Result<()> {
    wasm_target::ensure_target()?;
    let target = crate::files::repository_root()?.join("target");
    let (site, fresh) = (target.join("site"), target.join("site.new"));
    if fresh.exists() {
        fs::remove_dir_all(&fresh)?;
    }
    let needs = build_module(&ADMIN, &fresh)?;
    build_module(&COLLECTOR, &fresh)?;
    copy_static(&fresh)?;
    compress_all(&fresh)?;
    print_sizes(&fresh)?;
    check_budgets(&fresh, &needs)?;
    remove_large_originals(&fresh)?;
    if site.exists() && read_contents(&site)? == read_contents(&fresh)? {
        fs::remove_dir_all(&fresh)?;
        return Ok(());
    }
    if site.exists() {
        fs::remove_dir_all(&site)?;
    }
    fs::rename(&fresh, &site)?;
    Ok(())
}

/// Reads all files below a folder, by their path in it.
fn read_contents(folder: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let read = |file: PathBuf| {
        let name = file.strip_prefix(folder)?.to_path_buf();
        Ok((name, fs::read(file)?))
    };
    files_below(folder)?.into_iter().map(read).collect()
}

/// Lints a browser crate, reusing the dependencies that its WASM module was built with.
pub(crate) fn lint_browser_crate(package: &str) -> Result<()> {
    let mut lint = run::linting_cargo_command()?;
    // The compiled code of our own crates is discarded, so it is not optimised.
    for ours in ["domain", "wire", "app", "frontend", "collector"] {
        let level = format!("profile.{PROFILE}.package.phasegate-{ours}.opt-level=0");
        let units = format!("profile.{PROFILE}.package.phasegate-{ours}.codegen-units=16");
        lint.args(["--config", &level, "--config", &units]);
    }
    // An rlib alone, because the cdylib would be linked with LTO again.
    lint.args(["rustc", "--lib", "--crate-type", "rlib", "--package", package]);
    run::run_command(lint.args(["--profile", PROFILE, "--target", wasm_target::TARGET]))
}

/// Builds a module. Returns the chunks that its lazy islands need.
fn build_module(module: &Module, site: &Path) -> Result<Needs> {
    let Module { package, name, folder, is_tiny } = module;
    report::print_stage(&format!("{package} as WASM"));
    let mut build = run::cargo_command();
    build.args(["rustc", "--lib", "--package", package, "--profile", PROFILE]);
    build.args(["--target", wasm_target::TARGET]);
    if !is_tiny {
        build.args(["--", split::LINK_ARGUMENT]);
    }
    run::run_command(&mut build)?;
    let file = format!("{}.wasm", package.replace('-', "_"));
    let input = target_folder().join(wasm_target::TARGET).join(PROFILE).join(file);
    let folder = site.join(folder);
    fs::create_dir_all(&folder)?;
    let mut bindgen = Bindgen::new();
    let mut modules = vec![folder.join(format!("{name}_bg.wasm"))];
    let mut needs = Needs::new();
    if *is_tiny {
        bindgen.input_module(name, snip::remove_panics(&input)?).bundler(true)?;
    } else {
        let split = split::split_module(&input, &folder)?;
        for chunk in &split.chunks {
            snip::remove_async_hydration(chunk)?
                .emit_wasm_file(chunk)
                .map_err(anyhow::Error::msg)?;
        }
        modules.extend(split.chunks);
        needs = split.needs;
        // Chunks share the function table of the module.
        bindgen.keep_lld_exports(true);
        let mut main = snip::remove_async_hydration(&split.main)?;
        split::finish_module(&mut main, split.constants)?;
        bindgen.input_module(name, main).web(true)?;
    }
    bindgen
        .typescript(false)
        .remove_name_section(true)
        .remove_producers_section(true)
        .out_name(name)
        .generate(&folder)
        .with_context(|| format!("wasm-bindgen on {}", input.display()))?;
    modules.iter().try_for_each(|module| optimise_wasm(module))?;
    Ok(needs)
}

/// Shrinks a module with `wasm-opt` where it is installed; without, it is about 15 % larger.
fn optimise_wasm(wasm: &Path) -> Result<()> {
    if !run::is_installed("wasm-opt") {
        println!(
            "wasm-opt is not installed; the module stays larger (Debian: apt install binaryen)"
        );
        return Ok(());
    }
    let features = [
        "--enable-bulk-memory",
        "--enable-mutable-globals",
        "--enable-nontrapping-float-to-int",
        "--enable-reference-types",
        "--enable-sign-ext",
        "--enable-multivalue",
    ];
    run::run_command(
        run::root_command("wasm-opt").arg("-Oz").args(features).arg(wasm).arg("-o").arg(wasm),
    )
}

/// Copies files that need no build. Style sheets become one file, in the order of their names.
fn copy_static(site: &Path) -> Result<()> {
    let root = crate::files::repository_root()?;
    let mut style = String::new();
    for file in sorted_files(&root.join("style"), "css")? {
        style.push_str(&fs::read_to_string(file)?);
    }
    fs::create_dir_all(site.join("assets"))?;
    fs::write(site.join("assets/admin.css"), style)?;
    for icon in ["icon.svg", "icon-alert.svg"] {
        fs::copy(root.join("style").join(icon), site.join("assets").join(icon))?;
    }
    scripts::write_admin_script(site)?;
    scripts::write_collector_scripts(&root.join("frontend/collector/js"), site)?;
    let demo = site.join("demo");
    fs::create_dir_all(&demo)?;
    for file in fs::read_dir(root.join("server/demo"))?.flatten() {
        fs::copy(file.path(), demo.join(file.file_name()))?;
    }
    Ok(())
}

/// Writes a `.br` and a `.gz` beside every file.
fn compress_all(site: &Path) -> Result<()> {
    report::print_stage("compressing");
    for file in files_below(site)? {
        let bytes = fs::read(&file)?;
        let mut small = Vec::new();
        let parameters = brotli::enc::BrotliEncoderParams { quality: 11, ..Default::default() };
        brotli::BrotliCompress(&mut bytes.as_slice(), &mut small, &parameters)?;
        fs::write(with_suffix(&file, "br"), small)?;
        let mut small = GzEncoder::new(Vec::new(), Compression::best());
        small.write_all(&bytes)?;
        fs::write(with_suffix(&file, "gz"), small.finish()?)?;
    }
    Ok(())
}

/// The size above which files are embedded as brotli only, in bytes. The server makes the other
/// forms when the first client asks for them.
const LARGE: u64 = 32 * 1_024;

fn remove_large_originals(site: &Path) -> Result<()> {
    for file in files_below(site)? {
        let gzip = with_suffix(&file, "gz");
        if gzip.exists() && fs::metadata(&file)?.len() > LARGE {
            fs::remove_file(&file)?;
            fs::remove_file(&gzip)?;
        }
    }
    Ok(())
}

fn with_suffix(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(suffix);
    name.into()
}

/// What every page of the admin loads; with an island, its chunks come to it.
const ADMIN_FILES: [&str; 4] = ["admin.css", "admin.js", "admin_split.js", "admin_bg.wasm"];

/// The maximum of a page of the admin, in bytes of brotli.
const ADMIN_BUDGET: u64 = 350_000;

/// Checks the download sizes of the collector and of each page of the admin, in bytes of brotli. The
/// limits apply to modules optimised by `wasm-opt` only.
fn check_budgets(site: &Path, needs: &Needs) -> Result<()> {
    if !run::is_installed("wasm-opt") {
        return Ok(());
    }
    let sum = |files: &[String]| -> Result<u64> {
        files.iter().try_fold(0, |sum, file| {
            Ok(sum + fs::metadata(with_suffix(&site.join(file), "br"))?.len())
        })
    };
    let collector = ["collector.js", "collector/bridge.js", "collector/core_bg.wasm"];
    for (what, files, budget) in [
        ("the loader", &["collector.js"][..], 2_048),
        ("the collector with its loader", &collector[..], 21_504),
        ("the feedback widget", &["collector/widget.js"][..], 8_192),
    ] {
        let files: Vec<String> = files.iter().map(|&file| file.to_owned()).collect();
        ensure_within_budget(what, sum(&files)?, budget)?;
    }
    let every_page: Vec<_> = ADMIN_FILES.iter().map(|file| format!("assets/{file}")).collect();
    ensure_within_budget("a page of the admin", sum(&every_page)?, ADMIN_BUDGET)?;
    for (island, chunks) in needs {
        let chunks = chunks.iter().map(|chunk| format!("assets/{chunk}.wasm"));
        let files: Vec<_> = every_page.iter().cloned().chain(chunks).collect();
        let name = island.split("_loader_").next().unwrap_or(island).replace('_', " ");
        ensure_within_budget(&format!("a page with {name}"), sum(&files)?, ADMIN_BUDGET)?;
    }
    Ok(())
}

fn print_sizes(site: &Path) -> Result<()> {
    println!("{:<28} {:>9} {:>9}", "asset", "bytes", "brotli");
    for file in files_below(site)? {
        let compressed = with_suffix(&file, "br");
        if compressed.exists() {
            let name = file.strip_prefix(site).unwrap_or(&file).display().to_string();
            let (raw, small) = (fs::metadata(&file)?.len(), fs::metadata(compressed)?.len());
            println!("{name:<28} {raw:>9} {small:>9}");
        }
    }
    Ok(())
}
