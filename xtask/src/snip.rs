//! Removes the texts of panics and the code that formats them from a WASM module.
//!
//! A panic ends the module either way, and its message is not read: in a browser, the bridge
//! catches the trap. Yet the code that formats the message is a third of a small module. A standard
//! library built without it (`panic = "immediate-abort"`) needs nightly tools. Replacing the
//! functions that begin a panic with traps has the same effect, because the rest is no longer
//! reachable.

use std::path::Path;

use anyhow::{Context, Result, anyhow};
use walrus::{FunctionBuilder, FunctionKind, Module};

/// Parts of the mangled names of functions that never return.
const NEVER_RETURN: [&str; 6] = [
    "9panicking",
    "unwrap_failed",
    "expect_failed",
    "slice_error_fail",
    "handle_alloc_error",
    "capacity_overflow",
];

/// Texts that only panics use. Constants stay in a module although they are not used any more; as
/// zeros, they compress to almost nothing.
const NEVER_SAID: [&str; 10] = [
    "dimension index starts at ",
    " but ends at ",
    "range start index ",
    "range end index ",
    "\" out of range for dimension of length ",
    "removal index (is ",
    ") should be < len (is ",
    "capacity overflow",
    "attempt to divide by zero",
    "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
     5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899",
];

/// Beginnings of the names of source files, which end with `.rs`.
const SOURCES: [&str; 3] = ["/rustc/", "app/wire/src/", "frontend/collector/src/"];

/// Overwrites all occurrences of a text with zeros.
fn blank_text(data: &mut [u8], words: &[u8]) {
    while let Some(at) = find_bytes(data, words) {
        data.iter_mut().skip(at).take(words.len()).for_each(|byte| *byte = 0);
    }
}

/// Overwrites the names of source files with zeros.
fn blank_sources(data: &mut [u8], start: &[u8]) {
    const END: &[u8] = b".rs";
    while let Some(at) = find_bytes(data, start) {
        let rest = data.get(at..).unwrap_or_default();
        let length = find_bytes(rest, END).map_or(start.len(), |end| end + END.len());
        data.iter_mut().skip(at).take(length).for_each(|byte| *byte = 0);
    }
}

fn find_bytes(data: &[u8], words: &[u8]) -> Option<usize> {
    data.windows(words.len()).position(|window| window == words)
}

/// Reads a module without its section of target features, which would enable reference types again.
pub(crate) fn read_module(path: &Path) -> Result<Module> {
    let mut module = Module::from_file(path)
        .map_err(|error| anyhow!("{error}"))
        .with_context(|| format!("reading {}", path.display()))?;
    let features =
        module.customs.iter().find(|(_, s)| s.name() == "target_features").map(|(id, _)| id);
    if let Some(id) = features {
        module.customs.delete(id);
    }
    Ok(module)
}

/// Reads a module and replaces the functions that begin a panic with traps.
pub(crate) fn remove_panics(path: &Path) -> Result<Module> {
    let mut module = read_module(path)?;
    let begins_a_panic = |name: &str| {
        NEVER_RETURN.iter().any(|part| name.contains(part))
            || (name.contains("5slice5index") && name.contains("fail"))
            || name.contains("begin_panic")
            || name.contains("rust_begin_unwind")
            // Formatting: only panics use it, and function tables would keep it.
            || name.contains("4core3fmt")
            || name.contains("3fmt")
    };
    replace_with_traps(&mut module, begins_a_panic);
    let constants: Vec<_> = module.data.iter().map(|data| data.id()).collect();
    for id in constants {
        let data = &mut module.data.get_mut(id).value;
        NEVER_SAID.iter().for_each(|words| blank_text(data, words.as_bytes()));
        SOURCES.iter().for_each(|start| blank_sources(data, start.as_bytes()));
    }
    Ok(module)
}

/// Reads a module of islands and removes the asynchronous hydration of views, which islands do not
/// use: each is hydrated at once, and no view of theirs suspends. Leptos compiles it for every type
/// of view, and function tables would keep it. Only the bodies of its futures are removed: the
/// compiler merges small functions with others of the same code.
pub(crate) fn remove_async_hydration(path: &Path) -> Result<Module> {
    let mut module = read_module(path)?;
    const BODY: &str = "13hydrate_async28_$u7b$$u7b$closure$u7d$$u7d$17h";
    // Behind the hash of the function, the name ends.
    let is_body = |name: &str| name.rsplit_once(BODY).is_some_and(|(_, rest)| rest.len() <= 17);
    replace_with_traps(&mut module, is_body);
    Ok(module)
}

/// Replaces functions, by their mangled names, with traps, and removes what only they reach.
fn replace_with_traps(module: &mut Module, is_replaced: impl Fn(&str) -> bool) {
    let found: Vec<_> = module
        .funcs
        .iter_local()
        .filter(|(id, _)| module.funcs.get(*id).name.as_deref().is_some_and(&is_replaced))
        .map(|(id, function)| (id, function.ty()))
        .collect();
    for (id, ty) in found {
        let (parameters, results) = {
            let ty = module.types.get(ty);
            (ty.params().to_vec(), ty.results().to_vec())
        };
        let arguments: Vec<_> = parameters.iter().map(|ty| module.locals.add(*ty)).collect();
        let mut trap = FunctionBuilder::new(&mut module.types, &parameters, &results);
        trap.func_body().unreachable();
        module.funcs.get_mut(id).kind = FunctionKind::Local(trap.local_func(arguments));
    }
    walrus::passes::gc::run(module);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_panics_are_zeroed_and_the_rest_stays() {
        let mut data =
            b"[email]capacity overflow/rustc/abc/core/str.rs:idcapacity overflow".to_vec();
        blank_text(&mut data, b"capacity overflow");
        blank_sources(&mut data, b"/rustc/");
        let kept: Vec<u8> = data.into_iter().filter(|byte| *byte != 0).collect();
        assert_eq!(kept, b"[email]:id");
    }
}
