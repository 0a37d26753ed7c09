//! Starts of the real binary that succeed and that are refused.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    time::Duration,
};

fn phasegate_command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phasegate"));
    command.args(arguments).arg("--data").arg(data);
    command.env_clear().current_dir(std::env::temp_dir());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Time after which a test that waits fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a command to its end and returns its status and stderr. A server that starts instead is
/// killed.
fn run_refused(mut command: Command) -> (Option<i32>, String) {
    let child = command.spawn().unwrap();
    let id = child.id().to_string();
    let (send, ended) = mpsc::channel();
    std::thread::spawn(move || send.send(child.wait_with_output()));
    let Ok(output) = ended.recv_timeout(PATIENCE) else {
        Command::new("kill").arg(id).status().unwrap();
        panic!("it goes on instead of refusing");
    };
    let output = output.unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Returns the lines of a server's log as they arrive.
fn log_lines(child: &mut Child) -> mpsc::Receiver<String> {
    let log = BufReader::new(child.stderr.take().unwrap());
    let (send, lines) = mpsc::channel();
    std::thread::spawn(move || {
        log.lines().map_while(Result::ok).try_for_each(|line| send.send(line))
    });
    lines
}

/// Waits for a line of the log that contains some words.
fn wait_for_line(lines: &mpsc::Receiver<String>, words: &str) -> String {
    loop {
        let line = lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("never said: {words}"));
        if line.contains(words) {
            return line;
        }
    }
}

/// Starts a server and waits until it logs that it is ready.
fn start_ready(mut command: Command) -> (Child, String) {
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("phasegate is ready") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "the server ended before it was ready");
    }
    (child, line)
}

fn stop_server(mut child: Child) -> String {
    let status = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(status.success());
    assert!(child.wait().unwrap().success());
    let mut said = String::new();
    child.stdout.take().unwrap().read_to_string(&mut said).unwrap();
    said
}

#[test]
fn a_first_start_prints_its_secrets_once() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let serve = || phasegate_command(&data, &["serve", "--listen", "127.0.0.1:0"]);
    let (child, _) = start_ready(serve());
    let first = stop_server(child);
    for word in ["address", "e-mail", "password", "client key", "server token"] {
        assert!(first.contains(word), "{first}");
    }
    let (child, _) = start_ready(serve());
    assert_eq!(stop_server(child), "");
    let (status, said) =
        run_refused(phasegate_command(&data, &["account", "set-password", "nobody@example.com"]));
    assert_eq!(status, Some(1));
    assert!(said.contains("there is no account \"nobody@example.com\""), "{said}");
    let changed = phasegate_command(&data, &["account", "set-password", "admin@phasegate.local"])
        .output()
        .unwrap();
    assert!(changed.status.success());
    assert_eq!(String::from_utf8(changed.stdout).unwrap().trim().len(), 20);
}

#[test]
fn a_port_in_use_ends_the_start_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (status, said) =
        run_refused(phasegate_command(folder.path(), &["serve", "--listen", &address]));
    assert_eq!(status, Some(1));
    assert_eq!(
        said,
        format!(
            "phasegate: {address} is in use by another program; stop it, or choose another \
             address with --listen\n"
        )
    );
}

#[test]
fn a_public_address_with_a_path_ends_the_start_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = phasegate_command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    serve.env("PHASEGATE_PUBLIC_URL", "https://example.com/flags/");
    let (status, said) = run_refused(serve);
    assert_eq!(status, Some(1));
    assert!(said.contains("public_url: \"https://example.com/flags/\" has a path"), "{said}");
    assert!(said.contains("host name"), "what to do: {said}");
}

#[test]
fn a_setting_that_is_not_text_ends_the_start_with_a_sentence() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let serve =
        || phasegate_command(&folder.path().join("data"), &["serve", "--listen", "127.0.0.1:0"]);
    let mut by_variable = serve();
    by_variable.env("PHASEGATE_LOG", std::ffi::OsStr::from_bytes(b"inf\xff"));
    let (status, said) = run_refused(by_variable);
    assert_eq!(
        (status, said.as_str()),
        (Some(1), "phasegate: PHASEGATE_LOG: is not text in UTF-8\n")
    );
    std::fs::write(folder.path().join("phasegate.toml"), b"demo = true\nlog = \"inf\xff\"\n")
        .unwrap();
    let mut by_file = serve();
    by_file.current_dir(folder.path());
    let (status, said) = run_refused(by_file);
    assert_eq!(status, Some(1));
    assert_eq!(
        said,
        "phasegate: phasegate.toml, line 2: is not text in UTF-8; save the file in that encoding\n"
    );
}

