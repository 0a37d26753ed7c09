//! Static assets, embedded in the binary with their compressed forms.

use std::{
    borrow::Cow,
    collections::BTreeMap,
    io::{Read as _, Write as _},
    sync::{LazyLock, Mutex, PoisonError},
};

use axum::{
    Router,
    body::Bytes,
    extract::Path,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use base64::prelude::{BASE64_STANDARD, Engine};
use data_encoding::HEXLOWER;
use flate2::{Compression, write::GzEncoder};
use phasegate_app::AssetUrls;
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest, Sha256};

use crate::http::{AppState, Problem};

/// The buffer size of the brotli decoder, in bytes.
const BROTLI_BUFFER: usize = 4_096;

#[derive(RustEmbed)]
#[folder = "../target/site"]
#[allow_missing = true]
struct Site;

/// The caching policy of an asset.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Caching {
    /// For URLs that contain the version of the content.
    Forever,
    /// Revalidated on each use, usually with a 304.
    Revalidate,
    /// Fresh for five minutes: assets that other sites embed must load fast, yet receive updates.
    Minutes,
}

impl Caching {
    fn cache_control(self) -> &'static str {
        match self {
            Self::Forever => "public, max-age=31536000, immutable",
            Self::Revalidate => "no-cache",
            Self::Minutes => "public, max-age=300, stale-while-revalidate=86400",
        }
    }
}

/// Whether the server was built with its assets.
pub(crate) fn are_embedded() -> bool {
    find_asset("assets/admin_bg.wasm").is_some()
}

/// Returns an asset uncompressed or, because large assets are only embedded compressed, as brotli.
fn find_asset(path: &str) -> Option<EmbeddedFile> {
    Site::get(path).or_else(|| Site::get(&format!("{path}.br")))
}

fn asset_version(file: &EmbeddedFile) -> String {
    let digest = file.metadata.sha256_hash();
    HEXLOWER.encode(digest.get(..8).unwrap_or(&digest))
}

/// Returns the digest of a file for the HTML attribute `integrity`.
pub(crate) fn asset_integrity(path: &str) -> Option<String> {
    let digest = Site::get(path)?.metadata.sha256_hash();
    Some(format!("sha256-{}", BASE64_STANDARD.encode(digest)))
}

/// Returns the inline script that pages put before the collector's tag; empty if built without
/// assets.
pub(crate) fn collector_stub() -> String {
    asset_text("stub.js").unwrap_or_default()
}

/// The version of the admin's assets, which stands in their paths: its scripts and modules load each
/// other by relative paths, and must be of the same build.
static ADMIN_VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    let mut files: Vec<_> = Site::iter().filter(|path| path.starts_with("assets/")).collect();
    files.sort();
    for file in files.iter().filter_map(|path| Site::get(path)) {
        hash.update(file.metadata.sha256_hash());
    }
    HEXLOWER.encode(hash.finalize().get(..8).unwrap_or_default())
});

fn admin_asset_url(file: &str) -> Option<String> {
    find_asset(&format!("assets/{file}"))?;
    Some(format!("/assets/{}/{file}", *ADMIN_VERSION))
}

/// Returns the URLs of the admin's assets, each with the version of its content.
pub(crate) fn admin_asset_urls() -> AssetUrls {
    AssetUrls {
        style: admin_asset_url("admin.css").unwrap_or_default(),
        icon: admin_asset_url("icon.svg").unwrap_or_default(),
        alert_icon: admin_asset_url("icon-alert.svg").unwrap_or_default(),
        script: admin_asset_url("admin.js").zip(admin_asset_url("admin_bg.wasm")),
    }
}

pub(crate) fn admin_routes() -> Router<AppState> {
    Router::new().route("/assets/{version}/{file}", get(admin_asset))
}

