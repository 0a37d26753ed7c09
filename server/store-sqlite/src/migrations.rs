//! The migrations of `migrations/sqlite`, embedded in the binary. `sqlx::migrate!` would do the
//! same, but its macro crate builds SQLite a second time for the compiler, which adds half a minute
//! to a clean build.

use sqlx::{
    SqlStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// A migration file: its name without the ending, which begins with its version, and its statements.
type MigrationFile = (&'static str, &'static str);

macro_rules! migration_files {
    ($folder:literal: $($name:literal),+ $(,)?) => {
        &[$((
            $name,
            include_str!(concat!("../../../migrations/sqlite/", $folder, "/", $name, ".sql")),
        )),+]
    };
}

const STATE: &[MigrationFile] = migration_files!("state":
    "0001_first",
    "0002_flag_service",
    "0003_collecting",
    "0004_retention",
    "0005_token_reach",
    "0006_session_epoch",
    "0007_deleted_environments",
    "0008_versions",
    "0009_terms",
    "0010_accounts",
);

const TELEMETRY: &[MigrationFile] = migration_files!("telemetry":
    "0001_first",
    "0002_flag_usage",
    "0003_screenshots",
    "0004_slices",
    "0005_persons",
    "0006_label_visitors",
    "0007_terms",
    "0008_users_and_rejections",
);

pub(crate) fn state_migrations() -> Migrator {
    build_migrator(STATE)
}

pub(crate) fn telemetry_migrations() -> Migrator {
    build_migrator(TELEMETRY)
}

/// Numbers the migrations from 1, as their names do.
fn build_migrator(files: &[MigrationFile]) -> Migrator {
    let migration = |(version, (name, statements)): (i64, &MigrationFile)| {
        let words = name.split_once('_').map_or(*name, |(_, words)| words);
        let description = words.replace('_', " ").into();
        let statements = SqlStr::from_static(statements);
        Migration::new(version, description, MigrationType::Simple, statements, false)
    };
    Migrator::with_migrations((1..).zip(files).map(migration).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_file_is_embedded() {
        for (folder, files) in [("state", STATE), ("telemetry", TELEMETRY)] {
            let path = format!("{}/../../migrations/sqlite/{folder}", env!("CARGO_MANIFEST_DIR"));
            let mut found: Vec<String> = std::fs::read_dir(path)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            found.sort();
            let embedded: Vec<String> =
                files.iter().map(|(name, _)| format!("{name}.sql")).collect();
            assert_eq!(found, embedded);
            for (version, (name, _)) in (1..).zip(files) {
                assert!(name.starts_with(&format!("{version:04}_")), "{name} is number {version}");
            }
        }
    }
}
