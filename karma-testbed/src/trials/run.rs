//! One trial, carried out.

use std::fmt;
use std::thread;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Service;
use karma_core::{Seconds, SeedTree};
use karma_mock::load::{self, LoadPlan, LoadReport, Progress, SecondRow, TargetParams};
use karma_mock::service::PORT;
use kube::api::{ListParams, Patch, PatchParams};
use kube::{Api, Client};
use serde_json::json;
use tokio::sync::oneshot;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Trial, TrialError};
use crate::calibration::{Action, ActionKind, Row, Run, Totals, load_plan};
use crate::chaos::{self, Strike, Which};
use crate::cluster::{self, Layout};
use crate::deploy::managed_selector;

/// How long pods may take to be ready.
const PATIENCE: u64 = 120;
/// Between two looks.
const LOOK: Duration = Duration::from_millis(500);
/// Quiet seconds before each trial: what the last one left in queues is over.
const SETTLE: Duration = Duration::from_secs(5);

/// Where trials are carried out.
#[derive(Clone)]
pub struct Site {
    /// The cluster's API.
    pub client: Client,
    /// Namespace of the services.
    pub namespace: String,
    /// The cluster on this machine whose network the load enters.
    pub layout: Layout,
    /// Service that takes the load.
    pub entry: String,
    /// Seconds after which a request is given up.
    pub timeout: f64,
}

impl fmt::Debug for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, layout, entry, timeout, .. } = self;
        let mut site = f.debug_struct("Site");
        site.field("namespace", namespace)
            .field("layout", layout)
            .field("entry", entry)
            .field("timeout", timeout);
        site.finish_non_exhaustive()
    }
}

/// Carries a trial out. `watch` hears of the progress ten times a second, on a thread of the load.
///
/// # Errors
/// See [`TrialError`].
pub async fn run(
    site: &Site,
    trial: &Trial,
    seed: u64,
    watch: impl FnMut(&Progress) + Send + 'static,
) -> Result<Run, TrialError> {
    prepare(site, trial).await?;
    sleep(SETTLE).await;
    let plan = load_plan(&trial.offered, trial.warm_up, seed)?;
    let url = service_url(&site.client, &site.namespace, &site.entry).await?;
    let begin = Instant::now();
    let report = send(
        site.layout.clone(),
        plan,
        TargetParams { timeout: site.timeout, ..TargetParams::of(url) },
        watch,
    );
    let (report, acted) = tokio::join!(report, act(site, trial, begin, seed));
    acted?;
    written(trial, seed, &report?)
}

/// Every service at its replicas, all of them ready.
async fn prepare(site: &Site, trial: &Trial) -> Result<(), TrialError> {
    let deployments: Api<Deployment> = Api::namespaced(site.client.clone(), &site.namespace);
    let names: Vec<String> = deployments
        .list(&ListParams::default().labels(&managed_selector()))
        .await?
        .items
        .into_iter()
        .filter_map(|deployment| deployment.metadata.name)
        .collect();
    for name in &names {
        scale(site, name, trial.replicas.get(name).copied().unwrap_or(1)).await?;
    }
    for name in names {
        let replicas = trial.replicas.get(&name).copied().unwrap_or(1);
        await_ready(&deployments, &name, replicas).await?;
    }
    Ok(())
}

async fn await_ready(deployments: &Api<Deployment>, name: &str, replicas: u32) -> Result<(), TrialError> {
    let until = Instant::now() + Duration::from_secs(PATIENCE);
    let wanted = i32::try_from(replicas).ok();
    while Instant::now() < until {
        let status = deployments.get(name).await?.status.unwrap_or_default();
        if status.ready_replicas == wanted
            && status.replicas == wanted
            && status.unavailable_replicas.is_none()
        {
            return Ok(());
        }
        sleep(LOOK).await;
    }
    Err(TrialError::NotReady { service: name.to_owned(), replicas, seconds: PATIENCE })
}

async fn scale(site: &Site, service: &str, replicas: u32) -> Result<(), TrialError> {
    let deployments: Api<Deployment> = Api::namespaced(site.client.clone(), &site.namespace);
    let scale = json!({ "spec": { "replicas": replicas } });
    deployments.patch_scale(service, &PatchParams::default(), &Patch::Merge(&scale)).await?;
    Ok(())
}

