//! Charts, drawn with plotters as SVG: on the server for the first sight, in the browser for
//! every update, by the same code.

mod colours;
mod minutes;

pub(crate) use minutes::{Limits, Shape, draw};
