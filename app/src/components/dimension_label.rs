//! A part of all telemetry, in words.

use phasegate_domain::metrics::Dimension;

/// The name that the admin shows.
pub(crate) fn dimension_label(dimension: &Dimension) -> String {
    match dimension {
        Dimension::All => "all users".to_owned(),
        Dimension::Page(page) => page.clone(),
        Dimension::Arm(arm) => {
            let side = if arm.is_treatment { "in" } else { "out" };
            format!("{} of {}, phase {}, {side}", arm.share(), arm.segment, arm.phase)
        }
        Dimension::Device(device) => device.as_str().to_owned(),
        Dimension::Release(release) => release.clone(),
        Dimension::Phase(phase) => format!("phase {}", phase.0),
        Dimension::Segment(segment) => format!("segment {segment}"),
        Dimension::Flag(flag, variant, None) => format!("{flag} = {variant}, before the rollout"),
        Dimension::Flag(flag, variant, Some(phase)) => {
            format!("{flag} = {variant}, phase {}", phase.0)
        }
    }
}
