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
pub(super) fn decode_body(
    headers: &HeaderMap,
    body: Bytes,
    limit: usize,
) -> Result<Bytes, Problem> {
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
        return Err(unsupported_coding("more than two codings"));
    }
    // The header lists codings in the order of application, so decode in reverse.
    codings.iter().rev().try_fold(body, |body, coding| decode_one_coding(coding, &body, limit))
}

fn decode_one_coding(coding: &str, body: &[u8], limit: usize) -> Result<Bytes, Problem> {
    let decoded = match coding {
        // Several gzip members may follow one another (RFC 1952, 2.2).
        "gzip" | "x-gzip" => read_bounded(MultiGzDecoder::new(body), limit),
        "deflate" => read_bounded(ZlibDecoder::new(body), limit),
        "br" => read_bounded(brotli::Decompressor::new(body, BROTLI_BUFFER), limit),
        "zstd" => zstd::Decoder::new(body).and_then(|decoder| read_bounded(decoder, limit)),
        other => return Err(unsupported_coding(&format!("the coding {other:?}"))),
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
fn read_bounded(reader: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unsupported_coding(what: &str) -> Problem {
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

    fn gzip_bytes(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn decode_test_body(coding: &str, body: Vec<u8>, limit: usize) -> Result<Bytes, StatusCode> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_str(coding).unwrap());
        decode_body(&headers, body.into(), limit).map_err(|problem| problem.status())
    }

    #[test]
    fn all_supported_codings_are_decoded() {
        let text = b"{\"v\":1}".as_slice();
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(text).unwrap();
        let mut brotli = brotli::CompressorWriter::new(Vec::new(), 4_096, 4, 20);
        brotli.write_all(text).unwrap();
        for (coding, body) in [
            ("gzip", gzip_bytes(text)),
            ("x-gzip", gzip_bytes(text)),
            ("GZIP", gzip_bytes(text)),
            ("identity", text.to_vec()),
            ("deflate", zlib.finish().unwrap()),
            ("br", brotli.into_inner()),
            ("zstd", zstd::encode_all(text, 1).unwrap()),
            ("gzip, gzip", gzip_bytes(&gzip_bytes(text))),
        ] {
            assert_eq!(decode_test_body(coding, body, 100).as_deref(), Ok(text), "{coding}");
        }
        let two = [gzip_bytes(b"{\"v\""), gzip_bytes(b":1}")].concat();
        assert_eq!(decode_test_body("gzip", two, 100).as_deref(), Ok(text), "two members");
    }

    #[test]
    fn unknown_codings_and_large_bodies_are_refused() {
        assert_eq!(
            decode_test_body("compress", vec![1], 100),
            Err(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        );
        assert_eq!(decode_test_body("gzip", b"plain".to_vec(), 100), Err(StatusCode::BAD_REQUEST));
        assert_eq!(
            decode_test_body("gzip", gzip_bytes(&[0; 100_000]), 1_000),
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        );
        let three = gzip_bytes(&gzip_bytes(&gzip_bytes(b"x")));
        assert_eq!(
            decode_test_body("gzip,gzip,gzip", three, 100),
            Err(StatusCode::UNSUPPORTED_MEDIA_TYPE)
        );
    }
}
