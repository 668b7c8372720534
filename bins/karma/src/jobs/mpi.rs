//! One training on several machines: an `MPIJob` of the Kubeflow training operator (kubeflow.org/v2beta1).
//!
//! The launcher starts one process on each worker. The image needs `mpirun` (Open MPI), `karma-train` built with the feature
//! `mpi` against it, and the SSH server of the operator's base image with its user 1000, `mpiuser`. All workers see the run
//! directory on the claim. Only a run that resumes is tried again: one that begins would find its own directory occupied.

use serde_json::{Value, json};

use super::cli::PodOptions;
use super::pod::{DATA, data_mount, data_volume, metadata, resources, security};

const USER: u32 = 1000;
const HOME: &str = "/home/mpiuser";

/// The job that runs `karma-train` with `arguments` on so many workers.
pub(super) fn document(options: &PodOptions, workers: usize, arguments: &[String]) -> Value {
    let count = workers.to_string();
    let fixed = ["-np", &count, "-bind-to", "none", "-wdir", DATA, "karma-train"];
    let args: Vec<&str> = fixed.into_iter().chain(arguments.iter().map(String::as_str)).collect();
    let resumes =
        arguments.iter().any(|argument| argument == "--resume" || argument.starts_with("--resume="));
    let server = format!("{HOME}/.sshd_config");
    let mut policy = json!({ "cleanPodPolicy": "Running", "backoffLimit": if resumes { 3 } else { 0 } });
    if options.kueue.is_some() {
        policy["suspend"] = json!(true);
    }
    json!({
        "apiVersion": "kubeflow.org/v2beta1",
        "kind": "MPIJob",
        "metadata": metadata(options, "karma-train", (&options.name, true)),
        "spec": {
            "mpiImplementation": "OpenMPI",
            "slotsPerWorker": 1,
            "sshAuthMountPath": format!("{HOME}/.ssh"),
            "runPolicy": policy,
            "mpiReplicaSpecs": {
                "Launcher": replicas(1, options, ("mpirun", &args)),
                "Worker": replicas(workers, options, ("/usr/sbin/sshd", &["-De", "-f", &server])),
            },
        },
    })
}

fn replicas(count: usize, options: &PodOptions, (command, args): (&str, &[&str])) -> Value {
    json!({
        "replicas": count,
        "restartPolicy": "Never",
        "template": { "spec": {
            "automountServiceAccountToken": false,
            "securityContext": security(USER),
            "containers": [{
                "name": "karma-train",
                "image": options.image,
                "command": [command],
                "args": args,
                "resources": resources(options),
                "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] } },
                "volumeMounts": [data_mount()],
            }],
            "volumes": [data_volume(options)],
        } },
    })
}
