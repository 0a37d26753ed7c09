//! Running other programs.

use std::{
    ffi::OsStr,
    os::unix::process::CommandExt,
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

/// Returns a command that runs in the repository's root.
pub(crate) fn root_command(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    if let Ok(root) = crate::files::repository_root() {
        command.current_dir(root);
    }
    command
}

/// Returns the cargo that runs this program, without flags from the environment: they would replace
/// those of `.cargo/config.toml`, which server and browser must agree on.
pub(crate) fn cargo_command() -> Command {
    let mut cargo = root_command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    cargo
}

/// Returns cargo with clippy as the compiler of our own crates: a build of the tests lints them on
/// the way, and dependencies are not checked a second time. Warnings are errors.
pub(crate) fn linting_cargo_command() -> Result<Command> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let root = read_output(root_command(rustc).args(["--print", "sysroot"]))?;
    let driver = Path::new(root.trim()).join("bin/clippy-driver");
    let mut cargo = cargo_command();
    cargo.env("RUSTC_WORKSPACE_WRAPPER", driver);
    // This suffix ends each argument of the driver, as `cargo clippy` writes it.
    cargo.env("CLIPPY_ARGS", "-Dwarnings__CLIPPY_HACKERY__");
    Ok(cargo)
}

/// Runs a program and waits. Returns an error unless it succeeds.
pub(crate) fn run_command(command: &mut Command) -> Result<()> {
    let status = command.status().with_context(|| format!("could not start {command:?}"))?;
    if !status.success() {
        bail!("{command:?} ended with {status}");
    }
    Ok(())
}

/// Starts a program at the lowest priority with its output discarded, or returns `None` if it
/// cannot be started.
pub(crate) fn spawn_in_background(command: &mut Command) -> Option<Child> {
    let mut nice = self::root_command("nice");
    nice.args(["-n", "19"]).arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => nice.env(name, value),
            None => nice.env_remove(name),
        };
    }
    nice.stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
}

/// Runs a program and returns what it printed.
pub(crate) fn read_output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("could not start {command:?}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        bail!("{command:?} ended with {}: {}", output.status, said.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Replaces this process with another program, so that signals reach that one.
pub(crate) fn replace_process(command: &mut Command) -> Result<()> {
    Err(command.exec()).with_context(|| format!("could not start {command:?}"))
}

/// Returns whether a program can be started.
pub(crate) fn is_installed(program: impl AsRef<OsStr>) -> bool {
    Command::new(program).arg("--version").output().is_ok_and(|output| output.status.success())
}
