//! The migrations of `migrations/sqlite`, embedded in the binary. `sqlx::migrate!` would do the
//! same, but its macro crate builds SQLite a second time for the compiler, which adds half a minute
//! to a clean build.

use sqlx::{
    SqlStr,
    migrate::{Migration, MigrationType, Migrator},
};

/// A migration file: version, name, SQL statements.
type MigrationFile = (i64, &'static str, &'static str);

macro_rules! migration_files {
    ($folder:literal: $(($number:literal, $name:literal)),+ $(,)?) => {
        &[$((
            $number,
            $name,
            include_str!(concat!(
                "../../../migrations/sqlite/", $folder, "/000", $number, "_", $name, ".sql"
            )),
        )),+]
    };
}

const STATE: &[MigrationFile] = migration_files!("state":
    (1, "first"),
    (2, "flag_service"),
    (3, "collecting"),
    (4, "retention"),
    (5, "token_reach"),
    (6, "session_epoch"),
    (7, "deleted_environments"),
    (8, "versions"),
    (9, "terms"),
);

const TELEMETRY: &[MigrationFile] = migration_files!("telemetry":
    (1, "first"),
    (2, "flag_usage"),
    (3, "screenshots"),
    (4, "slices"),
    (5, "persons"),
    (6, "label_visitors"),
    (7, "terms"),
    (8, "users_and_rejections"),
);

pub(crate) fn state_migrations() -> Migrator {
    build_migrator(STATE)
}

pub(crate) fn telemetry_migrations() -> Migrator {
    build_migrator(TELEMETRY)
}

fn build_migrator(files: &[MigrationFile]) -> Migrator {
    let migration = |(number, name, statements): &MigrationFile| {
        let description = name.replace('_', " ").into();
        let statements = SqlStr::from_static(statements);
        Migration::new(*number, description, MigrationType::Simple, statements, false)
    };
    Migrator::with_migrations(files.iter().map(migration).collect())
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
                files.iter().map(|(number, name, _)| format!("{number:04}_{name}.sql")).collect();
            assert_eq!(found, embedded);
        }
    }
}
