//! A cluster by Kind (Kubernetes in Docker): what it needs, and the commands of its life.
//!
//! The commands are values, so that they can be shown before they are run (with [`run_all`](super::run_all)).
//! Kind keeps the access to its clusters in the kubeconfig as the context `kind-NAME`.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::command::CommandLine;
use super::program::{MissingPrograms, Program, prerequisites};

/// Runs the nodes.
pub const CONTAINERS: Program = Program {
    names: &["docker", "podman"],
    purpose: "it runs the nodes of the cluster",
    how: "install Docker (https://docs.docker.com/engine/install/) or podman (`apt install podman`)",
};
/// Makes the cluster.
pub const KIND: Program = Program {
    names: &["kind"],
    purpose: "it makes the cluster",
    how: "run `go install sigs.k8s.io/kind@latest`, or see https://kind.sigs.k8s.io/docs/user/quick-start/",
};
/// Shows the cluster.
pub const KUBECTL: Program = Program {
    names: &["kubectl"],
    purpose: "it shows what is on the cluster",
    how: "see https://kubernetes.io/docs/tasks/tools/#kubectl",
};

/// Most nodes besides the control plane: each is a container with a kubelet of its own.
const MOST_WORKERS: u32 = 50;
const READY_WITHIN: &str = "180s";

/// A cluster as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KindParams {
    /// Its name (default "karma").
    pub name: String,
    /// Nodes for pods besides the control plane (default 1); 0 lets pods run on the control plane.
    pub workers: u32,
}

impl Default for KindParams {
    fn default() -> Self {
        Self { name: "karma".to_owned(), workers: 1 }
    }
}

/// Why there can be no such cluster.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KindError {
    /// Programs are missing.
    #[error(transparent)]
    Missing(#[from] MissingPrograms),
    /// No name of a cluster.
    #[error(
        "the cluster's name {0:?} is not allowed; expected 1 to 50 of a-z, 0-9 and -, a letter or digit at both ends"
    )]
    Name(String),
    /// Too many nodes.
    #[error("{0} workers are not allowed; expected 0 to {MOST_WORKERS}")]
    Workers(u32),
}

/// Kind on this machine, with a cluster that may be there or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kind {
    program: PathBuf,
    podman: bool,
    params: KindParams,
}

impl Kind {
    /// Checks the settings, and that every program that is needed is in the folders of `path` (a `PATH`).
    ///
    /// # Errors
    /// All missing programs at once, each with the way to get it; or a setting that is not allowed.
    pub fn find(params: KindParams, path: &str) -> Result<Self, KindError> {
        check(&params)?;
        let found = prerequisites(&[CONTAINERS, KIND, KUBECTL], path)?;
        let [containers, kind, _] = found.as_slice() else { unreachable!("three programs were found") };
        let podman = containers.ends_with("podman");
        Ok(Self { program: kind.clone(), podman, params })
    }

    /// Makes the cluster and waits until its control plane is ready.
    pub fn create(&self) -> CommandLine {
        let arguments =
            ["create", "cluster", "--name", &self.params.name, "--wait", READY_WITHIN, "--config", "-"];
        CommandLine { input: self.config(), ..self.command(&arguments) }
    }

    /// Loads an archive that [`Image::write`](super::image::Image::write) wrote onto every node.
    pub fn load(&self, archive: &Path) -> CommandLine {
        self.command(&["load", "image-archive", &archive.to_string_lossy(), "--name", &self.params.name])
    }

    /// Removes the cluster; it is no error if there is none.
    pub fn delete(&self) -> CommandLine {
        self.command(&["delete", "cluster", "--name", &self.params.name])
    }

    /// The cluster's context in the kubeconfig.
    pub fn context(&self) -> String {
        format!("kind-{}", self.params.name)
    }

    /// What Kind is told: JSON, which is YAML too.
    fn config(&self) -> String {
        let roles = std::iter::once("control-plane").chain((0..self.params.workers).map(|_| "worker"));
        let nodes: Vec<_> = roles.map(|role| json!({ "role": role })).collect();
        json!({ "apiVersion": "kind.x-k8s.io/v1alpha4", "kind": "Cluster", "nodes": nodes }).to_string()
    }

    fn command(&self, arguments: &[&str]) -> CommandLine {
        let provider = || ("KIND_EXPERIMENTAL_PROVIDER".to_owned(), "podman".to_owned());
        let variables = self.podman.then(provider).into_iter().collect();
        CommandLine { variables, ..CommandLine::new(&self.program, arguments) }
    }
}

fn check(params: &KindParams) -> Result<(), KindError> {
    let name = &params.name;
    let word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let valid = name.starts_with(word) && name.ends_with(word) && name.chars().all(|c| word(c) || c == '-');
    if !valid || name.len() > 50 {
        return Err(KindError::Name(name.clone()));
    }
    if params.workers > MOST_WORKERS { Err(KindError::Workers(params.workers)) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::deploy::command::run_all;

    /// A folder of programs that write down how they were called.
    fn programs(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            let log = folder.path().join("log");
            let script = format!(
                "#!/bin/sh\necho \"{name} $* ${{KIND_EXPERIMENTAL_PROVIDER}}\" >> {log}\ncat >> {log}\n",
                log = log.display()
            );
            std::fs::write(&path, script).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        }
        folder
    }

    fn find(folder: &tempfile::TempDir) -> Result<Kind, KindError> {
        Kind::find(KindParams::default(), folder.path().to_str().unwrap())
    }

    #[test]
    fn all_that_is_missing_is_named_with_the_way_to_get_it() {
        let message = find(&programs(&["kubectl"])).unwrap_err().to_string();
        let lines: Vec<&str> = message.lines().collect();
        assert!(
            lines[0].starts_with("docker or podman is missing") && lines[0].contains("apt install podman")
        );
        assert!(lines[1].starts_with("kind is missing") && lines[1].contains("go install"));
        assert_eq!(lines.len(), 2);
    }

    #[tokio::test]
    async fn a_cluster_is_made_loaded_and_removed() {
        let folder = programs(&["podman", "kind", "kubectl"]);
        let kind = find(&folder).unwrap();
        let commands = [kind.create(), kind.load(Path::new("/images/a.tar")), kind.delete()];
        run_all(&commands, |_| {}).await.unwrap();
        let log = std::fs::read_to_string(folder.path().join("log")).unwrap();
        let expected = "kind create cluster --name karma --wait 180s --config - podman\n\
            {\"apiVersion\":\"kind.x-k8s.io/v1alpha4\",\"kind\":\"Cluster\",\
            \"nodes\":[{\"role\":\"control-plane\"},{\"role\":\"worker\"}]}\
            kind load image-archive /images/a.tar --name karma podman\n\
            kind delete cluster --name karma podman\n";
        assert_eq!(log, expected);
    }

    #[test]
    fn docker_is_kinds_own_choice() {
        let kind = find(&programs(&["docker", "podman", "kind", "kubectl"])).unwrap();
        assert!(kind.create().variables.is_empty());
        assert_eq!(kind.context(), "kind-karma");
    }

    #[test]
    fn settings_that_kind_would_refuse_are_refused_before() {
        let find = |name: &str, workers| Kind::find(KindParams { name: name.to_owned(), workers }, "");
        assert!(matches!(find("-a", 1), Err(KindError::Name(_))));
        assert!(matches!(find("", 1), Err(KindError::Name(_))));
        assert!(matches!(find("a", 51), Err(KindError::Workers(51))));
    }
}
