//! Draws charts of values per minute, hour or day.

use phasegate_domain::{Timestamp, reports::Point, time::Resolution};
use plotters::{
    chart::ChartBuilder,
    drawing::IntoDrawingArea,
    element::{Circle, Rectangle, Text},
    prelude::SVGBackend,
    series::LineSeries,
    style::{Color, IntoFont, ShapeStyle, TextStyle},
};

use super::{
    colours::{GOOD, GRID, LINE, MARK, POOR, TEXT, apply_theme},
    spec::{ChartSpec, Mark, Shape},
};

/// The distances from the edges of a chart to the area of its values, in pixels: left, right, top and
/// bottom.
pub(crate) const EDGES: (f64, f64, f64, f64) = (62.0, 16.0, 4.0, 24.0);

/// The size of text for plotters, which writes four fifths of it: 11 pixels.
const TEXT_SIZE: i32 = 14;

/// What is visible of a chart, and how large.
pub(crate) struct View<'a> {
    /// Width and height in pixels.
    pub(crate) size: (u32, u32),
    /// The first visible time bucket, and the one after the last.
    pub(crate) range: (i64, i64),
    /// The distance from UTC in minutes at an instant.
    pub(crate) offset: &'a dyn Fn(Timestamp) -> i32,
}

/// Draws a chart as SVG. Returns an empty string if plotters fails, which does not happen for an
/// SVG in memory; the page also has the numbers as a table.
pub(crate) fn draw_chart(spec: &ChartSpec, view: &View<'_>) -> String {
    let mut svg = String::new();
    let drawn = paint_chart(&mut svg, spec, view);
    if drawn.is_ok() { apply_theme(svg) } else { String::new() }
}

/// The width of a mark's number as a fraction of the chart's width.
const LABEL_WIDTH: f64 = 0.06;

/// Returns the labels of the marks with their positions. Marks closer than `width` share a label.
fn group_labels<'a>(marks: impl Iterator<Item = &'a Mark>, width: f64) -> Vec<(f64, String)> {
    let mut groups: Vec<(f64, usize, usize)> = Vec::new();
    for mark in marks {
        match groups.last_mut() {
            Some((place, _, last)) if mark.at - *place < width => *last = mark.number,
            _ => groups.push((mark.at, mark.number, mark.number)),
        }
    }
    let label = |(place, first, last): (f64, usize, usize)| match first == last {
        true => (place, first.to_string()),
        // Shifted to the left, because recent lines are at the right edge of the chart.
        false => (place - width / 2.0, format!("{first}–{last}")),
    };
    groups.into_iter().map(label).collect()
}

fn paint_chart(
    svg: &mut String,
    spec: &ChartSpec,
    view: &View<'_>,
) -> Result<(), Box<dyn std::error::Error>> {
    let (from, end) = view.range;
    let (left, right) = (from as f64, end as f64);
    let points = || spec.points.iter().filter(|point| (from..end).contains(&point.minute));
    let highest = points().map(|point| point.value).fold(0.0, f64::max);
    // Bars show counts: the rounded labels of an axis up to 1 would repeat.
    let least = if spec.shape == Shape::Bars { 3.5 } else { 1.0 };
    let floor = spec.limits.map_or(least, |limits| limits.good * 1.15);
    let top = (highest * 1.2).max(floor);

    let area = SVGBackend::with_string(svg, view.size).into_drawing_area();
    let mut chart = ChartBuilder::on(&area)
        .margin(4)
        .margin_right(16)
        .x_label_area_size(20)
        .y_label_area_size(58)
        .build_cartesian_2d(left..right, 0.0..top)?;
    let text = TextStyle::from(("sans-serif", TEXT_SIZE).into_font()).color(&TEXT);
    // A label of an hour names the day, too.
    let width = if spec.resolution == Resolution::Hour { 100 } else { 60 };
    let labels = (view.size.0 / width).clamp(2, 12) as usize;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .x_labels(labels)
        .y_labels(4)
        .x_label_formatter(&|bucket| spec.write_label(bucket.round() as i64, view.offset))
        .y_label_formatter(&|value| spec.unit.write(*value))
        .label_style(text)
        .axis_style(GRID)
        .bold_line_style(GRID)
        .light_line_style(GRID.mix(0.0))
        .draw()?;
    if let Some(limits) = spec.limits {
        for (limit, colour) in [(limits.good, GOOD), (limits.poor, POOR)] {
            if limit < top {
                let ends = [(left, limit), (right, limit)];
                chart.draw_series(LineSeries::new(ends, colour.stroke_width(1)))?;
            }
        }
    }
    let seen = || spec.marks.iter().filter(|mark| mark.at >= left && mark.at <= right);
    for mark in seen() {
        let ends = [(mark.at, 0.0), (mark.at, top)];
        chart.draw_series(LineSeries::new(ends, MARK.stroke_width(1)))?;
    }
    let style = TextStyle::from(("sans-serif", TEXT_SIZE).into_font()).color(&MARK);
    for (place, label) in group_labels(seen(), (right - left) * LABEL_WIDTH) {
        let label = Text::new(label, (place, top), style.clone());
        chart.draw_series(std::iter::once(label))?;
    }
    match spec.shape {
        Shape::Line => {
            let places = points().map(|p| (p.minute as f64 + 0.5, p.value));
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
            chart.draw_series(points().map(bar))?;
        }
    }
    area.present()?;
    drop(chart);
    Ok(())
}

#[cfg(test)]
mod tests {
    use phasegate_domain::vitals::Vital;

    use super::*;
    use crate::charts::{Limits, Unit};

    fn draw_sample(points: &[Point], shape: Shape) -> String {
        let spec = ChartSpec {
            label: "LCP".to_owned(),
            unit: Unit::Vital(Vital::Lcp),
            shape,
            limits: Some(Limits { good: 2.5, poor: 4.0 }),
            resolution: Resolution::Minute,
            range: (941, 1_001),
            points: points.to_vec(),
            marks: Vec::new(),
            size: (280, 112),
        };
        draw_chart(&spec, &View { size: spec.size, range: spec.range, offset: &|_| 0 })
    }

    #[test]
    fn a_chart_takes_its_colours_from_the_theme() {
        let svg = draw_sample(&[Point { minute: 999, value: 5.0 }], Shape::Line);
        assert!(svg.contains("var(--chart-line)"));
        assert!(svg.contains("var(--poor)"));
        assert!(!svg.contains("#01000"), "{svg}");
        assert!(!svg.contains("style="), "the CSP forbids style attributes");
        assert!(!svg.contains("NaN"));
    }

    #[test]
    fn close_marks_share_a_label() {
        let mark = |at, number| Mark { at, number, text: String::new() };
        let marks = [mark(70.0, 1), mark(98.0, 2), mark(98.5, 3), mark(99.0, 4)];
        let found = group_labels(marks.iter(), 4.0);
        assert_eq!(found, [(70.0, "1".to_owned()), (96.0, "2–4".to_owned())]);
    }

    #[test]
    fn an_empty_chart_still_has_its_axes_with_real_times() {
        for shape in [Shape::Line, Shape::Bars] {
            let svg = draw_sample(&[], shape);
            assert!(svg.contains("16:00"), "{svg}");
            assert!(!svg.contains("<circle"));
        }
    }

    #[test]
    fn a_bar_is_drawn_for_each_visible_minute() {
        let at = |minute| Point { minute, value: 2.0 };
        let with = draw_sample(&[at(5), at(998), at(999)], Shape::Bars).matches("<rect").count();
        assert_eq!(with - draw_sample(&[], Shape::Bars).matches("<rect").count(), 2);
    }
}
