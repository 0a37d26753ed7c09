//! Checks the wording of code: terms that the glossary of `app/ARCHITECTURE.md` replaces, and doc
//! comments that are too short to say anything.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::run;

/// Words that the glossary replaces with a standard term.
const BANNED: [&str; 44] = [
    "Deed",
    "Tally",
    "Ledger",
    "Shelf",
    "Settled",
    "Standing",
    "Voices",
    "Contribution",
    "Whoever",
    "made up",
    "alarm",
    "alarms",
    "everybody",
    "whoever",
    "presence",
    "surely",
    "Forgotten",
    "trouble",
    "Trouble",
    "Deeds",
    "Fact",
    "Facts",
    "Grave",
    "HistoryEntry",
    "HistoryLine",
    "LiveEnvironment",
    "MovedPhase",
    "OpinionPanel",
    "People",
    "PersonHash",
    "PersonalOverride",
    "PlacedEntry",
    "Refusal",
    "RefusalBook",
    "RowKey",
    "Slice",
    "TallySum",
    "Upkeep",
    "UsageBook",
    "UsageRow",
    "VitalCourse",
    "Weighed",
    "middling",
    "sign of life",
];

/// The minimum number of words in a doc comment of one line.
const MIN_WORDS: usize = 4;

/// This file, which contains the words.
const OWN: &str = "xtask/src/language.rs";

/// Fails with a list of all violations.
pub(crate) fn check_language() -> Result<()> {
    let root = crate::files::repository_root()?;
    let mut git = std::process::Command::new("git");
    let listed = run::read_output(
        git.args(["ls-files", "*.rs", "*.ts", "*.js", "*.mjs", "*.jsx", "*.css", "*.md"])
            .current_dir(&root),
    )?;
    let mut broken = Vec::new();
    for name in listed.lines().filter(|name| *name != OWN) {
        let path = root.join(name);
        // A file that was moved is listed under its old name until the move is committed.
        if !Path::new(&path).exists() {
            continue;
        }
        let text = fs::read_to_string(&path).with_context(|| format!("{name} cannot be read"))?;
        broken.extend(find_problems(&text).into_iter().map(|problem| format!("{name}:{problem}")));
    }
    if !broken.is_empty() {
        bail!("rules of wording are broken:\n{}", broken.join("\n"));
    }
    println!("no banned words, and every doc comment has {MIN_WORDS} words or more");
    Ok(())
}

/// Returns the violations of a file, each with its line.
fn find_problems(text: &str) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let doc = |index: usize| lines.get(index).and_then(|line| line.trim().strip_prefix("///"));
    let mut found = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let number = index + 1;
        let banned = BANNED.iter().filter(|word| has_word(line, word));
        found
            .extend(banned.map(|word| format!("{number}: {word:?} is not a term of this project")));
        let before = index.checked_sub(1).and_then(doc);
        if let (None, Some(said), None) = (before, doc(index), doc(number))
            && said.split_whitespace().count() < MIN_WORDS
        {
            found.push(format!("{number}: the doc comment{said:?} says too little"));
        }
    }
    found
}

/// Returns whether a line has a word that is not part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let is_part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| {
        let (before, after) = (line.get(..at), line.get(at + word.len()..));
        !is_part(before.and_then(|text| text.chars().next_back()))
            && !is_part(after.and_then(|text| text.chars().next()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn banned_words_are_reported_with_their_line() {
        let found =
            find_problems("let a = 1;\nstruct Tally;\nstruct TallyBook;\n// it was made up\n");
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("2: \"Tally\"") && found[1].starts_with("4: \"made up\""));
    }

    #[test]
    fn short_doc_comments_of_one_line_are_reported() {
        let found =
            find_problems("/// The page.\nfn a() {}\n/// Returns:\n/// one flag.\nfn b() {}\n");
        assert_eq!(found, ["1: the doc comment\" The page.\" says too little"]);
        assert!(find_problems("/// The key of a flag.\nstruct A;\n").is_empty());
    }
}
