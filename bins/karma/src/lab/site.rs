//! What the commands take from their surroundings: programs, topologies, and which cluster is meant.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use karma_core::Topology;
use karma_testbed::cluster::{self, Layout, Programs, Search};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// How a static mock service is built.
const BUILD: &str = "RUSTFLAGS=\"-C target-feature=+crt-static\" cargo build --release -p karma-service \
    --target x86_64-unknown-linux-gnu";

/// Which cluster of this machine.
#[derive(Clone, Debug, Args)]
pub(crate) struct Site {
    /// Name of the cluster on this machine.
    #[arg(long, value_name = "NAME", default_value = "default", value_parser = name, global = true)]
    pub(crate) name: String,

    /// Folder below which clusters are kept.
    #[arg(long, value_name = "DIR", env = "KARMA_LAB", default_value = "/var/lib/karma-lab", global = true)]
    pub(crate) root: PathBuf,
}

impl Site {
    pub(super) fn layout(&self) -> Layout {
        Layout::new(&self.root, &self.name)
    }
}

/// A cluster's name is part of the names of folders and control groups.
fn name(text: &str) -> Result<String, String> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = (1..=20).contains(&text.len()) && text.chars().all(fits) && !text.starts_with('-');
    good.then(|| text.to_owned()).ok_or_else(|| "1 to 20 of a-z, 0-9 and - are allowed".to_owned())
}

/// Which cluster, and which namespace of it.
#[derive(Clone, Debug, Args)]
pub(crate) struct Reach {
    /// The cluster of this kubeconfig, instead of the one on this machine.
    #[arg(long, value_name = "FILE")]
    pub(crate) kubeconfig: Option<PathBuf>,

    /// Namespace of the services.
    #[arg(long, value_name = "NAME", default_value = "karma")]
    pub(crate) namespace: String,

    #[command(flatten)]
    pub(super) site: Site,
}

impl Reach {
    /// A client of the cluster that is meant.
    pub(super) async fn client(&self) -> anyhow::Result<Client> {
        let layout = self.site.layout();
        let local = cluster::status(&layout).map(|_| layout.kubeconfig());
        let config = match self.kubeconfig.clone().or(local) {
            Some(file) => {
                let kubeconfig = Kubeconfig::read_from(&file).with_context(|| file.display().to_string())?;
                Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?
            }
            None => Config::infer().await.context(
                "no cluster: `karma-lab cluster up` starts one on this machine, --kubeconfig or KUBECONFIG names another",
            )?,
        };
        Ok(Client::try_from(config)?)
    }
}

/// A topology's name, or its file.
pub(super) fn topology(name: &str) -> anyhow::Result<Topology> {
    Ok(crate::config::topology_named(name)?)
}

/// The programs of a cluster, from `KUBEBUILDER_ASSETS` and the search path.
pub(super) fn programs() -> anyhow::Result<Programs> {
    let assets = env::var_os("KUBEBUILDER_ASSETS").map(PathBuf::from);
    let path = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    Ok(Search { assets, path }.find()?)
}

/// The mock service as a program; by default it lies beside this one.
pub(super) fn service_binary(file: Option<&Path>) -> anyhow::Result<Vec<u8>> {
    let beside = || env::current_exe().ok().and_then(|program| Some(program.parent()?.join("karma-service")));
    let file = file.map(Path::to_owned).or_else(beside).unwrap_or_default();
    fs::read(&file).with_context(|| {
        format!("{}: the mock service is needed as a static program; name it by --service, or build it:\n  {BUILD}\n",
            file.display())
    })
}
