//! The server that is driven, over HTTP.

use std::time::Duration;

use anyhow::{Context, bail};
use phasegate_domain::simulation::Simulation;
use reqwest::{RequestBuilder, StatusCode, header};
use serde_json::Value;

use super::PATIENCE;

/// How long to wait before trying again.
const PAUSE: Duration = Duration::from_millis(200);

/// A server, as a page with its client key sees it.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Client {
    /// # Errors
    /// When the system lets us make no connections.
    pub(crate) fn new(url: &str, key: &str) -> anyhow::Result<Self> {
        prepare_tls();
        let http = reqwest::Client::builder().timeout(Duration::from_secs(30)).build()?;
        Ok(Self { http, url: url.trim_end_matches('/').to_owned(), key: key.to_owned() })
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Begins a simulation, or goes on with it.
    pub(super) async fn begin(&self, simulation: &Simulation) -> anyhow::Result<()> {
        let request = self.http.post(self.address("/collect/simulation")).json(simulation);
        self.ask(request).await.map(drop)
    }

    /// Sends a batch until the server has it.
    pub(super) async fn send(&self, body: String) -> anyhow::Result<()> {
        let request = self.http.post(self.address("/collect"));
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body);
        let receipt = self.ask(request).await?;
        if let Some(rejected) = receipt.get("rejected") {
            bail!("the server refused events: {rejected}");
        }
        Ok(())
    }

    /// What a panel says.
    pub(super) async fn panel(&self, panel: &str, query: &str) -> anyhow::Result<Value> {
        let path = format!("/collect/simulation/{panel}?{query}");
        self.ask(self.http.get(self.address(&path))).await
    }

    /// Asks until there is an answer: a server that is away or full may come back.
    async fn ask(&self, request: RequestBuilder) -> anyhow::Result<Value> {
        let request = request.header("x-api-key", &self.key);
        let mut waited = Duration::ZERO;
        loop {
            let again = request.try_clone().context("the request cannot be repeated")?;
            let mut pause = PAUSE;
            let trouble = match again.send().await {
                Ok(response) => {
                    let status = response.status();
                    pause = asked_for(response.headers()).unwrap_or(PAUSE);
                    // Half an answer is none: what it said may have been done, or not.
                    match response.text().await {
                        Ok(text) if status.is_success() => {
                            return Ok(serde_json::from_str(&text).unwrap_or_default());
                        }
                        Ok(text) if !is_passing(status) => bail!("{}", refusal(status, &text)),
                        Ok(text) => refusal(status, &text),
                        Err(error) => error.to_string(),
                    }
                }
                Err(error) if error.is_builder() => bail!("{}: {error}", self.url),
                Err(error) => format!("{} cannot be reached: {error}", self.url),
            };
            if waited + pause > PATIENCE {
                bail!("{trouble}; given up after {} s", waited.as_secs());
            }
            tokio::time::sleep(pause).await;
            waited += pause;
        }
    }
}

/// The pause that the server asks for.
fn asked_for(headers: &header::HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Whether it may be otherwise in a while.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS
}

fn refusal(status: StatusCode, text: &str) -> String {
    let problem: Value = serde_json::from_str(text).unwrap_or_default();
    let detail = problem.get("detail").and_then(Value::as_str).unwrap_or(text);
    format!("the server answered {status}: {detail}")
}

/// Chooses what computes the cryptography of TLS; to be called before the first client is made.
pub fn prepare_tls() {
    // Fails where it was chosen before, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
