//! A load generator: keep-alive connections that send each request after the previous answer.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A request that is serialised once and sent many times.
#[derive(Clone)]
pub(crate) struct Request {
    address: String,
    bytes: Arc<[u8]>,
}

impl Request {
    pub(crate) fn new(address: &str, path: &str, key: &str, body: &str) -> Self {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        Self { address: address.to_owned(), bytes: (head + body).into_bytes().into() }
    }
}

/// Durations of requests, in seconds; `quantile` returns milliseconds.
#[derive(Default)]
pub(crate) struct Times(Vec<f32>);

impl Times {
    pub(crate) fn add_times(&mut self, times: &[f32]) {
        self.0.extend_from_slice(times);
    }

    pub(crate) fn quantile(&mut self, q: f64) -> f64 {
        self.0.sort_by(f32::total_cmp);
        let last = self.0.len().saturating_sub(1);
        let index = (last as f64 * q) as usize;
        f64::from(self.0.get(index).copied().unwrap_or_default()) * 1_000.0
    }
}

pub(crate) async fn send_once(request: &Request) -> String {
    let mut connection = TcpStream::connect(&request.address).await.unwrap();
    let mut buffer = Vec::new();
    let end = exchange_request(&mut connection, &request.bytes, &mut buffer).await;
    String::from_utf8_lossy(&buffer[..end]).into_owned()
}

/// Sends the request `count` times with a pause after each. Returns the seconds to each answer.
pub(crate) async fn send_with_pauses(request: &Request, count: usize, pause: Duration) -> Vec<f32> {
    let mut connection = TcpStream::connect(&request.address).await.unwrap();
    connection.set_nodelay(true).unwrap();
    let (mut buffer, mut times) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let sent = Instant::now();
        exchange_request(&mut connection, &request.bytes, &mut buffer).await;
        times.push(sent.elapsed().as_secs_f32());
        tokio::time::sleep(pause).await;
    }
    times
}

/// Sends the request repeatedly over `connections` connections for `length`. Adds the durations to
/// `times` and returns the requests per second.
pub(crate) async fn measure_rate(
    request: &Request,
    connections: usize,
    length: Duration,
    times: &mut Times,
) -> f64 {
    let begun = Instant::now();
    let workers: Vec<_> = (0..connections)
        .map(|_| {
            let request = request.clone();
            tokio::spawn(async move {
                let mut connection = TcpStream::connect(&request.address).await.unwrap();
                connection.set_nodelay(true).unwrap();
                let (mut buffer, mut times) = (Vec::new(), Vec::new());
                while begun.elapsed() < length {
                    let sent = Instant::now();
                    exchange_request(&mut connection, &request.bytes, &mut buffer).await;
                    times.push(sent.elapsed().as_secs_f32());
                }
                times
            })
        })
        .collect();
    let mut count = 0;
    for worker in workers {
        let taken = worker.await.unwrap();
        count += taken.len();
        times.add_times(&taken);
    }
    count as f64 / begun.elapsed().as_secs_f64()
}

/// Sends a request and reads the whole answer into `buffer`. Returns the length of the answer.
async fn exchange_request(
    connection: &mut TcpStream,
    request: &[u8],
    buffer: &mut Vec<u8>,
) -> usize {
    connection.write_all(request).await.unwrap();
    buffer.clear();
    loop {
        let read = connection.read_buf(buffer).await.unwrap();
        assert!(read > 0, "the server closed the connection");
        let Some(head) = find_bytes(buffer, b"\r\n\r\n") else { continue };
        let text = std::str::from_utf8(&buffer[..head]).unwrap().to_ascii_lowercase();
        assert!(text.starts_with("http/1.1 200"), "{text}");
        let length = text.lines().find_map(|line| line.strip_prefix("content-length:"));
        let end = head + 4 + length.unwrap().trim().parse::<usize>().unwrap();
        if buffer.len() >= end {
            return end;
        }
    }
}

fn find_bytes(buffer: &[u8], wanted: &[u8]) -> Option<usize> {
    buffer.windows(wanted.len()).position(|window| window == wanted)
}
