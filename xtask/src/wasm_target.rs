//! Provides the target `wasm32-unknown-unknown` on any machine.
//!
//! In order: it is installed already, rustup adds it, or it is built from Debian's `rust-src`
//! package of the same Rust version, which takes about a minute.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};

use crate::run;

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// Debian suites that may have the version, from stable to unstable.
const SUITES: [&str; 4] = ["trixie", "trixie-backports", "forky", "sid"];

/// Installs the target unless it is there.
pub(crate) fn ensure_target() -> Result<()> {
    let sysroot = PathBuf::from(
        run::read_output(run::root_command("rustc").args(["--print", "sysroot"]))?.trim(),
    );
    if is_there(&sysroot) {
        return Ok(());
    }
    println!("The WASM target is missing; adding it.");
    // Without rustup or its server, the Debian package is used.
    let added = run::root_command("rustup").args(["target", "add", TARGET]).output();
    if added.is_ok_and(|output| output.status.success()) && is_there(&sysroot) {
        return Ok(());
    }
    build_from_debian(&sysroot).with_context(|| {
        format!("the WASM target could not be had; run: rustup target add {TARGET}")
    })?;
    if !is_there(&sysroot) {
        bail!("the WASM target was built but is not where rustc looks for it");
    }
    Ok(())
}

fn library_folder(sysroot: &Path) -> PathBuf {
    sysroot.join("lib/rustlib").join(TARGET).join("lib")
}

fn is_there(sysroot: &Path) -> bool {
    let Ok(files) = fs::read_dir(library_folder(sysroot)) else {
        return false;
    };
    files.flatten().any(|file| file.file_name().to_string_lossy().starts_with("libcore-"))
}

fn build_from_debian(sysroot: &Path) -> Result<()> {
    let version = run::read_output(run::root_command("rustc").arg("--version"))?;
    let version = version.split(' ').nth(1).context("rustc --version has another form")?.to_owned();
    let work = crate::files::repository_root()?.join("target/wasm-target");
    fs::create_dir_all(&work)?;
    let source = download_source(&work, &version)?;
    let library_source = sysroot.join("lib/rustlib/src/rust/library");
    fs::create_dir_all(sysroot.join("lib/rustlib/src/rust"))?;
    if library_source.exists() {
        fs::remove_dir_all(&library_source)?;
    }
    run::run_command(Command::new("cp").arg("-r").arg(&source).arg(&library_source))?;
    let libraries = build_standard_library(&work)?;
    fs::create_dir_all(library_folder(sysroot))?;
    for file in fs::read_dir(libraries)?.flatten() {
        let name = file.file_name().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libprobe-") {
            fs::copy(file.path(), library_folder(sysroot).join(name))?;
        }
    }
    fs::remove_dir_all(&work)?;
    Ok(())
}

/// Downloads `rust-src` with a separate apt configuration, so that the system's stays unchanged.
fn download_source(work: &Path, version: &str) -> Result<PathBuf> {
    let format = ["indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"];
    let mirrors = run::read_output(run::root_command("apt-get").args(format))?;
    let mirror = mirrors
        .lines()
        .find(|line| line.trim_end_matches('/').ends_with("/debian"))
        .context("apt knows no Debian mirror")?;
    let sources: Vec<String> = SUITES
        .iter()
        .map(|suite| {
            format!("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] {mirror} {suite} main\n")
        })
        .collect();
    fs::create_dir_all(work.join("lists/partial"))?;
    fs::create_dir_all(work.join("cache/archives/partial"))?;
    fs::write(work.join("sources.list"), sources.concat())?;
    let apt = |program: &str| {
        let mut command = Command::new(program);
        let work = work.display();
        command.arg("-qq").args([
            format!("-oDir::Etc::sourcelist={work}/sources.list"),
            "-oDir::Etc::sourceparts=/dev/null".to_owned(),
            format!("-oDir::State::Lists={work}/lists"),
            format!("-oDir::Cache={work}/cache"),
            "-oAPT::Sandbox::User=root".to_owned(),
        ]);
        command
    };
    run::run_command(apt("apt-get").arg("update"))?;
    let known = run::read_output(apt("apt-cache").args(["madison", "rust-src"]))?;
    let package = known
        .lines()
        .filter_map(|line| line.split('|').nth(1).map(str::trim))
        .find(|found| found.strip_prefix(version).is_some_and(|rest| rest.starts_with(['+', '-'])))
        .with_context(|| format!("Debian has no rust-src {version}"))?;
    let download = format!("rust-src={package}");
    run::run_command(apt("apt-get").args(["download", &download]).current_dir(work))?;
    let archive = fs::read_dir(work)?
        .flatten()
        .find(|file| file.file_name().to_string_lossy().ends_with(".deb"))
        .context("apt downloaded nothing")?;
    run::run_command(Command::new("dpkg").arg("-x").arg(archive.path()).arg(work.join("src")))?;
    Ok(work.join(format!("src/usr/src/rustc-{version}/library")))
}

fn build_standard_library(work: &Path) -> Result<PathBuf> {
    let probe = work.join("probe");
    fs::create_dir_all(probe.join("src"))?;
    fs::write(
        probe.join("Cargo.toml"),
        "[package]\nname = \"probe\"\nversion = \"0.0.0\"\nedition = \"2024\"\n[workspace]\n",
    )?;
    fs::write(probe.join("src/lib.rs"), "#![no_std]\n")?;
    let target = work.join("target");
    run::run_command(
        run::cargo_command()
            .current_dir(&probe)
            .env("CARGO_TARGET_DIR", &target)
            .env("RUSTC_BOOTSTRAP", "1")
            // Without bitcode a later build with LTO fails ("failed to get bitcode").
            .env("RUSTFLAGS", "-Cembed-bitcode=yes")
            .args(["build", "--release", "-Zbuild-std=std,panic_abort", "--target", TARGET]),
    )?;
    Ok(target.join(TARGET).join("release/deps"))
}
