//! Configuration by precedence: flags, `PHASEGATE_*` variables, `phasegate.toml`, defaults.

use std::{collections::BTreeMap, ffi::OsString, path::PathBuf};

use anyhow::Context;
use clap::Args;
use figment::{
    Figment,
    error::Kind,
    providers::{Format, Serialized},
    value::Value,
};
use phasegate_domain::words::reword_serde_error;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use crate::http::{Settings, TrustedProxies};

/// The TOML format for figment.
struct Toml;

impl Format for Toml {
    type Error = toml::de::Error;

    const NAME: &'static str = "TOML";

    fn from_str<T: DeserializeOwned>(text: &str) -> Result<T, Self::Error> {
        toml::from_str(text)
    }
}

/// The configuration file, optional, in the working directory.
const FILE: &str = "phasegate.toml";

/// All settings of the server.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Address and port to listen on.
    pub listen: String,
    /// Folder for databases and secrets.
    pub data: PathBuf,
    /// The URL under which users and pages reach the server; the listen address if unset.
    pub public_url: Option<String>,
    /// Proxies whose `X-Forwarded-For` is trusted: addresses and networks, comma-separated.
    pub trusted_proxies: Option<String>,
    /// Whether `/demo` is served.
    pub demo: bool,
    /// First start only: the admin's e-mail address.
    pub admin_email: Option<String>,
    /// First start only: the admin's password.
    pub admin_password: Option<String>,
    /// First start only: the client key.
    pub client_key: Option<String>,
    /// First start only: a server token with the scope admin.
    pub server_token: Option<String>,
    pub log: String,
    pub log_format: LogFormat,
}

/// The format of log lines.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    Text,
    Json,
}

/// Flags override PHASEGATE_* variables, which override phasegate.toml.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Address and port to listen on [default: 127.0.0.1:8080]
    #[arg(long)]
    pub(crate) listen: Option<String>,
    /// Folder for databases and secrets [default: ./data]
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// URL under which users and pages reach the server
    #[arg(long)]
    pub(crate) public_url: Option<String>,
    /// Serve the demo exercise library at /demo
    #[arg(long)]
    pub(crate) demo: bool,
}

impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Secrets must not appear in logs.
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
            trusted_proxies: None,
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

/// Converts the bytes of a file to a string.
///
/// # Errors
/// Returns an error with the line number if the bytes are not UTF-8.
pub(crate) fn decode_utf8(bytes: Vec<u8>, name: &str) -> anyhow::Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
        anyhow::anyhow!("{name}, line {line}: is not text in UTF-8; save the file in that encoding")
    })
}

/// Returns the UTF-8 environment variables; [`check_encoding`] rejects settings that are not.
pub(crate) fn read_variables() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// The settings whose variables are strings.
const TEXTS: [&str; 10] = [
    "listen",
    "data",
    "public_url",
    "trusted_proxies",
    "admin_email",
    "admin_password",
    "client_key",
    "server_token",
    "log",
    "log_format",
];

/// Returns variables that start with `PHASEGATE_` but name no setting, such as misspelt ones. Skips
/// those that container platforms define for a service of that name (`PHASEGATE_PORT_8080_TCP`).
pub(crate) fn unknown_variables(names: impl Iterator<Item = String>) -> Vec<String> {
    let is_of_a_platform =
        |name: &str| name == "PORT" || name.starts_with("PORT_") || name.starts_with("SERVICE_");
    let is_unknown = |name: &String| {
        name.strip_prefix("PHASEGATE_").is_some_and(|rest| {
            let key = rest.to_ascii_lowercase();
            !TEXTS.contains(&key.as_str()) && key != "demo" && !is_of_a_platform(rest)
        })
    };
    names.filter(is_unknown).collect()
}

