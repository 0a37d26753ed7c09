//! Display names of dimensions.

use phasegate_domain::metrics::Dimension;

/// Returns the display name of a dimension.
pub(crate) fn dimension_label(dimension: &Dimension) -> String {
    match dimension {
        Dimension::All => "all users".to_owned(),
        Dimension::Page(page) => page.clone(),
        Dimension::Arm(arm) => {
            let side = if arm.is_treatment { "treatment" } else { "control" };
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
