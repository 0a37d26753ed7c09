//! What the checks print.

use std::time::Instant;

use anyhow::Result;

/// Says what comes next.
pub(crate) fn stage(name: &str) {
    println!("\n== {name}");
}

/// Counts checks and says how they went.
#[derive(Debug)]
pub(crate) struct Report {
    filter: String,
    passed: u32,
    failed: Vec<String>,
    begun: Instant,
}

impl Report {
    pub(crate) fn new(filter: &str) -> Self {
        Self { filter: filter.to_owned(), passed: 0, failed: Vec::new(), begun: Instant::now() }
    }

    /// Runs a check, unless the filter leaves it out. The rest runs even if it fails.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) {
        if !name.contains(&self.filter) {
            return;
        }
        stage(name);
        let begun = Instant::now();
        match check() {
            Ok(()) => self.passed += 1,
            Err(error) => {
                println!("{name} FAILED: {error:#}");
                self.failed.push(format!("{name}: {error:#}"));
            }
        }
        println!("-- {name}: {} s", begun.elapsed().as_secs());
    }

    /// The last lines; `true` when all is well. Nothing run is not well.
    pub(crate) fn finish(self) -> bool {
        println!("\nall of it: {} s", self.begun.elapsed().as_secs());
        // Once more, because the end of a long output is what is looked at.
        for failure in &self.failed {
            println!("failed: {failure}");
        }
        println!("{} passed, {} failed", self.passed, self.failed.len());
        self.failed.is_empty() && self.passed > 0
    }
}
