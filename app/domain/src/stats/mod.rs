//! Statistics.

mod bounds;
mod leb128;
mod people;
mod sketch;
mod tally;

pub use bounds::{ALPHA, Bounds, MIN_FOR_MEAN, mean_bounds, rate_bounds};
pub use people::{InvalidPeople, People};
pub use sketch::{InvalidSketch, Sketch};
pub use tally::{Tally, TallySum};
