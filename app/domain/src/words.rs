//! How rules speak of time; the same words in the UI, the API and the command line.

use chrono::TimeDelta;

/// The two largest units: `3 days 4 h`, `5 h 2 min`, `12 min`, `under a minute`.
#[must_use]
pub fn duration(length: TimeDelta) -> String {
    let (days, hours, minutes) =
        (length.num_days(), length.num_hours() % 24, length.num_minutes() % 60);
    let days_text = format!("{days} {}", if days == 1 { "day" } else { "days" });
    match (days, hours, minutes) {
        (1.., 0, _) => days_text,
        (1.., _, _) => format!("{days_text} {hours} h"),
        (_, 1.., 0) => format!("{hours} h"),
        (_, 1.., _) => format!("{hours} h {minutes} min"),
        (_, _, 1..) => format!("{minutes} min"),
        _ => "under a minute".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units() {
        let write = |minutes| duration(TimeDelta::minutes(minutes));
        assert_eq!(write(0), "under a minute");
        assert_eq!(write(12), "12 min");
        assert_eq!(write(302), "5 h 2 min");
        assert_eq!(write(1_440), "1 day");
        assert_eq!(write(3 * 1_440 + 245), "3 days 4 h");
    }
}
