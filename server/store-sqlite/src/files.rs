//! Checks of a database's files before it is opened: they must be writable and belong together.
//!
//! SQLite keeps the newest changes beside the file, in `-wal`. If a backup replaces the file and
//! the old `-wal` stays, SQLite mixes the two silently. So each start, and a running server from
//! time to time, writes a mark into the file and notes it beside the file, in `-mark`. A `-wal` is
//! only accepted for a file with a noted mark. A backup that is younger than the mark cannot be
//! distinguished from the file.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use phasegate_store::StoreError;

/// Byte offset of `user_version` in the header of a SQLite file.
const USER_VERSION_AT: u64 = 60;

/// Returns the path of a file beside the database.
pub(crate) fn path_beside(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.to_owned().into_os_string();
    path.push(ending);
    path.into()
}

/// Checks the existing files of a database.
///
/// # Errors
/// Returns [`StoreError::CannotWrite`], [`StoreError::ForeignJournal`], or [`StoreError::Missing`]
/// if the file was in use and is gone: an empty file in its place would be a first start.
pub(crate) fn check_files(path: &Path) -> Result<(), StoreError> {
    for ending in ["", "-wal", "-shm", "-mark"] {
        let file = path_beside(path, ending);
        match OpenOptions::new().read(true).write(true).open(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(cannot_write(&file, &error));
            }
            _ => {}
        }
    }
    let length = fs::metadata(path).map_or(0, |found| found.len());
    let noted = read_noted_marks(path);
    if length == 0 && !noted.is_empty() {
        return Err(StoreError::Missing { database: path.display().to_string() });
    }
    let has_journal = fs::metadata(path_beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0);
    let is_other =
        !noted.is_empty() && read_stored_mark(path).is_none_or(|mark| !noted.contains(&mark));
    if has_journal && is_other {
        return Err(StoreError::ForeignJournal { database: path.display().to_string() });
    }
    Ok(())
}

/// Checks that files can be created in a folder, which is created if missing. A full disk is not an
/// error, because there may be space later.
///
/// # Errors
/// Returns [`StoreError::CannotWrite`].
pub(crate) fn check_folder(folder: &Path) -> Result<(), StoreError> {
    // The name is unique to this process, because others may check at the same time.
    let probe = folder.join(format!(".write-test-{}", std::process::id()));
    let made = fs::create_dir_all(folder).and_then(|()| fs::File::create(&probe));
    match made.and_then(|_| fs::remove_file(&probe)) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == ErrorKind::StorageFull => Ok(()),
        Err(error) => Err(cannot_write(folder, &error)),
    }
}

fn cannot_write(file: &Path, error: &std::io::Error) -> StoreError {
    let owner = fs::metadata(file).ok().map(|found| found.uid());
    StoreError::CannotWrite {
        file: file.display().to_string(),
        owner: owner.map_or_else(|| "unknown".to_owned(), |uid| uid.to_string()),
        reason: error.to_string(),
    }
}

/// Reads the mark in the file itself; `None` if the file is missing or too short.
fn read_stored_mark(path: &Path) -> Option<i32> {
    let mut file = fs::File::open(path).ok()?;
    file.seek(SeekFrom::Start(USER_VERSION_AT)).ok()?;
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes).ok()?;
    Some(i32::from_be_bytes(bytes))
}

/// Reads the marks noted beside the file, one of which it has.
fn read_noted_marks(path: &Path) -> Vec<i32> {
    let note = fs::read_to_string(path_beside(path, "-mark")).unwrap_or_default();
    note.split_whitespace().filter_map(|mark| mark.parse().ok()).collect()
}

/// Notes marks beside the file, one of which it has. Without marks, the note is deleted.
pub(crate) fn write_noted_marks(path: &Path, marks: &[i32]) -> Result<(), StoreError> {
    let file = path_beside(path, "-mark");
    if marks.is_empty() {
        return match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot_write(&file, &error)),
            _ => Ok(()),
        };
    }
    // Replaced atomically: with half a note, the next start would refuse the file.
    let fresh = path_beside(path, "-mark-new");
    let written = fs::File::create(&fresh).and_then(|mut note| {
        marks.iter().try_for_each(|mark| writeln!(note, "{mark}"))?;
        note.sync_all()?;
        fs::rename(&fresh, &file)
    });
    written.map_err(|error| match error.kind() {
        ErrorKind::StorageFull => StoreError::Full,
        _ => cannot_write(&file, &error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes a file with a mark, as far as the checks read it.
    fn write_database(path: &Path, mark: i32) {
        let mut bytes = vec![0; 100];
        bytes[60..64].copy_from_slice(&mark.to_be_bytes());
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn a_file_that_was_in_use_and_is_gone_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        assert!(check_files(&path).is_ok(), "a first start");
        write_database(&path, 7);
        write_noted_marks(&path, &[7]).unwrap();
        assert!(check_files(&path).is_ok());
        fs::write(&path, "").unwrap();
        assert!(matches!(check_files(&path), Err(StoreError::Missing { .. })), "a torn copy");
        fs::remove_file(&path).unwrap();
        assert!(matches!(check_files(&path), Err(StoreError::Missing { .. })));
        write_noted_marks(&path, &[]).unwrap();
        assert!(check_files(&path).is_ok(), "without the mark, it is a first start");
    }

    #[test]
    fn a_journal_of_another_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        assert!(check_files(&path).is_ok(), "nothing is there yet");
        write_database(&path, 7);
        fs::write(path_beside(&path, "-wal"), "frames").unwrap();
        assert!(check_files(&path).is_ok(), "of an older version, which noted nothing");
        write_noted_marks(&path, &[7]).unwrap();
        assert!(check_files(&path).is_ok(), "after a power cut");
        write_noted_marks(&path, &[7, 8]).unwrap();
        assert!(check_files(&path).is_ok(), "a power cut before the new mark was in the file");
        write_database(&path, 8);
        assert!(check_files(&path).is_ok(), "and one after that");
        write_noted_marks(&path, &[]).unwrap();
        assert!(
            read_noted_marks(&path).is_empty() && check_files(&path).is_ok(),
            "a mark that is not known"
        );
        write_noted_marks(&path, &[7]).unwrap();
        write_database(&path, 5);
        let refused = check_files(&path).unwrap_err();
        assert!(matches!(refused, StoreError::ForeignJournal { .. }), "{refused}");
        assert!(refused.to_string().contains("state.db-wal"), "{refused}");
        fs::remove_file(path_beside(&path, "-wal")).unwrap();
        assert!(check_files(&path).is_ok(), "a backup without a journal is just opened");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        // A folder cannot be written as a file, not even by root.
        fs::create_dir(path_beside(&path, "-shm")).unwrap();
        let refused = check_files(&path).unwrap_err().to_string();
        assert!(refused.contains("state.db-shm") && refused.contains("chown"), "{refused}");
    }
}
