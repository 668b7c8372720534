//! What the pods of all manifests have in common.

use serde_json::{Map, Value, json};

use super::cli::PodOptions;

/// Where the claim is mounted.
pub(super) const DATA: &str = "/data";
/// Label by which Kueue finds the queue of a job.
const QUEUE: &str = "kueue.x-k8s.io/queue-name";

/// Name, namespace and labels.
pub(super) fn metadata(options: &PodOptions, program: &str, (name, queued): (&str, bool)) -> Value {
    let mut labels = Map::from_iter([
        ("app.kubernetes.io/name".to_owned(), json!(program)),
        ("app.kubernetes.io/instance".to_owned(), json!(options.name)),
    ]);
    if let Some(queue) = options.kueue.as_ref().filter(|_| queued) {
        labels.insert(QUEUE.to_owned(), json!(queue));
    }
    let mut metadata = json!({ "name": name, "labels": labels });
    if let Some(namespace) = &options.namespace {
        metadata["namespace"] = json!(namespace);
    }
    metadata
}

/// Nobody's user, no privileges, no service account.
pub(super) fn security(user: u32) -> Value {
    json!({
        "runAsNonRoot": true,
        "runAsUser": user,
        "runAsGroup": user,
        "fsGroup": user,
        "seccompProfile": { "type": "RuntimeDefault" },
    })
}

/// A container of a program that writes nothing but the claim.
pub(super) fn container(options: &PodOptions, program: &str, args: &[&str], mounts: &[Value]) -> Value {
    json!({
        "name": program,
        "image": options.image,
        "command": [program],
        "args": args,
        "workingDir": DATA,
        "resources": resources(options),
        "securityContext": {
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            "capabilities": { "drop": ["ALL"] },
        },
        "volumeMounts": mounts,
    })
}

/// As much as is asked for and no more: the number of threads follows the limit.
pub(super) fn resources(options: &PodOptions) -> Value {
    let amounts = json!({ "cpu": options.cpu, "memory": options.memory });
    json!({ "requests": amounts, "limits": amounts })
}

/// The claim's mount.
pub(super) fn data_mount() -> Value {
    json!({ "name": "data", "mountPath": DATA })
}

/// The claim as a volume.
pub(super) fn data_volume(options: &PodOptions) -> Value {
    json!({ "name": "data", "persistentVolumeClaim": { "claimName": options.claim } })
}
