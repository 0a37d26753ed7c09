//! A simulated population, of which everything is known: what the system measures of it can be
//! held against the truth. Pure: the same [`Simulation`] gives the same
//! visits, always.

mod parameters;
mod population;
mod random;
mod truth;
mod visits;

pub use parameters::{MAX_SIMULATED_DAYS, Simulation};
pub use population::{FLAGS, PHASES, Population, SEGMENTS, SimulatedSession, phase_of};
pub use random::Random;
pub use truth::{Expected, Truth};
pub use visits::{SimulatedBatch, batches};
