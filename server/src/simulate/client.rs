//! The HTTP client of a simulation.

use std::time::Duration;

use anyhow::{Context, bail};
use phasegate_domain::simulation::Simulation;
use reqwest::{RequestBuilder, StatusCode, header};
use serde_json::Value;

/// How long a request is retried before it fails.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The pause before a retry, unless the server sends `Retry-After`.
const PAUSE: Duration = Duration::from_millis(200);

/// A client of the endpoints that a page uses, with a client key.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Client {
    /// # Errors
    /// Returns an error if the HTTP client cannot be set up.
    pub(crate) fn new(url: &str, key: &str) -> anyhow::Result<Self> {
        prepare_tls();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), key: key.to_owned() })
    }

    fn endpoint_url(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Starts a simulation, or resumes it.
    pub(super) async fn begin_simulation(&self, simulation: &Simulation) -> anyhow::Result<()> {
        let request = self.http.post(self.endpoint_url("/collect/simulation")).json(simulation);
        self.send_with_retries(request).await.map(drop)
    }

    /// Sends a batch, with retries; fails if the server rejects any of its events.
    pub(super) async fn send_batch(&self, body: String) -> anyhow::Result<()> {
        let request = self.http.post(self.endpoint_url("/collect"));
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        let receipt = self.send_with_retries(request).await?;
        if let Some(rejected) = receipt.get("rejected") {
            bail!("the server refused events: {rejected}");
        }
        Ok(())
    }

    /// Reads a panel of the simulated telemetry.
    pub(super) async fn read_panel(&self, panel: &str, query: &str) -> anyhow::Result<Value> {
        let path = format!("/collect/simulation/{panel}?{query}");
        self.send_with_retries(self.http.get(self.endpoint_url(&path))).await
    }

    /// Sends a request and retries for [`PATIENCE`] while the server is unreachable or overloaded.
    async fn send_with_retries(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let request = request.header("x-api-key", &self.key);
        let mut waited = Duration::ZERO;
        loop {
            let again = request.try_clone().context("the request cannot be repeated")?;
            let mut pause = PAUSE;
            let problem = match again.send().await {
                Ok(response) => {
                    let status = response.status();
                    pause = parse_retry_after(response.headers()).unwrap_or(PAUSE);
                    // A truncated response is retried: the server may or may not have acted.
                    match response.text().await {
                        Ok(text) if status.is_success() => {
                            return Ok(serde_json::from_str(&text).unwrap_or_default());
                        }
                        Ok(text) if !is_passing(status) => {
                            bail!("{}", describe_refusal(status, &text))
                        }
                        Ok(text) => describe_refusal(status, &text),
                        Err(error) => error.to_string(),
                    }
                }
                Err(error) if error.is_builder() => bail!("{}: {error}", self.url),
                Err(error) => format!("{} cannot be reached: {error}", self.url),
            };
            if waited + pause > PATIENCE {
                bail!("{problem}; given up after {} s", waited.as_secs());
            }
            tokio::time::sleep(pause).await;
            waited += pause;
        }
    }
}

/// Reads the pause from `Retry-After`.
fn parse_retry_after(headers: &header::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Whether a retry may succeed.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

fn describe_refusal(status: StatusCode, text: &str) -> String {
    let problem: Value = serde_json::from_str(text).unwrap_or_default();
    let detail = problem.get("detail").and_then(Value::as_str).unwrap_or(text);
    format!("the server answered {status}: {detail}")
}

/// Installs the TLS crypto provider; must be called before the first client is created.
pub fn prepare_tls() {
    // Fails if one is already installed, which is harmless.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
