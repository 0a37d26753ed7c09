//! Regular expressions with a constant search time per byte, whatever the text.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError, Weak},
};

use regex::{Regex, RegexBuilder};
use regex_automata::{
    Input,
    dfa::{Automaton, StartKind, dense},
    nfa::thompson::{self, WhichCaptures},
};
use regex_syntax::hir::{Hir, HirKind, Look};

use super::InvalidPattern;

/// The maximum length of a regular expression, in bytes.
const MAX_PATTERN_BYTES: usize = 1_000;

/// The maximum memory of a compiled regular expression of an older version, in bytes.
const MAX_STORED_SIZE: usize = 1 << 20;

/// The maximum memory of the transition table, in bytes.
const MAX_TABLE_SIZE: usize = 1 << 19;

/// The maximum memory that building the table may take, in bytes.
const MAX_WORK_SIZE: usize = 1 << 22;

/// The transition table of a regular expression.
type Table = dense::DFA<Vec<u32>>;

/// A compiled regular expression.
#[derive(Debug, Clone)]
pub(super) enum Pattern {
    /// A DFA with one look-up per byte.
    Table(Arc<Table>),
    /// Saved by an older version, and too large for a table; its search may be slow.
    Large(Box<Regex>),
}

/// Tables in use, by the text of their patterns. Switching a flag parses its rules again, and
/// building a table takes a thousand times longer than finding it.
struct KnownTables(Mutex<BTreeMap<Box<str>, Weak<Table>>>);

static KNOWN: KnownTables = KnownTables(Mutex::new(BTreeMap::new()));

/// From this many tables on, inserting one removes those that are no longer in use.
const MANY_TABLES: usize = 1_024;

impl KnownTables {
    fn find_table(&self, text: &str) -> Option<Arc<Table>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(text)?.upgrade()
    }

    fn insert_table(&self, text: &str, table: &Arc<Table>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MANY_TABLES {
            known.retain(|_, table| table.strong_count() > 0);
        }
        known.insert(text.into(), Arc::downgrade(table));
    }
}

impl Pattern {
    /// Compiles a regular expression. `\b` and `\B` apply to ASCII words.
    ///
    /// # Errors
    /// Returns what is wrong and, for known mistakes, what to write instead.
    pub(super) fn new(text: &str) -> Result<Self, InvalidPattern> {
        if text.len() > MAX_PATTERN_BYTES {
            return Err(InvalidPattern::TooLong(MAX_PATTERN_BYTES));
        }
        if let Some(flags) = literal_flags(text) {
            let inner = text.trim_start_matches('/');
            let inner = inner.rsplit_once('/').map_or(inner, |(inner, _)| inner);
            let kept: String =
                flags.chars().filter(|flag| matches!(flag, 'i' | 'm' | 's')).collect();
            let prefix = if kept.is_empty() { String::new() } else { format!("(?{kept})") };
            return Err(InvalidPattern::JavaScript(format!("{prefix}{inner}")));
        }
        if let Some(table) = KNOWN.find_table(text) {
            return Ok(Self::Table(table));
        }
        let hir = regex_syntax::parse(text)
            .map_err(|error| InvalidPattern::Syntax(explain_error(text, &error.to_string())))?;
        if let Some(table) = build_table(&hir) {
            let table = Arc::new(table);
            KNOWN.insert_table(text, &table);
            return Ok(Self::Table(table));
        }
        let large = RegexBuilder::new(text).size_limit(MAX_STORED_SIZE).build();
        large.map(|regex| Self::Large(Box::new(regex))).map_err(|_| InvalidPattern::TooLarge)
    }

    pub(super) fn is_match(&self, text: &str) -> bool {
        match self {
            // Fails only in tables that are configured to quit at some bytes; these are not.
            Self::Table(table) => table
                .try_search_fwd(&Input::new(text).earliest(true))
                .is_ok_and(|found| found.is_some()),
            Self::Large(regex) => regex.is_match(text),
        }
    }

    /// Explains why the pattern may no longer be saved.
    pub(super) fn explain_unsavable(&self) -> Option<InvalidPattern> {
        matches!(self, Self::Large(_)).then_some(InvalidPattern::TooLarge)
    }
}

fn build_table(hir: &Hir) -> Option<Table> {
    let nfa = thompson::Compiler::new()
        .configure(
            thompson::Config::new()
                .which_captures(WhichCaptures::None)
                .nfa_size_limit(Some(MAX_STORED_SIZE)),
        )
        .build_from_hir(&with_ascii_words(hir))
        .ok()?;
    dense::Builder::new()
        .configure(
            dense::Config::new()
                .start_kind(StartKind::Unanchored)
                .dfa_size_limit(Some(MAX_TABLE_SIZE))
                .determinize_size_limit(Some(MAX_WORK_SIZE)),
        )
        .build_from_nfa(&nfa)
        .ok()
}

