//! The lock that limits a data folder to one server.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    os::unix::fs::MetadataExt,
    path::Path,
};

use anyhow::{Context, bail};

/// The lock of a running server. The system releases it however the process ends.
#[derive(Debug)]
pub(crate) struct ServerLock {
    _file: File,
}

/// Locks the data folder for this process.
///
/// # Errors
/// Returns an error with the process id if another server holds the lock.
pub(crate) fn lock_data_folder(folder: &Path) -> anyhow::Result<ServerLock> {
    let path = folder.join("phasegate.lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(|| describe_unwritable_file(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            // Only for the message; the lock alone decides.
            let _ = file.read_to_string(&mut process);
            bail!(
                "another Phasegate server (process {}) uses the data folder {}; stop it, or choose \
                 another folder with --data",
                process.trim(),
                folder.display()
            );
        }
        Err(TryLockError::Error(error)) => {
            return Err(error).with_context(|| format!("{} cannot be locked", path.display()));
        }
    }
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())?;
    Ok(ServerLock { _file: file })
}

/// Explains why the lock file is not writable, with its owner and a remedy.
fn describe_unwritable_file(file: &Path) -> String {
    let path = file.display();
    match std::fs::metadata(file).map(|found| found.uid()) {
        Ok(owner) => format!(
            "{path} cannot be written; it belongs to the user {owner}. Start the server as that user, or \
             give the file to the one who starts it (chown)"
        ),
        Err(_) => format!(
            "{path} cannot be made; let the user who starts the server write into its folder"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_on_the_same_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let lock = lock_data_folder(folder.path()).unwrap();
        let refused = lock_data_folder(folder.path()).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(lock);
        assert!(lock_data_folder(folder.path()).is_ok());
    }
}
