//! Versioned payloads between collector and server.
//!
//! One batch is one JSON object ([`encode::EventsWriter`] writes the events, [`decode`] reads it):
//!
//! ```json
//! {"v":1,"batch":"k3…","session":"9f…","visitor":"1c…","device":"phone","exposed":{"A":"on"},
//!  "events":[{"t":"vital","age":1200,"page":"/demo","name":"LCP","value":1840000}]}
//! ```
//!
//! `segments` are those that the metadata of answers named, separated by commas. `simulated` marks
//! simulated batches: these carry their own time and are stored apart from real telemetry.
//!
//! A vital belongs to the moment in which its page view began. If it grows later, `was` names the
//! value that it replaces, so that a page view counts once.
//!
//! `age` is the time from an event to the sending of its batch in milliseconds, so that a wrong
//! clock in the browser does no harm. Measured values are whole numbers of millionths (of a second,
//! or of a layout-shift score), so that the collector never formats a floating-point number.

#[cfg(feature = "decode")]
pub mod decode;
pub mod encode;

/// The version of the payload that this crate writes and reads.
pub const VERSION: u64 = 1;

/// The largest body that is accepted, in bytes. Browsers refuse more than 64 KiB of
/// `keepalive` requests, so an honest collector stays below.
pub const MAX_BODY_BYTES: usize = 65_536;

/// The size to which a collector fills the events of a batch, in bytes. The rest of the body is
/// left for the frame.
pub const TARGET_EVENTS_BYTES: usize = 50_000;

/// The most events that one batch may hold.
pub const MAX_EVENTS: usize = 200;

/// The longest message, in characters. The collector cuts longer ones; the server refuses them.
pub const MAX_MESSAGE_CHARS: usize = 1_000;

/// The longest stack, in characters.
pub const MAX_STACK_CHARS: usize = 4_000;

/// The longest name of an event, endpoint or component, and of a page's path, in characters.
pub const MAX_NAME_CHARS: usize = 200;

/// The largest measured value: a day, in millionths of a second.
pub const MAX_VALUE: u64 = 86_400_000_000;

/// The largest web vital other than CLS, in millionths of a second: an hour.
pub const MAX_WAIT: u64 = 3_600_000_000;

/// The largest layout shift, in millionths.
pub const MAX_SHIFT: u64 = 100_000_000;

/// The largest age, in milliseconds: a day.
pub const MAX_AGE: u64 = 86_400_000;

/// The most breadcrumbs of an error.
pub const MAX_CRUMBS: usize = 20;

/// The most properties of an event.
pub const MAX_PROPERTIES: usize = 20;

/// The most flags in `exposed` of a batch.
pub const MAX_EXPOSED: usize = 100;

/// The most segments that a batch may name.
pub const MAX_SEGMENTS: usize = 50;

/// The longest time for which a page may hold a batch before sending it, in milliseconds: a week.
pub const MAX_HELD: u64 = 604_800_000;
