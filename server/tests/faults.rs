//! Faults around the server: a disk that is full for a while, files that do not belong together, a
//! second server, and requests that outlive their session.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

mod common;

use phasegate_service::access::Actor;
use phasegate_store::Database;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use common::{CLIENT_KEY, SERVER_TOKEN, TestApp, fetch_json};
use phasegate_store_sqlite::SqliteState;
use reqwest::{Client, Method};
use serde_json::{Value, json};

/// A server on a small disk of its own.
struct SmallDisk {
    child: Child,
    url: String,
    /// The disk's path through `/proc`, because it is only mounted in the server's own namespace.
    disk: PathBuf,
    client: Client,
    _folder: tempfile::TempDir,
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl SmallDisk {
    fn start_on_disk(megabytes: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let script = format!(
            "mount -t tmpfs -o size={megabytes}m tmpfs \"$1\" && cd \"$1\" && \
             exec \"$0\" serve --listen 127.0.0.1:{port} --data \"$1\""
        );
        let mut child = Command::new("unshare")
            .args(["--user", "--map-root-user", "--mount", "sh", "-c", &script])
            .arg(env!("CARGO_BIN_EXE_phasegate"))
            .arg(folder.path())
            .env("PHASEGATE_CLIENT_KEY", CLIENT_KEY)
            .env("PHASEGATE_SERVER_TOKEN", SERVER_TOKEN)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut said = Vec::new();
        let mut lines = log.lines().map_while(Result::ok);
        let is_ready = lines.any(|line| {
            said.push(line.clone());
            line.contains("phasegate is ready")
        });
        assert!(is_ready, "it ended before: {said:?}");
        std::thread::spawn(move || lines.for_each(drop));
        let disk = Path::new("/proc").join(child.id().to_string()).join("root");
        let disk = disk.join(folder.path().strip_prefix("/").unwrap());
        phasegate_server::prepare_tls();
        let url = format!("http://127.0.0.1:{port}");
        Self { child, url, disk, client: Client::new(), _folder: folder }
    }

    fn collect_request(&self, id: &str) -> reqwest::RequestBuilder {
        let names = (0..40).map(|n| json!({"t": "custom", "name": format!("{id} {n:0150}")}));
        let body = json!({"v": 1, "batch": id, "session": id, "visitor": id, "user": id,
            "events": names.collect::<Vec<Value>>()});
        let url = format!("{}/collect?key={CLIENT_KEY}", self.url);
        self.client.post(url).body(body.to_string())
    }

    fn flag_request(&self, key: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/api/v1/projects/default/environments/production/flags", self.url);
        let description = "x".repeat(2_000);
        let flag = json!({"key": key, "kind": "boolean", "description": description});
        self.client.post(url).bearer_auth(SERVER_TOKEN).json(&flag)
    }

    /// Fills the disk to its last byte.
    fn fill_disk(&self) {
        let mut file = std::fs::File::create(self.disk.join("filler")).unwrap();
        let block = vec![0; 4_096];
        while std::io::Write::write_all(&mut file, &block).is_ok() {}
    }

    fn free_disk(&self) {
        std::fs::remove_file(self.disk.join("filler")).unwrap();
    }
}

/// The disk is full twenty times and has space again: writes in between get 507, and later ones
/// succeed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_succeed_again_once_a_full_disk_has_space() {
    let server = SmallDisk::start_on_disk(24);
    let mut acknowledged = Vec::new();
    for round in 0..20 {
        server.fill_disk();
        for n in 0..40 {
            let id = format!("full {round} {n}");
            let (status, answer) = fetch_json(server.collect_request(&id)).await;
            match status {
                202 => acknowledged.push(id),
                status => {
                    assert_eq!(status, 507, "{answer}");
                    break;
                }
            }
        }
        let (status, answer) = fetch_json(server.flag_request(&format!("FULL_{round}"))).await;
        assert!([201, 507].contains(&status), "round {round}: {status} {answer}");
        let ready = server.client.get(format!("{}/readyz", server.url));
        let (_, ready) = fetch_json(ready).await;
        assert_ne!(ready["status"], "ready", "round {round}: {ready}");
        server.free_disk();
        let (status, answer) = fetch_json(server.collect_request(&format!("room {round}"))).await;
        assert_eq!(status, 202, "round {round}: {answer}, {ready}");
        acknowledged.push(format!("room {round}"));
        let (status, answer) = fetch_json(server.flag_request(&format!("ROOM_{round}"))).await;
        assert_eq!(status, 201, "round {round}: {answer}");
    }
    // Acknowledged batches are stored: sending them again counts as a repetition.
    for id in acknowledged {
        let (status, answer) = fetch_json(server.collect_request(&id)).await;
        assert_eq!((status, &answer["repeated"]), (202, &json!(true)), "{id}");
    }
    let begun = std::time::Instant::now();
    let ready = async || fetch_json(server.client.get(format!("{}/readyz", server.url))).await.1;
    while ready().await["status"] != "ready" {
        assert!(begun.elapsed().as_secs() < 10, "{}", ready().await);
    }
}