async fn admin_asset(
    Path((version, file)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    let is_current = version == *ADMIN_VERSION;
    let caching = if is_current { Caching::Forever } else { Caching::Revalidate };
    respond_with_asset(&format!("assets/{file}"), caching, &headers)
}

/// Serves `/collector.js`, the same as a module with its types, and the files that they load. The
/// build in the path only separates caches: an old loader gets the current collector.
pub(crate) fn collector_routes() -> Router<AppState> {
    Router::new()
        .route(
            "/collector.js",
            get(|headers: HeaderMap| async move {
                respond_with_asset("collector.js", Caching::Minutes, &headers)
            }),
        )
        .route(
            "/collector.mjs",
            get(|headers: HeaderMap| async move {
                respond_with_asset("collector.mjs", Caching::Minutes, &headers)
            }),
        )
        .route(
            "/collector.d.mts",
            get(|headers: HeaderMap| async move {
                respond_with_asset("collector.d.mts", Caching::Minutes, &headers)
            }),
        )
        .route("/collector/{build}/{file}", get(collector_asset))
}

async fn collector_asset(Path((_, file)): Path<(String, String)>, headers: HeaderMap) -> Response {
    respond_with_asset(&format!("collector/{file}"), Caching::Minutes, &headers)
}

/// Returns an asset in the smallest encoding that the browser accepts.
pub(crate) fn respond_with_asset(path: &str, caching: Caching, headers: &HeaderMap) -> Response {
    let Some(found) = find_asset(path) else {
        let detail = format!("there is no asset {path}");
        return Problem::new(StatusCode::NOT_FOUND, detail).into_response();
    };
    let etag = format!("\"{}\"", asset_version(&found));
    let caching = [
        (header::CACHE_CONTROL, caching.cache_control().to_owned()),
        (header::VARY, "accept-encoding".to_owned()),
        (header::ETAG, etag.clone()),
    ];
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    if text(header::IF_NONE_MATCH).is_some_and(|known| known.contains(&etag)) {
        return (StatusCode::NOT_MODIFIED, caching).into_response();
    }
    let accepted = text(header::ACCEPT_ENCODING).unwrap_or_default();
    let compressed = [("br", "br"), ("gzip", "gz")].into_iter().find_map(|(encoding, suffix)| {
        let file =
            accepts_coding(accepted, encoding).then(|| Site::get(&format!("{path}.{suffix}")));
        Some((encoding, into_bytes(file.flatten()?.data)))
    });
    let is_large = Site::get(path).is_none();
    let compressed = match compressed {
        None if is_large && accepts_coding(accepted, "gzip") => {
            large_asset_as_gzip(path, &found).ok().map(|data| ("gzip", data))
        }
        compressed => compressed,
    };
    let kind = [(header::CONTENT_TYPE, content_type(path))];
    match compressed {
        Some((encoding, data)) => {
            (caching, kind, [(header::CONTENT_ENCODING, encoding)], data).into_response()
        }
        None => match uncompressed_content(path, found) {
            Ok(data) => (caching, kind, data).into_response(),
            Err(error) => {
                tracing::error!(%error, path, "an embedded asset cannot be decompressed");
                let detail = format!("{path} cannot be decompressed; accept gzip or br");
                Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail).into_response()
            }
        },
    }
}

/// Returns the uncompressed content of a result of [`find_asset`].
fn uncompressed_content(path: &str, found: EmbeddedFile) -> std::io::Result<Bytes> {
    if Site::get(path).is_some() {
        return Ok(into_bytes(found.data));
    }
    Ok(decompress_brotli(&found.data)?.into())
}

fn decompress_brotli(data: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    brotli::Decompressor::new(data, BROTLI_BUFFER).read_to_end(&mut content)?;
    Ok(content)
}

/// Returns a large asset as gzip. Browsers take brotli over TLS only, so a server without TLS makes
/// this form at its first request, and keeps it.
fn large_asset_as_gzip(path: &str, found: &EmbeddedFile) -> std::io::Result<Bytes> {
    static MADE: Mutex<BTreeMap<String, Bytes>> = Mutex::new(BTreeMap::new());
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(known) = made.get(path) {
        return Ok(known.clone());
    }
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(&decompress_brotli(&found.data)?)?;
    let gzip = Bytes::from(gzip.finish()?);
    made.insert(path.to_owned(), gzip.clone());
    Ok(gzip)
}

/// Returns whether a client takes a coding: it names it, and not with a weight of zero.
fn accepts_coding(accepted: &str, coding: &str) -> bool {
    accepted.split(',').any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let is_named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse::<f32>().ok());
        is_named && weight != Some(0.0)
    })
}

fn into_bytes(data: Cow<'static, [u8]>) -> Bytes {
    match data {
        Cow::Borrowed(bytes) => Bytes::from_static(bytes),
        Cow::Owned(bytes) => bytes.into(),
    }
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next() {
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("mts") => "text/plain; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("html") => "text/html; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Returns an asset that is embedded uncompressed, as text.
pub(crate) fn asset_text(path: &str) -> Option<String> {
    String::from_utf8(Site::get(path)?.data.into_owned()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_coding_with_weight_zero_is_not_accepted() {
        for (accepted, is) in [
            ("gzip, deflate, br", true),
            ("GZIP;q=0.5", true),
            ("br, gzip;q=0", false),
            ("gzip; q=0.0", false),
            ("x-gzip", false),
            ("", false),
        ] {
            assert_eq!(accepts_coding(accepted, "gzip"), is, "{accepted}");
        }
    }
}
