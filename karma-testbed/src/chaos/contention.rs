//! Other tenants: one pod on each node that burns a share of its CPU.

use k8s_openapi::api::core::v1::{Node, Pod};
use kube::api::{DeleteParams, ListParams, Patch, PatchParams};
use kube::{Api, Client, ResourceExt as _};
use serde_json::json;

use super::ChaosError;
use crate::deploy::{MANAGED_BY, MANAGER};

/// Label of the pods that burn CPU.
const LABEL: (&str, &str) = ("karma.dev/role", "contention");

/// Keeps `share` of every node's CPU busy by pods of `image`, the mock service's; 0 ends it.
///
/// # Errors
/// When the share is out of range, or the API server says no.
pub async fn keep_busy(client: &Client, namespace: &str, image: &str, share: f64) -> Result<(), ChaosError> {
    if !(0.0..1.0).contains(&share) {
        return Err(ChaosError::Range {
            what: "contention",
            value: share,
            allowed: "a share from 0 to below 1",
        });
    }
    end(client, namespace).await?;
    if share == 0.0 {
        return Ok(());
    }
    let nodes = Api::<Node>::all(client.clone()).list(&ListParams::default()).await?;
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    for node in &nodes {
        let cores = cores_of(node);
        let pod = tenant(&node.name_any(), image, share * cores);
        pods.patch(&pod_name(&node.name_any()), &PatchParams::apply(MANAGER).force(), &Patch::Apply(&pod))
            .await?;
    }
    Ok(())
}

/// Ends it on every node.
pub(super) async fn end(client: &Client, namespace: &str) -> Result<(), ChaosError> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let ours = ListParams::default().labels(&format!("{}={}", LABEL.0, LABEL.1));
    pods.delete_collection(&DeleteParams::default().grace_period(0), &ours).await?;
    Ok(())
}

fn pod_name(node: &str) -> String {
    format!("contention-{node}")
}

/// A pod of no service: nothing balances to it. It requests nothing, so that a node whose CPU is all requested takes it
/// too; the kubelet would refuse any other one there.
fn tenant(node: &str, image: &str, cores: f64) -> serde_json::Value {
    let millicores = (cores * 1000.0).round();
    json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": { "name": pod_name(node), "labels": { (LABEL.0): LABEL.1, (MANAGED_BY): MANAGER } },
        "spec": {
            "nodeName": node,
            "restartPolicy": "Always",
            "terminationGracePeriodSeconds": 0,
            "containers": [{
                "name": "burn",
                "image": image,
                "imagePullPolicy": "IfNotPresent",
                "args": ["burn", format!("{cores:.3}")],
                "resources": { "limits": { "cpu": format!("{millicores}m") }, "requests": { "cpu": "0" } },
                // What the namespace of the services asks of every pod.
                "securityContext": {
                    "runAsNonRoot": true,
                    "allowPrivilegeEscalation": false,
                    "capabilities": { "drop": ["ALL"] },
                    "seccompProfile": { "type": "RuntimeDefault" },
                },
            }],
        },
    })
}

fn cores_of(node: &Node) -> f64 {
    let allocatable = node.status.as_ref().and_then(|status| status.allocatable.as_ref());
    let cpu = allocatable.and_then(|all| all.get("cpu")).map_or("1", |quantity| quantity.0.as_str());
    cpu.strip_suffix('m')
        .map_or_else(|| cpu.parse().ok(), |m| m.parse::<f64>().ok().map(|m| m / 1000.0))
        .unwrap_or(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_burns_its_share_of_a_node_and_belongs_to_no_service() {
        let pod = tenant("a", "image:1", 0.75);
        let container = &pod["spec"]["containers"][0];
        assert_eq!(container["args"], json!(["burn", "0.750"]));
        assert_eq!(
            container["resources"],
            json!({ "limits": { "cpu": "750m" }, "requests": { "cpu": "0" } })
        );
        assert_eq!(
            pod["metadata"]["labels"],
            json!({ "karma.dev/role": "contention", "app.kubernetes.io/managed-by": "karma-lab" })
        );
    }

    #[test]
    fn a_nodes_cpu_is_read_in_cores_and_in_millicores() {
        for (written, cores) in [("2", 2.0), ("1930m", 1.93)] {
            let node: Node = serde_json::from_value(json!({
                "metadata": { "name": "a" }, "status": { "allocatable": { "cpu": written } }
            }))
            .unwrap();
            assert_eq!(cores_of(&node), cores);
        }
    }
}
