//! What will be on the cluster, as typed objects: a value that is checked, printed and applied.

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::{Namespace, Service};
use karma_core::Topology;
use kube::core::DynamicObject;

use super::capacity::Capacity;
use super::check::check;
use super::finding::Findings;
use super::object;
use super::params::DeployParams;

/// A deployment that passed every check.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    namespace: Namespace,
    workloads: Vec<Workload>,
}

/// The objects of one service.
#[derive(Clone, Debug, PartialEq)]
pub struct Workload {
    /// Its name, and that of each of its objects.
    pub name: String,
    /// How it is found. It must be there before any pod starts: pods learn the addresses of Services once.
    pub service: Service,
    /// Its pods.
    pub deployment: Deployment,
    /// Its autoscaler, if one was asked for.
    pub autoscaler: Option<HorizontalPodAutoscaler>,
    /// How Prometheus' operator scrapes it, if that was asked for.
    pub monitor: Option<DynamicObject>,
}

impl Plan {
    /// The objects of `topology`, if nothing stands against them.
    ///
    /// Without a capacity nothing is asked of the cluster's size. O(n log n) in the number of services.
    ///
    /// ```
    /// use karma_testbed::deploy::{DeployParams, Plan};
    ///
    /// let topology = karma_mock::topologies::by_name("chain4").unwrap();
    /// let plan = Plan::of(&topology, &DeployParams::default(), None)?;
    /// assert_eq!(plan.workloads()[0].name, "api");
    ///
    /// let wrong = DeployParams { namespace: "My Lab".into(), image: String::new(), ..DeployParams::default() };
    /// let findings = Plan::of(&topology, &wrong, None).unwrap_err();
    /// assert_eq!(findings.0.len(), 5); // the namespace, and no image for any of four services
    /// # Ok::<(), karma_testbed::deploy::Findings>(())
    /// ```
    ///
    /// # Errors
    /// Every reason against it, at once; see [`check`].
    pub fn of(
        topology: &Topology,
        params: &DeployParams,
        capacity: Option<&Capacity>,
    ) -> Result<Self, Findings> {
        let findings = check(topology, params, capacity);
        if !findings.is_empty() {
            return Err(Findings(findings));
        }
        let namespace = object::namespace::namespace(&params.namespace, params.seccomp);
        let workloads = topology.services.iter_enumerated().map(|(id, service)| {
            let settings = json(&params.settings_of(topology, id));
            workload(params, service, &settings)
        });
        Ok(Self { namespace, workloads: workloads.collect() })
    }

    /// The namespace.
    pub const fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Its name.
    pub fn namespace_name(&self) -> &str {
        self.namespace.metadata.name.as_deref().unwrap_or_default()
    }

    /// The services, in the order of the topology.
    pub fn workloads(&self) -> &[Workload] {
        &self.workloads
    }

    /// Pods at the start.
    pub fn pods(&self) -> u64 {
        let replicas = |workload: &Workload| workload.deployment.spec.as_ref().and_then(|spec| spec.replicas);
        self.workloads.iter().filter_map(replicas).filter_map(|replicas| u64::try_from(replicas).ok()).sum()
    }
}

fn workload(params: &DeployParams, service: &karma_core::topology::Service, settings: &str) -> Workload {
    let (namespace, name) = (&params.namespace, &service.name);
    Workload {
        name: name.clone(),
        service: object::service::service(namespace, name),
        deployment: object::deployment::deployment(params, service, settings),
        autoscaler: params.hpa.map(|hpa| object::autoscaler::autoscaler(namespace, service, &hpa)),
        monitor: params.service_monitors.then(|| object::monitor::monitor(namespace, name)),
    }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| unreachable!("numbers and names are JSON: {error}"))
}
