//! Screenshots that users send with their feedback.

use crate::{Timestamp, ids::EnvironmentId};

/// The maximum size of a screenshot, in bytes. The widget sends smaller ones.
pub const MAX_SCREENSHOT_BYTES: usize = 2 * 1_024 * 1_024;

/// The maximum size of all screenshots of an environment, in bytes; the oldest are deleted first.
pub const MAX_SCREENSHOTS_BYTES: u64 = 256 * 1_024 * 1_024;

/// The maximum number of screenshots that an environment accepts per minute.
pub const MAX_SCREENSHOTS_PER_MINUTE: u32 = 60;

/// The image format of a screenshot.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageKind {
    Png,
    Jpeg,
    Webp,
}

impl ImageKind {
    /// All values, in the order in which they are listed.
    pub const ALL: [Self; 3] = [Self::Png, Self::Jpeg, Self::Webp];

    /// Detects the format by the first bytes, because the sender's media type is not trusted.
    #[must_use]
    pub fn detect_kind(bytes: &[u8]) -> Option<Self> {
        if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
            Some(Self::Png)
        } else if bytes.starts_with(b"\xff\xd8\xff") {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
            Some(Self::Webp)
        } else {
            None
        }
    }

    /// The media type, such as `image/png`.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Png => "image/png",
            Self::Jpeg => "image/jpeg",
            Self::Webp => "image/webp",
        }
    }

    /// Parses a media type.
    #[must_use]
    pub fn parse(media_type: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.media_type() == media_type)
    }
}

/// A screenshot that was sent with feedback.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Screenshot {
    /// 32 hexadecimal digits derived from the content, so that duplicates are stored once.
    pub id: String,
    pub environment: EnvironmentId,
    pub at: Timestamp,
    pub kind: ImageKind,
    pub bytes: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_image_kind_is_detected_from_the_bytes() {
        assert_eq!(ImageKind::detect_kind(b"\x89PNG\r\n\x1a\n...."), Some(ImageKind::Png));
        assert_eq!(ImageKind::detect_kind(b"\xff\xd8\xff\xe0"), Some(ImageKind::Jpeg));
        assert_eq!(ImageKind::detect_kind(b"RIFF1234WEBPVP8 "), Some(ImageKind::Webp));
        for other in [&b""[..], b"RIFF1234WAVE", b"<svg onload=alert(1)>", b"GIF89a", b"RIFF"] {
            assert_eq!(ImageKind::detect_kind(other), None);
        }
        for kind in ImageKind::ALL {
            assert_eq!(ImageKind::parse(kind.media_type()), Some(kind));
        }
    }
}
