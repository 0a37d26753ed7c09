//! A database's files before it is opened: whether they can be written, and whether they belong together.
//!
//! SQLite keeps the newest changes beside the file, in `-wal`. When a backup is put in the file's
//! place and that journal is left, SQLite mixes the two without a word. So each start, and a server from time to
//! time, writes a mark into the file and beside it; a journal is only good for a file with the mark that is
//! noted. A backup that is younger than the mark is not told from the file.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Read, Seek, SeekFrom, Write},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

use phasegate_store::StoreError;

/// Where SQLite keeps `user_version` in a file's head, in bytes from its start.
const USER_VERSION_AT: u64 = 60;

/// A file beside the database.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut path = path.to_owned().into_os_string();
    path.push(ending);
    path.into()
}

/// Checks the files of a database, as far as they are there.
///
/// # Errors
/// [`StoreError::CannotWrite`], [`StoreError::ForeignJournal`], or [`StoreError::Missing`] where the file
/// was in use and is gone: an empty one in its place would be a first start.
pub(crate) fn check(path: &Path) -> Result<(), StoreError> {
    for ending in ["", "-wal", "-shm", "-mark"] {
        let file = beside(path, ending);
        match OpenOptions::new().read(true).write(true).open(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(cannot_write(&file, &error));
            }
            _ => {}
        }
    }
    let length = fs::metadata(path).map_or(0, |found| found.len());
    let noted = noted(path);
    if length == 0 && !noted.is_empty() {
        return Err(StoreError::Missing { database: path.display().to_string() });
    }
    let has_journal = fs::metadata(beside(path, "-wal")).is_ok_and(|wal| wal.len() > 0);
    let is_other = !noted.is_empty() && stored(path).is_none_or(|mark| !noted.contains(&mark));
    if has_journal && is_other {
        return Err(StoreError::ForeignJournal { database: path.display().to_string() });
    }
    Ok(())
}

/// Checks that files can be made in a folder, which is made if missing. A full disk is no error: there may be
/// room later.
///
/// # Errors
/// [`StoreError::CannotWrite`].
pub(crate) fn check_folder(folder: &Path) -> Result<(), StoreError> {
    // Of a name of its own, because other processes may check at the same time.
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

/// The mark in the file itself; `None` if there is no file, or it is too short for one.
fn stored(path: &Path) -> Option<i32> {
    let mut file = fs::File::open(path).ok()?;
    file.seek(SeekFrom::Start(USER_VERSION_AT)).ok()?;
    let mut bytes = [0; 4];
    file.read_exact(&mut bytes).ok()?;
    Some(i32::from_be_bytes(bytes))
}

/// The marks that were noted beside it, one of which it has.
fn noted(path: &Path) -> Vec<i32> {
    let note = fs::read_to_string(beside(path, "-mark")).unwrap_or_default();
    note.split_whitespace().filter_map(|mark| mark.parse().ok()).collect()
}

/// Notes the marks, one of which the file has, beside it; none where that is not known.
pub(crate) fn note(path: &Path, marks: &[i32]) -> Result<(), StoreError> {
    let file = beside(path, "-mark");
    if marks.is_empty() {
        return match fs::remove_file(&file) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot_write(&file, &error)),
            _ => Ok(()),
        };
    }
    // In its place at once: half a note would refuse the file at the next start.
    let fresh = beside(path, "-mark-new");
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

    /// As much of a file as is looked at.
    fn database(path: &Path, mark: i32) {
        let mut bytes = vec![0; 100];
        bytes[60..64].copy_from_slice(&mark.to_be_bytes());
        fs::write(path, bytes).unwrap();
    }

    #[test]
    fn a_file_that_was_in_use_and_is_gone_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        assert!(check(&path).is_ok(), "a first start");
        database(&path, 7);
        note(&path, &[7]).unwrap();
        assert!(check(&path).is_ok());
        fs::write(&path, "").unwrap();
        assert!(matches!(check(&path), Err(StoreError::Missing { .. })), "a torn copy");
        fs::remove_file(&path).unwrap();
        assert!(matches!(check(&path), Err(StoreError::Missing { .. })));
        note(&path, &[]).unwrap();
        assert!(check(&path).is_ok(), "without the mark, it is a first start");
    }

    #[test]
    fn a_journal_of_another_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        assert!(check(&path).is_ok(), "nothing is there yet");
        database(&path, 7);
        fs::write(beside(&path, "-wal"), "frames").unwrap();
        assert!(check(&path).is_ok(), "of an older version, which noted nothing");
        note(&path, &[7]).unwrap();
        assert!(check(&path).is_ok(), "after a power cut");
        note(&path, &[7, 8]).unwrap();
        assert!(check(&path).is_ok(), "a power cut before the new mark was in the file");
        database(&path, 8);
        assert!(check(&path).is_ok(), "and one after that");
        note(&path, &[]).unwrap();
        assert!(noted(&path).is_empty() && check(&path).is_ok(), "a mark that is not known");
        note(&path, &[7]).unwrap();
        database(&path, 5);
        let refused = check(&path).unwrap_err();
        assert!(matches!(refused, StoreError::ForeignJournal { .. }), "{refused}");
        assert!(refused.to_string().contains("state.db-wal"), "{refused}");
        fs::remove_file(beside(&path, "-wal")).unwrap();
        assert!(check(&path).is_ok(), "a backup without a journal is just opened");
    }

    #[test]
    fn a_file_that_cannot_be_written_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        // A folder cannot be written as a file, not even by root.
        fs::create_dir(beside(&path, "-shm")).unwrap();
        let refused = check(&path).unwrap_err().to_string();
        assert!(refused.contains("state.db-shm") && refused.contains("chown"), "{refused}");
    }
}
