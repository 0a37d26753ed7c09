//! Connections: accepting them, and seeing that none of them keeps the others out.
//!
//! A first head must arrive within [`FIRST_HEAD_TIMEOUT`], later ones within [`HEAD_TIMEOUT`], and what is
//! answered must be taken ([`watched`]). When file handles get scarce, the connection that has been idle for
//! longest is closed to make room; where none is idle, a few more are taken that may only ask for the
//! server's health.

mod connection;
mod registry;
mod watched;

use std::{convert::Infallible, io, pin::pin, sync::Arc, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{HeaderValue, Request, Response, StatusCode, header},
    response::IntoResponse,
};
use connection::Admission;
pub(crate) use connection::{Connection, KeptOpen};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
pub(crate) use registry::Limits;
use registry::Registry;
#[cfg(test)]
pub(crate) use registry::tests;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;
use tracing::Instrument;
use watched::Watched;

use phasegate_service::request_id::{RequestId, with_request_id};

use super::{Problem, TrustedProxies};

/// How long a client may take from connecting to the end of its first request's head.
const FIRST_HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a connection may be idle, and a client take to send the head of a later request: longer than
/// proxies keep theirs (nginx 60 s, Traefik 90 s, Caddy 120 s), because a request that crosses the end of
/// its connection is lost.
const HEAD_TIMEOUT: Duration = Duration::from_secs(125);

/// The same for connections that were taken although there is no room.
const RESERVE_HEAD_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a connection that is closed to make room may take to end well.
const CLOSE_GRACE: Duration = Duration::from_millis(50);

/// Connections that are accepted before others have their turn; where nothing has come yet on so many, they
/// have it for so long.
const ACCEPTED_IN_A_ROW: u64 = 8;
const CROWD: usize = 512;
const CROWD_PAUSE: Duration = Duration::from_millis(1);

/// How long to wait when no connection can be accepted.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Accepts connections until `stopping`, then lets those that are open end.
pub(crate) async fn serve_connections(
    listeners: Vec<TcpListener>,
    router: Router,
    limits: Limits,
    proxies: TrustedProxies,
    stopping: CancellationToken,
) {
    let registry = Arc::new(Registry::new(limits, proxies));
    let tasks = TaskTracker::new();
    let accepting = listeners.into_iter().map(|listener| {
        accept(listener, router.clone(), Arc::clone(&registry), tasks.clone(), stopping.clone())
    });
    futures::future::join_all(accepting).await;
    tasks.close();
    tasks.wait().await;
}

async fn accept(
    listener: TcpListener,
    router: Router,
    registry: Arc<Registry>,
    tasks: TaskTracker,
    stopping: CancellationToken,
) {
    for turn in 1_u64.. {
        // Thousands may come at once: clients that are connected already are answered in between.
        if turn.is_multiple_of(ACCEPTED_IN_A_ROW) {
            match registry.unasked() >= CROWD {
                true => tokio::time::sleep(CROWD_PAUSE).await,
                false => tokio::task::yield_now().await,
            }
        }
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stopping.cancelled() => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                let Some((connection, admission)) = registry.admit(peer) else { continue };
                let (registry, router) = (Arc::clone(&registry), router.clone());
                // One of its own: all of them look at it whenever they wake, which one lock would not bear.
                let stopping = stopping.child_token();
                tasks.spawn(async move {
                    serve_one(stream, &connection, admission, router, stopping).await;
                    registry.release(&connection, admission);
                });
            }
            Err(error) => refused(&registry, &error).await,
        }
    }
}

/// Nothing could be accepted: as a rule because there is no file handle left.
async fn refused(registry: &Registry, error: &io::Error) {
    let is_of_one_connection = matches!(
        error.kind(),
        io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
    );
    if !is_of_one_connection {
        tracing::warn!(%error, "a connection could not be accepted; an idle one is closed");
        registry.make_room();
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}

async fn serve_one(
    stream: TcpStream,
    connection: &Arc<Connection>,
    admission: Admission,
    router: Router,
    stopping: CancellationToken,
) {
    let service = service_fn(|request: Request<Incoming>| {
        let connection = Arc::clone(connection);
        let mut router = router.clone();
        async move {
            if admission == Admission::Reserve && !is_about_health(&request) {
                return Ok(no_room().into_response());
            }
            connection.set_busy(true);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Arc::clone(&connection));
            let response = with_request_id(logged(&mut router, request)).await;
            connection.set_busy(false);
            response
        }
    });
    let timeout = match admission {
        Admission::Full => HEAD_TIMEOUT,
        Admission::Reserve => RESERVE_HEAD_TIMEOUT,
    };
    let serving = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(timeout)
        .serve_connection(TokioIo::new(Watched::new(stream, Arc::clone(connection))), service);
    let mut serving = pin!(serving);
    let says_nothing = async {
        tokio::time::sleep(FIRST_HEAD_TIMEOUT).await;
        if connection.was_asked() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = serving.as_mut() => return,
        () = says_nothing => return,
        () = connection.is_to_close() => {
            serving.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(CLOSE_GRACE, serving.as_mut()).await;
            return;
        }
        () = stopping.cancelled() => {}
    }
    serving.as_mut().graceful_shutdown();
    // Errors are those of a peer that has gone.
    let _ = serving.await;
}

/// Answers a request, and logs failures. Where the log wants such detail (`debug`), all of it happens in a span
/// with the request's number, method and path. The query is left out: it may hold keys. A layer would do the
/// same, at some percent of the rate of evaluations.
async fn logged(router: &mut Router, request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let span = tracing::enabled!(tracing::Level::DEBUG).then(|| {
        let id = RequestId::current().map(tracing::field::display);
        let (method, path) = (request.method(), request.uri().path());
        tracing::debug_span!("request", id, %method, path)
    });
    let answer = router.call(request);
    let response = match span {
        Some(span) => {
            let logged = async {
                let response = answer.await?;
                tracing::debug!(status = response.status().as_u16(), "answered");
                Ok::<_, Infallible>(response)
            };
            logged.instrument(span).await?
        }
        None => answer.await?,
    };
    if response.status().is_server_error() {
        let id = RequestId::current().map(tracing::field::display);
        tracing::error!(id, status = response.status().as_u16(), "a request failed");
    }
    Ok(response)
}

fn is_about_health<B>(request: &Request<B>) -> bool {
    matches!(request.uri().path(), "/healthz" | "/readyz")
}

/// Refuses a request and closes its connection.
pub(crate) fn no_room() -> Problem {
    let detail = "too many connections are open; come again in a moment";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        .with_header(header::CONNECTION, HeaderValue::from_static("close"))
}
