//! The quotas, and the error of a request over one.

use std::fmt;

/// A limit on what one source sends.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quota {
    SessionEvents,
    SessionVitals,
    VisitorEvents,
    VisitorReports,
    AddressEvents,
    AddressVitals,
    AddressReports,
    AddressBytes,
    AddressSimulations,
    AddressScreenshots,
    AddressSessions,
    EnvironmentBytes,
}

impl Quota {
    /// All quotas, in the order of their declaration.
    pub const ALL: [Self; 12] = [
        Self::SessionEvents,
        Self::SessionVitals,
        Self::VisitorEvents,
        Self::VisitorReports,
        Self::AddressEvents,
        Self::AddressVitals,
        Self::AddressReports,
        Self::AddressBytes,
        Self::AddressSimulations,
        Self::AddressScreenshots,
        Self::AddressSessions,
        Self::EnvironmentBytes,
    ];

    /// Returns the quota of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|quota| quota.as_str() == name)
    }

    /// The name in counters and problems.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SessionEvents => "session_events",
            Self::SessionVitals => "session_vitals",
            Self::VisitorEvents => "visitor_events",
            Self::VisitorReports => "visitor_reports",
            Self::AddressEvents => "address_events",
            Self::AddressVitals => "address_vitals",
            Self::AddressReports => "address_reports",
            Self::AddressBytes => "address_bytes",
            Self::AddressSimulations => "address_simulations",
            Self::AddressScreenshots => "address_screenshots",
            Self::AddressSessions => "address_sessions",
            Self::EnvironmentBytes => "environment_bytes",
        }
    }
}

impl fmt::Display for Quota {
    /// Writes what is limited, such as `events of one session`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::SessionEvents => "events of one session",
            Self::SessionVitals => "vitals of one session",
            Self::VisitorEvents => "events of one visitor",
            Self::VisitorReports => "errors and feedback of one visitor",
            Self::AddressEvents => "events of one address",
            Self::AddressVitals => "vitals of one address",
            Self::AddressReports => "errors and feedback of one address",
            Self::AddressBytes => "bytes of one address",
            Self::AddressSimulations => "simulations of one address",
            Self::AddressScreenshots => "screenshots of one address",
            Self::AddressSessions => "new sessions of one address",
            Self::EnvironmentBytes => "bytes of one environment and day",
        })
    }
}

/// The quota that a request exceeds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("too many {quota}: at most {per_minute} a minute are taken; send the rest later")]
pub struct QuotaExceeded {
    /// The quota whose limit is reached.
    pub quota: Quota,
    pub(super) per_minute: u64,
    /// The number of seconds after which there is room again.
    pub retry_after_seconds: u64,
}
