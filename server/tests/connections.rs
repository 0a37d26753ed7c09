//! Clients that stall, stay connected or send encoded bodies do not keep others out.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

mod common;

use std::{
    io::{Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use common::{CLIENT_KEY, SERVER_TOKEN, TestApp, fetch_json};
use serde_json::json;

const BULK: &str = "/ofrep/v1/evaluate/flags";

/// Opens a connection and sends the beginning of a request.
fn open_half_sent(address: &str, text: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

fn incomplete_body(path: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {CLIENT_KEY}\r\n\
         Content-Length: 20\r\n\r\n{{"
    )
}

/// More incomplete bodies than the server waits for at once, on each route that takes a body.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn incomplete_bodies_do_not_block_other_clients() {
    let app = TestApp::start_app().await;
    let address = app.url.strip_prefix("http://").unwrap().to_owned();
    let paths = [
        BULK.to_owned(),
        format!("/collect?key={CLIENT_KEY}"),
        "/login".to_owned(),
        format!("/collect/screenshot?key={CLIENT_KEY}"),
        format!("/collect/simulation?key={CLIENT_KEY}"),
        "/admin/flags".to_owned(),
    ];
    let stalled: Vec<TcpStream> = (0..600)
        .map(|n| open_half_sent(&address, &incomplete_body(&paths[n % paths.len()])))
        .collect();
    for n in 0..50 {
        let ask = app.post(BULK).bearer_auth(CLIENT_KEY).json(&json!({"context": {}}));
        assert_eq!(
            fetch_json(ask).await.0,
            200,
            "evaluation {n} beside {} that stall",
            stalled.len()
        );
    }
    let visit =
        json!({"v": 1, "batch": "b", "session": "s", "visitor": "v", "events": [{"t": "view"}]});
    let sent = app.post(&format!("/collect?key={CLIENT_KEY}")).body(visit.to_string());
    assert_eq!(fetch_json(sent).await.0, 202);
    assert!(!app.log_in().await.is_empty(), "and users log in");
}

/// A body that is not sent within the deadline is answered with 408.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_has_a_deadline_on_every_route() {
    let app = TestApp::start_app().await;
    let address = app.url.strip_prefix("http://").unwrap().to_owned();
    let begun = Instant::now();
    let api = "/api/v1/projects/default/environments/production";
    let of_apps = [
        BULK.to_owned(),
        format!("{BULK}/AI_EXERCISE_COACHING"),
        "/ofrep/v1/explain/AI_EXERCISE_COACHING".to_owned(),
        format!("/collect?key={CLIENT_KEY}"),
        format!("/collect/screenshot?key={CLIENT_KEY}"),
        format!("/collect/simulation?key={CLIENT_KEY}"),
        "/login".to_owned(),
    ];
    let of_tokens = [
        format!("POST {api}/flags"),
        format!("POST {api}/segments"),
        format!("PUT {api}/flags/AI_EXERCISE_COACHING"),
        format!("PUT {api}/file"),
        format!("PUT {api}/rollout/plan"),
    ];
    let of_apps = of_apps.into_iter().map(|path| (format!("POST {path}"), CLIENT_KEY));
    let of_tokens = of_tokens.into_iter().map(|line| (line, SERVER_TOKEN));
    let waiting: Vec<_> = of_apps
        .chain(of_tokens)
        .map(|(line, key)| {
            let head = format!(
                "{line} HTTP/1.1\r\nHost: x\r\nOrigin: http://x\r\nAuthorization: Bearer {key}\r\n\
                 Content-Length: 20\r\n\r\n{{"
            );
            (line, open_half_sent(&address, &head))
        })
        .collect();
    let answers = tokio::task::spawn_blocking(move || {
        let answer = |(path, mut stream): (String, TcpStream)| {
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let mut buffer = [0; 512];
            let read = stream.read(&mut buffer).unwrap();
            (path, String::from_utf8_lossy(&buffer[..read]).into_owned())
        };
        waiting.into_iter().map(answer).collect::<Vec<_>>()
    });
    for (path, answer) in answers.await.unwrap() {
        assert!(answer.starts_with("HTTP/1.1 408"), "{path}: {answer}");
    }
    assert!(begun.elapsed() >= Duration::from_secs(4), "no sooner than the deadline");
}

/// The server waits at most ten seconds for the rest of a head; a connection that has sent a
/// request stays open.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_has_a_deadline() {
    let app = TestApp::start_app().await;
    let address = app.url.strip_prefix("http://").unwrap().to_owned();
    let ends = tokio::task::spawn_blocking(move || {
        let begun = Instant::now();
        let mut half = open_half_sent(&address, "GET /healthz HTTP/1.1\r\nHost");
        let mut asked = open_half_sent(&address, HEALTH);
        let mut buffer = [0; 2_048];
        assert!(asked.read(&mut buffer).unwrap() > 0);
        half.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        assert_eq!(half.read(&mut buffer).unwrap_or_default(), 0, "it is closed");
        let took = begun.elapsed();
        asked.write_all(HEALTH.as_bytes()).unwrap();
        assert!(asked.read(&mut buffer).unwrap() > 0, "the other one still answers");
        took
    });
    let took = ends.await.unwrap();
    assert!((9..20).contains(&took.as_secs()), "{took:?}");
}

/// A server with few file handles.
struct Small {
    child: Child,
    address: String,
    _data: tempfile::TempDir,
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Small {
    fn start_with_handles(handles: u32) -> Self {
        let data = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let mut child = Command::new("sh")
            .arg("-c")
            .arg(format!("ulimit -n {handles}; exec \"$0\" serve --listen {address} --data \"$1\""))
            .arg(env!("CARGO_BIN_EXE_phasegate"))
            .arg(data.path())
            .env_clear()
            .env("PHASEGATE_CLIENT_KEY", CLIENT_KEY)
            .current_dir(data.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = std::io::BufReader::new(child.stderr.take().unwrap());
        let mut lines = std::io::BufRead::lines(log).map_while(Result::ok);
        assert!(lines.any(|line| line.contains("phasegate is ready")), "it ended before");
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, address, _data: data }
    }

    fn read_status(&self, request: &str) -> String {
        let mut stream = open_half_sent(&self.address, request);
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut head = [0; 15];
        stream.read_exact(&mut head).unwrap();
        String::from_utf8_lossy(&head[9..12]).into_owned()
    }
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

fn evaluation_request() -> String {
    format!(
        "POST {BULK} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {CLIENT_KEY}\r\n\
         Content-Length: 14\r\n\r\n{{\"context\":{{}}}}"
    )
}

/// Incomplete heads on more connections than there are file handles.
#[test]
fn incomplete_heads_do_not_block_other_clients() {
    let server = Small::start_with_handles(128);
    let halves: Vec<TcpStream> =
        (0..300).map(|_| open_half_sent(&server.address, "GET / HTTP/1.1\r\nHost")).collect();
    for _ in 0..20 {
        assert_eq!(server.read_status(HEALTH), "200", "beside {} half heads", halves.len());
        assert_eq!(server.read_status(&evaluation_request()), "200");
    }
}

/// Idle connections are closed when file handles get scarce.
#[test]
fn idle_connections_are_closed_when_file_handles_get_scarce() {
    let server = Small::start_with_handles(96);
    let mut idle = Vec::new();
    for n in 0..200 {
        let mut stream = open_half_sent(&server.address, HEALTH);
        let mut answer = [0; 12];
        stream.read_exact(&mut answer).unwrap();
        assert_eq!(&answer[9..], b"200", "connection {n}");
        idle.push(stream);
    }
    assert_eq!(server.read_status(&evaluation_request()), "200");
}

/// Each connection has its own address, so that they have only the key in common.
#[tokio::test]
async fn incomplete_bodies_from_many_addresses_do_not_block_other_clients() {
    let server = Small::start_with_handles(96);
    let from = async |last: u8, text: &str| {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind(([127, 0, 0, last], 0).into()).unwrap();
        let stream = socket.connect(server.address.parse().unwrap()).await.unwrap();
        let mut stream = stream.into_std().unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.write_all(text.as_bytes()).unwrap();
        stream
    };
    let mut open = Vec::new();
    for last in 2..202 {
        open.push(from(last, &incomplete_body(BULK)).await);
    }
    let login = "GET /login HTTP/1.1\r\nHost: x\r\n\r\n";
    for (what, request) in [("a user", login), ("an evaluation", &evaluation_request())] {
        let mut stream = from(1, request).await;
        let mut head = [0; 12];
        stream.read_exact(&mut head).unwrap();
        assert!(head.ends_with(b"200"), "{what}: {}", String::from_utf8_lossy(&head));
    }
}

/// Tracing libraries add headers to requests; a preflight that refused them would cost all
/// telemetry.
#[tokio::test]
async fn headers_of_tracing_pass_the_preflight() {
    let app = TestApp::start_app().await;
    for name in ["baggage", "traceparent", "sentry-trace", "request-id", "x-datadog-trace-id"] {
        for path in [BULK.to_owned(), format!("/collect?key={CLIENT_KEY}")] {
            let url = format!("{}{path}", app.url);
            let asked = app.client.request(reqwest::Method::OPTIONS, url);
            let asked = asked.header("origin", "https://shop.example");
            let asked = asked.header("access-control-request-method", "POST");
            let asked = asked.header("access-control-request-headers", name);
            let answer = asked.send().await.unwrap();
            let allowed = answer.headers()["access-control-allow-headers"].to_str().unwrap();
            assert!(allowed.contains(name), "{path} {name}: {allowed}");
        }
    }
}

/// Every route with a body decodes it; an unknown encoding is answered with 415 and the known ones.
#[tokio::test]
async fn every_route_decodes_encoded_bodies() {
    let app = TestApp::start_app().await;
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let evaluate = |coding: &str, body: Vec<u8>| {
        let ask = app.post(BULK).bearer_auth(CLIENT_KEY);
        ask.header("content-encoding", coding).body(body)
    };
    assert_eq!(fetch_json(evaluate("gzip", gzip("{\"context\":{}}"))).await.0, 200);
    let flag = json!({"key": "ZIPPED", "kind": "boolean"}).to_string();
    let make =
        app.api_request(reqwest::Method::POST, "/flags").header("content-encoding", "x-gzip");
    assert_eq!(fetch_json(make.body(gzip(&flag))).await.0, 201);
    let refused = evaluate("compress", b"x".to_vec()).send().await.unwrap();
    assert_eq!(refused.status(), 415);
    assert_eq!(refused.headers()["accept-encoding"], "gzip, deflate, br, zstd");
}
