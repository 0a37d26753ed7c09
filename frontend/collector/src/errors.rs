//! Errors: repetitions are folded, and bursts are bounded.

use phasegate_wire::{
    MAX_MESSAGE_CHARS, MAX_NAME_CHARS, MAX_STACK_CHARS,
    encode::{WireEvent, push_number, push_string},
};

use crate::{address::contains_text, queue::truncate_chars};

/// The maximum number of breadcrumbs.
const CRUMBS: usize = 20;

/// Longest breadcrumb, in characters.
const CRUMB_CHARS: usize = 120;

/// Different errors that are tracked, so that each is reported only from time to time, with the
/// number of times that it has happened since, and an endless one leaves room for the others.
const REMEMBERED: usize = 60;

/// Milliseconds for which an error is not reported again; doubled each time up to the maximum.
const SILENCE: f64 = 2_000.0;
const MAX_SILENCE: f64 = 300_000.0;

/// Different errors that are reported at once, and milliseconds after which one more may be: a loop
/// that throws must not flood the server.
const BURST: f64 = 30.0;
const REFILL: f64 = 20_000.0;

/// An error as the page saw it, its texts already scrubbed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Problem<'a> {
    /// `error`, `rejection`, `resource`, `request`, `csp` or `captured`.
    pub(crate) kind: &'a str,
    pub(crate) message: &'a str,
    pub(crate) stack: &'a str,
    pub(crate) feature: &'a str,
    pub(crate) component: &'a str,
    pub(crate) severity: &'a str,
}

#[derive(Debug)]
pub(crate) struct Errors {
    /// Time, kind and text of each breadcrumb.
    crumbs: Vec<(f64, &'static str, String)>,
    allowed: f64,
    refilled: f64,
    known: Vec<Known>,
}

/// An error that has been reported.
#[derive(Debug)]
struct Known {
    key: String,
    silent_until: f64,
    silence: f64,
    /// Number of times that it has happened since; `last` is the newest of them.
    missed: u64,
    last: Option<WireEvent>,
}

impl Default for Errors {
    fn default() -> Self {
        Self { crumbs: Vec::new(), allowed: BURST, refilled: 0.0, known: Vec::new() }
    }
}

impl Errors {
    /// Adds a breadcrumb for later errors.
    pub(crate) fn add_crumb(&mut self, at: f64, kind: &str, text: &str) {
        let kind = ["navigation", "click", "request", "console"].into_iter().find(|k| *k == kind);
        if self.crumbs.len() == CRUMBS {
            self.crumbs.remove(0);
        }
        self.crumbs.push((at, kind.unwrap_or("error"), truncate_chars(text, CRUMB_CHARS)));
    }

    /// Returns an error that has just happened with its count if it is to be reported now, and
    /// `Ok(None)` if it is only counted. An error means that the limit for bursts is reached.
    pub(crate) fn report_if_due(
        &mut self,
        at: f64,
        key: &str,
        event: WireEvent,
    ) -> Result<Option<(WireEvent, u64)>, ()> {
        if let Some(known) = self.known.iter_mut().find(|known| known.key == key) {
            known.missed += 1;
            if at < known.silent_until {
                known.last = Some(event);
                return Ok(None);
            }
            known.silence = (known.silence * 2.0).min(MAX_SILENCE);
            known.silent_until = at + known.silence;
            known.last = None;
            return Ok(Some((event, core::mem::take(&mut known.missed))));
        }
        if !self.allow_report(at) {
            return Err(());
        }
        if self.known.len() == REMEMBERED {
            self.known.remove(0);
        }
        let (key, silent_until) = (key.to_owned(), at + SILENCE);
        self.known.push(Known { key, silent_until, silence: SILENCE, missed: 0, last: None });
        Ok(Some((event, 1)))
    }

    /// Takes an error that has happened and was not reported yet, with its count, if its silence is
    /// over at that time.
    pub(crate) fn take_missed(&mut self, at: f64) -> Option<(WireEvent, u64)> {
        let mut due = self.known.iter_mut();
        let known = due.find(|known| known.last.is_some() && known.silent_until <= at)?;
        Some((known.last.take()?, core::mem::take(&mut known.missed)))
    }

    /// Returns whether the limit for bursts allows one more.
    fn allow_report(&mut self, at: f64) -> bool {
        let refill = ((at - self.refilled) / REFILL).max(0.0);
        self.allowed = (self.allowed + refill).min(BURST);
        self.refilled = self.refilled.max(at);
        let is_allowed = self.allowed >= 1.0;
        if is_allowed {
            self.allowed -= 1.0;
        }
        is_allowed
    }

