//! The one folder of a cluster on the disk, and what is written there for those who come later.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Where the parts of a cluster's folder lie.
#[derive(Clone, Debug)]
pub struct Layout {
    root: PathBuf,
    name: String,
}

/// A cluster that runs, as its keeper wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterState {
    /// Process of the keeper, whose network namespace is the cluster's.
    pub keeper: u32,
    /// Port of this machine's loopback that leads to the API server.
    pub port: u16,
}

impl Layout {
    /// The cluster called `name` below `root` (`/var/lib/karma-lab`).
    pub fn new(root: impl Into<PathBuf>, name: &str) -> Self {
        Self { root: root.into().join(name), name: name.to_owned() }
    }

    /// The cluster's folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Name of the cluster.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Credentials of an administrator, for use on this machine.
    pub fn kubeconfig(&self) -> PathBuf {
        self.root.join("kubeconfig")
    }

    /// Where the programs' own words go: one file for each, `NAME.log`.
    pub fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// containerd's socket.
    pub fn containerd_socket(&self) -> PathBuf {
        self.root.join("containerd.sock")
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    pub(super) fn pki(&self, name: &str) -> PathBuf {
        self.root.join("pki").join(name)
    }

    /// Name of the control groups of everything in it.
    pub(super) fn control_group(&self) -> String {
        format!("karma-lab-{}", self.name)
    }

    /// Makes the folder, the lock first: by it [`is_ours`](Self::is_ours) knows the folder again.
    pub(super) fn create(&self) -> io::Result<()> {
        fs::create_dir_all(&self.root)?;
        drop(self.try_lock()?);
        fs::create_dir_all(self.logs())
    }

    /// Whether the folder is a cluster's, or there is nothing in its place.
    pub(super) fn is_ours(&self) -> bool {
        let empty = || fs::read_dir(&self.root).is_ok_and(|mut entries| entries.next().is_none());
        !self.root.exists() || self.file("lock").is_file() || empty()
    }

    /// What the keeper wrote, if it did.
    pub(super) fn read_state(&self) -> Option<ClusterState> {
        serde_json::from_slice(&fs::read(self.file("state.json")).ok()?).ok()
    }

    pub(super) fn write_state(&self, state: &ClusterState) -> io::Result<()> {
        let temporary = self.file("state.json.new");
        fs::write(&temporary, serde_json::to_vec(state)?)?;
        fs::rename(temporary, self.file("state.json"))
    }

    /// The lock that a keeper holds as long as it lives. It ends with the process, so it cannot be stale.
    ///
    /// Returns `None` if somebody holds it.
    pub(super) fn try_lock(&self) -> io::Result<Option<File>> {
        let file = File::options().create(true).truncate(false).write(true).open(self.file("lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Whether a keeper lives.
    pub(super) fn is_kept(&self) -> bool {
        self.root.is_dir() && matches!(self.try_lock(), Ok(None))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cluster_is_kept_as_long_as_somebody_holds_its_lock() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path(), "a");
        assert!(!layout.is_kept());
        fs::create_dir(layout.root()).unwrap();
        assert!(!layout.is_kept());
        let lock = layout.try_lock().unwrap();
        assert!(lock.is_some());
        assert!(layout.is_kept());
        drop(lock);
        assert!(!layout.is_kept());
    }

    #[test]
    fn a_folder_of_somebody_else_is_not_taken_for_a_clusters() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path(), "a");
        assert!(layout.is_ours(), "nothing is there");
        fs::create_dir(layout.root()).unwrap();
        fs::write(layout.root().join("thesis.tex"), "").unwrap();
        assert!(!layout.is_ours());
        fs::remove_file(layout.root().join("thesis.tex")).unwrap();
        layout.create().unwrap();
        assert!(layout.is_ours());
        assert!(!layout.is_kept());
    }

    #[test]
    fn what_the_keeper_wrote_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::new(folder.path(), "a");
        assert_eq!(layout.read_state(), None);
        fs::create_dir(layout.root()).unwrap();
        let state = ClusterState { keeper: 7, port: 4711 };
        layout.write_state(&state).unwrap();
        assert_eq!(layout.read_state(), Some(state));
    }
}
