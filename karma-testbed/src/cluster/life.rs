//! A cluster's life as its user sees it: up, status, down.

use std::fmt;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use k8s_openapi::api::core::v1::Node;
use kube::api::ListParams;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, geteuid};
use thiserror::Error;
use tokio::time::{Instant, sleep};

use super::keeper::Keeper;
use super::programs::{Missing, Programs};
use super::state::{ClusterState, Layout};
use super::{addons, cgroup};

/// How long a cluster may take to come up or to go.
const DEADLINE: Duration = Duration::from_mins(2);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// Why a cluster did not come up or does not go.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// Programs are not there.
    #[error(transparent)]
    Missing(#[from] Missing),
    /// Namespaces need root.
    #[error(
        "a local cluster needs root, for namespaces and control groups; use sudo, or another cluster by --kubeconfig"
    )]
    NotRoot,
    /// It is not up.
    #[error("there is no cluster {name}; `karma-lab cluster up` starts one")]
    NotUp {
        /// Its name.
        name: String,
    },
    /// It did not come up.
    #[error("the cluster is not up after {} s: waited for {phase}; its logs are in {}{said}", DEADLINE.as_secs(), logs.display())]
    Late {
        /// What was waited for.
        phase: Phase,
        /// Folder of the logs.
        logs: PathBuf,
        /// What its keeper said last.
        said: String,
    },
    /// Its keeper ended.
    #[error("the cluster ended while it came up ({status}); its logs are in {}{said}", logs.display())]
    Ended {
        /// How its keeper ended.
        status: String,
        /// Folder of the logs.
        logs: PathBuf,
        /// What its keeper said last.
        said: String,
    },
    /// What lies at its place is something else.
    #[error("{} is not the folder of a cluster and is left alone; name another by --root or --name", folder.display())]
    Foreign {
        /// The folder.
        folder: PathBuf,
    },
    /// It does not go.
    #[error("process {keeper}, which keeps the cluster, did not end within {} s of SIGKILL", DEADLINE.as_secs())]
    Stays {
        /// Its keeper.
        keeper: u32,
    },
    /// An image was refused.
    #[error("{} was not imported: {said}", image.display())]
    Image {
        /// The file.
        image: PathBuf,
        /// What containerd said.
        said: String,
    },
    /// A file, a process.
    #[error("{what}: {source}")]
    Io {
        /// What was tried.
        what: String,
        /// Why not.
        source: io::Error,
    },
    /// The API server said no.
    #[error("the API server: {0}")]
    Api(#[from] kube::Error),
    /// The cluster's own kubeconfig cannot be read.
    #[error("the cluster's kubeconfig: {0}")]
    Kubeconfig(#[from] kube::config::KubeconfigError),
}

/// What a cluster that comes up is waited for, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Keys, certificates, namespaces.
    Keeper,
    /// The API server answers.
    ApiServer,
    /// The node is ready for pods.
    Node,
    /// The metrics API answers.
    Metrics,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Keeper => "its namespaces",
            Self::ApiServer => "the API server",
            Self::Node => "the node",
            Self::Metrics => "the metrics API",
        })
    }
}

/// Starts a cluster and waits until it is ready for pods; one that runs already is left as it is.
///
/// # Errors
/// See [`ClusterError`]. A cluster that came up in part stays, for its logs; [`down`] removes it.
pub async fn up(
    layout: &Layout,
    keeper: &Keeper,
    mut tell: impl FnMut(Phase),
) -> Result<ClusterState, ClusterError> {
    if !geteuid().is_root() {
        return Err(ClusterError::NotRoot);
    }
    let until = Instant::now() + DEADLINE;
    let mut started = None;
    if !layout.is_kept() {
        clear(layout)?;
        layout.create().map_err(|source| io_error("the cluster's folder", source))?;
        started = Some(keeper.start(layout).map_err(|source| io_error("the keeper", source))?);
    }
    let mut wait = Wait { layout, until, keeper: started, phase: Phase::Keeper };
    loop {
        tell(wait.phase);
        let state = match (wait.phase, layout.read_state()) {
            (Phase::Keeper, state) if state.is_none() || !layout.kubeconfig().is_file() => None,
            (_, state) => state,
        };
        if let Some(state) = state {
            let next = match wait.phase {
                Phase::Keeper => Some(Phase::ApiServer),
                Phase::ApiServer => answers(layout).await.then_some(Phase::Node),
                Phase::Node => node_is_ready(layout).await.then_some(Phase::Metrics),
                Phase::Metrics if has_metrics(layout).await => return Ok(state),
                Phase::Metrics => None,
            };
            if let Some(next) = next {
                wait.phase = next;
                continue;
            }
        }
        wait.a_little().await?;
    }
}

/// Waiting for one phase after the other.
struct Wait<'a> {
    layout: &'a Layout,
    until: Instant,
    keeper: Option<Child>,
    phase: Phase,
}

impl Wait<'_> {
    async fn a_little(&mut self) -> Result<(), ClusterError> {
        let logs = self.layout.logs();
        let ended = self.keeper.as_mut().and_then(|keeper| keeper.try_wait().ok().flatten());
        if let Some(status) = ended {
            return Err(ClusterError::Ended { status: status.to_string(), said: last_words(&logs), logs });
        }
        if Instant::now() > self.until {
            return Err(ClusterError::Late { phase: self.phase, said: last_words(&logs), logs });
        }
        sleep(LOOK).await;
        Ok(())
    }
}

