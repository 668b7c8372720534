//! The programs that a cluster consists of, where they are, and how to get those that are missing.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::deploy::{MissingProgram, MissingPrograms, Program, prerequisites};

/// What comes as one folder: that of `KUBEBUILDER_ASSETS`.
const ASSETS: [&str; 8] = [
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
    "metrics-server",
];

/// What the operating system provides; how to get it is Debian's way.
const SYSTEM: [Program; 5] = [
    Program { names: &["containerd"], purpose: "runs pods", how: "apt-get install containerd" },
    Program { names: &["ctr"], purpose: "imports images", how: "apt-get install containerd" },
    Program { names: &["runc"], purpose: "runs containers", how: "apt-get install runc" },
    Program { names: &["iptables"], purpose: "carries Services", how: "apt-get install iptables" },
    Program { names: &["ip"], purpose: "makes the network", how: "apt-get install iproute2" },
];

/// CNI plugins that the pods' network uses.
const PLUGINS: [&str; 3] = ["ptp", "host-local", "loopback"];

/// Where CNI plugins lie: Debian's folder, then the one that most others use.
const PLUGIN_FOLDERS: [&str; 2] = ["/usr/lib/cni", "/opt/cni/bin"];

/// Where to look.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Folder with Kubernetes' own programs (`KUBEBUILDER_ASSETS`).
    pub assets: Option<PathBuf>,
    /// Folders of the search path, in order.
    pub path: Vec<PathBuf>,
}

/// The programs of a cluster: all of them are there.
#[derive(Clone, Debug)]
pub struct Programs {
    pub(super) assets: PathBuf,
    pub(super) plugins: PathBuf,
    path: Vec<PathBuf>,
}

/// Programs that are missing, each with the way to get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing(pub Vec<(String, String)>);

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a local cluster cannot be started here; what is missing:")?;
        self.0.iter().try_for_each(|(what, way)| write!(f, "\n  {what}: {way}"))
    }
}

impl std::error::Error for Missing {}

impl Search {
    /// Finds every program.
    ///
    /// # Errors
    /// [`Missing`] names all that are not there.
    pub fn find(&self) -> Result<Programs, Missing> {
        let mut missing = Vec::new();
        let assets = self.assets.clone().unwrap_or_default();
        let lacking = ASSETS.iter().filter(|name| !assets.join(name).is_file());
        missing.extend(lacking.map(|name| ((*name).to_owned(), self.way_to_assets())));
        if let Err(MissingPrograms(lacking)) = prerequisites(&SYSTEM, &self.joined_path()) {
            missing
                .extend(lacking.iter().map(|MissingProgram(of)| (of.names.join(" or "), of.how.to_owned())));
        }
        let plugins = PLUGIN_FOLDERS.iter().map(Path::new).find(|folder| has_plugins(folder));
        let Some(plugins) = plugins.filter(|_| missing.is_empty()) else {
            if plugins.is_none() {
                let what =
                    format!("the CNI plugins {} in {}", PLUGINS.join(", "), PLUGIN_FOLDERS.join(" or "));
                missing.push((what, "apt-get install containernetworking-plugins".to_owned()));
            }
            return Err(Missing(missing));
        };
        Ok(Programs { assets, plugins: plugins.to_owned(), path: self.path.clone() })
    }

    fn joined_path(&self) -> String {
        std::env::join_paths(&self.path).unwrap_or_default().to_string_lossy().into_owned()
    }

    fn way_to_assets(&self) -> String {
        let build =
            "let KUBEBUILDER_ASSETS name what karma-testbed/control-plane/build.sh prints (it needs Go)";
        self.assets.as_ref().map_or_else(
            || build.to_owned(),
            |folder| format!("it is not in KUBEBUILDER_ASSETS={}; {build}", folder.display()),
        )
    }
}

impl Programs {
    /// One of Kubernetes' own programs.
    pub(super) fn asset(&self, name: &str) -> PathBuf {
        self.assets.join(name)
    }

    /// A program of the operating system.
    pub(super) fn system(&self, name: &str) -> PathBuf {
        in_path(&self.path, name).unwrap_or_else(|| PathBuf::from(name))
    }

    /// The search path of what is started: Kubernetes' programs first.
    pub(super) fn search_path(&self) -> std::ffi::OsString {
        let folders = std::iter::once(&self.assets).chain(&self.path);
        std::env::join_paths(folders).unwrap_or_default()
    }
}

fn has_plugins(folder: &Path) -> bool {
    PLUGINS.iter().all(|plugin| folder.join(plugin).is_file())
}

fn in_path(path: &[PathBuf], name: &str) -> Option<PathBuf> {
    path.iter().map(|folder| folder.join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_missing_program_is_named_with_the_way_to_get_it() {
        let missing = Search::default().find().unwrap_err();
        let said = missing.to_string();
        for name in ASSETS.iter().chain(SYSTEM.iter().map(|program| &program.names[0])) {
            assert!(said.contains(&format!("\n  {name}: ")), "{name} is not in {said}");
        }
        assert!(said.contains("build.sh"));
        assert!(said.contains("apt-get install containerd"));
    }

    #[test]
    fn a_folder_that_lacks_one_program_is_named_with_it() {
        let folder = tempfile::tempdir().unwrap();
        for name in ASSETS.iter().filter(|name| **name != "etcd") {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let search = Search { assets: Some(folder.path().to_owned()), path: Vec::new() };
        let Missing(missing) = search.find().unwrap_err();
        assert_eq!(missing[0].0, "etcd");
        assert!(missing[0].1.contains(&folder.path().display().to_string()), "{:?}", missing[0]);
        assert!(missing.iter().all(|(what, _)| what != "kubelet"));
    }
}
