//! Environments, and their export and import as files.

mod change;
mod create;
mod files;
mod format;
mod read;

pub use self::{
    change::{delete, rename},
    create::create,
    files::{ImportPreview, export, import, preview_import, try_import},
    format::{FileFormat, parse_file, write_file},
    read::{environment, of_project},
};
