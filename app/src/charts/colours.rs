//! Chart colours that the style sheet defines; plotters itself knows only RGB.
//!
//! Plotters draws in stand-in colours; afterwards each is replaced by a custom property, so
//! that a chart follows the theme without a style attribute, which the CSP forbids.

use plotters::style::RGBColor;

pub(super) const LINE: RGBColor = RGBColor(1, 0, 1);
pub(super) const GRID: RGBColor = RGBColor(1, 0, 2);
pub(super) const TEXT: RGBColor = RGBColor(1, 0, 3);
pub(super) const GOOD: RGBColor = RGBColor(1, 0, 4);
pub(super) const POOR: RGBColor = RGBColor(1, 0, 5);

pub(super) const MARK: RGBColor = RGBColor(1, 0, 6);

const PROPERTIES: [(&str, &str); 6] = [
    ("#010001", "var(--chart-line)"),
    ("#010002", "var(--chart-grid)"),
    ("#010003", "var(--chart-text)"),
    ("#010004", "var(--good)"),
    ("#010005", "var(--poor)"),
    ("#010006", "var(--chart-mark)"),
];

/// Replaces the stand-in colours by custom properties of the theme.
pub(super) fn apply_theme(mut svg: String) -> String {
    for (stand_in, property) in PROPERTIES {
        svg = svg.replace(stand_in, property);
    }
    svg
}
