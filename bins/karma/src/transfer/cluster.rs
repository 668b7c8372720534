//! Which cluster is meant, and objects of it by name.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use karma_k8s::resource::KarmaAutoscaler;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};

/// How long one answer of the API server is waited for.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// Which cluster.
#[derive(Clone, Debug, Args)]
pub(crate) struct ClusterArgs {
    /// A kubeconfig [default: KUBECONFIG, or the service account of the pod that this runs in].
    #[arg(long, value_name = "FILE")]
    pub(super) kubeconfig: Option<PathBuf>,
}

/// Which KarmaAutoscaler.
#[derive(Clone, Debug, Args)]
pub(crate) struct ObjectArgs {
    /// Name of the KarmaAutoscaler.
    pub(super) name: String,

    /// Its namespace [default: the one of the kubeconfig].
    #[arg(short, long, value_name = "NAME")]
    pub(super) namespace: Option<String>,

    #[command(flatten)]
    pub(super) cluster: ClusterArgs,
}

impl ClusterArgs {
    /// A client. Writes are not sent again by themselves: whoever writes looks what became of it.
    pub(super) async fn client(&self) -> anyhow::Result<Client> {
        let mut config = match &self.kubeconfig {
            Some(file) => {
                let kubeconfig = Kubeconfig::read_from(file).with_context(|| file.display().to_string())?;
                Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?
            }
            None => Config::infer().await.context("no cluster: --kubeconfig or KUBECONFIG names one")?,
        };
        config.default_retry = false;
        Ok(Client::try_from(config)?)
    }
}

impl ObjectArgs {
    /// The object, with what is needed to write it.
    pub(super) async fn get(&self) -> anyhow::Result<(Client, Api<KarmaAutoscaler>, KarmaAutoscaler)> {
        let client = self.cluster.client().await?;
        let namespace = self.namespace.as_deref().unwrap_or(client.default_namespace()).to_owned();
        let api: Api<KarmaAutoscaler> = Api::namespaced(client.clone(), &namespace);
        let found =
            api.get_opt(&self.name).await.with_context(|| format!("KarmaAutoscaler {}", self.name))?;
        let object = found.with_context(|| {
            format!(
                "namespace {namespace} has no KarmaAutoscaler {}; kubectl get karma -A lists all",
                self.name
            )
        })?;
        Ok((client, api, object))
    }
}

/// Waits for a cluster.
pub(super) fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.context("this machine gives no thread or no event queue")?.block_on(future)
}
