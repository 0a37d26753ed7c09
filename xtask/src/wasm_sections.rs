//! Reads names from WASM modules and adds exports, without touching their relocations.

use anyhow::{Context, Result};

const CUSTOM: u8 = 0;
const EXPORT: u8 = 7;

/// The kind of an exported function, and of the names of functions.
const FUNCTION: u8 = 0;
const FUNCTION_NAMES: u8 = 1;

/// A part of a module that is read from its beginning.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(length).context("the module ends too early")?;
        self.0 = rest;
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8> {
        self.take(1)?.first().copied().context("the module ends too early")
    }

    fn number(&mut self) -> Result<u32> {
        let (mut number, mut shift) = (0_u32, 0);
        loop {
            let byte = self.byte()?;
            number |= u32::from(byte & 0x7f).checked_shl(shift).unwrap_or_default();
            shift += 7;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
    }

    /// Reads a length and as many bytes.
    fn block(&mut self) -> Result<&'a [u8]> {
        let length = self.number()?;
        self.take(length as usize)
    }
}

fn write_number(out: &mut Vec<u8>, mut number: u32) {
    loop {
        let byte = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return out.push(byte);
        }
        out.push(byte | 0x80);
    }
}

/// The id and the content of a section.
type Section<'a> = (u8, &'a [u8]);

/// Splits a module into its header and its sections.
fn read_sections(module: &[u8]) -> Result<(&[u8], Vec<Section<'_>>)> {
    let mut reader = Reader(module);
    let header = reader.take(8)?;
    let mut sections = Vec::new();
    while !reader.0.is_empty() {
        let id = reader.byte()?;
        sections.push((id, reader.block()?));
    }
    Ok((header, sections))
}

/// Returns the indices of the functions with their mangled names.
pub(crate) fn function_names(module: &[u8]) -> Result<Vec<(u32, &[u8])>> {
    let mut names = Vec::new();
    for (id, content) in read_sections(module)?.1 {
        let mut reader = Reader(content);
        if id != CUSTOM || reader.block()? != b"name" {
            continue;
        }
        while !reader.0.is_empty() {
            let kind = reader.byte()?;
            let mut part = Reader(reader.block()?);
            if kind != FUNCTION_NAMES {
                continue;
            }
            for _ in 0..part.number()? {
                names.push((part.number()?, part.block()?));
            }
        }
    }
    Ok(names)
}

/// Returns the module with further exports of functions, named by `prefix` and their index.
pub(crate) fn export_functions(module: &[u8], prefix: &str, functions: &[u32]) -> Result<Vec<u8>> {
    let (header, sections) = read_sections(module)?;
    let mut out = header.to_vec();
    for (id, content) in sections {
        let mut extended = Vec::new();
        if id == EXPORT {
            let mut reader = Reader(content);
            let count = reader.number()? + u32::try_from(functions.len())?;
            write_number(&mut extended, count);
            extended.extend_from_slice(reader.0);
            for index in functions {
                let name = format!("{prefix}{index}");
                write_number(&mut extended, u32::try_from(name.len())?);
                extended.extend_from_slice(name.as_bytes());
                extended.push(FUNCTION);
                write_number(&mut extended, *index);
            }
        } else {
            extended.extend_from_slice(content);
        }
        out.push(id);
        write_number(&mut out, u32::try_from(extended.len())?);
        out.extend_from_slice(&extended);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exports_are_added_and_names_are_read() {
        // A module with an export section of one memory, and the name of function 5.
        let module = b"\0asm\x01\0\0\0\x07\x05\x01\x01m\x02\0\0\x0b\x04name\x01\x04\x01\x05\x01f";
        assert_eq!(function_names(module).unwrap(), [(5, &b"f"[..])]);
        let more = export_functions(module, "x", &[5]).unwrap();
        assert!(more.windows(11).any(|part| part == b"\x07\x0a\x02\x01m\x02\0\x02x5\0"));
        assert_eq!(function_names(&more).unwrap(), [(5, &b"f"[..])]);
    }
}
