//! Accepts connections and keeps slow or idle ones from blocking others.
//!
//! The first request head must arrive within [`FIRST_HEAD_TIMEOUT`], later ones within
//! [`HEAD_TIMEOUT`], and the client must read its responses ([`watched`]). At the limit, the
//! connection that has been idle for longest is closed. If none is idle, a few more are accepted,
//! but only for health checks.

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

/// The maximum time from connecting to the end of the first request head.
const FIRST_HEAD_TIMEOUT: Duration = Duration::from_secs(10);

/// The maximum time between requests, until the end of the next head. Longer than the idle timeouts
/// of proxies (nginx 60 s, Traefik 90 s, Caddy 120 s): a request sent while its connection closes
/// is lost.
const HEAD_TIMEOUT: Duration = Duration::from_secs(125);

/// The head timeout of connections in the reserve.
const RESERVE_HEAD_TIMEOUT: Duration = Duration::from_secs(2);

/// The time that a connection closed to make room has for a graceful shutdown.
const CLOSE_GRACE: Duration = Duration::from_millis(50);

/// The number of connections accepted before the task yields. With [`CROWD`] connections that have
/// sent nothing yet, it pauses for [`CROWD_PAUSE`] instead.
const ACCEPTED_IN_A_ROW: u64 = 8;
const CROWD: usize = 512;
const CROWD_PAUSE: Duration = Duration::from_millis(1);

/// The pause after a failed accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(20);

/// Accepts connections until `stopping` is cancelled, then waits until the open ones have ended.
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
        accept_connections(
            listener,
            router.clone(),
            Arc::clone(&registry),
            tasks.clone(),
            stopping.clone(),
        )
    });
    futures::future::join_all(accepting).await;
    tasks.close();
    tasks.wait().await;
}

async fn accept_connections(
    listener: TcpListener,
    router: Router,
    registry: Arc<Registry>,
    tasks: TaskTracker,
    stopping: CancellationToken,
) {
    for turn in 1_u64.. {
        // Thousands may connect at once; connected clients are served in between.
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
                let Some((connection, admission)) = registry.admit_connection(peer) else {
                    continue;
                };
                let (registry, router) = (Arc::clone(&registry), router.clone());
                // A child token per connection avoids contention: each poll locks its token.
                let stopping = stopping.child_token();
                tasks.spawn(async move {
                    serve_until_closed(stream, &connection, admission, router, stopping).await;
                    registry.release_connection(&connection, admission);
                });
            }
            Err(error) => handle_accept_error(&registry, &error).await,
        }
    }
}

/// Handles a failed accept, usually for lack of file handles: closes an idle connection and pauses.
async fn handle_accept_error(registry: &Registry, error: &io::Error) {
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

async fn serve_until_closed(
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
                return Ok(no_room_problem().into_response());
            }
            connection.set_busy(true);
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(Arc::clone(&connection));
            let response = with_request_id(call_router(&mut router, request)).await;
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
        () = connection.wait_for_close() => {
            serving.as_mut().graceful_shutdown();
            let _ = tokio::time::timeout(CLOSE_GRACE, serving.as_mut()).await;
            return;
        }
        () = stopping.cancelled() => {}
    }
    serving.as_mut().graceful_shutdown();
    // An error means that the peer is gone.
    let _ = serving.await;
}

/// Calls the router and logs server errors. At level `debug`, the request runs in a span with its
/// id, method and path, without the query, which may hold keys. Not a layer, which would cost some
/// percent of the throughput of evaluations.
async fn call_router(
    router: &mut Router,
    request: Request<Body>,
) -> Result<Response<Body>, Infallible> {
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

/// Returns a 503 that also closes the connection.
pub(crate) fn no_room_problem() -> Problem {
    let detail = "too many connections are open; come again in a moment";
    Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail)
        .with_header(header::CONNECTION, HeaderValue::from_static("close"))
}
