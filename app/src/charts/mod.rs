//! Charts, drawn with plotters as SVG: on the server for the first sight, in the browser for
//! every update, by the same code.

mod colours;
mod course;

pub(crate) use course::{Limits, Line, Shape, Window, draw};