/// Replaces Unicode word boundaries by ASCII ones, which are all that a DFA supports.
fn with_ascii_words(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Look(look) => Hir::look(match look {
            Look::WordUnicode => Look::WordAscii,
            Look::WordUnicodeNegate => Look::WordAsciiNegate,
            Look::WordStartUnicode => Look::WordStartAscii,
            Look::WordEndUnicode => Look::WordEndAscii,
            Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
            Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
            other => *other,
        }),
        HirKind::Repetition(repetition) => {
            let mut repetition = repetition.clone();
            repetition.sub = Box::new(with_ascii_words(&repetition.sub));
            Hir::repetition(repetition)
        }
        HirKind::Capture(capture) => with_ascii_words(&capture.sub),
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(with_ascii_words).collect()),
        HirKind::Alternation(parts) => {
            Hir::alternation(parts.iter().map(with_ascii_words).collect())
        }
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) => hir.clone(),
    }
}

/// The flags of `/pattern/flags`. Without flags, the text may be a path.
fn literal_flags(text: &str) -> Option<&str> {
    let (_, flags) = text.strip_prefix('/')?.rsplit_once('/')?;
    let are_flags = (1..=4).contains(&flags.len())
        && flags.chars().all(|flag| matches!(flag, 'd' | 'g' | 'i' | 'm' | 's' | 'u' | 'y'));
    are_flags.then_some(flags)
}

fn explain_error(pattern: &str, error: &str) -> String {
    let last = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
    let hint = if last.contains("look-around") {
        "; look-ahead and look-behind are not supported: use two conditions, one of them with \"not\""
    } else if last.contains("backreferences")
        || pattern.contains("(?P=")
        || pattern.contains(r"\k<")
    {
        "; what was matched before cannot be asked for again: write the alternatives out"
    } else if pattern.contains("(?>")
        || ["*+", "++", "?+"].iter().any(|more| pattern.contains(more))
    {
        "; atomic groups and possessive repetitions are not needed here, because the search never goes back: \
         write (?: and leave the second + out"
    } else if pattern.contains('\\') && last.contains("unrecognized escape") {
        "; write a sign that means itself without \\"
    } else {
        ""
    };
    format!("{last}{hint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_regular_expressions_do() {
        for (pattern, yes, no) in [
            ("^u[0-9]+$", "u12", "xu12"),
            ("(?i)ÄRA", "die ära", "die aera"),
            (r"\bbeta\b", "a beta b", "alphabeta"),
            (r"^\+49\d{6,12}$", "+4912345678", "+48123456"),
            (r"^[^@]+@(example|corp)\.com$", "ada@corp.com", "ada@corp.org"),
            (r"\w+@\w+", "ä@ö", "@"),
            ("/checkout/", "/shop/checkout/1", "/checkout"),
            ("", "anything", "\u{0}never"),
        ] {
            let pattern_of = Pattern::new(pattern).unwrap();
            assert!(pattern_of.explain_unsavable().is_none(), "{pattern}");
            assert!(pattern_of.is_match(yes), "{pattern} {yes}");
            assert_eq!(pattern_of.is_match(no), pattern.is_empty(), "{pattern} {no}");
        }
    }

    #[test]
    fn slow_patterns_are_detected() {
        for slow in [r"(?:\w{2,40}[a-z]){9}$", "[ab].{60}[cd].{60}x", "(a|b)*a(a|b){18}"] {
            let problem =
                Pattern::new(slow).map_or_else(Some, |pattern| pattern.explain_unsavable());
            assert_eq!(problem, Some(InvalidPattern::TooLarge), "{slow}");
        }
    }

    #[test]
    fn nested_repetition_becomes_a_table() {
        let text = "ab".repeat(32_768);
        let nested = Pattern::new("((a|b)*b){5}c$").unwrap();
        assert!(matches!(nested, Pattern::Table(_)));
        assert!(!nested.is_match(&text));
        assert!(nested.is_match(&format!("{text}c")));
    }

    #[test]
    fn syntax_of_other_engines_gets_a_hint() {
        let complaint = |text: &str| Pattern::new(text).unwrap_err().to_string();
        assert!(complaint("(?=a)").contains("look-ahead"));
        assert!(complaint("(?<!a)b").contains("look-behind"));
        assert!(complaint(r"(a)\1").contains("cannot be asked for again"));
        assert!(complaint(r"(?P<n>a)(?P=n)").contains("cannot be asked for again"));
        assert!(complaint(r"(?<n>a)\k<n>").contains("cannot be asked for again"));
        assert!(complaint("(?>a+)b").contains("never goes back"));
        assert!(complaint("/^ada/i").contains("\"(?i)^ada\""));
        assert_eq!(complaint("(a"), "is not a regular expression: unclosed group");
        assert!(complaint(&"a".repeat(2_000)).contains("longer than"));
    }
}
