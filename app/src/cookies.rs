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

/// Returns the cookie that tells the next page what was just done. Its message for stakeholders is
/// left out if it would be too long for a cookie.
#[must_use]
pub fn done_cookie(done: &Done) -> Option<HeaderValue> {
    let write = |done: &Done| {
        let json = serde_json::to_string(done).ok()?;
        Some(format!(
            "{DONE_COOKIE}={}; Path=/admin; Max-Age=60; SameSite=Lax; HttpOnly",
            percent_encode(&json)
        ))
    };
    let cookie = write(done).filter(|cookie| cookie.len() <= MAX_COOKIE);
    let cookie = cookie.or_else(|| write(&Done { message: None, ..done.clone() }))?;
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
