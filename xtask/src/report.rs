//! The output of the checks.

use std::time::Instant;

use anyhow::Result;

/// Prints a heading for the next step.
pub(crate) fn print_stage(name: &str) {
    println!("\n== {name}");
}

/// Runs checks and reports their results.
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

    /// Runs a check, unless the filter excludes it. A failure does not stop later checks.
    pub(crate) fn run_check(&mut self, name: &str, check: impl FnOnce() -> Result<()>) {
        if !name.contains(&self.filter) {
            return;
        }
        print_stage(name);
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

    /// Prints the summary. Returns `true` if at least one check was run and none has failed.
    pub(crate) fn finish_report(self) -> bool {
        println!("\nall of it: {} s", self.begun.elapsed().as_secs());
        // Failures are repeated, because readers look at the end of a long output.
        for failure in &self.failed {
            println!("failed: {failure}");
        }
        println!("{} passed, {} failed", self.passed, self.failed.len());
        self.failed.is_empty() && self.passed > 0
    }
}
