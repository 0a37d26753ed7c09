//! The cookies of the admin besides that of the login.

use axum::http::{HeaderMap, HeaderValue, header};

use crate::{
    format::percent_encode,
    models::{Done, Theme},
};

/// The cookie that remembers which environment the admin shows.
pub const ENVIRONMENT_COOKIE: &str = "phasegate_environment";

/// The cookie that remembers the theme.
pub(crate) const THEME_COOKIE: &str = "phasegate_theme";

/// The cookie that tells the next page what was just done.
pub(crate) const DONE_COOKIE: &str = "phasegate_done";

/// The longest cookie that browsers keep, in bytes.
const MAX_COOKIE: usize = 4_000;

/// The length to which a text is cut, in characters; each may take a dozen bytes.
const MAX_TEXT_CHARS: usize = 300;

/// Returns the value of a cookie.
pub(crate) fn read_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let cookies = headers.get(header::COOKIE).and_then(|value| value.to_str().ok());
    let mut cookies = cookies.into_iter().flat_map(|cookies| cookies.split(';'));
    cookies.find_map(|cookie| cookie.trim().strip_prefix(name)?.strip_prefix('='))
}

/// Returns the cookie that makes pages show an environment.
pub(crate) fn environment_cookie(key: &str) -> Option<HeaderValue> {
    let cookie = format!("{ENVIRONMENT_COOKIE}={key}; Path=/admin; SameSite=Lax; HttpOnly");
    HeaderValue::from_str(&cookie).ok()
}

/// Returns the cookie that makes pages have a theme, for a year.
pub(crate) fn theme_cookie(theme: Theme) -> Option<HeaderValue> {
    let theme = theme.as_str();
    let cookie =
        format!("{THEME_COOKIE}={theme}; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly");
    HeaderValue::from_str(&cookie).ok()
}

/// Returns the cookie that tells the next page what was just done. What would be too long for a cookie is
/// left out: its message for stakeholders, then what takes it back, then the end of its text.
#[must_use]
pub fn done_cookie(done: &Done) -> Option<HeaderValue> {
    let write = |done: &Done| {
        let json = serde_json::to_string(done).ok()?;
        Some(format!(
            "{DONE_COOKIE}={}; Path=/admin; Max-Age=60; SameSite=Lax; HttpOnly",
            percent_encode(&json)
        ))
    };
    let short = |text: &str| text.chars().take(MAX_TEXT_CHARS).collect();
    let attempts = [
        done.clone(),
        Done { message: None, ..done.clone() },
        Done { message: None, undo: None, ..done.clone() },
        Done { message: None, undo: None, text: short(&done.text), ..done.clone() },
    ];
    let cookie =
        attempts.iter().find_map(|done| write(done).filter(|cookie| cookie.len() <= MAX_COOKIE))?;
    HeaderValue::from_str(&cookie).ok()
}

/// Parses the value of the cookie that [`done_cookie`] has made.
pub(crate) fn parse_done(cookie: &str) -> Option<Done> {
    let json = percent_encoding::percent_decode_str(cookie).decode_utf8().ok()?;
    let mut done: Done = serde_json::from_str(&json).ok()?;
    // Another site of the domain may have set the cookie: only a server function is offered.
    done.undo = done.undo.filter(|undo| undo.function.starts_with("/admin/fn/"));
    Some(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Undo;

    #[test]
    fn a_long_undo_is_left_out_rather_than_the_text() {
        let fields = (0..200).map(|number| ("flags[]".to_owned(), format!("FLAG_{number}")));
        let undo =
            Undo { function: "/admin/fn/flags/change_many".to_owned(), fields: fields.collect() };
        let done = Done { undo: Some(undo), ..Done::new("Archived 200 flags.") };
        let cookie = done_cookie(&done).unwrap();
        let value = cookie.to_str().unwrap().split([';', '=']).nth(1).unwrap();
        assert_eq!(parse_done(value).unwrap(), Done::new("Archived 200 flags."));
        assert!(done_cookie(&Done::new("\u{1f600}".repeat(9_000))).is_some());
    }

    #[test]
    fn what_was_done_comes_back_without_foreign_calls() {
        for (function, is_offered) in
            [("/admin/fn/flags/switch", true), ("https://evil.example", false)]
        {
            let undo = Undo { function: function.to_owned(), fields: Vec::new() };
            let done = Done { undo: Some(undo), ..Done::new("Switched; done.") };
            let cookie = done_cookie(&done).unwrap();
            let value = cookie.to_str().unwrap().split([';', '=']).nth(1).unwrap();
            let read = parse_done(value).unwrap();
            assert_eq!((read.text.as_str(), read.undo.is_some()), ("Switched; done.", is_offered));
        }
    }
}
