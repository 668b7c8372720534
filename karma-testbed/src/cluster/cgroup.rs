//! Control groups: the one thing of a cluster that the kernel does not take back by itself.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where control groups are mounted.
const ROOT: &str = "/sys/fs/cgroup";

/// How often a group that is still busy is tried again, and after how long.
const TRIES: (u32, Duration) = (50, Duration::from_millis(100));

/// Makes the group in every hierarchy: one for each controller (version 1), or a single one (version 2).
pub(super) fn create(name: &str) -> io::Result<()> {
    for hierarchy in hierarchies(Path::new(ROOT)) {
        let group = hierarchy.join(name);
        fs::create_dir_all(&group)?;
        // A new group of the cpuset controller of version 1 may use nothing until it is told.
        for file in ["cpuset.cpus", "cpuset.mems"] {
            if hierarchy.join(file).is_file() && hierarchy != Path::new(ROOT) {
                fs::write(group.join(file), fs::read(hierarchy.join(file))?)?;
            }
        }
        let controllers = hierarchy.join("cgroup.controllers");
        if hierarchy == Path::new(ROOT) && controllers.is_file() {
            let all = fs::read_to_string(controllers)?;
            let enabled: Vec<String> = all.split_whitespace().map(|name| format!("+{name}")).collect();
            fs::write(hierarchy.join("cgroup.subtree_control"), enabled.join(" "))?;
        }
    }
    Ok(())
}

/// Removes the group and all below it from every hierarchy; those that were just killed may take a moment to leave.
pub(super) fn remove(name: &str) -> io::Result<()> {
    hierarchies(Path::new(ROOT)).iter().try_for_each(|hierarchy| remove_tree(&hierarchy.join(name)))
}

/// Groups of this name that exist.
pub(super) fn existing(name: &str) -> Vec<PathBuf> {
    let groups = hierarchies(Path::new(ROOT)).into_iter().map(|hierarchy| hierarchy.join(name));
    groups.filter(|group| group.is_dir()).collect()
}

fn hierarchies(root: &Path) -> Vec<PathBuf> {
    if root.join("cgroup.controllers").is_file() {
        return vec![root.to_owned()];
    }
    let Ok(entries) = fs::read_dir(root) else { return Vec::new() };
    // Links are second names of a hierarchy. Beside version 1, `unified` is one without controllers: it is used too.
    let folders = entries.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let mut paths: Vec<PathBuf> = folders.map(|entry| entry.path()).collect();
    paths.retain(|path| path.join("cgroup.procs").is_file());
    paths.sort();
    paths
}

fn remove_tree(group: &Path) -> io::Result<()> {
    let Ok(entries) = fs::read_dir(group) else { return Ok(()) };
    for entry in entries.flatten().filter(|entry| entry.path().is_dir()) {
        remove_tree(&entry.path())?;
    }
    remove_group(group)
}

#[expect(clippy::disallowed_methods, reason = "the kernel needs a moment to empty a group")]
fn remove_group(group: &Path) -> io::Result<()> {
    let (tries, pause) = TRIES;
    for _ in 1..tries {
        match fs::remove_dir(group) {
            Err(error) if error.kind() == io::ErrorKind::ResourceBusy => std::thread::sleep(pause),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            done => return done,
        }
    }
    fs::remove_dir(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_one_has_a_hierarchy_for_each_controller_and_version_two_one_for_all() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["cpu", "memory", "unified"] {
            fs::create_dir(folder.path().join(name)).unwrap();
            fs::write(folder.path().join(name).join("cgroup.procs"), "").unwrap();
        }
        fs::create_dir(folder.path().join("else")).unwrap();
        let of_one: Vec<PathBuf> =
            ["cpu", "memory", "unified"].iter().map(|name| folder.path().join(name)).collect();
        assert_eq!(hierarchies(folder.path()), of_one);
        fs::write(folder.path().join("cgroup.controllers"), "cpu memory").unwrap();
        assert_eq!(hierarchies(folder.path()), [folder.path().to_owned()]);
    }

    #[test]
    fn a_group_goes_with_all_below_it_and_one_that_is_not_there_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        let group = folder.path().join("karma-lab-a");
        fs::create_dir_all(group.join("kubepods/burstable/pod1")).unwrap();
        remove_tree(&group).unwrap();
        assert!(!group.exists());
        remove_tree(&group).unwrap();
    }
}
