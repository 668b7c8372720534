//! A sweep as an Indexed Job: one pod for each trial, with the trial's number as its index.
//!
//! A pod that is evicted or preempted does not count as a failure and comes back, and its trial goes on from its last
//! checkpoint; a pod that ends with exit code 2 (a wrong file) is not tried again. A trial that fails as a trial is a row of
//! the table and a pod that succeeded. Needs Kubernetes 1.29 or later, for `backoffLimitPerIndex`.

use std::path::Path;

use anyhow::bail;
use serde_json::{Value, json};

use super::cli::PodOptions;
use super::pod::{DATA, container, data_mount, data_volume, metadata, security};
use crate::sweep::{SweepConfig, SweepError};

/// Where the sweep's file is mounted, and its name there.
const FOLDER: &str = "/etc/karma";
const FILE: &str = "sweep.toml";
/// The user of distroless images that is not root.
const USER: u32 = 65_532;

/// What a Job runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sweep<'a> {
    pub(super) text: &'a str,
    pub(super) config: &'a SweepConfig,
    pub(super) parallelism: usize,
}

/// The sweep's file, the Job of its trials, and the suspended Job that gathers their rows.
///
/// # Errors
/// If the sweep's trials depend on each other, or need files that a pod has not.
pub(super) fn documents(options: &PodOptions, sweep: Sweep<'_>) -> anyhow::Result<Vec<Value>> {
    if sweep.config.halving.is_some() {
        bail!(SweepError::Indivisible);
    }
    no_local_files(sweep.config)?;
    let (name, gather) = (format!("{}-sweep", options.name), format!("{}-gather", options.name));
    let file = json!({
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata(options, &name, false),
        "data": { FILE: sweep.text },
    });
    Ok(vec![file, trials(options, sweep), gathering(options, &gather)])
}

fn trials(options: &PodOptions, sweep: Sweep<'_>) -> Value {
    let trials = sweep.config.trials.len();
    let mut spec = json!({
        "completionMode": "Indexed",
        "completions": trials,
        "parallelism": sweep.parallelism.min(trials),
        "backoffLimitPerIndex": 3,
        "podReplacementPolicy": "Failed",
        "podFailurePolicy": { "rules": [
            { "action": "Ignore", "onPodConditions": [{ "type": "DisruptionTarget", "status": "True" }] },
            { "action": "FailIndex", "onExitCodes": { "containerName": "karma-train", "operator": "In", "values": [2] } },
        ] },
        "template": template(options, &["--trial", "$(JOB_COMPLETION_INDEX)", "--quiet"]),
    });
    if options.kueue.is_some() {
        spec["suspend"] = json!(true);
    }
    json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata(options, &options.name, true), "spec": spec })
}

/// Begins suspended: it is let go when the trials are done.
fn gathering(options: &PodOptions, name: &str) -> Value {
    json!({
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata(options, name, false),
        "spec": { "suspend": true, "backoffLimit": 3, "template": template(options, &["--gather"]) },
    })
}

fn template(options: &PodOptions, what: &[&str]) -> Value {
    let (file, out) = (format!("{FOLDER}/{FILE}"), format!("{DATA}/{}", options.name));
    let args: Vec<&str> = ["sweep", &file, "--out", &out].into_iter().chain(what.iter().copied()).collect();
    let mounts = [data_mount(), json!({ "name": "sweep", "mountPath": FOLDER, "readOnly": true })];
    let volumes = json!([
        data_volume(options),
        { "name": "sweep", "configMap": { "name": format!("{}-sweep", options.name) } },
    ]);
    json!({
        "metadata": { "labels": { "app.kubernetes.io/name": "karma-train", "app.kubernetes.io/instance": options.name } },
        "spec": {
            "restartPolicy": "Never",
            "automountServiceAccountToken": false,
            "terminationGracePeriodSeconds": 120,
            "securityContext": security(USER),
            "containers": [container(options, &args, &mounts)],
            "volumes": volumes,
        },
    })
}

/// A pod has the sweep's file and the claim; other files must be in one of them.
fn no_local_files(config: &SweepConfig) -> anyhow::Result<()> {
    for trial in &config.trials {
        let Ok(params) = config.run(trial, 0) else { continue };
        let files = crate::sweep::settings::files(&params);
        if let Some(file) = files.iter().find(|file| !Path::new(file).starts_with(DATA)) {
            bail!(
                "a pod does not have {file}, which trial {} needs; put it on the claim and write its path below {DATA}",
                trial.number
            );
        }
    }
    Ok(())
}
