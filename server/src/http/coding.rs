//! Decodes `Content-Encoding` of request bodies, for every route.

use std::io::{self, Read};

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use flate2::read::{MultiGzDecoder, ZlibDecoder};

use super::Problem;

/// The supported codings, in the form of `Accept-Encoding`.
const UNDERSTOOD: &str = "gzip, deflate, br, zstd";

/// The maximum number of codings applied to one body.
const MAX_CODINGS: usize = 2;

/// The buffer size of the brotli decoder, in bytes.
const BROTLI_BUFFER: usize = 4_096;

/// Decodes a body; the result may have at most `limit` bytes.
pub(super) fn decoded(headers: &HeaderMap, body: Bytes, limit: usize) -> Result<Bytes, Problem> {
    if !headers.contains_key(header::CONTENT_ENCODING) {
        return Ok(body);
    }
    let lines = headers.get_all(header::CONTENT_ENCODING).into_iter();
    let text: Vec<&str> = lines.map(|line| line.to_str().unwrap_or("?")).collect();
    let codings = text.iter().flat_map(|line| line.split(','));
    let codings: Vec<String> = codings
        .map(|coding| coding.trim().to_ascii_lowercase())
        .filter(|coding| !coding.is_empty() && coding != "identity")
        .collect();
    if codings.len() > MAX_CODINGS {
        return Err(unsupported("more than two codings"));
    }
    // The header lists codings in the order of application, so decode in reverse.
    codings.iter().rev().try_fold(body, |body, coding| one(coding, &body, limit))
}

fn one(coding: &str, body: &[u8], limit: usize) -> Result<Bytes, Problem> {
    let decoded = match coding {
        // Several gzip members may follow one another (RFC 1952, 2.2).
        "gzip" | "x-gzip" => bounded(MultiGzDecoder::new(body), limit),
        "deflate" => bounded(ZlibDecoder::new(body), limit),
        "br" => bounded(brotli::Decompressor::new(body, BROTLI_BUFFER), limit),
        "zstd" => zstd::Decoder::new(body).and_then(|decoder| bounded(decoder, limit)),
        other => return Err(unsupported(&format!("the coding {other:?}"))),
    };
    match decoded {
        Ok(bytes) if bytes.len() > limit => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("the body is larger than {limit} bytes; send less at once"),
        )),
        Ok(bytes) => Ok(bytes.into()),
        Err(_) => {
            let detail = format!("Content-Encoding: the body is not {coding}, or was cut off");
            Err(Problem::new(StatusCode::BAD_REQUEST, detail))
        }
    }
}

/// Reads to the end, or one byte past the limit, which shows that the body is too large.
fn bounded(reader: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unsupported(what: &str) -> Problem {
    let detail =
        format!("Content-Encoding: {what} is not understood; send one of {UNDERSTOOD}, or none");
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
        .with_header(header::ACCEPT_ENCODING, HeaderValue::from_static(UNDERSTOOD))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{
        Compression,
        write::{GzEncoder, ZlibEncoder},
    };

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(coding: &str, body: Vec<u8>, limit: usize) -> Result<Bytes, StatusCode> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_str(coding).unwrap());
        decoded(&headers, body.into(), limit).map_err(|problem| problem.status())
    }

    #[test]
    fn all_supported_codings_are_decoded() {
        let text = b"{\"v\":1}".as_slice();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(text).unwrap();
        let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4_096, 4, 20);
        brotli.write_all(text).unwrap();
        for (coding, body) in [
            ("gzip", gzip(text)),
            ("x-gzip", gzip(text)),
            ("GZIP", gzip(text)),
            ("identity", text.to_vec()),
            ("deflate", zlib.finish().unwrap()),
            ("br", brotli.into_inner()),
            ("zstd", zstd::encode_all(text, 1).unwrap()),
            ("gzip, gzip", gzip(&gzip(text))),
        ] {
            assert_eq!(read(coding, body, 100).as_deref(), Ok(text), "{coding}");
        }
        let two = [gzip(b"{\"v\""), gzip(b":1}")].concat();
        assert_eq!(read("gzip", two, 100).as_deref(), Ok(text), "two members");
    }

    #[test]
    fn unknown_codings_and_large_bodies_are_refused() {
        assert_eq!(read("compress", vec![1], 100), Err(StatusCode::UNSUPPORTED_MEDIA_TYPE));
        assert_eq!(read("gzip", b"plain".to_vec(), 100), Err(StatusCode::BAD_REQUEST));
        assert_eq!(read("gzip", gzip(&[0; 100_000]), 1_000), Err(StatusCode::PAYLOAD_TOO_LARGE));
        let three = gzip(&gzip(&gzip(b"x")));
        assert_eq!(read("gzip,gzip,gzip", three, 100), Err(StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
}
