//! A server on a real listener and a fresh data folder, and a client that talks to it.
#![allow(dead_code, reason = "each test binary uses a part of this")]

pub(crate) mod process;

use std::{path::Path, sync::Arc};

use phasegate_domain::{
    Timestamp,
    accounts::{Account, Role},
    ids::AccountId,
};
use phasegate_server::{AppState, Config, open_service, serve_listener};
use phasegate_service::{Service, access::Actor, setup};
use reqwest::{Client, RequestBuilder, Response, redirect::Policy};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

pub(crate) const EMAIL: &str = "admin@example.com";
pub(crate) const PASSWORD: &str = "correct-horse-battery";
pub(crate) const CLIENT_KEY: &str = "pk_test";
pub(crate) const SERVER_TOKEN: &str = "pgs_test";

pub(crate) struct TestApp {
    pub(crate) url: String,
    pub(crate) client: Client,
    pub(crate) service: Arc<Service>,
    pub(crate) state: AppState,
    stop: CancellationToken,
    _data: TempDir,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl TestApp {
    /// Starts a server with the guide's plan.
    pub(crate) async fn start_app() -> Self {
        Self::start_app_with(Config::default()).await
    }

    /// Starts a server with a configuration, on a new data folder.
    pub(crate) async fn start_app_with(config: Config) -> Self {
        let data = tempfile::tempdir().unwrap();
        let config = Config { data: data.path().to_owned(), demo: true, ..config };
        let service = open_service(&config).await.unwrap();
        let new = setup::FirstSecrets {
            email: EMAIL.into(),
            password: PASSWORD.into(),
            client_key: CLIENT_KEY.into(),
            server_token: SERVER_TOKEN.into(),
        };
        let plan =
            setup::parse_plan(include_str!("../../../app/service/plans/exercise-library.toml"))
                .unwrap();
        setup::run_first_start(&service, &new, plan, [[1; 32], [2; 32]]).await.unwrap().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let state = AppState::new(Arc::clone(&service), config.settings(), stop.clone(), [3; 32]);
        tokio::spawn(serve_listener(listener, state.clone(), stop.clone().cancelled_owned()));
        phasegate_server::prepare_tls();
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { url, client, service, state, stop, _data: data }
    }

    /// Stops the server and starts another one on the same data.
    pub(crate) async fn restart_on_same_data(mut self) -> Self {
        self.stop.cancel();
        let data = std::mem::replace(&mut self._data, tempfile::tempdir().unwrap());
        Self::start_app_on(data).await
    }

    /// Serves a data folder that has been set up before.
    pub(crate) async fn start_app_on(data: TempDir) -> Self {
        let config = Config { data: data.path().to_owned(), demo: true, ..Config::default() };
        let service = open_service(&config).await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let stop = CancellationToken::new();
        let state = AppState::new(Arc::clone(&service), config.settings(), stop.clone(), [4; 32]);
        tokio::spawn(serve_listener(listener, state.clone(), stop.clone().cancelled_owned()));
        phasegate_server::prepare_tls();
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        Self { url, client, service, state, stop, _data: data }
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    /// Prepares a form as a page of this server sends it.
    pub(crate) fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> RequestBuilder {
        let body: Vec<String> =
            fields.iter().map(|(k, v)| format!("{k}={}", percent_encode(v))).collect();
        self.post(path)
            .header("origin", &self.url)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"))
    }

    /// Logs in and returns the cookie.
    pub(crate) async fn log_in(&self) -> String {
        let response = self
            .post_form("/login", &[("email", EMAIL), ("password", PASSWORD), ("next", "")])
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 303);
        session_cookie(&response)
    }

    /// Prepares an API call for the first environment, with the admin's token.
    pub(crate) fn api_request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        let url = format!("{}/api/v1/projects/default/environments/production{path}", self.url);
        self.client.request(method, url).bearer_auth(SERVER_TOKEN)
    }

    /// Prepares an API call that overwrites any version (`If-Match: *`).
    pub(crate) fn overwrite_request(&self, method: reqwest::Method, path: &str) -> RequestBuilder {
        self.api_request(method, path).header("if-match", "*")
    }

    pub(crate) fn folder(&self) -> &Path {
        self._data.path()
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.service.now()
    }
}

/// Returns `name=value` of the session cookie that a response sets.
pub(crate) fn session_cookie(response: &Response) -> String {
    cookie_named(response, "phasegate_session")
}

/// Returns `name=value` of a cookie that a response sets.
pub(crate) fn cookie_named(response: &Response, name: &str) -> String {
    let all = response.headers().get_all("set-cookie").iter();
    let mut all = all.map(|set| set.to_str().unwrap().split(';').next().unwrap().to_owned());
    all.find(|pair| pair.starts_with(name)).unwrap()
}

pub(crate) fn percent_encode(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

pub(crate) fn location_header(response: &Response) -> &str {
    response.headers().get("location").unwrap().to_str().unwrap()
}

/// Sends a request and returns its status and JSON body.
pub(crate) async fn fetch_json(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let value =
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{status}, not JSON: {text}"));
    (status, value)
}

/// Returns an actor with a role.
pub(crate) fn actor_with_role(role: Role) -> Actor {
    Actor::from(&Account { id: AccountId(1), email: EMAIL.into(), role })
}