/// A client of the cluster, with all rights.
///
/// # Errors
/// When its kubeconfig is not there or wrong.
pub(super) async fn client(layout: &Layout) -> Result<Client, ClusterError> {
    let kubeconfig = Kubeconfig::read_from(layout.kubeconfig())?;
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}

async fn answers(layout: &Layout) -> bool {
    match client(layout).await {
        Ok(client) => client.apiserver_version().await.is_ok(),
        Err(_) => false,
    }
}

async fn node_is_ready(layout: &Layout) -> bool {
    let Ok(client) = client(layout).await else { return false };
    let nodes = Api::<Node>::all(client).list(&ListParams::default()).await;
    let is_ready = |node: &Node| {
        let conditions = node.status.as_ref().and_then(|status| status.conditions.as_ref());
        let ready = conditions.into_iter().flatten().any(|one| one.type_ == "Ready" && one.status == "True");
        // The taint of a node that was not ready goes a moment after that.
        ready && node.spec.as_ref().is_none_or(|spec| spec.taints.as_ref().is_none_or(Vec::is_empty))
    };
    nodes.is_ok_and(|nodes| nodes.items.iter().any(is_ready))
}

/// Registers the metrics API and asks it something: before the first answer it is known, but nobody is there.
async fn has_metrics(layout: &Layout) -> bool {
    let Ok(client) = client(layout).await else { return false };
    if addons::register_metrics(&client).await.is_err() {
        return false;
    }
    client
        .list_api_group_resources("metrics.k8s.io/v1beta1")
        .await
        .is_ok_and(|list| !list.resources.is_empty())
}

/// The cluster that runs, if one does.
pub fn status(layout: &Layout) -> Option<ClusterState> {
    layout.is_kept().then(|| layout.read_state()).flatten()
}

/// Ends a cluster and removes everything of it; also what one that was killed left. Whether there was anything.
///
/// # Errors
/// When something of it stays.
pub async fn down(layout: &Layout) -> Result<bool, ClusterError> {
    let there = layout.root().exists() || !cgroup::existing(&layout.control_group()).is_empty();
    if layout.is_kept()
        && let Some(state) = layout.read_state()
    {
        end(layout, state.keeper).await?;
    }
    clear(layout)?;
    if let Some(parent) = layout.root().parent() {
        let _ = fs::remove_dir(parent); // if it was the last cluster
    }
    Ok(there)
}

/// Asks the keeper to end; kills it if it does not.
async fn end(layout: &Layout, keeper: u32) -> Result<(), ClusterError> {
    let pid = Pid::from_raw(keeper.cast_signed());
    for signal in [Signal::SIGTERM, Signal::SIGKILL] {
        let _ = kill(pid, signal);
        let until = Instant::now() + DEADLINE / 4;
        while Instant::now() < until {
            if !layout.is_kept() {
                return Ok(());
            }
            sleep(LOOK).await;
        }
    }
    Err(ClusterError::Stays { keeper })
}

/// Removes what outlives processes; a folder that no cluster has made is not touched.
fn clear(layout: &Layout) -> Result<(), ClusterError> {
    if !layout.is_ours() {
        return Err(ClusterError::Foreign { folder: layout.root().to_owned() });
    }
    cgroup::remove(&layout.control_group()).map_err(|source| io_error("control groups", source))?;
    match fs::remove_dir_all(layout.root()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error(&layout.root().display().to_string(), error))
        }
        _ => Ok(()),
    }
}

/// Gives containerd an image (an OCI or Docker archive).
///
/// # Errors
/// When there is no cluster, or it refuses the image.
pub fn import_image(layout: &Layout, programs: &Programs, image: &Path) -> Result<(), ClusterError> {
    if status(layout).is_none() {
        return Err(ClusterError::NotUp { name: layout.name().to_owned() });
    }
    let output = Command::new(programs.system("ctr"))
        .arg("--address")
        .arg(layout.containerd_socket())
        .args(["--namespace", "k8s.io", "images", "import"])
        .arg(image)
        .stdin(Stdio::null())
        .output()
        .map_err(|source| io_error("ctr", source))?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(ClusterError::Image { image: image.to_owned(), said })
}

/// Moves the calling **thread** into the cluster's network: from then on its sockets reach pods and Services, and
/// those of threads that it starts. It cannot go back.
///
/// # Errors
/// When there is no cluster, or this process may not.
pub fn enter_network(layout: &Layout) -> Result<(), ClusterError> {
    let state = status(layout).ok_or_else(|| ClusterError::NotUp { name: layout.name().to_owned() })?;
    let namespace = File::open(format!("/proc/{}/ns/net", state.keeper));
    let entered = namespace.and_then(|namespace| Ok(setns(namespace, CloneFlags::CLONE_NEWNET)?));
    entered.map_err(|source| io_error("the cluster's network", source))
}

fn io_error(what: &str, source: io::Error) -> ClusterError {
    ClusterError::Io { what: what.to_owned(), source }
}

/// The end of the keeper's log, on lines of its own.
fn last_words(logs: &Path) -> String {
    let text = fs::read_to_string(logs.join("keeper.log")).unwrap_or_default();
    let lines: Vec<&str> = text.lines().rev().take(5).collect();
    lines.iter().rev().fold(String::new(), |said, line| said + "\n  " + line)
}
