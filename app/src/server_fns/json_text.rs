//! JSON of server functions, read as text.

use leptos::server_fn::{Bytes, ContentType, Decodes, Encodes, Format, FormatType, codec::Post};
use serde::{Serialize, de::DeserializeOwned};

/// JSON that is decoded from text. The properties of islands are text, too: with the library's own
/// encoding, which decodes from bytes, the browser would download every decoder twice.
#[derive(Debug)]
pub struct JsonText;

/// The encoding of results.
pub type JsonResult = Post<JsonText>;

/// Why an answer cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum JsonTextError {
    /// The answer is not text.
    #[error(transparent)]
    NotText(#[from] std::str::Utf8Error),
    /// The text is not the expected JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl ContentType for JsonText {
    const CONTENT_TYPE: &'static str = "application/json";
}

impl FormatType for JsonText {
    const FORMAT_TYPE: Format = Format::Text;
}

impl<T: Serialize> Encodes<T> for JsonText {
    type Error = serde_json::Error;

    fn encode(output: &T) -> Result<Bytes, Self::Error> {
        serde_json::to_vec(output).map(Bytes::from)
    }
}

impl<T: DeserializeOwned> Decodes<T> for JsonText {
    type Error = JsonTextError;

    fn decode(bytes: Bytes) -> Result<T, Self::Error> {
        Ok(serde_json::from_str(std::str::from_utf8(&bytes)?)?)
    }
}
