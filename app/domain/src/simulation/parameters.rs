//! The parameters of a simulation.

use serde::{Deserialize, Serialize};

use crate::field_error::{FieldCode, FieldError};

/// The maximum age of simulated telemetry, in days.
pub const MAX_SIMULATED_DAYS: i64 = 400;

/// A simulated population. The same values always produce the same telemetry.
#[allow(missing_docs, reason = "the names say it all")]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Simulation {
    pub users: u32,
    /// The length of the simulation, in days.
    pub days: u16,
    /// The seed of the random numbers.
    pub seed: u64,
    /// The last simulated day, in days since 1970-01-01, UTC.
    pub last_day: i64,
    /// The phase whose flag makes pages slower and errors more frequent, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regression: Option<u16>,
}

impl Simulation {
    /// Checks the parameters; `today` is in days since 1970-01-01, UTC.
    ///
    /// # Errors
    /// Returns an error that names the field and its valid values.
    pub fn validate(&self, today: i64) -> Result<(), FieldError> {
        let invalid = |field, message| Err(FieldError::new(field, FieldCode::Invalid, message));
        if !(1..=1_000_000).contains(&self.users) {
            return invalid("users", format!("1 to 1000000, not {}", self.users));
        }
        if !(1..=365).contains(&self.days) {
            return invalid("days", format!("1 to 365, not {}", self.days));
        }
        let oldest = today - MAX_SIMULATED_DAYS + i64::from(self.days);
        if !(oldest..today).contains(&self.last_day) {
            let message =
                format!("must be from {oldest} to before today ({today}), in days since 1970");
            return invalid("last_day", message);
        }
        Ok(())
    }

    /// The first simulated day, in days since 1970-01-01, UTC.
    #[must_use]
    pub fn first_day(&self) -> i64 {
        self.last_day + 1 - i64::from(self.days)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_out_of_range_are_refused() {
        let made =
            |users, days, last_day| Simulation { users, days, seed: 1, last_day, regression: None };
        assert_eq!(made(10, 30, 999).validate(1_000), Ok(()));
        assert_eq!(made(10, 30, 999).first_day(), 970);
        for (wrong, field) in [
            (made(0, 30, 999), "users"),
            (made(10, 0, 999), "days"),
            (made(10, 30, 1_000), "last_day"),
            (made(10, 30, 500), "last_day"),
        ] {
            assert_eq!(wrong.validate(1_000).unwrap_err().field, field);
        }
    }
}
