//! The real binary as a process of its own, which can be killed.

use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

pub(crate) const CLIENT_KEY: &str = "pk_test";
const TOKEN: &str = "pgs_test";

/// The binary that is tested.
pub(crate) fn binary() -> PathBuf {
    let given = std::env::var_os("PHASEGATE_BINARY").map(PathBuf::from);
    given.unwrap_or_else(|| env!("CARGO_BIN_EXE_phasegate").into())
}

/// A server at an address that stays the same when it is started again.
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

fn serve(data: &Path, port: u16) -> Child {
    let mut child = Command::new(binary())
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
    // What else it says must not fill the pipe.
    std::thread::spawn(move || lines.for_each(drop));
    child
}

impl Server {
    pub(crate) fn start() -> Self {
        let data = tempfile::tempdir().unwrap();
        // Free now, and not taken a moment later.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { child: serve(data.path(), port), port, data }
    }

    /// As a power cut would end it, and started again.
    pub(crate) fn kill_and_restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = serve(self.data.path(), self.port);
    }

    /// A call of the API about the first environment.
    pub(crate) fn api(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let place = "/api/v1/projects/default/environments/production";
        let url = format!("http://127.0.0.1:{}{place}{path}", self.port);
        phasegate_server::prepare_tls();
        reqwest::Client::new().request(method, url).bearer_auth(TOKEN)
    }
}