/// Sends a form without its last five bytes.
fn begin_form(app: &TestApp, session: &str) -> TcpStream {
    let host = app.url.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let head = format!(
        "POST /admin/settings HTTP/1.1\r\nHost: {host}\r\nOrigin: {}\r\nCookie: {session}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 10\r\n\
         Connection: close\r\n\r\ndo=no",
        app.url
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// A request in progress does not restore a session that ends by logout or a new password.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_has_ended_stays_ended() {
    let app = TestApp::start_app().await;
    let get = |session: &str| app.get("/admin/session").header("cookie", session.to_owned());
    for by_password in [false, true] {
        let session = app.log_in().await;
        // The first request after a login renews the session, so this one saves it at its end.
        let mut under_way = begin_form(&app, &session);
        // When a later request is answered, the server has read the sent part of this one.
        assert_eq!(get(&session).send().await.unwrap().status(), 204);
        if by_password {
            let (email, password) = (common::EMAIL, "another-horse-battery");
            phasegate_service::accounts::set_password(
                &app.service,
                &Actor::from_command_line("test"),
                email,
                password,
                [9; 32],
            )
            .await
            .unwrap();
        } else {
            let out =
                app.post_form("/logout", &[]).header("cookie", &session).send().await.unwrap();
            assert_eq!(out.status(), 303);
        }
        under_way.write_all(b"thing").unwrap();
        let mut answer = String::new();
        under_way.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1"), "{answer}");
        let status = get(&session).send().await.unwrap().status();
        assert_eq!(status, 401, "by a new password: {by_password}; {answer}");
    }
}

fn phasegate_command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_phasegate"));
    command.args(arguments).arg("--data").arg(data).env_clear();
    command.env("PHASEGATE_SERVER_TOKEN", SERVER_TOKEN).env("PHASEGATE_CLIENT_KEY", CLIENT_KEY);
    command.current_dir(data).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn start_server(data: &Path) -> (Child, String) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = format!("127.0.0.1:{port}");
    let mut child = phasegate_command(data, &["serve", "--listen", &address]).spawn().unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let mut lines = log.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("phasegate is ready")), "it ended before");
    std::thread::spawn(move || lines.for_each(drop));
    (child, format!("http://{address}"))
}

/// Changes a flag over HTTP, so that the change is only in the journal.
fn post_flag_action(url: &str, flag: &str, act: &str) {
    let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
    let path = format!("/api/v1/projects/default/environments/production/flags/{flag}/{act}");
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {SERVER_TOKEN}\r\n\
         Content-Length: 0\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn stop_server(mut child: Child) {
    let told = Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(told.success() && child.wait().unwrap().success());
}

/// After a clean stop, `state.db` alone holds the whole state.
#[test]
fn a_clean_stop_leaves_one_whole_file() {
    let folder = tempfile::tempdir().unwrap();
    let (child, _) = start_server(folder.path());
    let off = phasegate_command(folder.path(), &["flag", "set", "AI_EXERCISE_COACHING", "--off"]);
    let output = { off }.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    stop_server(child);
    for name in ["state.db-wal", "telemetry.db-wal"] {
        let journal = std::fs::metadata(folder.path().join(name));
        assert!(journal.is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound), "{name}");
    }
    let copy = tempfile::tempdir().unwrap();
    std::fs::copy(folder.path().join("state.db"), copy.path().join("state.db")).unwrap();
    let list = phasegate_command(copy.path(), &["flag", "list", "--json"]).output().unwrap();
    let flags: Vec<Value> = serde_json::from_slice(&list.stdout).unwrap();
    let found = flags.iter().find(|flag| flag["key"] == "AI_EXERCISE_COACHING").unwrap();
    assert_eq!(found["enabled"], false, "the last change is in the copy");
}