/// Where a service takes requests, from inside of its cluster's network.
///
/// # Errors
/// When there is no such service.
pub async fn service_url(client: &Client, namespace: &str, service: &str) -> Result<String, TrialError> {
    let services: Api<Service> = Api::namespaced(client.clone(), namespace);
    let spec = services.get(service).await?.spec.unwrap_or_default();
    Ok(format!("http://{}:{PORT}/process", spec.cluster_ip.unwrap_or_default()))
}

/// Sends a load from inside of the cluster's network, on a thread of its own. `watch` hears of the progress there.
///
/// # Errors
/// When there is no cluster on this machine, or the load cannot be sent.
pub async fn send(
    layout: Layout,
    plan: LoadPlan,
    target: TargetParams,
    mut watch: impl FnMut(&Progress) + Send + 'static,
) -> Result<LoadReport, TrialError> {
    let (tell, told) = oneshot::channel();
    thread::spawn(move || {
        let sent = cluster::enter_network(&layout).map_err(TrialError::from).and_then(|()| {
            let report = load::run(&plan, &target.check()?, |progress| {
                watch(progress);
                true
            })?;
            Ok(report)
        });
        let _ = tell.send(sent); // nobody waits any more: the trial was given up
    });
    told.await.unwrap_or_else(|_| Err(TrialError::Silent("load".to_owned())))
}

async fn act(site: &Site, trial: &Trial, begin: Instant, seed: u64) -> Result<(), TrialError> {
    let mut rng = SeedTree::new(seed).child("actions").rng();
    for Action { at, service, kind } in &trial.actions {
        sleep_until(begin + Duration::from_secs_f64(at.max(0.0))).await;
        let place = (site.namespace.as_str(), service.as_str());
        let which = |pods: u32| Which::Count(pods as usize);
        match *kind {
            ActionKind::Kill(pods) => {
                chaos::strike(&site.client, place, &Strike::Kill, which(pods), &mut rng).await?;
            }
            ActionKind::Crash(pods) => {
                chaos::strike(&site.client, place, &Strike::Crash, which(pods), &mut rng).await?;
            }
            ActionKind::Scale(replicas) => scale(site, service, replicas).await?,
        }
    }
    Ok(())
}

/// What the load measured, as a run of a measurement.
fn written(trial: &Trial, seed: u64, report: &LoadReport) -> Result<Run, TrialError> {
    let seconds = &report.legitimate.seconds;
    Ok(Run {
        name: trial.name.clone(),
        purpose: trial.purpose,
        replicas: trial.replicas.clone(),
        warm_up: trial.warm_up,
        offered: trial.offered.clone(),
        seed: Some(seed),
        actions: trial.actions.clone(),
        rows: seconds.iter().map(row).collect(),
        totals: totals(trial.warm_up, report).ok_or_else(|| TrialError::Silent(trial.name.clone()))?,
    })
}

/// Over the seconds after the warm-up; `None` if nothing was answered in them.
fn totals(warm_up: u32, report: &LoadReport) -> Option<Totals> {
    let counted = report.legitimate.seconds.get(warm_up as usize..)?;
    let sum = |of: fn(&SecondRow) -> u64| counted.iter().map(of).sum::<u64>() as f64;
    let (ok, sent) = (sum(|row| row.counts.ok), sum(|row| row.counts.sent()));
    let latency = &report.legitimate.latency;
    let quantile = |share| latency.quantile(share).map(|time| time.0);
    Some(Totals {
        throughput: ok / counted.len() as f64,
        success: ok / sent,
        mean: latency.mean()?.0,
        p50: quantile(0.5)?,
        p95: quantile(0.95)?,
        p99: quantile(0.99)?,
    })
}

fn row(second: &SecondRow) -> Row {
    let counts = &second.counts;
    let value = |seconds: Option<Seconds>| seconds.map(|seconds| seconds.0);
    Row {
        sent: counts.sent(),
        ok: counts.ok,
        failed: counts.failed() - counts.timed_out,
        timed_out: counts.timed_out,
        mean: value(second.mean),
        p50: value(second.p50),
        p95: value(second.p95),
        p99: value(second.p99),
    }
}