    /// Returns the error as an event, and the key under which repetitions are folded.
    pub(crate) fn build_event(
        &self,
        at: f64,
        page: &str,
        problem: Problem<'_>,
    ) -> (WireEvent, String) {
        let message = truncate_chars(problem.message, MAX_MESSAGE_CHARS);
        let stack = truncate_chars(problem.stack, MAX_STACK_CHARS);
        let mut key = message.clone();
        // Errors with the same message may differ in origin and severity.
        let place = stack.split('\n').nth(1).unwrap_or_default();
        for part in [place, problem.feature, problem.component, problem.severity] {
            key.push('\n');
            key.push_str(part);
        }
        let mut event = WireEvent::new("error", at as u64)
            .with_text("page", page)
            .with_text("kind", problem.kind)
            .with_text("message", &message)
            .with_text_if_any("stack", &stack)
            .with_text_if_any("feature", &truncate_chars(problem.feature, MAX_NAME_CHARS))
            .with_text_if_any("component", &truncate_chars(problem.component, MAX_NAME_CHARS))
            .with_text_if_any("severity", problem.severity);
        if is_noise(problem.message, problem.stack) {
            event = event.with_json("noise", "true");
        }
        if !self.crumbs.is_empty() {
            event = event.with_json("crumbs", &self.crumbs_before(at));
        }
        (event, key)
    }

    /// Returns `[[milliseconds before, kind, text], …]`, oldest first.
    fn crumbs_before(&self, at: f64) -> String {
        let mut out = String::from("[");
        for (index, (then, kind, text)) in self.crumbs.iter().enumerate() {
            out.push_str(if index == 0 { "[" } else { ",[" });
            push_number(&mut out, (at - then) as u64);
            out.push(',');
            push_string(&mut out, kind);
            out.push(',');
            push_string(&mut out, text);
            out.push(']');
        }
        out.push(']');
        out
    }
}

/// Returns whether an error cannot be fixed in the app: it comes from a browser extension, from a
/// script of another site that the browser hides, or from a `ResizeObserver` loop.
fn is_noise(message: &str, stack: &str) -> bool {
    // Only the frame that threw counts: an extension that wraps browser functions is further down.
    let thrown = stack.split('\n').find(|line| contains_text(line, "://")).unwrap_or_default();
    contains_text(thrown, "-extension://")
        || contains_text(thrown, "webkit-masked-url://")
        || contains_text(message, "-extension://")
        || message.starts_with("ResizeObserver loop")
        || (stack.is_empty() && message.starts_with("Script error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bursts_of_errors_are_bounded() {
        let mut errors = Errors::default();
        assert_eq!((0..1_000).filter(|_| errors.allow_report(1_000.0)).count(), 30);
        assert!(!errors.allow_report(2_000.0));
        assert!(errors.allow_report(22_000.0));
        assert_eq!((0..1_000).filter(|_| errors.allow_report(9e9)).count(), 30);
    }

    #[test]
    fn an_endless_error_is_counted_and_leaves_room_for_others() {
        let mut errors = Errors::default();
        let mut due = |at, key| errors.report_if_due(at, key, WireEvent::new("error", 0)).unwrap();
        let (mut reports, mut reported) = (0, 0);
        for second in 0..600 {
            if let Some((_, count)) = due(f64::from(second) * 1_000.0, "again") {
                (reports, reported) = (reports + 1, reported + count);
            }
        }
        assert!((3..12).contains(&reports), "{reports}");
        assert!(due(600_000.0, "another").is_some_and(|(_, count)| count == 1));
        let (_, missed) = errors.take_missed(f64::MAX).unwrap();
        assert_eq!(reported + missed, 600, "each is counted once");
        assert!(errors.take_missed(f64::MAX).is_none());
    }

    #[test]
    fn an_error_has_the_breadcrumbs_before_it() {
        let mut errors = Errors::default();
        for n in 0..25 {
            errors.add_crumb(f64::from(n), "click", "button.buy");
        }
        let crumbs = errors.crumbs_before(100.0);
        assert_eq!(crumbs.matches("[95,\"click\",\"button.buy\"]").count(), 1);
        assert_eq!(crumbs.matches("click").count(), 20);
    }

    #[test]
    fn errors_of_extensions_are_noise() {
        assert!(is_noise("x is not defined", "Error\n at chrome-extension://abc/x.js:1:1"));
        assert!(is_noise("x", "f@webkit-masked-url://hidden/:1:2"));
        assert!(is_noise("Script error.", ""));
        let wrapped = "Error\n at f (https://x.org/x.js:1:1)\n at chrome-extension://abc/x.js:1:1";
        assert!(!is_noise("x is not defined", wrapped), "our own, through an extension");
        assert!(!is_noise("x is not defined", "Error\n at https://x.org/x.js:1:1"));
    }
}
