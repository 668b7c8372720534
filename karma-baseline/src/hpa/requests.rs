//! What pods request of a resource: the denominator of a utilisation.

use std::collections::BTreeMap;

use super::error::MetricError;
use super::metric_source::ResourceName;
use super::pods::PodFacts;

/// The request of each pod in thousandths: of the named container, or of the whole pod.
///
/// A whole pod's request is the one set on the pod, if any is, else the sum over its containers. A pod that
/// does not request the resource makes utilisation meaningless, and therefore is an error for all.
///
/// # Errors
/// If a pod lacks the request, or the named container.
pub fn calculate_requests<'a>(
    pods: &'a [PodFacts],
    container: Option<&str>,
    resource: &ResourceName,
) -> Result<BTreeMap<&'a str, i64>, MetricError> {
    pods.iter().map(|pod| Ok((pod.name.as_str(), pod_request(pod, container, resource)?))).collect()
}

fn pod_request(pod: &PodFacts, container: Option<&str>, resource: &ResourceName) -> Result<i64, MetricError> {
    match (container, &pod.pod_requests) {
        (None, Some(requests)) => requests.get(resource).copied().ok_or_else(|| {
            MetricError::MissingPodRequest { resource: resource.to_string(), pod: pod.name.clone() }
        }),
        (None, None) => whole_pod(pod, resource),
        (Some(name), _) => named_container(pod, name, resource),
    }
}

fn whole_pod(pod: &PodFacts, resource: &ResourceName) -> Result<i64, MetricError> {
    let names = pod.containers.iter().map(|container| container.name.as_str());
    names
        .map(|name| named_container(pod, name, resource))
        .try_fold(0, |sum: i64, one| Ok(sum.wrapping_add(one?)))
}

fn named_container(pod: &PodFacts, name: &str, resource: &ResourceName) -> Result<i64, MetricError> {
    let container = pod.containers.iter().find(|container| container.name == name).ok_or_else(|| {
        MetricError::ContainerNotFound { container: name.to_owned(), pod: pod.name.clone() }
    })?;
    container.requests.get(resource).copied().ok_or_else(|| MetricError::MissingRequest {
        resource: resource.to_string(),
        container: name.to_owned(),
        pod: pod.name.clone(),
    })
}
