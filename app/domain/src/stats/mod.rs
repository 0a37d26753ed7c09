//! Statistics.

mod sketch;

pub use sketch::{InvalidSketch, Sketch};
