//! Statistics.

mod leb128;
mod people;
mod sketch;
mod tally;

pub use people::{InvalidPeople, People};
pub use sketch::{InvalidSketch, Sketch};
pub use tally::{Tally, TallySum};
