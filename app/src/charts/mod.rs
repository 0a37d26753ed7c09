//! Charts as SVG, drawn with plotters. The server draws them for the first response, the browser
//! for every update.

mod colours;
mod course;

pub(crate) use course::{Limits, Line, Shape, Window, draw_chart};
