//! Tests of the routes over a real listener. They are one binary because each test binary links the
//! whole server.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "in a test, a panic is how it fails"
)]

mod common;

mod routes {
    mod api;
    mod collect;
    mod login;
    mod ofrep;
    mod rollout;
    mod rollout_numbers;
    mod server_fns;
    mod telemetry;
    mod together;
}
