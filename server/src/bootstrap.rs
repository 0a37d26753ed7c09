//! Starting, running and stopping the server.

use std::{
    fs::{self, DirBuilder},
    io::ErrorKind,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context, bail};
use phasegate_service::{Service, evaluation_counts, tokens, variables::Variables};
use phasegate_store::{StateStore, TelemetryStore, UnavailableTelemetry};
use phasegate_store_sqlite::{SqliteState, SqliteTelemetry};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    clock,
    config::{self, Config, LogFormat},
    first_start,
    http::{AppState, serve_connections},
    jobs,
    listen::bind_listeners,
    lock, router,
    routes::assets,
};

/// The time that open requests have to complete after a stop signal.
const GRACE: Duration = Duration::from_secs(5);

pub(crate) async fn main(config: Config) -> anyhow::Result<()> {
    start_log(&config)?;
    for variable in config::unknown_variables(config::read_variables().map(|(name, _)| name)) {
        tracing::warn!(%variable, "there is no such setting; the variable is ignored");
    }
    // Each listening client holds a connection open, and the usual soft limit is 1,024.
    if let Err(error) = rlimit::increase_nofile_limit(u64::MAX) {
        tracing::warn!(%error, "the limit of open connections could not be raised");
    }
    let listeners = bind_listeners(&config.listen).await?;
    let address = own_address(&listeners)?;
    make_data_folder(&config.data)?;
    let _lock = lock::lock_data_folder(&config.data)?;
    let service = open_service(&config).await?;
    service.mark_databases(jobs::new_mark()?).await?;
    let url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    first_start::set_up_first_start(&service, &config, &url).await?;
    for (variable, problem) in service.unmatched_variables() {
        // Not fatal: the flag may have been deleted since.
        tracing::warn!(%variable, %problem, "an environment variable overrides nothing");
    }
    if !assets::are_embedded() {
        tracing::warn!(
            "this server was built without its browser assets; build it with: cargo xtask build"
        );
    }
    // Registered before readiness is logged, so that an immediate signal is not lost.
    let stop = stop_signal()?;
    tracing::info!(%url, demo = config.demo, "phasegate is ready");
    let (compared, settings) = (Arc::clone(&service), config.clone());
    tokio::spawn(async move { first_start::warn_of_ignored(&compared, &settings).await });
    let stopping = CancellationToken::new();
    let state =
        AppState::new(service, config.settings(), stopping.clone(), clock::generate_seed()?);
    serve_listeners(listeners, state, stop).await?;
    tracing::info!("phasegate has stopped");
    Ok(())
}

fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log)
        .with_context(|| format!("log: {:?} is not a filter such as \"info\"", config.log))?;
    // An unwritable log, such as a closed pipe, must not stop the server.
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .log_internal_errors(false);
    match config.log_format {
        LogFormat::Text => log.init(),
        LogFormat::Json => log.json().init(),
    }
    Ok(())
}

/// Opens the stores in the data folder and loads the environments into memory.
///
/// # Errors
/// Returns an error if the folder is not writable or a database has a newer version.
pub async fn open_service(config: &Config) -> anyhow::Result<Arc<Service>> {
    make_data_folder(&config.data)?;
    let telemetry = SqliteTelemetry::open(&config.data.join("telemetry.db")).await?;
    build_service(config, Arc::new(telemetry)).await
}

/// Like [`open_service`], but calls `warn` instead of failing if the telemetry store cannot be opened: a
/// kill switch must work even then.
pub(crate) async fn open_without_telemetry(
    config: &Config,
    warn: impl FnOnce(&str),
) -> anyhow::Result<Arc<Service>> {
    make_data_folder(&config.data)?;
    let telemetry: Arc<dyn TelemetryStore> =
        match SqliteTelemetry::open(&config.data.join("telemetry.db")).await {
            Ok(telemetry) => Arc::new(telemetry),
            Err(error) => {
                warn(&error.to_string());
                Arc::new(UnavailableTelemetry::new(error.to_string()))
            }
        };
    build_service(config, telemetry).await
}

async fn build_service(
    config: &Config,
    telemetry: Arc<dyn TelemetryStore>,
) -> anyhow::Result<Arc<Service>> {
    let state = SqliteState::open(&config.data.join("state.db")).await?;
    let state: Arc<dyn StateStore> = Arc::new(state);
    let variables = Variables::read_variables(config::read_variables())?;
    Ok(Arc::new(
        Service::from_stores(
            state,
            telemetry,
            clock::current_time,
            variables,
            clock::generate_seed()?,
        )
        .await?,
    ))
}

/// Creates the folder and tests that it is writable, because SQLite's error is less clear.
fn make_data_folder(folder: &Path) -> anyhow::Result<()> {
    // The process id keeps concurrent commands apart.
    let probe = folder.join(format!(".phasegate-write-test-{}", std::process::id()));
    // Private to this user: the folder holds password hashes and telemetry of visitors.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    let written = made.and_then(|()| fs::write(&probe, b""));
    if let Err(error) = written {
        bail!(
            "the data folder {} cannot be written ({error}); change its owner, or choose another with --data",
            folder.display()
        );
    }
    match fs::remove_file(probe) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
        _ => Ok(()),
    }
}

/// Serves until `stop` completes, then waits up to 5 seconds for open requests.
///
/// # Errors
/// Returns an error if the listener has no local address, or storage fails at the end.
pub async fn serve_listener(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    serve_listeners(vec![listener], state, stop).await
}

async fn serve_listeners(
    listeners: Vec<TcpListener>,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    // Already set by an earlier call, which is harmless.
    let _ = state.address.set(own_address(&listeners)?);
    let stopping = state.stopping.clone();
    let service = Arc::clone(&state.service);
    let jobs = tokio::spawn(jobs::run_jobs(Arc::clone(&service)));
    let told = stopping.clone();
    let (limits, proxies) = (state.limits, state.settings.trusted_proxies.clone());
    let server =
        serve_connections(listeners, router::router(state), limits, proxies, stopping.clone());
    let told_to_stop = async move {
        stop.await;
        // Ends open event streams, which would never finish otherwise.
        told.cancel();
        std::future::pending::<()>().await;
    };
    let overdue = async {
        stopping.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        () = server => {}
        () = told_to_stop => {}
        () = overdue => tracing::warn!("some requests did not end in time and were cut off"),
    }
    jobs.abort();
    // Counts since the last run of the jobs.
    evaluation_counts::write_evaluation_counts(&service).await?;
    tokens::write_token_uses(&service).await?;
    Ok(service.close_stores().await?)
}

/// Returns the address under which this process reaches itself: loopback for a wildcard address.
fn own_address(listeners: &[TcpListener]) -> anyhow::Result<SocketAddr> {
    let first = listeners.first().context("there is nothing to listen on")?;
    let listens = first.local_addr()?;
    let here = match listens.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    Ok(SocketAddr::new(here, listens.port()))
}

/// Registers handlers for SIGINT and SIGTERM and returns a future that waits for either.
fn stop_signal() -> anyhow::Result<impl Future<Output = ()> + Send + 'static> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
