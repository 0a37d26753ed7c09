//! Servers in child processes.

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// A server process that is killed on drop.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    pub(crate) client_key: String,
    token: String,
    data: Option<TempDir>,
    client: reqwest::Client,
}

fn build_client() -> reqwest::Client {
    phasegate_server::prepare_tls();
    reqwest::Client::new()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns the server binary from `PHASEGATE_BINARY`. It must be a release build, because timings
/// of a debug build are meaningless.
fn server_binary() -> PathBuf {
    std::env::var_os("PHASEGATE_BINARY").map(PathBuf::from).unwrap_or_else(|| {
        panic!("PHASEGATE_BINARY must name the release server; use: cargo xtask bench flags")
    })
}

impl Server {
    pub(crate) async fn start_phasegate() -> Self {
        Self::start_on_data(tempfile::tempdir().unwrap())
    }

    /// Kills the process and starts a new one on the same data folder.
    pub(crate) async fn restart_on_same_data(mut self) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        Self::start_on_data(self.data.take().unwrap())
    }

    fn start_on_data(data: TempDir) -> Self {
        let mut child = Command::new(server_binary())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path().join("data"))
            .current_dir(data.path())
            .env("PHASEGATE_LOG", "info")
            // Phase 4, so that evaluations match segments and compare buckets.
            .env("VITE_EXERCISE_LIBRARY_PHASE", "4")
            .env("PHASEGATE_CLIENT_KEY", "pk_bench")
            .env("PHASEGATE_SERVER_TOKEN", "pgs_bench")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap());
        let mut lines = log.lines().map_while(Result::ok);
        let ready = lines.find(|line| line.contains("phasegate is ready")).unwrap();
        let start = ready.find("127.0.0.1:").unwrap();
        let port: String = ready[start + 10..].chars().take_while(char::is_ascii_digit).collect();
        // The rest of the log is drained, because a full pipe would block the server.
        std::thread::spawn(move || lines.for_each(drop));
        let (client_key, token) = ("pk_bench".to_owned(), "pgs_bench".to_owned());
        Self {
            child,
            address: format!("127.0.0.1:{port}"),
            client_key,
            token,
            data: Some(data),
            client: build_client(),
        }
    }

    /// Starts the reference server, which answers every request with `answer`.
    pub(crate) async fn start_bare(answer: &str) -> Self {
        Self::start_reference("--bare", answer)
    }

    /// Starts the reference server for streams, which writes the same bytes to all listeners.
    pub(crate) async fn start_bare_fan_out() -> Self {
        Self::start_reference("--bare-fan-out", "")
    }

    fn start_reference(mode: &str, answer: &str) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .arg(mode)
            .env(crate::bare::ANSWER, answer)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().trim_start_matches("http://").to_owned();
        Self {
            child,
            address,
            client_key: String::new(),
            token: String::new(),
            data: None,
            client: build_client(),
        }
    }

    /// Calls the API for the first environment.
    pub(crate) async fn call_api(&self, method: &str, path: &str, body: &Value) -> Value {
        let url = format!(
            "http://{}/api/v1/projects/default/environments/production{path}",
            self.address
        );
        let request = self
            .client
            .request(method.parse().unwrap(), url)
            .bearer_auth(&self.token)
            .header("if-match", "*")
            .json(body);
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Returns the size of the files in the data folder, in bytes. Raw events are not included,
    /// because they are in a subfolder.
    pub(crate) fn data_bytes(&self) -> u64 {
        let folder = self.data.as_ref().unwrap().path().join("data");
        let files = std::fs::read_dir(folder).unwrap();
        files.map(|file| file.unwrap().metadata().unwrap().len()).sum()
    }

    /// Returns the resident memory of the process, in MiB.
    pub(crate) fn memory_mb(&self) -> u64 {
        self.read_kilobytes("VmRSS:") / 1_024
    }

    /// Returns the resident memory without mapped files (`RssAnon`), in KiB, once it has not
    /// changed for half a second: right after the start, jobs still do their first work.
    pub(crate) async fn own_memory_kb(&self) -> u64 {
        let (mut last, mut unchanged) = (0, 0);
        while unchanged < 10 {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
            let now = self.read_kilobytes("RssAnon:");
            unchanged = if now == last { unchanged + 1 } else { 0 };
            last = now;
        }
        last
    }

    fn read_kilobytes(&self, kind: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(kind)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}
