//! All that stands against a deployment, found in one go and before anything is created.
//!
//! | code | what is wrong |
//! |---|---|
//! | `invalid-namespace` | the namespace is no DNS-1123 label |
//! | `reserved-namespace` | the namespace belongs to Kubernetes |
//! | `invalid-name` | a service's name is no DNS-1035 label, as a Kubernetes Service must have |
//! | `reserved-name` | a service is called `kubernetes`, as the API server's own Service |
//! | `name-collision` | two services would be one to their callers: the same name but for case and separators, or the same environment variable |
//! | `invalid-image` | no image, or one that cannot be a reference |
//! | `impossible-cpu`, `impossible-memory` | a request or limit that no container can have |
//! | `limit-below-request` | the CPU limit is below the request |
//! | `pod-too-large` | a pod asks for more than any node has left |
//! | `cluster-too-small` | all pods at the start ask for more than all nodes have left |
//! | `replica-bounds` | replicas that contradict each other |
//! | `hpa-target`, `hpa-out-of-reach`, `hpa-stabilization` | an autoscaler that Kubernetes refuses, or that could never act |
//! | `probe-range` | a probe's setting is out of range |
//! | `unknown-override` | an override is for a service that is not there |
//! | `invalid-settings` | an override tells the mock another port than the pod has |
//! | `too-many-services` | more services than a process can be told of |

mod names;
mod resources;
mod settings;

use karma_core::Topology;

use super::capacity::Capacity;
use super::finding::Finding;
use super::params::DeployParams;

pub use names::MAX_SERVICES;

/// All findings: of the settings, then of each service in the order of the topology, then of the whole.
///
/// Without a capacity nothing is said about the cluster's size. O(n log n) in the number of services.
pub fn check(topology: &Topology, params: &DeployParams, capacity: Option<&Capacity>) -> Vec<Finding> {
    let mut findings = settings::of_all(topology, params);
    findings.extend(names::of_namespace(&params.namespace));
    for service in &topology.services {
        findings.extend(names::of_service(&service.name));
        findings.extend(settings::of_service(service, params));
        findings.extend(resources::of_service(service, params));
        findings.extend(capacity.and_then(|capacity| resources::fits(service, capacity)));
    }
    findings.extend(names::collisions(topology));
    findings.extend(names::too_many(topology.services.len()));
    findings.extend(capacity.and_then(|capacity| resources::all_fit(topology, params, capacity)));
    findings
}
