//! What needs a real Chromium: the Playwright tests against the release server, and a benchmark.

use std::{path::Path, process::Command};

use anyhow::{Result, bail};

use crate::{assets, run};

const CHROMIUM: [&str; 3] =
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// The proxy that most people have in front.
const NGINX: &str = "/usr/sbin/nginx";

/// Installs what is missing, then runs the tests.
pub(crate) fn test() -> Result<()> {
    if !Path::new(NGINX).exists() {
        install(&["nginx-light"], "nginx, as /usr/sbin/nginx")?;
    }
    run_node("npx", &["playwright", "test"])
}

/// Installs what is missing, then measures what the collector costs a page.
pub(crate) fn bench() -> Result<()> {
    run_node("node", &["bench/collector.mjs"])
}

fn run_node(program: &str, arguments: &[&str]) -> Result<()> {
    let chromium = chromium()?;
    let folder = crate::root()?.join("end2end");
    if !run::is_installed("node") || !run::is_installed("npm") {
        install(&["nodejs", "npm"], "Node.js 18 or newer with npm")?;
    }
    run::run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder))?;
    run::run(
        Command::new(program)
            .args(arguments)
            .current_dir(&folder)
            .env("PHASEGATE_BINARY", assets::server_binary())
            .env("CHROMIUM", chromium),
    )
}

/// A Chromium; on Debian it is installed if missing.
fn chromium() -> Result<&'static str> {
    let find = || CHROMIUM.into_iter().find(|path| Path::new(path).exists());
    if let Some(path) = find() {
        return Ok(path);
    }
    install(&["chromium"], "Chromium, as /usr/bin/chromium")?;
    match find() {
        Some(path) => Ok(path),
        None => bail!("chromium was installed but is in none of {CHROMIUM:?}"),
    }
}

/// Installs Debian packages if we may; otherwise says what to install.
fn install(packages: &[&str], what: &str) -> Result<()> {
    let is_root = run::output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || !run::is_installed("apt-get") {
        bail!(
            "the browser tests need {what}; on Debian: sudo apt-get install {}",
            packages.join(" ")
        );
    }
    run::run(Command::new("apt-get").args(["-qq", "update"]))?;
    run::run(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-qq", "install", "--yes", "--no-install-recommends"])
            .args(packages),
    )
}