/// Another process must not delete the journal of a running server. SQLite deletes the journal when
/// the last connection closes. It detects the server's connections by locks, which end when the
/// server's process closes the file by any means.
#[tokio::test]
async fn another_process_keeps_the_journal_of_a_running_server() {
    use std::os::unix::fs::MetadataExt;
    let folder = tempfile::tempdir().unwrap();
    let (child, url) = start_server(folder.path());
    let run = |arguments: &[&str]| {
        let output = phasegate_command(folder.path(), arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    };
    let journal = |name: &str| std::fs::metadata(folder.path().join(name)).map(|file| file.ino());
    post_flag_action(&url, "AI_EXERCISE_COACHING", "off");
    // Each line of `/proc/locks` has the process and the inode of a lock.
    let (process, file) =
        (format!(" {} ", child.id()), format!(":{} ", journal("state.db").unwrap()));
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let is_held = |line: &str| line.contains(&process) && line.contains(&file);
    assert!(locks.lines().any(is_held), "the server holds a lock on its file: {locks}");
    let before = journal("state.db-wal").unwrap();
    for _ in 0..3 {
        run(&["flag", "list"]);
        run(&["flag", "set", "EXERCISE_VIDEO_INTEGRATION", "--off"]);
        let state = SqliteState::open(&folder.path().join("state.db")).await.unwrap();
        state.close_database().await.unwrap();
    }
    assert_eq!(journal("state.db-wal").unwrap(), before, "the server's journal is still there");
    post_flag_action(&url, "OFFLINE_EXERCISE_ACCESS", "off");
    let flags: Vec<Value> = serde_json::from_slice(&run(&["flag", "list", "--json"])).unwrap();
    for key in ["AI_EXERCISE_COACHING", "EXERCISE_VIDEO_INTEGRATION", "OFFLINE_EXERCISE_ACCESS"] {
        let found = flags.iter().find(|flag| flag["key"] == key).unwrap();
        assert_eq!(found["enabled"], false, "{key}: each sees what the other has written");
    }
    stop_server(child);
}

/// An export to a full disk fails and keeps the file of the last one.
#[test]
fn an_export_to_a_full_disk_keeps_the_previous_file() {
    let folder = tempfile::tempdir().unwrap();
    let (child, _) = start_server(folder.path());
    stop_server(child);
    let disk = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=64k tmpfs \"$1\" && echo before > \"$1/out.toml\" && \
                  cat /dev/zero > \"$1/filler\" 2>/dev/null; \
                  \"$0\" export --data \"$2\" -o \"$1/out.toml\"; \
                  echo \"status $?\" && cat \"$1/out.toml\" && ls \"$1\"";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script])
        .arg(env!("CARGO_BIN_EXE_phasegate"))
        .args([disk.path(), folder.path()])
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stderr);
    assert!(said.contains("out.toml cannot be written"), "{said}");
    assert_eq!(text(&output.stdout), "status 1\nbefore\nfiller\nout.toml\n", "{said}");
}

/// A backup beside the journal of another file is refused with a message that says what to do.
#[test]
fn a_backup_with_the_journal_of_another_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (child, _) = start_server(folder.path());
    stop_server(child);
    let backup = folder.path().join("backup");
    std::fs::copy(folder.path().join("state.db"), &backup).unwrap();
    let (mut child, url) = start_server(folder.path());
    post_flag_action(&url, "AI_EXERCISE_COACHING", "off");
    child.kill().unwrap();
    child.wait().unwrap();
    let journal = folder.path().join("state.db-wal");
    assert!(std::fs::metadata(&journal).unwrap().len() > 0, "as after a power cut");
    std::fs::copy(&backup, folder.path().join("state.db")).unwrap();
    let refused =
        phasegate_command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(said.contains("state.db-wal belongs to another file"), "{said}");
    for name in ["state.db-wal", "state.db-shm"] {
        std::fs::rename(folder.path().join(name), folder.path().join(format!("old {name}")))
            .unwrap();
    }
    let (child, _) = start_server(folder.path());
    stop_server(child);
}

/// The journal that a power cut leaves is used with its own file.
#[test]
fn a_journal_of_the_same_file_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let (mut child, url) = start_server(folder.path());
    post_flag_action(&url, "AI_EXERCISE_COACHING", "off");
    child.kill().unwrap();
    child.wait().unwrap();
    let list = phasegate_command(folder.path(), &["flag", "list", "--json"]).output().unwrap();
    let flags: Vec<Value> = serde_json::from_slice(&list.stdout).unwrap();
    let found = flags.iter().find(|flag| flag["key"] == "AI_EXERCISE_COACHING").unwrap();
    assert_eq!(found["enabled"], false);
}

