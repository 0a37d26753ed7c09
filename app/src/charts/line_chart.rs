//! Charts of values per minute, hour or day.

use phasegate_domain::{
    Timestamp,
    reports::{Point, WINDOW_MINUTES},
    time::Resolution,
};
use plotters::{
    chart::ChartBuilder,
    drawing::IntoDrawingArea,
    element::{Circle, Rectangle, Text},
    prelude::SVGBackend,
    series::LineSeries,
    style::{Color, IntoFont, ShapeStyle, TextStyle},
};

use super::colours::{GOOD, GRID, LINE, MARK, POOR, TEXT, apply_theme};
use crate::format::format_day;

/// Width and height in pixels. The page scales a chart with its text to the available space, so
/// each chart is drawn at about its displayed size.
pub(crate) type Size = (u32, u32);

/// The time range that a chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChartRange {
    pub(crate) resolution: Resolution,
    /// The number of time buckets.
    pub(crate) spans: i64,
    /// The time bucket after the last one.
    pub(crate) end: i64,
    /// Whether it ends before now. The axis then shows dates instead of distances from now.
    pub(crate) is_past: bool,
}

impl ChartRange {
    /// The last [`WINDOW_MINUTES`] minutes up to `at`.
    pub(crate) fn last_hour(at: Timestamp) -> Self {
        let resolution = Resolution::Minute;
        Self {
            resolution,
            spans: WINDOW_MINUTES,
            end: resolution.bucket_of(at) + 1,
            is_past: false,
        }
    }
}

impl ChartRange {
    /// Formats a position on the time axis, in time buckets from the end of the window.
    fn format_position(self, spans: f64) -> String {
        if self.is_past {
            let second = (self.end as f64 + spans) as i64 * self.resolution.seconds();
            return Timestamp::from_timestamp(second, 0).map(format_day).unwrap_or_default();
        }
        let unit = match self.resolution {
            Resolution::Minute => "min",
            Resolution::Hour => "h",
            Resolution::Day => "d",
        };
        if spans > -1.0 { "now".to_owned() } else { format!("−{:.0} {unit}", spans.abs()) }
    }
}

/// How a chart draws its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Points joined by a line.
    Line,
    /// A bar for each time bucket.
    Bars,
}

/// The upper bound of good and the lower bound of poor, in the unit of the values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Limits {
    pub(crate) good: f64,
    pub(crate) poor: f64,
}

/// A vertical line at the time of an annotation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Line {
    pub(crate) place: f64,
    /// The number of the annotation in the list beside the charts.
    pub(crate) number: usize,
}

/// Draws a chart as SVG. Returns an empty string if plotters fails, which does not happen for an
/// SVG in memory; the page also shows the numbers as text.
pub(crate) fn draw_chart(
    size: Size,
    points: &[Point],
    window: ChartRange,
    shape: Shape,
    limits: Option<Limits>,
    lines: &[Line],
    write: &dyn Fn(f64) -> String,
) -> String {
    let mut svg = String::new();
    // Positions count from the end of the window, so that the axis has round labels.
    let from_now = |point: &Point| Point { minute: point.minute - window.end, ..*point };
    let points: Vec<Point> = points.iter().map(from_now).collect();
    let drawn = paint_chart(&mut svg, size, &points, window, shape, limits, lines, write);
    if drawn.is_ok() { apply_theme(svg) } else { String::new() }
}

/// The width of a line's number as a fraction of the chart's width.
const LABEL_WIDTH: f64 = 0.06;

/// Returns the labels of the lines with their positions. Lines closer than `width` share a label.
fn group_line_labels<'a>(lines: impl Iterator<Item = &'a Line>, width: f64) -> Vec<(f64, String)> {
    let mut groups: Vec<(f64, usize, usize)> = Vec::new();
    for line in lines {
        match groups.last_mut() {
            Some((place, _, last)) if line.place - *place < width => *last = line.number,
            _ => groups.push((line.place, line.number, line.number)),
        }
    }
    let label = |(place, first, last): (f64, usize, usize)| match first == last {
        true => (place, first.to_string()),
        // Shifted to the left, because recent lines are at the right edge of the chart.
        false => (place - width / 2.0, format!("{first}–{last}")),
    };
    groups.into_iter().map(label).collect()
}

