//! Charts as SVG, drawn with plotters. The server draws them for the first response, the browser
//! in the size of their place, and anew for every update.

mod colours;
mod draw;
mod spec;

pub(crate) use draw::{EDGES, View, draw_chart};
#[cfg(feature = "ssr")]
pub(crate) use spec::Mark;
pub use spec::{ChartSpec, Limits, Shape, Unit};
