//! Errors: without personal data, told apart, folded where they repeat, bounded in a storm.

use phasegate_wire::{
    MAX_MESSAGE_CHARS, MAX_NAME_CHARS, MAX_STACK_CHARS,
    encode::{Event, push_number, push_string},
};

use crate::{
    queue::cut,
    scrub::{has, scrub},
};

/// Breadcrumbs that are kept.
const CRUMBS: usize = 20;

/// Longest breadcrumb, in characters.
const CRUMB_CHARS: usize = 120;

/// Different errors that are reported at once, and after how many milliseconds one more may be:
/// a loop that throws must not flood anybody.
const BURST: f64 = 30.0;
const REFILL: f64 = 20_000.0;

/// An error as the page saw it.
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
    /// When, of which kind, and what.
    crumbs: Vec<(f64, &'static str, String)>,
    allowed: f64,
    refilled: f64,
}

impl Default for Errors {
    fn default() -> Self {
        Self { crumbs: Vec::new(), allowed: BURST, refilled: 0.0 }
    }
}

impl Errors {
    /// Notes what happened before an error.
    pub(crate) fn crumb(&mut self, at: f64, kind: &str, text: &str) {
        let kind = ["navigation", "click", "request", "console"].into_iter().find(|k| *k == kind);
        if self.crumbs.len() == CRUMBS {
            self.crumbs.remove(0);
        }
        self.crumbs.push((at, kind.unwrap_or("error"), cut(&scrub(text), CRUMB_CHARS)));
    }

    /// Whether a storm leaves room for one more.
    pub(crate) fn allow(&mut self, at: f64) -> bool {
        let refill = ((at - self.refilled) / REFILL).max(0.0);
        self.allowed = (self.allowed + refill).min(BURST);
        self.refilled = self.refilled.max(at);
        let is_allowed = self.allowed >= 1.0;
        if is_allowed {
            self.allowed -= 1.0;
        }
        is_allowed
    }

    /// The error as an event, and the name under which repetitions are folded.
    pub(crate) fn event(&self, at: f64, page: &str, problem: Problem<'_>) -> (Event, String) {
        let message = cut(&scrub(problem.message), MAX_MESSAGE_CHARS);
        let stack = cut(&scrub(problem.stack), MAX_STACK_CHARS);
        let mut key = message.clone();
        // Two errors with one message may come from two places.
        key.push_str(stack.split('\n').nth(1).unwrap_or_default());
        let mut event = Event::new("error", at as u64)
            .text("page", page)
            .text("kind", problem.kind)
            .text("message", &message)
            .text_if_any("stack", &stack)
            .text_if_any("feature", &cut(problem.feature, MAX_NAME_CHARS))
            .text_if_any("component", &cut(problem.component, MAX_NAME_CHARS))
            .text_if_any("severity", problem.severity);
        if is_noise(problem.message, problem.stack) {
            event = event.raw("noise", "true");
        }
        if !self.crumbs.is_empty() {
            event = event.raw("crumbs", &self.crumbs_before(at));
        }
        (event, key)
    }

    /// `[[milliseconds before, kind, what], …]`, the oldest first.
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

/// What a browser extension did, or a script of another site that the browser says nothing about:
/// nobody here can mend that.
fn is_noise(message: &str, stack: &str) -> bool {
    has(stack, "-extension://")
        || has(message, "-extension://")
        || message.starts_with("ResizeObserver loop")
        || (stack.is_empty() && message.starts_with("Script error"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_is_bounded_and_ends() {
        let mut errors = Errors::default();
        assert_eq!((0..1_000).filter(|_| errors.allow(1_000.0)).count(), 30);
        assert!(!errors.allow(2_000.0));
        assert!(errors.allow(22_000.0));
        assert_eq!((0..1_000).filter(|_| errors.allow(9e9)).count(), 30);
    }

    #[test]
    fn an_error_tells_what_came_before_it() {
        let mut errors = Errors::default();
        for n in 0..25 {
            errors.crumb(f64::from(n), "click", "button.buy ada@example.com");
        }
        let crumbs = errors.crumbs_before(100.0);
        assert_eq!(crumbs.matches("[95,\"click\",\"button.buy [email]\"]").count(), 1);
        assert_eq!(crumbs.matches("click").count(), 20);
    }

    #[test]
    fn what_extensions_do_is_marked() {
        assert!(is_noise("x is not defined", "Error\n at chrome-extension://abc/x.js:1:1"));
        assert!(is_noise("Script error.", ""));
        assert!(!is_noise("x is not defined", "Error\n at https://x.org/x.js:1:1"));
    }
}
