//! Pods of a service, and how they are reached.

use k8s_openapi::api::core::v1::Pod;
use karma_core::StreamRng;
use karma_mock::service::{ADMIN_PORT, Faults};
use kube::api::{DeleteParams, ListParams};
use kube::{Api, Client, ResourceExt as _};
use rand::RngExt as _;
use rand::seq::SliceRandom as _;

use super::fault::{Strike, Which};
use super::{ChaosError, Struck};
use crate::deploy::{NAME, managed_selector};

/// A pod that runs.
#[derive(Clone, Debug)]
pub(super) struct Target {
    pub(super) uid: String,
    pub(super) name: String,
    pub(super) service: String,
}

/// Pods of mock services in a namespace that run, in the order of their names.
pub(super) async fn running(client: &Client, namespace: &str) -> Result<Vec<Target>, ChaosError> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let list = pods.list(&ListParams::default().labels(&managed_selector())).await?;
    let mut targets: Vec<Target> = list.items.iter().filter(|pod| runs(pod)).filter_map(target).collect();
    targets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(targets)
}

fn runs(pod: &Pod) -> bool {
    let status = pod.status.as_ref();
    let containers = status.and_then(|status| status.container_statuses.as_ref());
    let on = |state: &k8s_openapi::api::core::v1::ContainerStatus| {
        state.state.as_ref().is_some_and(|state| state.running.is_some())
    };
    pod.metadata.deletion_timestamp.is_none() && containers.is_some_and(|all| all.iter().all(on))
}

fn target(pod: &Pod) -> Option<Target> {
    let service = pod.labels().get(NAME)?.clone();
    Some(Target { uid: pod.uid()?, name: pod.name_any(), service })
}

/// Those that are meant, drawn.
pub(super) fn choose(mut targets: Vec<Target>, which: Which, rng: &mut StreamRng) -> Vec<Target> {
    match which {
        Which::All => {}
        Which::Share(share) => targets.retain(|_| rng.random_bool(share)),
        Which::Count(count) => {
            targets.shuffle(rng);
            targets.truncate(count);
        }
    }
    targets
}

/// Does it to one pod.
pub(super) async fn hit(
    client: &Client,
    namespace: &str,
    target: &Target,
    strike: &Strike,
) -> Result<Struck, ChaosError> {
    let done = match strike {
        Strike::Kill => kill(client, namespace, target).await,
        Strike::Crash => crash(client, namespace, target).await,
        Strike::Faults(faults) => tell(client, namespace, target, faults).await,
    };
    done.map_err(|source| ChaosError::Pod { pod: target.name.clone(), source })?;
    Ok(Struck { service: target.service.clone(), pod: target.name.clone() })
}

async fn kill(client: &Client, namespace: &str, target: &Target) -> kube::Result<()> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    pods.delete(&target.name, &DeleteParams::default().grace_period(0)).await.map(|_| ())
}

async fn crash(client: &Client, namespace: &str, target: &Target) -> kube::Result<()> {
    ask(client, "POST", &path(namespace, target, "faults/crash"), Vec::new()).await
}

async fn tell(client: &Client, namespace: &str, target: &Target, faults: &Faults) -> kube::Result<()> {
    let body = serde_json::to_vec(faults).map_err(kube::Error::SerdeError)?;
    ask(client, "PUT", &path(namespace, target, "faults"), body).await
}

fn path(namespace: &str, target: &Target, place: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/pods/{}:{ADMIN_PORT}/proxy/{place}", target.name)
}

async fn ask(client: &Client, method: &str, path: &str, body: Vec<u8>) -> kube::Result<()> {
    let request = http::Request::builder()
        .method(method)
        .uri(path)
        .header("content-type", "application/json")
        .body(body)
        .map_err(|error| kube::Error::BuildRequest(kube::core::request::Error::BuildRequest(error)))?;
    client.request_text(request).await.map(|_| ())
}

#[cfg(test)]
mod tests {
    use karma_core::SeedTree;
    use serde_json::json;

    use super::*;

    fn targets(count: usize) -> Vec<Target> {
        let target =
            |index| Target { uid: format!("u{index}"), name: format!("a-{index}"), service: "a".to_owned() };
        (0..count).map(target).collect()
    }

    #[test]
    fn so_many_are_drawn_without_repetition_and_never_more_than_there_are() {
        let mut rng = SeedTree::new(7).rng();
        for (wanted, drawn) in [(1, 1), (3, 3), (9, 5)] {
            let mut names: Vec<String> = choose(targets(5), Which::Count(wanted), &mut rng)
                .into_iter()
                .map(|target| target.name)
                .collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), drawn);
        }
    }

    #[test]
    fn a_share_is_a_probability_of_each() {
        let mut rng = SeedTree::new(7).rng();
        assert!(choose(targets(50), Which::Share(0.0), &mut rng).is_empty());
        assert_eq!(choose(targets(50), Which::Share(1.0), &mut rng).len(), 50);
        let half = choose(targets(1000), Which::Share(0.5), &mut rng).len();
        assert!((440..560).contains(&half), "{half}");
    }

    #[test]
    fn only_pods_whose_containers_run_and_that_are_not_leaving_are_struck() {
        let pod = |deleted: Option<&str>, state: &str| -> Pod {
            serde_json::from_value(json!({
                "metadata": { "name": "a-1", "deletionTimestamp": deleted },
                "status": { "containerStatuses": [{ "name": "a", "ready": true, "restartCount": 0, "image": "i",
                    "imageID": "i", "state": { (state): {} } }] },
            }))
            .unwrap()
        };
        assert!(runs(&pod(None, "running")));
        assert!(!runs(&pod(None, "waiting")));
        assert!(!runs(&pod(Some("2026-01-01T00:00:00Z"), "running")));
    }
}
