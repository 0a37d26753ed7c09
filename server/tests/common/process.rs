//! The real binary in a child process, which can be killed.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

pub(crate) const CLIENT_KEY: &str = "pk_test";
const TOKEN: &str = "pgs_test";

/// Returns the binary that is tested: `PHASEGATE_BINARY`, or the one that cargo built.
pub(crate) fn server_binary() -> PathBuf {
    let given = std::env::var_os("PHASEGATE_BINARY").map(PathBuf::from);
    given.unwrap_or_else(|| env!("CARGO_BIN_EXE_phasegate").into())
}

/// A server that keeps its address when it is restarted.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) port: u16,
    data: TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn_server(data: &Path, port: u16) -> Child {
    let mut child = Command::new(server_binary())
        .args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"])
        .arg(data)
        .env_clear()
        .env("PHASEGATE_CLIENT_KEY", CLIENT_KEY)
        .env("PHASEGATE_SERVER_TOKEN", TOKEN)
        .current_dir(data)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let log = BufReader::new(child.stderr.take().unwrap());
    let mut lines = log.lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("phasegate is ready")), "it ended before");
    // The rest of the log is drained, because a full pipe would block the server.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

impl Server {
    pub(crate) fn start_server() -> Self {
        let data = tempfile::tempdir().unwrap();
        // The port is free now and most likely still a moment later.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { child: spawn_server(data.path(), port), port, data }
    }

    /// Kills the process, as a power cut would, and starts it again on the same data.
    pub(crate) fn kill_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = spawn_server(self.data.path(), self.port);
    }

    /// Prepares an API call for the first environment.
    pub(crate) fn api_request(
        &self,
        method: reqwest::Method,
        path: &str,
    ) -> reqwest::RequestBuilder {
        let place = "/api/v1/projects/default/environments/production";
        let url = format!("http://127.0.0.1:{}{place}{path}", self.port);
        phasegate_server::prepare_tls();
        reqwest::Client::new().request(method, url).bearer_auth(TOKEN)
    }
}