/// Settings that only apply at the first start are logged as ignored, unless they are unchanged.
#[test]
fn changed_settings_of_the_first_start_are_logged_as_ignored() {
    let folder = tempfile::tempdir().unwrap();
    let serve = |password: &str, key: &str| {
        let mut serve = phasegate_command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
        serve.env("PHASEGATE_ADMIN_PASSWORD", password).env("PHASEGATE_CLIENT_KEY", key);
        serve.env("PHASEGATE_SERVER_TOKEN", "pgs_of_this_test");
        let mut child = serve.spawn().unwrap();
        let log = log_lines(&mut child);
        wait_for_line(&log, "phasegate is ready");
        (child, log)
    };
    let (child, _) = serve("correct-horse-battery", "pk_one");
    stop_server(child);
    let (child, log) = serve("another-horse-battery", "pk_two");
    let mut said = String::new();
    for setting in ["admin_password", "client_key"] {
        let line = wait_for_line(&log, "is ignored");
        assert!(line.contains(setting), "{line}");
        said += &line;
    }
    assert!(said.contains("phasegate account set-password admin@phasegate.local"), "{said}");
    stop_server(child);
    assert!(log.iter().all(|line| !line.contains("server_token is ignored")), "it is the same");
}

#[test]
fn unknown_variables_are_logged_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let mut serve = phasegate_command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    serve.env("PHASEGATE_TRUSTED_PROXY", "10.0.0.1");
    let mut child = serve.spawn().unwrap();
    let log = log_lines(&mut child);
    let line = wait_for_line(&log, "there is no such setting");
    assert!(line.contains("PHASEGATE_TRUSTED_PROXY"), "{line}");
    wait_for_line(&log, "phasegate is ready");
    stop_server(child);
}

#[test]
fn a_data_folder_that_cannot_be_written_ends_the_start_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    // Below a file, so that not even root can create the folder.
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let command = phasegate_command(&file.join("data"), &["serve", "--listen", "127.0.0.1:0"]);
    let (status, said) = run_refused(command);
    assert_eq!(status, Some(1));
    assert!(
        said.starts_with("phasegate: the data folder ") && said.contains("cannot be written"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_database_of_a_newer_version_ends_the_start_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    // Holds only the record of a migration that no version knows.
    let newer = include_bytes!("fixtures/newer-state.db");
    std::fs::write(folder.path().join("state.db"), newer).unwrap();
    let serve = || phasegate_command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    let (status, said) = run_refused(serve());
    assert_eq!(status, Some(1));
    assert!(said.contains("was written by a newer version of Phasegate"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn wrong_usage_exits_with_status_2() {
    let folder = tempfile::tempdir().unwrap();
    let (status, said) = run_refused(phasegate_command(folder.path(), &["serve", "--bogus"]));
    assert_eq!(status, Some(2));
    assert!(said.contains("--bogus") && said.contains("Usage"), "{said}");
    for (variable, value, field) in [
        ("PHASEGATE_ADMIN_PASSWORD", "short", "admin_password"),
        ("PHASEGATE_ADMIN_EMAIL", "nobody", "admin_email"),
        ("PHASEGATE_LOG_FORMAT", "xml", "log_format"),
    ] {
        let mut command = phasegate_command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
        command.env(variable, value);
        let (status, said) = run_refused(command);
        assert_eq!(status, Some(1));
        assert!(said.contains(field), "{said}");
    }
}

#[test]
fn wrong_usage_with_json_is_reported_as_json() {
    let folder = tempfile::tempdir().unwrap();
    let (status, said) = run_refused(phasegate_command(
        folder.path(),
        &["token", "create", "--json", "--name", "x"],
    ));
    assert_eq!(status, Some(2));
    let said: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert!(said["error"].as_str().unwrap().contains("--scope"), "{said}");
}

#[test]
fn a_damaged_database_ends_the_start_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("telemetry.db"), "not a database, but long enough").unwrap();
    let (status, said) =
        run_refused(phasegate_command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]));
    assert_eq!(status, Some(1));
    assert!(said.contains("telemetry.db cannot be opened"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
