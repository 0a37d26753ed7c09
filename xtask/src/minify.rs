//! Minifies scripts: shorter names, no comments, no whitespace.

use anyhow::{Result, bail};
use oxc_allocator::Allocator;
use oxc_codegen::{Codegen, CodegenOptions};
use oxc_minifier::{Minifier, MinifierOptions};
use oxc_parser::Parser;
use oxc_span::SourceType;

/// Minifies a script or a module.
pub(crate) fn minify_script(source: &str, is_module: bool) -> Result<String> {
    let allocator = Allocator::default();
    let kind = if is_module { SourceType::mjs() } else { SourceType::cjs() };
    let parsed = Parser::new(&allocator, source, kind).parse();
    if !parsed.diagnostics.is_empty() {
        bail!("a script cannot be read: {:?}", parsed.diagnostics);
    }
    let mut program = parsed.program;
    let minified = Minifier::new(MinifierOptions::default()).minify(&allocator, &mut program);
    let options = CodegenOptions::minify();
    let written =
        Codegen::new().with_options(options).with_scoping(minified.scoping).build(&program);
    Ok(written.code)
}
