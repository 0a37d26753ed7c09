//! A part of all telemetry, in words.

use phasegate_domain::telemetry::Slice;

/// As people say it.
pub(crate) fn slice_words(slice: &Slice) -> String {
    match slice {
        Slice::All => "everybody".to_owned(),
        Slice::Page(page) => page.clone(),
        Slice::Arm(arm) => {
            let side = if arm.is_treatment { "in" } else { "out" };
            format!("{} of {}, phase {}, {side}", arm.share(), arm.segment, arm.phase)
        }
        Slice::Device(device) => device.as_str().to_owned(),
        Slice::Release(release) => release.clone(),
        Slice::Phase(phase) => format!("phase {}", phase.0),
        Slice::Segment(segment) => format!("segment {segment}"),
        Slice::Flag(flag, variant, None) => format!("{flag} = {variant}, before the rollout"),
        Slice::Flag(flag, variant, Some(phase)) => format!("{flag} = {variant}, phase {}", phase.0),
    }
}
