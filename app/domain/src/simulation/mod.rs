//! A simulated population with known true numbers, to check the system's measurements against.
//! Deterministic: the same [`Simulation`] always produces the same visits.

mod parameters;
mod population;
mod random;
mod truth;
mod visits;

pub use parameters::{MAX_SIMULATED_DAYS, Simulation};
pub use population::{FLAGS, PHASES, Population, SEGMENTS, SimulatedSession, phase_of};
pub use random::Random;
pub use truth::{Expected, Truth};
pub use visits::{SimulatedBatch, session_batches};