/// Reads the settings from `PHASEGATE_*` variables. Values stay strings, even a password of digits.
/// Unknown variables are ignored, because container platforms define some, such as
/// `PHASEGATE_PORT` for a service of that name.
fn parse_variables(
    vars: impl Iterator<Item = (String, String)>,
) -> anyhow::Result<Serialized<BTreeMap<String, Value>>> {
    let mut values = BTreeMap::new();
    for (name, value) in vars {
        let Some(key) = name.strip_prefix("PHASEGATE_").map(str::to_ascii_lowercase) else {
            continue;
        };
        if TEXTS.contains(&key.as_str()) {
            values.insert(key, Value::from(value));
        } else if key == "demo" {
            let is_on = match value.as_str() {
                "1" | "true" | "yes" | "on" => true,
                "" | "0" | "false" | "no" | "off" => false,
                other => anyhow::bail!("{name}: true or false, not {other:?}"),
            };
            values.insert(key, Value::from(is_on));
        }
    }
    Ok(Serialized::defaults(values))
}

/// Rejects a file or `PHASEGATE_*` variable that is not UTF-8, which would be misread or ignored.
fn check_encoding() -> anyhow::Result<()> {
    match std::fs::read(FILE) {
        Ok(bytes) => drop(decode_utf8(bytes, FILE)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).context(format!("{FILE} cannot be read")),
    }
    let is_damaged = |(name, value): &(OsString, OsString)| {
        name.as_encoded_bytes().starts_with(b"PHASEGATE_") && value.to_str().is_none()
    };
    if let Some((name, _)) = std::env::vars_os().find(is_damaged) {
        anyhow::bail!("{}: is not text in UTF-8", name.display());
    }
    Ok(())
}

impl Config {
    fn collect_sources() -> anyhow::Result<Figment> {
        check_encoding()?;
        let env = parse_variables(read_variables())?;
        Ok(Figment::from(Serialized::defaults(Self::default())).merge(Toml::file(FILE)).merge(env))
    }

    pub(crate) fn load_for_serve(args: &ServeArgs) -> anyhow::Result<Self> {
        let mut sources = Self::collect_sources()?;
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
        Self::extract_validated(&sources)
    }

    pub(crate) fn load_for_data(data: Option<PathBuf>) -> anyhow::Result<Self> {
        let mut sources = Self::collect_sources()?;
        if let Some(data) = data {
            sources = sources.merge(("data", data));
        }
        Self::extract_validated(&sources)
    }

    fn extract_validated(sources: &Figment) -> anyhow::Result<Self> {
        let mut config: Self = sources.extract().map_err(|error| describe_setting_error(&error))?;
        if let Some(url) = &config.public_url {
            config.public_url = Some(public_origin(url)?);
        }
        check_key("client_key", config.client_key(), 1)?;
        check_key("server_token", config.server_token(), MIN_TOKEN)?;
        let proxies = config.trusted_proxies.as_deref().unwrap_or_default();
        TrustedProxies::parse(proxies)?;
        Ok(config)
    }

    /// The client key of the first start. An empty variable counts as unset: Compose files pass
    /// unset variables as empty ones.
    pub(crate) fn client_key(&self) -> Option<&str> {
        self.client_key.as_deref().map(str::trim).filter(|key| !key.is_empty())
    }

    /// The server token of the first start. An empty variable counts as unset.
    pub(crate) fn server_token(&self) -> Option<&str> {
        self.server_token.as_deref().map(str::trim).filter(|token| !token.is_empty())
    }

    /// The trusted proxies; validated when the configuration was loaded.
    pub(crate) fn trusted_proxies(&self) -> TrustedProxies {
        let text = self.trusted_proxies.as_deref().unwrap_or_default();
        TrustedProxies::parse(text).unwrap_or_default()
    }

    /// Returns the settings that handlers need.
    #[must_use]
    pub fn settings(&self) -> Settings {
        Settings {
            has_demo: self.demo,
            has_secure_cookies: self.has_secure_cookies(),
            public_url: self.public_url.clone(),
            trusted_proxies: self.trusted_proxies(),
        }
    }

    /// Whether cookies get the `Secure` attribute, which browsers accept on localhost, too.
    pub(crate) fn has_secure_cookies(&self) -> bool {
        !self.public_url.as_ref().is_some_and(|url| url.starts_with("http://"))
    }
}

