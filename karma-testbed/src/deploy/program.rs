//! Programs of others that a cluster needs: whether they are there, and how to get them.

use std::fmt;
use std::path::{Path, PathBuf};

/// A program, or any one of some that do the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Program {
    /// Its names, the preferred first.
    pub names: &'static [&'static str],
    /// What it is for.
    pub purpose: &'static str,
    /// How to get it.
    pub how: &'static str,
}

/// A program that is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MissingProgram(pub Program);

impl fmt::Display for MissingProgram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Program { names, purpose, how } = self.0;
        write!(f, "{} is missing ({purpose}); {how}", names.join(" or "))
    }
}

/// Every program that is missing; never empty.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct MissingPrograms(pub Vec<MissingProgram>);

fn lines(missing: &[MissingProgram]) -> String {
    missing.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

/// Where each of `programs` is, in the order asked for, looked for in the folders of `path` (a `PATH`).
///
/// # Errors
/// All that are missing, each with the way to get it.
pub fn prerequisites(programs: &[Program], path: &str) -> Result<Vec<PathBuf>, MissingPrograms> {
    let found: Vec<Option<PathBuf>> = programs.iter().map(|program| find(*program, path)).collect();
    let missing = programs.iter().zip(&found).filter(|(_, place)| place.is_none());
    let missing: Vec<MissingProgram> = missing.map(|(program, _)| MissingProgram(*program)).collect();
    if missing.is_empty() { Ok(found.into_iter().flatten().collect()) } else { Err(MissingPrograms(missing)) }
}

fn find(program: Program, path: &str) -> Option<PathBuf> {
    let in_folders = |name: &&str| {
        std::env::split_paths(path).map(|folder| folder.join(name)).find(|at| is_executable(at))
    };
    program.names.iter().find_map(in_folders)
}

fn is_executable(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    path.metadata().is_ok_and(|of| of.is_file() && of.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAMS: [Program; 2] = [
        Program { names: &["first", "second"], purpose: "does one thing", how: "install it" },
        Program { names: &["third"], purpose: "does another", how: "build it" },
    ];

    #[test]
    fn what_is_missing_is_named_with_the_way_to_get_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("third"), "not executable").unwrap();
        let missing = prerequisites(&PROGRAMS, folder.path().to_str().unwrap()).unwrap_err();
        assert_eq!(
            missing.to_string(),
            "first or second is missing (does one thing); install it\nthird is missing (does another); build it"
        );
    }

    #[test]
    fn any_of_the_names_will_do() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["second", "third"] {
            executable(&folder.path().join(name));
        }
        let path = format!("/nowhere:{}", folder.path().display());
        let found = prerequisites(&PROGRAMS, &path).unwrap();
        assert_eq!(found, [folder.path().join("second"), folder.path().join("third")]);
    }

    fn executable(path: &Path) {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::write(path, "#!/bin/sh\n").unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
}
