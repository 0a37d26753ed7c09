//! Flags as the admin sees and switches them.

mod explain;
mod list;
mod switch;

pub use explain::explain;
pub use list::list;
pub use switch::switch;