/// The minimum length of a server token, in characters. Client keys are public and may be shorter.
const MIN_TOKEN: usize = 8;

/// Checks that a key is printable ASCII, because keys are sent in headers and URLs.
fn check_key(setting: &str, key: Option<&str>, min: usize) -> anyhow::Result<()> {
    let Some(key) = key else { return Ok(()) };
    anyhow::ensure!(
        key.len() >= min && key.bytes().all(|byte| byte.is_ascii_graphic()),
        "{setting}: must be at least {min} characters of ASCII without spaces; leave it out to have one made"
    );
    Ok(())
}

/// Validates `public_url` and returns its origin as browsers send it: in lower case and ASCII,
/// without the default port. A path is rejected: pages request `/collect` and `/admin` at the root.
fn public_origin(url: &str) -> anyhow::Result<String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let rest = rest
        .with_context(|| format!("public_url: must begin with https:// or http://, not {url:?}"))?;
    let (host, path) = rest.split_once(['/', '?', '#']).unwrap_or((rest, ""));
    anyhow::ensure!(
        !host.is_empty() && !host.contains(char::is_whitespace),
        "public_url: {url:?} names no host; write it like https://flags.example.com"
    );
    anyhow::ensure!(
        !host.contains('@'),
        "public_url: has a name or password before the host, which all users would see; leave it out"
    );
    anyhow::ensure!(
        path.is_empty(),
        "public_url: {url:?} has a path, below which the admin cannot be served; give it a host name \
         of its own, such as https://flags.example.com, and let the proxy pass on all of it"
    );
    anyhow::ensure!(
        !host.contains('*'),
        "public_url: {url:?} has a wildcard; name the one host that users open"
    );
    let parsed = url::Url::parse(url).map_err(|error| {
        anyhow::anyhow!(
            "public_url: {url:?} cannot be read ({error}); write it like https://flags.example.com"
        )
    })?;
    Ok(parsed.origin().ascii_serialization())
}