#[allow(clippy::too_many_arguments, reason = "what `draw` was given, and where to")]
fn paint_chart(
    svg: &mut String,
    size: Size,
    points: &[Point],
    window: ChartRange,
    shape: Shape,
    limits: Option<Limits>,
    lines: &[Line],
    write: &dyn Fn(f64) -> String,
) -> Result<(), Box<dyn std::error::Error>> {
    let (start, end) = (-(window.spans as f64), 0.0);
    let highest = points.iter().map(|point| point.value).fold(0.0, f64::max);
    // Bars show counts: the rounded labels of an axis up to 1 would repeat.
    let least = if shape == Shape::Bars { 3.5 } else { 1.0 };
    let floor = limits.map_or(least, |limits| limits.good * 1.15);
    let top = (highest * 1.2).max(floor);

    let area = SVGBackend::with_string(svg, size).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin(4)
        .margin_right(16)
        .x_label_area_size(18)
        .y_label_area_size(44)
        .build_cartesian_2d(start..end, 0.0..top)?;
    let text = TextStyle::from(("sans-serif", 11).into_font()).color(&TEXT);
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(4)
        .y_labels(4)
        .x_label_formatter(&|spans| window.format_position(*spans))
        .y_label_formatter(&|value| write(*value))
        .label_style(text)
        .axis_style(GRID)
        .bold_line_style(GRID)
        .light_line_style(GRID.mix(0.0))
        .draw()?;
    if let Some(limits) = limits {
        for (limit, colour) in [(limits.good, GOOD), (limits.poor, POOR)] {
            if limit < top {
                chart.draw_series(LineSeries::new(
                    [(start, limit), (end, limit)],
                    colour.stroke_width(1),
                ))?;
            }
        }
    }
    let seen = || lines.iter().filter(|line| line.place >= start && line.place <= end);
    for line in seen() {
        let ends = [(line.place, 0.0), (line.place, top)];
        chart.draw_series(LineSeries::new(ends, MARK.stroke_width(1)))?;
    }
    let style = TextStyle::from(("sans-serif", 10).into_font()).color(&MARK);
    for (place, label) in group_line_labels(seen(), window.spans as f64 * LABEL_WIDTH) {
        let label = Text::new(label, (place, top), style.clone());
        chart.draw_series(std::iter::once(label))?;
    }
    match shape {
        Shape::Line => {
            let places = points.iter().map(|p| (p.minute as f64 + 0.5, p.value));
            chart.draw_series(LineSeries::new(places.clone(), LINE.stroke_width(2)))?;
            chart.draw_series(places.map(|place| Circle::new(place, 3, LINE.filled())))?;
        }
        Shape::Bars => {
            let bar = |point: &Point| {
                let left = point.minute as f64;
                Rectangle::new(
                    [(left + 0.1, 0.0), (left + 0.9, point.value)],
                    ShapeStyle::from(LINE).filled(),
                )
            };
            chart.draw_series(points.iter().map(bar))?;
        }
    }
    area.present()?;
    drop(chart);
    Ok(())
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn draw_sample_chart(points: &[Point], shape: Shape) -> String {
        let at = DateTime::from_timestamp(60_000, 0).unwrap();
        let limits = Some(Limits { good: 2.5, poor: 4.0 });
        draw_chart((280, 112), points, ChartRange::last_hour(at), shape, limits, &[], &|value| {
            format!("{value:.1} s")
        })
    }

    #[test]
    fn a_chart_takes_its_colours_from_the_theme() {
        let svg = draw_sample_chart(&[Point { minute: 999, value: 5.0 }], Shape::Line);
        assert!(svg.contains("var(--chart-line)"));
        assert!(svg.contains("var(--poor)"));
        assert!(!svg.contains("#01000"), "{svg}");
        assert!(!svg.contains("style="), "the CSP forbids style attributes");
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn close_lines_share_a_label() {
        let line = |place, number| Line { place, number };
        let lines = [line(-30.0, 1), line(-2.0, 2), line(-1.5, 3), line(-1.0, 4)];
        let found = group_line_labels(lines.iter(), 4.0);
        assert_eq!(found, [(-30.0, "1".to_owned()), (-4.0, "2–4".to_owned())]);
    }

    #[test]
    fn an_empty_chart_still_has_its_axes() {
        for shape in [Shape::Line, Shape::Bars] {
            let svg = draw_sample_chart(&[], shape);
            for label in ["−60 min", "−40 min", "−20 min", "now"] {
                assert_eq!(svg.matches(label).count(), 1, "{label} in {svg}");
            }
            assert!(!svg.contains("<circle"));
        }
    }

    #[test]
    fn a_bar_is_drawn_for_each_minute() {
        let points = [Point { minute: 998, value: 2.0 }, Point { minute: 999, value: 1.0 }];
        let with = draw_sample_chart(&points, Shape::Bars).matches("<rect").count();
        assert_eq!(with - draw_sample_chart(&[], Shape::Bars).matches("<rect").count(), 2);
    }
}
