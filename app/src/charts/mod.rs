//! Charts as SVG, drawn with plotters. The server draws them for the first response, the browser
//! for every update.

mod colours;
mod line_chart;

pub(crate) use line_chart::{ChartRange, Limits, Line, Shape, draw_chart};