/// Describes an invalid setting with its name and, if it comes from a file, that file.
fn describe_setting_error(error: &figment::Error) -> anyhow::Error {
    let key = error.path.join(".");
    let source = error.metadata.as_ref().and_then(|metadata| metadata.source.as_ref());
    // For variables and arguments the source is a location in this code, useless to users.
    let file = source.and_then(|source| source.file_path());
    let place = file.map(|file| format!(" (in {})", file.display())).unwrap_or_default();
    match &error.kind {
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            let text = reword_serde_error(&format!("invalid type: {found}, expected {expected}"));
            anyhow::anyhow!("{key}: {text}{place}")
        }
        Kind::UnknownVariant(found, known) => {
            anyhow::anyhow!("{key}: must be one of {}, not {found:?}{place}", known.join(", "))
        }
        Kind::UnknownField(found, known) => {
            let known: Vec<&&str> = known.iter().filter(|name| !name.contains("secret")).collect();
            let known: Vec<String> = known.iter().map(|name| (**name).to_owned()).collect();
            anyhow::anyhow!(
                "{found}: there is no such setting{place}; there are {}",
                known.join(", ")
            )
        }
        other => {
            let key = if key.is_empty() { FILE.to_owned() } else { key };
            anyhow::anyhow!("{key}: {other}{place}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config_from_variables(vars: &[(&str, &str)]) -> anyhow::Result<Config> {
        let vars = vars.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let env = parse_variables(vars)?;
        Config::extract_validated(
            &Figment::from(Serialized::defaults(Config::default())).merge(env),
        )
    }

    #[test]
    fn misspelt_variables_are_reported() {
        let names = [
            "PHASEGATE_TRUSTED_PROXY",
            "PHASEGATE_LOG",
            "PHASEGATE_DEMO",
            "PHASEGATE_PORT",
            "PHASEGATE_PORT_8080_TCP_ADDR",
            "PHASEGATE_SERVICE_HOST",
            "PATH",
        ];
        let unknown = unknown_variables(names.into_iter().map(str::to_owned));
        assert_eq!(unknown, ["PHASEGATE_TRUSTED_PROXY"]);
    }

    #[test]
    fn variable_values_stay_strings() {
        let config = config_from_variables(&[
            ("PHASEGATE_ADMIN_PASSWORD", "123456789012"),
            ("PHASEGATE_CLIENT_KEY", "true"),
            ("PHASEGATE_DEMO", "1"),
            ("PHASEGATE_LOG_FORMAT", "json"),
        ])
        .unwrap();
        assert_eq!(config.admin_password.as_deref(), Some("123456789012"));
        assert_eq!(config.client_key.as_deref(), Some("true"));
        assert!(config.demo);
        assert_eq!(config.log_format, LogFormat::Json);
    }

    #[test]
    fn unknown_variables_are_ignored() {
        let config =
            config_from_variables(&[("PHASEGATE_PORT", "tcp://10.0.0.1:80"), ("HOME", "/root")])
                .unwrap();
        assert_eq!(config.listen, "127.0.0.1:8080");
    }

    #[test]
    fn errors_name_the_invalid_setting() {
        let complaint =
            |vars: &[(&str, &str)]| format!("{:#}", config_from_variables(vars).unwrap_err());
        assert!(complaint(&[("PHASEGATE_DEMO", "maybe")]).contains("PHASEGATE_DEMO"));
        assert!(complaint(&[("PHASEGATE_LOG_FORMAT", "xml")]).contains("log_format"));
        assert!(complaint(&[("PHASEGATE_PUBLIC_URL", "example.org")]).contains("public_url"));
        let path = complaint(&[("PHASEGATE_PUBLIC_URL", "https://example.org/flags")]);
        assert!(path.contains("has a path"), "{path}");
        let secret = complaint(&[("PHASEGATE_PUBLIC_URL", "https://u:secret@example.org")]);
        assert!(secret.contains("before the host") && !secret.contains("secret"), "{secret}");
        assert!(config_from_variables(&[("PHASEGATE_PUBLIC_URL", "https://example.org/")]).is_ok());
        let format = complaint(&[("PHASEGATE_LOG_FORMAT", "xml")]);
        assert_eq!(format, "log_format: must be one of text, json, not \"xml\"");
        let proxies = complaint(&[("PHASEGATE_TRUSTED_PROXIES", "10.0.0.0/8, proxy")]);
        assert!(proxies.contains("\"proxy\""), "{proxies}");
        for (name, value) in [
            ("PHASEGATE_SERVER_TOKEN", "abc"),
            ("PHASEGATE_SERVER_TOKEN", "pgs_\u{e4}\u{e4}\u{e4}\u{e4}"),
            ("PHASEGATE_CLIENT_KEY", "pk_a b"),
        ] {
            let key = complaint(&[(name, value)]);
            assert!(key.contains("ASCII without spaces"), "{key}");
        }
    }

    #[test]
    fn an_empty_key_counts_as_unset_and_line_ends_are_trimmed() {
        let config = config_from_variables(&[
            ("PHASEGATE_SERVER_TOKEN", ""),
            ("PHASEGATE_CLIENT_KEY", "pk_new\n"),
        ])
        .unwrap();
        assert_eq!((config.server_token(), config.client_key()), (None, Some("pk_new")));
    }

    #[test]
    fn the_public_address_is_the_origin_that_browsers_send() {
        for (written, origin) in [
            ("https://example.org/", "https://example.org"),
            ("https://Example.org:443", "https://example.org"),
            ("http://example.org:80", "http://example.org"),
            ("https://example.org:8443", "https://example.org:8443"),
            (
                "https://\u{43f}\u{440}\u{438}\u{43c}\u{435}\u{440}.example",
                "https://xn--e1afmkfd.example",
            ),
        ] {
            let config = config_from_variables(&[("PHASEGATE_PUBLIC_URL", written)]).unwrap();
            assert_eq!(config.public_url.as_deref(), Some(origin), "{written}");
        }
        for wrong in ["https://example.org:99999", "https://*.example.org"] {
            assert!(config_from_variables(&[("PHASEGATE_PUBLIC_URL", wrong)]).is_err(), "{wrong}");
        }
    }
}
