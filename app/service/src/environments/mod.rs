//! Environments, and their export and import as files.

mod change;
mod create;
mod files;
mod format;
mod read;

pub use self::{
    change::{delete_environment, rename_environment},
    create::create_environment,
    files::{
        EnvironmentExport, ImportPreview, export_environment, import_environment, preview_import,
        try_import,
    },
    format::{FileFormat, parse_file, write_file},
    read::{find_environment_id, list_environments, read_environment},
};
