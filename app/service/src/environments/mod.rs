//! Environments, and one of them as a file.

mod create;
mod files;

pub use self::{
    create::create,
    files::{FileFormat, ImportPreview, export, import, parse_file, preview_import, write_file},
};
