//! Why a pod is not ready, in its own words.

use std::fmt;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ContainerStatus, Pod};

/// A pod, or a Deployment that cannot make pods, and why it is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// The pod's name, or "Deployment" and its name.
    pub place: String,
    /// Kubernetes' word, such as `ImagePullBackOff` or `Unschedulable`.
    pub reason: String,
    /// What Kubernetes adds to it; may be empty.
    pub message: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)?;
        if self.message.is_empty() { Ok(()) } else { write!(f, ": {}", self.message) }
    }
}

/// What keeps `pod` from being ready; nothing if it is ready.
pub(super) fn of_pod(pod: &Pod) -> Option<Trouble> {
    if is_ready(pod) {
        return None;
    }
    let (reason, message) = unschedulable(pod)
        .or_else(|| containers(pod).iter().find_map(of_container))
        .or_else(|| evicted(pod))
        .unwrap_or_else(|| ("Pending".to_owned(), "the kubelet has not started it yet".to_owned()));
    Some(Trouble { place: pod.metadata.name.clone().unwrap_or_default(), reason, message })
}

/// What keeps `deployment` from making pods, such as a quota.
pub(super) fn of_deployment(deployment: &Deployment) -> Option<Trouble> {
    let conditions = deployment.status.as_ref()?.conditions.as_ref()?;
    let failed = conditions.iter().find(|of| of.type_ == "ReplicaFailure" && of.status == "True")?;
    Some(Trouble {
        place: format!("Deployment {}", deployment.metadata.name.as_deref().unwrap_or_default()),
        reason: failed.reason.clone().unwrap_or_default(),
        message: failed.message.clone().unwrap_or_default(),
    })
}

/// Whether a pod takes requests.
pub(super) fn is_ready(pod: &Pod) -> bool {
    pod.metadata.deletion_timestamp.is_none() && condition(pod, "Ready", "True").is_some()
}

type Words = (String, String);

fn condition(pod: &Pod, kind: &str, status: &str) -> Option<Words> {
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let found = conditions.iter().find(|of| of.type_ == kind && of.status == status)?;
    Some((found.reason.clone().unwrap_or_default(), found.message.clone().unwrap_or_default()))
}

fn unschedulable(pod: &Pod) -> Option<Words> {
    condition(pod, "PodScheduled", "False")
}

pub(super) fn containers(pod: &Pod) -> &[ContainerStatus] {
    pod.status.as_ref().and_then(|status| status.container_statuses.as_deref()).unwrap_or_default()
}

fn of_container(container: &ContainerStatus) -> Option<Words> {
    let state = container.state.as_ref()?;
    if let Some(waiting) = &state.waiting {
        let reason = waiting.reason.clone().unwrap_or_else(|| "Waiting".to_owned());
        let said = waiting.message.clone().unwrap_or_default();
        let message =
            last_exit(container).map_or(said, |exit| format!("{exit}, {} restarts", container.restart_count));
        return Some((reason, message));
    }
    if let Some(ended) = &state.terminated {
        let reason = ended.reason.clone().unwrap_or_else(|| "Terminated".to_owned());
        return Some((reason, format!("exit code {}", ended.exit_code)));
    }
    let asked = "it runs, and its readiness probe has not succeeded".to_owned();
    state.running.as_ref().filter(|_| !container.ready).map(|_| ("NotReady".to_owned(), asked))
}

fn last_exit(container: &ContainerStatus) -> Option<String> {
    let ended = container.last_state.as_ref()?.terminated.as_ref()?;
    let reason = ended.reason.as_deref().unwrap_or("Error");
    Some(format!("last exit code {} ({reason})", ended.exit_code))
}

fn evicted(pod: &Pod) -> Option<Words> {
    let status = pod.status.as_ref()?;
    Some((status.reason.clone()?, status.message.clone().unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn pod(status: &Value) -> Pod {
        serde_json::from_value(json!({ "metadata": { "name": "a-1" }, "status": status })).unwrap()
    }

    fn said(status: &Value) -> String {
        of_pod(&pod(status)).unwrap().to_string()
    }

    fn container(state: &Value, last: &Value) -> Value {
        json!({ "containerStatuses": [{
            "name": "service", "image": "i", "imageID": "", "ready": false, "restartCount": 4,
            "state": state, "lastState": last,
        }] })
    }

    #[test]
    fn a_ready_pod_has_no_trouble_unless_it_is_leaving() {
        let ready = json!({ "conditions": [{ "type": "Ready", "status": "True" }] });
        assert_eq!(of_pod(&pod(&ready)), None);
        let leaving: Pod = serde_json::from_value(json!({
            "metadata": { "name": "a-1", "deletionTimestamp": "2024-01-01T00:00:00Z" }, "status": ready,
        }))
        .unwrap();
        assert!(of_pod(&leaving).is_some());
    }

    #[test]
    fn a_pod_without_a_node_says_what_the_scheduler_said() {
        let status = json!({ "conditions": [{
            "type": "PodScheduled", "status": "False", "reason": "Unschedulable",
            "message": "0/1 nodes are available: 1 Insufficient cpu.",
        }] });
        assert_eq!(said(&status), "a-1: Unschedulable: 0/1 nodes are available: 1 Insufficient cpu.");
    }

    #[test]
    fn an_image_that_cannot_be_pulled_is_named() {
        let waiting =
            json!({ "waiting": { "reason": "ImagePullBackOff", "message": "Back-off pulling \"x:1\"" } });
        assert_eq!(said(&container(&waiting, &json!({}))), "a-1: ImagePullBackOff: Back-off pulling \"x:1\"");
    }

    #[test]
    fn a_crash_loop_tells_its_last_exit_code() {
        let waiting = json!({ "waiting": { "reason": "CrashLoopBackOff", "message": "back-off 40s" } });
        let last = json!({ "terminated": { "exitCode": 137, "reason": "OOMKilled" } });
        assert_eq!(
            said(&container(&waiting, &last)),
            "a-1: CrashLoopBackOff: last exit code 137 (OOMKilled), 4 restarts"
        );
    }

    #[test]
    fn a_running_pod_waits_for_its_probe() {
        assert!(said(&container(&json!({ "running": {} }), &json!({}))).contains("readiness probe"));
    }

    #[test]
    fn an_evicted_pod_and_an_untouched_one_are_told_apart() {
        assert_eq!(
            said(&json!({ "reason": "Evicted", "message": "low on memory" })),
            "a-1: Evicted: low on memory"
        );
        assert!(said(&json!({ "phase": "Pending" })).starts_with("a-1: Pending"));
    }
}
