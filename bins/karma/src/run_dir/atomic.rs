//! Files that are whole or not there at all.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

/// Writes `bytes` as the whole content of `path`, as [`write_with`] does.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    write_with(path, |file| file.write_all(bytes))
}

/// Lets `fill` write to a temporary file beside `path`, makes sure that all is on the disk, and renames it: after a kill
/// at any moment the file has its old content or the new one.
///
/// The name of the temporary file is fixed, so that what a kill leaves behind is replaced by the next write; there must be
/// one writer only, which a run's lock ensures.
pub(crate) fn write_with<E: From<io::Error>>(
    path: &Path,
    fill: impl FnOnce(&mut File) -> Result<(), E>,
) -> Result<(), E> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // A name alone has an empty parent, which is no directory that could be opened.
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let temporary = directory.join(format!(".{name}.tmp"));
    let mut file = File::create(&temporary)?;
    fill(&mut file)?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    Ok(sync_directory(directory)?)
}

/// A rename lasts once its directory is on the disk.
#[cfg(unix)]
fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(not(unix))]
fn sync_directory(_directory: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_as_a_whole_and_nothing_is_left_beside_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("manifest.json");
        write(&path, b"a longer first version").unwrap();
        fs::write(directory.path().join(".manifest.json.tmp"), b"left behind by a kill").unwrap();
        write(&path, b"second").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_write_that_fails_leaves_the_old_version() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("manifest.json");
        write(&path, b"first").unwrap();
        fs::create_dir(directory.path().join(".manifest.json.tmp")).unwrap();
        write(&path, b"second").unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }
}
