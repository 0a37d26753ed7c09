//! Statistics: aggregates, quantile sketches, confidence bounds and user sets.

mod aggregate;
mod bounds;
mod leb128;
mod sketch;
mod user_set;

pub use aggregate::{Aggregate, AggregateSum};
pub use bounds::{ALPHA, Bounds, MIN_FOR_MEAN, mean_bounds, rate_bounds};
pub use sketch::{InvalidSketch, Sketch};
pub use user_set::{InvalidUserSet, UserSet};