/// A second server on the same folder is refused and names the first.
#[test]
fn a_second_server_on_the_same_folder_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (child, _) = start_server(folder.path());
    let second =
        phasegate_command(folder.path(), &["serve", "--listen", "127.0.0.1:0"]).output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(said.contains(&format!("process {}", child.id())), "{said}");
    stop_server(child);
}

/// Commands that run at the same time and change the same flag all succeed.
#[test]
fn concurrent_commands_all_succeed() {
    let folder = tempfile::tempdir().unwrap();
    let (child, _) = start_server(folder.path());
    let probe = folder.path().join(".phasegate-write-test");
    std::fs::write(&probe, "somebody else's").unwrap();
    for _ in 0..4 {
        let commands: Vec<Child> = ["--on", "--off", "--kill", "--revive"]
            .map(|act| {
                phasegate_command(folder.path(), &["flag", "set", "AI_EXERCISE_COACHING", act])
                    .spawn()
                    .unwrap()
            })
            .into();
        for command in commands {
            let output = command.wait_with_output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
    assert_eq!(std::fs::read_to_string(&probe).unwrap(), "somebody else's");
    stop_server(child);
}

/// A kill applies to the stored state, not to the state that the server read up to a second ago.
#[test]
fn a_kill_right_after_a_command_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let (child, url) = start_server(folder.path());
    let flag = "AI_EXERCISE_COACHING";
    for _ in 0..3 {
        post_flag_action(&url, flag, "kill");
        let revive =
            phasegate_command(folder.path(), &["flag", "set", flag, "--revive"]).output().unwrap();
        assert!(revive.status.success(), "{}", String::from_utf8_lossy(&revive.stderr));
        post_flag_action(&url, flag, "kill");
        let stored =
            phasegate_command(folder.path(), &["flag", "get", flag, "--json"]).output().unwrap();
        let stored: Value = serde_json::from_slice(&stored.stdout).unwrap();
        assert_eq!(stored["killed"], true);
    }
    stop_server(child);
}

/// `If-Match: *` also overwrites what another process has written since the server last looked.
#[test]
fn importing_a_file_overwrites_a_recent_command() {
    let folder = tempfile::tempdir().unwrap();
    let (child, url) = start_server(folder.path());
    let flag = "AI_EXERCISE_COACHING";
    let get = |what: &[&str]| phasegate_command(folder.path(), what).output().unwrap().stdout;
    let file = get(&["export", "--format", "json"]);
    for _ in 0..3 {
        let off =
            phasegate_command(folder.path(), &["flag", "set", flag, "--off"]).output().unwrap();
        assert!(off.status.success(), "{}", String::from_utf8_lossy(&off.stderr));
        let mut stream = TcpStream::connect(url.strip_prefix("http://").unwrap()).unwrap();
        let head = format!(
            "PUT /api/v1/projects/default/environments/production/file HTTP/1.1\r\nHost: x\r\n\
             Authorization: Bearer {SERVER_TOKEN}\r\nContent-Type: application/json\r\nIf-Match: *\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            file.len()
        );
        stream.write_all(&[head.as_bytes(), &file].concat()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let stored: Value = serde_json::from_slice(&get(&["flag", "get", flag, "--json"])).unwrap();
        assert_eq!(stored["enabled"], true);
    }
    stop_server(child);
}

/// Commands for flags do not need the telemetry database.
#[test]
fn a_kill_succeeds_without_the_telemetry_database() {
    let folder = tempfile::tempdir().unwrap();
    let (child, _) = start_server(folder.path());
    stop_server(child);
    std::fs::write(folder.path().join("telemetry.db"), "torn, and no database any more").unwrap();
    let kill = phasegate_command(folder.path(), &["flag", "set", "AI_EXERCISE_COACHING", "--kill"]);
    let output = { kill }.output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    assert!(said.contains("telemetry.db"), "says what is wrong all the same: {said}");
}

/// Concurrent writes all succeed; none is answered with a server error.
#[tokio::test]
async fn concurrent_writes_all_succeed() {
    let app = TestApp::start_app().await;
    let make = |n: usize| {
        let flag = json!({"key": format!("F{n}"), "kind": "boolean"});
        fetch_json(app.api_request(Method::POST, "/flags").json(&flag))
    };
    let all = futures::future::join_all((0..20).map(make)).await;
    assert!(all.iter().all(|(status, _)| *status == 201), "{all:?}");
}
