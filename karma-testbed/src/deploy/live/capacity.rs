//! What room a cluster has left.

use k8s_openapi::api::core::v1::{Node, Pod};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use karma_core::{Mebibytes, Millicores};
use kube::api::ListParams;
use kube::{Api, Client};

use super::error::LiveError;
use crate::deploy::capacity::Capacity;
use crate::deploy::quantity;

/// The room on nodes that take pods: allocatable, less the requests of pods outside of `namespace`.
///
/// `None` for a user who may not see nodes or the pods of others: nothing is known then, and nothing is refused for
/// it.
///
/// # Errors
/// If the API server does not answer.
pub async fn capacity(client: &Client, namespace: &str) -> Result<Option<Capacity>, LiveError> {
    let nodes = Api::<Node>::all(client.clone()).list(&ListParams::default()).await;
    let pods = Api::<Pod>::all(client.clone()).list(&ListParams::default()).await;
    match (nodes, pods) {
        (Ok(nodes), Ok(pods)) => Ok(Some(room(&nodes.items, &pods.items, namespace))),
        (Err(kube::Error::Api(status)), _) | (_, Err(kube::Error::Api(status))) if status.is_forbidden() => {
            Ok(None)
        }
        (Err(error), _) | (_, Err(error)) => Err(LiveError::reading("nodes and their pods")(error)),
    }
}

fn room(nodes: &[Node], pods: &[Pod], namespace: &str) -> Capacity {
    let others = |pod: &&Pod| pod.metadata.namespace.as_deref() != Some(namespace) && !has_ended(pod);
    let left = |node: &Node| {
        let (cpu, memory) = allocatable(node)?;
        let name = node.metadata.name.as_deref();
        let here = pods.iter().filter(others).filter(|pod| node_of(pod) == name && name.is_some());
        let (used_cpu, used_memory) = here
            .map(requests)
            .fold((0, 0), |sum: (u32, u32), pod| (sum.0.saturating_add(pod.0), sum.1.saturating_add(pod.1)));
        let cpu = cpu.0.saturating_sub(used_cpu);
        Some((Millicores(cpu), Mebibytes(memory.0.saturating_sub(used_memory))))
    };
    Capacity { nodes: nodes.iter().filter(|node| takes_pods(node)).filter_map(left).collect() }
}

fn takes_pods(node: &Node) -> bool {
    let spec = node.spec.as_ref();
    let cordoned = spec.and_then(|spec| spec.unschedulable).unwrap_or(false);
    let taints = spec.and_then(|spec| spec.taints.as_deref()).unwrap_or_default();
    let conditions = node.status.as_ref().and_then(|status| status.conditions.as_deref()).unwrap_or_default();
    let ready = conditions.iter().any(|of| of.type_ == "Ready" && of.status == "True");
    ready && !cordoned && taints.iter().all(|taint| taint.effect == "PreferNoSchedule")
}

fn allocatable(node: &Node) -> Option<(Millicores, Mebibytes)> {
    let amounts = node.status.as_ref()?.allocatable.as_ref()?;
    let (cpu, memory) = (amounts.get("cpu")?, amounts.get("memory")?);
    Some((quantity::millicores(cpu)?, quantity::mebibytes(memory, true)?))
}

fn has_ended(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    matches!(phase, Some("Succeeded" | "Failed"))
}

fn node_of(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref()
}

/// CPU in millicores and memory in mebibytes that a pod's containers ask for.
fn requests(pod: &Pod) -> (u32, u32) {
    let containers = pod.spec.as_ref().map(|spec| spec.containers.as_slice()).unwrap_or_default();
    let asked = containers.iter().filter_map(|of| of.resources.as_ref()?.requests.as_ref());
    asked.fold((0, 0), |(cpu, memory): (u32, u32), amounts| {
        let of_cpu = amounts.get("cpu").and_then(quantity::millicores).unwrap_or_default();
        let in_mebibytes = |amount: &Quantity| quantity::mebibytes(amount, false);
        let of_memory = amounts.get("memory").and_then(in_mebibytes).unwrap_or_default();
        (cpu.saturating_add(of_cpu.0), memory.saturating_add(of_memory.0))
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn node(name: &str, spec: &Value, ready: &str) -> Node {
        serde_json::from_value(json!({
            "metadata": { "name": name }, "spec": spec,
            "status": {
                "allocatable": { "cpu": "2", "memory": "4096Mi" },
                "conditions": [{ "type": "Ready", "status": ready }],
            },
        }))
        .unwrap()
    }

    fn pod(namespace: &str, node: &str, phase: &str) -> Pod {
        serde_json::from_value(json!({
            "metadata": { "namespace": namespace },
            "spec": { "nodeName": node, "containers": [
                { "name": "a", "resources": { "requests": { "cpu": "250m", "memory": "100Mi" } } },
                { "name": "b" },
            ] },
            "status": { "phase": phase },
        }))
        .unwrap()
    }

    #[test]
    fn what_other_namespaces_ask_for_is_taken_off() {
        let pods = [
            pod("kube-system", "n", "Running"),
            pod("karma", "n", "Running"),
            pod("kube-system", "n", "Succeeded"),
            pod("kube-system", "elsewhere", "Running"),
        ];
        let room = room(&[node("n", &json!({}), "True")], &pods, "karma");
        assert_eq!(room.nodes, [(Millicores(1750), Mebibytes(3996))]);
    }

    #[test]
    fn nodes_that_take_no_pods_do_not_count() {
        let tainted = json!({ "taints": [{ "key": "k", "effect": "NoSchedule" }] });
        let nodes = [
            node("cordoned", &json!({ "unschedulable": true }), "True"),
            node("tainted", &tainted, "True"),
            node("down", &json!({}), "Unknown"),
        ];
        assert_eq!(room(&nodes, &[], "karma"), Capacity::default());
    }
}
