//! Why events are refused, as few kinds of reasons.

/// The longest reason that is counted by, in characters.
const MAX_CHARS: usize = 100;

/// What is wrong, without what only one event has: quoted texts become `…`, numbers `n`. So that
/// reasons can be counted by, whatever pages send.
#[must_use]
pub fn refusal_class(reason: &str) -> String {
    // Where it stands in the text differs from event to event.
    let reason = reason.split(" at line ").next().unwrap_or_default();
    let mut class = String::new();
    let mut letters = reason.chars().peekable();
    let mut is_in_word = false;
    while let Some(letter) = letters.next() {
        let begins_number = letter.is_ascii_digit()
            || (letter == '-' && letters.peek().is_some_and(char::is_ascii_digit));
        if letter == '"' {
            skip_quoted(&mut letters);
            class.push('…');
        } else if begins_number && !is_in_word {
            while letters.next_if(|next| next.is_ascii_digit() || *next == '.').is_some() {}
            class.push('n');
        } else {
            class.push(letter);
        }
        is_in_word = letter.is_alphanumeric() || (letter == '-' && is_in_word);
    }
    class.chars().take(MAX_CHARS).collect()
}

/// Up to the closing quote; one that is escaped does not close.
fn skip_quoted(letters: &mut impl Iterator<Item = char>) {
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            '"' => return,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_put_together() {
        for (reason, class) in [
            (
                "flag: there is no flag \"A\" in this environment",
                "flag: there is no flag … in this environment",
            ),
            ("name: there is no vital \"a\\\"b\" x", "name: there is no vital … x"),
            (
                "invalid value: integer `-1`, expected u64 at line 1 column 9",
                "invalid value: integer `n`, expected u64",
            ),
            (
                "value: at most 86400000000 millionths, found 86400000001.5",
                "value: at most n millionths, found n",
            ),
            (
                "message: at most 1000 characters - no more",
                "message: at most n characters - no more",
            ),
            ("the event is not valid UTF-8", "the event is not valid UTF-8"),
            ("\"never closed", "…"),
        ] {
            assert_eq!(refusal_class(reason), class);
        }
        assert_eq!(refusal_class(&"ä".repeat(500)).chars().count(), 100);
    }
}
