//! What is read off mock services beside their answers: the CPU of a request, and how long pods took to start.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::Pod;
use karma_mock::service::ADMIN_PORT;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};

use super::TrialError;
use crate::calibration::ServiceFacts;
use crate::deploy::{NAME, managed_selector};

/// Counter of the CPU that a mock has used, in core-seconds.
const CPU: &str = "process_cpu_time_seconds_total";
/// Counter of the requests that it has answered.
const REQUESTS: &str = "http_server_request_duration_seconds_count";

/// CPU in core-seconds and requests of each pod of each service: so far, or between two moments.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading(BTreeMap<(String, String), (f64, f64)>);

/// Asks every mock for what it has used and answered so far.
///
/// # Errors
/// When a pod cannot be asked.
pub async fn reading(client: &Client, namespace: &str) -> Result<Reading, TrialError> {
    let mut read = BTreeMap::new();
    for pod in pods(client, namespace).await? {
        let Some(service) = pod.labels().get(NAME) else { continue };
        let path =
            format!("/api/v1/namespaces/{namespace}/pods/{}:{ADMIN_PORT}/proxy/metrics", pod.name_any());
        let text = client.request_text(get(&path)?).await?;
        read.insert((service.clone(), pod.name_any()), (total(&text, CPU), total(&text, REQUESTS)));
    }
    Ok(Reading(read))
}

impl Reading {
    /// What came between an earlier reading and this one. What a pod that is gone did in between is not known, and a new one
    /// began at nothing.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Self {
        let difference = |(pod, (cpu, requests)): (&(String, String), &(f64, f64))| {
            let (cpu_then, requests_then) = earlier.0.get(pod).copied().unwrap_or_default();
            (pod.clone(), (cpu - cpu_then, requests - requests_then))
        };
        Self(self.0.iter().map(difference).collect())
    }

    /// Adds what another reading has.
    pub fn add(&mut self, other: &Self) {
        for (pod, (cpu, requests)) in &other.0 {
            let sum = self.0.entry(pod.clone()).or_default();
            *sum = (sum.0 + cpu, sum.1 + requests);
        }
    }

    /// What the facts of services say was read before.
    pub fn before(facts: &BTreeMap<String, ServiceFacts>) -> Self {
        let read = |(service, facts): (&String, &ServiceFacts)| {
            let cpu = facts.cpu_per_request? * facts.requests;
            Some(((service.clone(), String::new()), (cpu, facts.requests)))
        };
        Self(facts.iter().filter_map(read).collect())
    }

    /// Writes core-seconds of a request, and over how many, into the facts of each service that had any.
    pub fn note(&self, facts: &mut BTreeMap<String, ServiceFacts>) {
        let mut sums: BTreeMap<&String, (f64, f64)> = BTreeMap::new();
        for ((service, _), (cpu, requests)) in &self.0 {
            let sum = sums.entry(service).or_default();
            *sum = (sum.0 + cpu, sum.1 + requests);
        }
        for (service, (cpu, requests)) in sums.into_iter().filter(|(_, (_, requests))| *requests > 0.0) {
            let facts = facts.entry(service.clone()).or_default();
            (facts.cpu_per_request, facts.requests) = (Some(cpu / requests), requests);
        }
    }
}

/// Seconds from the creation of each pod until it was ready, by service; Kubernetes notes whole seconds.
///
/// # Errors
/// When the API server says no.
pub async fn starts(
    client: &Client,
    namespace: &str,
) -> Result<BTreeMap<String, Vec<(String, f64)>>, TrialError> {
    let mut starts: BTreeMap<String, Vec<(String, f64)>> = BTreeMap::new();
    for pod in pods(client, namespace).await? {
        let Some((service, seconds)) = pod.labels().get(NAME).zip(start(&pod)) else { continue };
        starts.entry(service.clone()).or_default().push((pod.name_any(), seconds));
    }
    Ok(starts)
}

fn start(pod: &Pod) -> Option<f64> {
    let created = pod.metadata.creation_timestamp.as_ref()?;
    let conditions = pod.status.as_ref()?.conditions.as_ref()?;
    let ready =
        conditions.iter().find(|condition| condition.type_ == "Ready" && condition.status == "True")?;
    let since = ready.last_transition_time.as_ref()?;
    Some(since.0.duration_since(created.0).as_secs_f64())
}

async fn pods(client: &Client, namespace: &str) -> kube::Result<Vec<Pod>> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    Ok(pods.list(&ListParams::default().labels(&managed_selector())).await?.items)
}

fn get(path: &str) -> kube::Result<http::Request<Vec<u8>>> {
    let request = http::Request::get(path).body(Vec::new());
    request.map_err(|error| kube::Error::BuildRequest(kube::core::request::Error::BuildRequest(error)))
}

/// The sum of all series of a metric in Prometheus' text form.
fn total(text: &str, metric: &str) -> f64 {
    let value = |line: &str| {
        let rest = line.strip_prefix(metric)?;
        let rest =
            rest.strip_prefix('{').map_or(rest, |labels| labels.split_once('}').map_or("", |(_, rest)| rest));
        rest.strip_prefix(' ')?.split(' ').next()?.parse::<f64>().ok()
    };
    text.lines().filter_map(value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_series_of_a_metric_count_and_no_others() {
        let text = "# TYPE a counter\na{x=\"1\"} 2\na{x=\"2\"} 3.5\na_total 7\nab 9\na 1\n";
        assert_eq!(total(text, "a"), 6.5);
        assert_eq!(total(text, "nothing"), 0.0);
    }

    fn of_pod(pod: &str, cpu: f64, requests: f64) -> Reading {
        Reading(BTreeMap::from([(("a".to_owned(), pod.to_owned()), (cpu, requests))]))
    }

    fn reading(cpu: f64, requests: f64) -> Reading {
        of_pod("a-1", cpu, requests)
    }

    fn noted(reading: &Reading) -> BTreeMap<String, ServiceFacts> {
        let mut facts = BTreeMap::new();
        reading.note(&mut facts);
        facts
    }

    #[test]
    fn the_cpu_of_a_request_is_that_between_two_readings() {
        let mut between = reading(3.0, 110.0).since(&reading(1.0, 10.0));
        assert_eq!(noted(&between)["a"].cpu_per_request, Some(0.02));
        between.add(&reading(8.0, 100.0));
        assert_eq!(noted(&between)["a"].cpu_per_request, Some(0.05));
        assert!(noted(&reading(3.0, 10.0).since(&reading(1.0, 10.0))).is_empty());
    }

    #[test]
    fn a_pod_that_is_gone_takes_nothing_away_from_the_others() {
        let mut before = reading(1.0, 10.0);
        before.add(&of_pod("a-2", 5.0, 500.0));
        let between = reading(3.0, 110.0).since(&before);
        assert_eq!(
            noted(&between)["a"],
            ServiceFacts { requests: 100.0, cpu_per_request: Some(0.02), starts: vec![] }
        );
    }

    #[test]
    fn a_measurement_goes_on_with_what_its_file_says() {
        let facts = noted(&reading(2.0, 100.0));
        let mut used = Reading::before(&facts);
        assert_eq!(noted(&used), facts);
        used.add(&reading(8.0, 100.0));
        assert_eq!(noted(&used)["a"].cpu_per_request, Some(0.05));
    }
}
