//! One server for each data folder.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    os::unix::fs::MetadataExt,
    path::Path,
};

use anyhow::{Context, bail};

/// Held while a server runs. The system lets go of it however the process ends.
#[derive(Debug)]
pub(crate) struct ServerLock {
    _file: File,
}

/// Takes the folder for this process.
///
/// # Errors
/// When another server has it; names its process.
pub(crate) fn take(folder: &Path) -> anyhow::Result<ServerLock> {
    let path = folder.join("phasegate.lock");
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .with_context(|| cannot_write(&path))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut process = String::new();
            // Only to say it: the lock alone decides.
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

/// Whose the file is, and what to do.
fn cannot_write(file: &Path) -> String {
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
    fn a_folder_has_one_server() {
        let folder = tempfile::tempdir().unwrap();
        let lock = take(folder.path()).unwrap();
        let refused = take(folder.path()).unwrap_err().to_string();
        assert!(refused.contains(&format!("process {}", std::process::id())), "{refused}");
        drop(lock);
        assert!(take(folder.path()).is_ok());
    }
}
