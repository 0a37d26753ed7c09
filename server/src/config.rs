//! Configuration: flags, then `PHASEGATE_*`, then `phasegate.toml`, then defaults.

use std::path::PathBuf;

use anyhow::Context;
use figment::{
    Figment,
    providers::{Env, Format, Serialized, Toml},
};
use serde::{Deserialize, Serialize};

use crate::cli::ServeArgs;

/// The file that is read from the working directory, if it is there.
const FILE: &str = "phasegate.toml";

/// Everything that can be configured.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: String,
    /// Folder for databases and secrets.
    pub data: PathBuf,
    /// Address under which people and pages reach the server, if it is not where it listens.
    pub public_url: Option<String>,
    /// Whether `/demo` is served.
    pub demo: bool,
    /// First start only: the admin's address.
    pub admin_email: Option<String>,
    /// First start only: the admin's password.
    pub admin_password: Option<String>,
    /// First start only: the public key of pages.
    pub client_key: Option<String>,
    /// First start only: an admin-scoped token.
    pub server_token: Option<String>,
    /// Tracing filter.
    pub log: String,
    /// `text` or `json`.
    pub log_format: LogFormat,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The secrets stay out of logs.
        f.debug_struct("Config")
            .field("listen", &self.listen)
            .field("data", &self.data)
            .field("public_url", &self.public_url)
            .field("demo", &self.demo)
            .finish_non_exhaustive()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: "127.0.0.1:8080".to_owned(),
            data: "./data".into(),
            public_url: None,
            demo: false,
            admin_email: None,
            admin_password: None,
            client_key: None,
            server_token: None,
            log: "info".to_owned(),
            log_format: LogFormat::Text,
        }
    }
}

impl Config {
    fn sources() -> Figment {
        // PHASEGATE_FF_* override flags and PHASEGATE_BINARY is the tests'; neither configures.
        let env = Env::prefixed("PHASEGATE_").filter(|key| {
            let key = key.as_str().to_ascii_lowercase();
            !key.starts_with("ff_") && key != "binary"
        });
        Figment::from(Serialized::defaults(Self::default())).merge(Toml::file(FILE)).merge(env)
    }

    pub(crate) fn load(args: &ServeArgs) -> anyhow::Result<Self> {
        let mut sources = Self::sources();
        if let Some(listen) = &args.listen {
            sources = sources.merge(("listen", listen));
        }
        if let Some(data) = &args.data {
            sources = sources.merge(("data", data));
        }
        if let Some(public_url) = &args.public_url {
            sources = sources.merge(("public_url", public_url));
        }
        if args.demo {
            sources = sources.merge(("demo", true));
        }
        Self::extract(&sources)
    }

    pub(crate) fn load_for_data(data: Option<PathBuf>) -> anyhow::Result<Self> {
        let mut sources = Self::sources();
        if let Some(data) = data {
            sources = sources.merge(("data", data));
        }
        Self::extract(&sources)
    }

    fn extract(sources: &Figment) -> anyhow::Result<Self> {
        let config: Self = sources.extract().context("the configuration cannot be used")?;
        if let Some(url) = &config.public_url {
            anyhow::ensure!(
                url.starts_with("https://") || url.starts_with("http://"),
                "public_url must begin with https:// or http://, not {url:?}"
            );
        }
        Ok(config)
    }

    /// Whether cookies may only travel over HTTPS (browsers count localhost as such).
    pub(crate) fn has_secure_cookies(&self) -> bool {
        !self.public_url.as_ref().is_some_and(|url| url.starts_with("http://"))
    }
}
