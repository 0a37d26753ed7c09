//! The HTTP base of all routes: connections, bodies, client addresses, keys, versions and problems.
//! Independent of any route.

mod back_off;
mod body;
mod client_address;
mod coding;
mod connections;
mod escape;
mod etag;
mod keys;
mod problem;
mod proxies;
mod readers;
mod readiness;
pub(crate) mod security;
mod state;
mod stream_places;
mod tickets;

pub(crate) use back_off::BackOff;
pub(crate) use body::{Sender, SlowBodies};
#[cfg(test)]
pub(crate) use connections::tests::test_connections as connections_for_tests;
pub(crate) use connections::{Connection, KeptOpen, Limits, no_room_problem, serve_connections};
pub(crate) use escape::{IN_PATH, IN_QUERY};
pub(crate) use etag::{Precondition, etag_header};
pub(crate) use keys::{header_text, key_status, sent_key, sent_origin};
pub(crate) use problem::Problem;
pub(crate) use proxies::{ClientAddress, TrustedProxies};
pub(crate) use readers::Readers;
pub(crate) use readiness::{LastReadiness, Readiness};
pub use state::{AppState, Settings};
pub(crate) use stream_places::{StreamPlace, StreamPlaces};
pub(crate) use tickets::Tickets;
