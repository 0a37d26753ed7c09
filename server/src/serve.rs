//! Starting, running and stopping the server.

use std::{
    fs::{self, DirBuilder},
    io::ErrorKind,
    net::SocketAddr,
    os::unix::fs::DirBuilderExt,
    path::Path,
    sync::Arc,
};

use anyhow::{Context, bail};
use phasegate_service::{Service, accounts, telemetry};
use phasegate_store::{StateStore, TelemetryStore};
use phasegate_store_sqlite::{SqliteState, SqliteTelemetry};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

use crate::{
    assets, clock,
    config::{Config, LogFormat},
    first_start,
    http::{AppState, router},
};

/// How long open requests may take after a signal to stop.
const GRACE: std::time::Duration = std::time::Duration::from_secs(5);

/// How often ended sessions are forgotten.
const UPKEEP: std::time::Duration = std::time::Duration::from_secs(3_600);

/// `phasegate serve`.
pub(crate) async fn main(config: Config) -> anyhow::Result<()> {
    start_log(&config)?;
    let listener = listen(&config.listen).await?;
    let address = listener.local_addr()?;
    let service = open(&config).await?;
    let url = config.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
    first_start::run(&service, &config, &url).await?;
    if !assets::are_embedded() {
        tracing::warn!(
            "this server was built without its browser assets; build it with: cargo xtask build"
        );
    }
    // Before the server calls itself ready, so that a signal right after that is heard.
    let stop = stop_signal()?;
    tracing::info!(%url, demo = config.demo, "phasegate is ready");
    let stopping = CancellationToken::new();
    let state = AppState::new(service, &config, stopping.clone());
    serve(listener, state, stop).await?;
    tracing::info!("phasegate has stopped");
    Ok(())
}

fn start_log(config: &Config) -> anyhow::Result<()> {
    let filter = EnvFilter::try_new(&config.log)
        .with_context(|| format!("log: {:?} is not a filter such as \"info\"", config.log))?;
    // A log that cannot be written (a closed pipe) must not take the server down with it.
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

async fn listen(address: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.map_err(|error| match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!(
            "{address} is in use by another program; stop it, or choose another address with --listen"
        ),
        ErrorKind::PermissionDenied => anyhow::anyhow!(
            "{address} needs rights that this user does not have; choose a port above 1023 with --listen"
        ),
        _ => anyhow::anyhow!("cannot listen on {address}: {error}; choose another address with --listen"),
    })
}

/// Opens the stores in the data folder and reads what is answered from memory.
///
/// # Errors
/// When the folder cannot be written or a database is of a newer version.
pub async fn open(config: &Config) -> anyhow::Result<Arc<Service>> {
    make_data_folder(&config.data)?;
    let state = SqliteState::open(&config.data.join("state.db")).await?;
    let telemetry = SqliteTelemetry::open(&config.data.join("telemetry.db")).await?;
    let state: Arc<dyn StateStore> = Arc::new(state);
    let telemetry: Arc<dyn TelemetryStore> = Arc::new(telemetry);
    Ok(Arc::new(Service::open(state, telemetry, clock::now).await?))
}

/// Makes the folder and proves that it can be written, because SQLite says it less clearly.
fn make_data_folder(folder: &Path) -> anyhow::Result<()> {
    let probe = folder.join(".phasegate-write-test");
    // Only for us: it holds the hashes of passwords and what visitors did.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
    let written = made.and_then(|()| fs::write(&probe, b""));
    if let Err(error) = written {
        bail!(
            "the data folder {} cannot be written ({error}); change its owner, or choose another with --data",
            folder.display()
        );
    }
    fs::remove_file(probe)?;
    Ok(())
}

/// Serves until `stop` is done, then lets open requests end.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    state: AppState,
    stop: impl Future<Output = ()> + Send + 'static,
) -> anyhow::Result<()> {
    let stopping = state.stopping.clone();
    let jobs = tokio::spawn(run_jobs(Arc::clone(&state.service)));
    let told = stopping.clone();
    let app = router(state).into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, app).with_graceful_shutdown(async move {
        stop.await;
        // Ends the open event streams, which would otherwise never finish.
        told.cancel();
    });
    let overdue = async {
        stopping.cancelled().await;
        tokio::time::sleep(GRACE).await;
    };
    tokio::select! {
        ended = server => ended?,
        () = overdue => tracing::warn!("some requests did not end in time and were cut off"),
    }
    jobs.abort();
    Ok(())
}

/// The work that goes on beside requests.
pub async fn run_jobs(service: Arc<Service>) {
    let upkeep = async {
        let mut interval = tokio::time::interval(UPKEEP);
        loop {
            interval.tick().await;
            if let Err(error) = accounts::end_old_sessions(&service).await {
                tracing::error!(%error, "ended sessions could not be forgotten");
            }
        }
    };
    tokio::join!(telemetry::write_queued(&service), upkeep);
}

/// Listens for Ctrl-C and SIGTERM from now on; what is returned waits for the first of them.
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
