//! Environments, and one of them as a file.

mod create;
mod files;
mod format;

pub use self::{
    create::create,
    files::{ImportPreview, export, import, preview_import},
    format::{FileFormat, parse_file, write_file},
};
