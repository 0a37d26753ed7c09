//! What pages report, once it is checked: facts, and what they add to the rows, sessions and sets
//! of people that every number is read from.

mod arm;
mod bucket;
mod facts;
mod ledger;
mod mark;
mod period;
mod person;
mod presence;
mod range;
mod refusal;
mod retention;
mod screenshot;
mod series;
mod session;
mod simulation;
mod slice;
mod visit;

pub use arm::Arm;
pub use bucket::{Resolution, day_of, minute_of};
pub use facts::{Batch, ErrorReport, Fact, FactKind, Feedback, Severity, TaskOutcome, TimingKind};
use ledger::LedgerRows;
pub use ledger::{Ledger, RowKey};
pub use mark::{Mark, MarkKind};
pub use period::{Period, date_of};
pub use person::{Forgotten, PersonBatch, PersonData, PersonDay, PersonReport, Sizes};
pub use presence::Deed;
pub use range::Range;
pub use refusal::refusal_class;
pub use retention::{Kept, Retention};
pub use screenshot::{
    ImageKind, MAX_SCREENSHOT_BYTES, MAX_SCREENSHOTS_BYTES, MAX_SCREENSHOTS_PER_MINUTE, Screenshot,
};
pub use series::{
    MAX_LABELS, OTHER_LABEL, Series, exposure_label, exposure_of, property_label, property_of,
};
pub use session::Session;
pub use simulation::{MAX_SIMULATED_DAYS, Simulation};
pub use slice::Slice;
pub use visit::{Device, NetworkHash, PersonHash, SessionHash, Visit};
