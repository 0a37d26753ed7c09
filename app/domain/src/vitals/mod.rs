//! Web vitals: names, units, thresholds and ratings.

mod device;
mod score;

pub use device::Device;
pub use score::performance_score;
use serde::{Deserialize, Serialize};

/// A web vital. Values are in millionths of a second, for CLS in millionths of its score.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum Vital {
    Lcp,
    /// Interaction to Next Paint.
    Inp,
    Cls,
    Fcp,
    /// Time to First Byte.
    Ttfb,
    Fid,
}

/// The rating of a value, by the thresholds that Google publishes.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// At or below the first threshold.
    Good,
    NeedsImprovement,
    /// Above the second threshold.
    Poor,
}

impl Rating {
    /// The name that pages show.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Good => "Good",
            Self::NeedsImprovement => "Needs improvement",
            Self::Poor => "Poor",
        }
    }
}

impl Vital {
    /// All vitals, the most important first.
    pub const ALL: [Self; 6] = [Self::Lcp, Self::Inp, Self::Cls, Self::Fcp, Self::Ttfb, Self::Fid];

    /// The abbreviation in payloads and tables.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lcp => "LCP",
            Self::Inp => "INP",
            Self::Cls => "CLS",
            Self::Fcp => "FCP",
            Self::Ttfb => "TTFB",
            Self::Fid => "FID",
        }
    }

    /// The full name, such as Largest Contentful Paint.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Lcp => "Largest Contentful Paint",
            Self::Inp => "Interaction to Next Paint",
            Self::Cls => "Cumulative Layout Shift",
            Self::Fcp => "First Contentful Paint",
            Self::Ttfb => "Time to First Byte",
            Self::Fid => "First Input Delay",
        }
    }

    /// Parses the abbreviation that [`Vital::as_str`] returns.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|vital| vital.as_str() == name)
    }

    /// The thresholds in millionths: good up to the first, poor above the second.
    #[must_use]
    pub fn thresholds(self) -> (u64, u64) {
        match self {
            Self::Lcp => (2_500_000, 4_000_000),
            Self::Inp => (200_000, 500_000),
            Self::Cls => (100_000, 250_000),
            Self::Fcp => (1_800_000, 3_000_000),
            Self::Ttfb => (800_000, 1_800_000),
            Self::Fid => (100_000, 300_000),
        }
    }

    /// Rates a value in millionths.
    #[must_use]
    pub fn rate_value(self, millionths: f64) -> Rating {
        let (good, poor) = self.thresholds();
        if millionths <= good as f64 {
            Rating::Good
        } else if millionths <= poor as f64 {
            Rating::NeedsImprovement
        } else {
            Rating::Poor
        }
    }

    /// Formats a value in millionths: `1.84 s`, `120 ms`, `0.08`.
    #[must_use]
    pub fn format_value(self, millionths: f64) -> String {
        if self == Self::Cls {
            return format!("{:.2}", millionths / 1e6);
        }
        format_seconds(millionths)
    }
}

/// Formats a duration in millionths of a second, such as `120 ms`.
#[must_use]
pub fn format_seconds(millionths: f64) -> String {
    // The limits are where rounding would add a digit: "10.0 ms", "1000 ms".
    if millionths < 50.0 {
        "0 ms".to_owned()
    } else if millionths < 9_950.0 {
        format!("{:.1} ms", millionths / 1e3)
    } else if millionths < 999_500.0 {
        format!("{:.0} ms", millionths / 1e3)
    } else {
        format!("{:.2} s", millionths / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_belongs_to_the_better_side() {
        assert_eq!(Vital::Lcp.rate_value(2_500_000.0), Rating::Good);
        assert_eq!(Vital::Lcp.rate_value(2_500_001.0), Rating::NeedsImprovement);
        assert_eq!(Vital::Cls.rate_value(250_001.0), Rating::Poor);
    }

    #[test]
    fn values_are_formatted_with_their_unit() {
        assert_eq!(Vital::Lcp.format_value(1_842_000.0), "1.84 s");
        assert_eq!(Vital::Fid.format_value(999_700.0), "1.00 s");
        assert_eq!(Vital::Inp.format_value(120_400.0), "120 ms");
        assert_eq!(Vital::Fid.format_value(0.0), "0 ms");
        assert_eq!(Vital::Fid.format_value(2_340.0), "2.3 ms");
        assert_eq!(Vital::Fid.format_value(9_960.0), "10 ms");
        assert_eq!(Vital::Cls.format_value(81_000.0), "0.08");
    }

    #[test]
    fn parsing_an_abbreviation_returns_its_vital() {
        for vital in Vital::ALL {
            assert_eq!(Vital::parse(vital.as_str()), Some(vital));
        }
    }
}
