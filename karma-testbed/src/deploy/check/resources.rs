//! CPU, memory and replicas that a container and a cluster can have.

use karma_core::Topology;
use karma_core::topology::Service;

use crate::deploy::capacity::Capacity;
use crate::deploy::finding::Finding;
use crate::deploy::params::DeployParams;

/// Least CPU limit in millicores: the kernel takes no quota below 1 ms for each 100 ms.
const LEAST_CPU_LIMIT: u32 = 10;
/// Most CPU of a container in millicores: more than any machine has.
const MOST_CPU: u32 = 1_000_000;
/// Least memory in mebibytes with which a container runtime starts a process.
const LEAST_MEMORY: u32 = 8;
/// Most memory of a container in mebibytes: 16 TiB.
const MOST_MEMORY: u32 = 1 << 24;

pub(super) fn of_service(service: &Service, params: &DeployParams) -> Vec<Finding> {
    let checks = [cpu(service), limit(service), memory(service), bounds(service), start(service, params)];
    let found = checks.into_iter().flatten();
    found.map(|(code, message)| Finding::of_service(code, &service.name, message)).collect()
}

type Problem = Option<(&'static str, String)>;

fn cpu(service: &Service) -> Problem {
    let (request, limit) = (service.cpu, service.cpu_limit);
    let possible = (1..=MOST_CPU).contains(&request.0) && (LEAST_CPU_LIMIT..=MOST_CPU).contains(&limit.0);
    (!possible).then(|| {
        let allowed = format!("1m to {MOST_CPU}m and a limit of at least {LEAST_CPU_LIMIT}m");
        (
            "impossible-cpu",
            format!("a CPU request of {request} with a limit of {limit}; allowed is {allowed}"),
        )
    })
}

fn limit(service: &Service) -> Problem {
    let (request, limit) = (service.cpu, service.cpu_limit);
    let message = || format!("cpu_limit {limit} is below the request of {request}; raise it or lower cpu");
    (limit < request).then(|| ("limit-below-request", message()))
}

fn memory(service: &Service) -> Problem {
    let allowed = LEAST_MEMORY..=MOST_MEMORY;
    let message = || format!("ram is {}; allowed is {LEAST_MEMORY}Mi to {MOST_MEMORY}Mi", service.memory);
    (!allowed.contains(&service.memory.0)).then(|| ("impossible-memory", message()))
}

fn bounds(service: &Service) -> Problem {
    let (min, max) = (service.min_replicas, service.max_replicas);
    let message = || format!("min_replicas {min} and max_replicas {max}; needed is 1 ≤ min ≤ max ≤ 10000");
    (min.0 == 0 || min > max || max.0 > 10_000).then(|| ("replica-bounds", message()))
}

fn start(service: &Service, params: &DeployParams) -> Problem {
    let (min, max, start) = (service.min_replicas, service.max_replicas, params.replicas_of(service));
    let message = || format!("it starts with {start} replicas, outside of its {min} to {max}");
    (!(min..=max).contains(&start)).then(|| ("replica-bounds", message()))
}

/// One pod against each node.
pub(super) fn fits(service: &Service, capacity: &Capacity) -> Option<Finding> {
    if capacity.fits(service.cpu, service.memory) {
        return None;
    }
    let room = capacity.largest().map_or_else(
        || "no node takes pods".to_owned(),
        |(cpu, memory)| format!("the largest node has {cpu} and {memory} left"),
    );
    let message = format!("a pod asks for {} and {}, and {room}", service.cpu, service.memory);
    Some(Finding::of_service("pod-too-large", &service.name, message))
}

/// All pods at the start against all nodes: necessary, not sufficient, for no pod can be cut in two.
pub(super) fn all_fit(topology: &Topology, params: &DeployParams, capacity: &Capacity) -> Option<Finding> {
    let asked = |of: fn(&Service) -> u32| -> u64 {
        let one = |service: &Service| u64::from(of(service)) * u64::from(params.replicas_of(service).0);
        topology.services.iter().map(one).sum()
    };
    let (cpu, memory) = (asked(|service| service.cpu.0), asked(|service| service.memory.0));
    let (has_cpu, has_memory) = capacity.total();
    (cpu > has_cpu || memory > has_memory).then(|| {
        let message = format!(
            "all replicas at the start ask for {cpu}m and {memory}Mi, and the nodes have {has_cpu}m and {has_memory}Mi left"
        );
        Finding::new("cluster-too-small", "cluster", message)
    })
}
