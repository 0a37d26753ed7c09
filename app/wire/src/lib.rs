//! Versioned payloads between collector and server.
//!
//! One batch is one JSON object ([`encode::BatchWriter`] writes it, [`decode`] reads it):
//!
//! ```json
//! {"v":1,"batch":"k3…","session":"9f…","dropped":0,"events":[
//!   {"t":"vital","age":1200,"page":"/demo","name":"LCP","value":1840000}]}
//! ```
//!
//! `age` is how many milliseconds before the sending something happened, so that a wrong clock
//! in the browser does no harm. Measured values are whole numbers of millionths (of a second,
//! or of a layout-shift score), so that the collector never formats a floating-point number.

#[cfg(feature = "decode")]
pub mod decode;
pub mod encode;

/// The version of the payload that this crate writes and reads.
pub const VERSION: u64 = 1;

/// The largest body that is accepted, in bytes. Browsers refuse more than 64 KiB of
/// `keepalive` requests, so an honest collector stays below.
pub const MAX_BODY_BYTES: usize = 65_536;

/// What a collector fills a body up to, in bytes.
pub const TARGET_BODY_BYTES: usize = 60_000;

/// The most events that one batch may hold.
pub const MAX_EVENTS: usize = 200;

/// The longest message, in characters; longer ones are cut by the collector and refused by the server.
pub const MAX_MESSAGE_CHARS: usize = 1_000;

/// The longest stack, in characters.
pub const MAX_STACK_CHARS: usize = 4_000;

/// The longest name of an event, endpoint or component, and of a page's path, in characters.
pub const MAX_NAME_CHARS: usize = 200;

/// The largest measured value: an hour, in millionths of a second.
pub const MAX_VALUE: u64 = 3_600_000_000;

/// The largest age, in milliseconds: a day.
pub const MAX_AGE: u64 = 86_400_000;
