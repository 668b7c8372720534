//! Images, autoscalers, probes and overrides.

use karma_core::Topology;
use karma_core::topology::Service;
use karma_mock::service::{ADMIN_PORT, PORT};

use crate::deploy::finding::Finding;
use crate::deploy::params::{DeployParams, HpaParams, ProbeParams};
use crate::deploy::reference::Reference;

/// Highest target of an autoscaler, in percent of the request.
const MOST_TARGET: u32 = 1000;
/// The autoscaler leaves alone what is within a tenth of its target.
const TOLERANCE_PERCENT: u64 = 110;
const MOST_STABILIZATION: u32 = 3600;

/// What is wrong whatever the services are.
pub(super) fn of_all(topology: &Topology, params: &DeployParams) -> Vec<Finding> {
    let mut findings = of_probes(&params.probes);
    findings.extend(params.hpa.iter().flat_map(of_hpa));
    let unknown = params.overrides.keys().filter(|name| topology.service_named(name).is_none());
    findings.extend(unknown.map(|name| {
        let message = "there is no such service; name one of the topology, or leave it out";
        Finding::new("unknown-override", format!("overrides.{}", name.escape_debug()), message)
    }));
    findings
}

pub(super) fn of_service(service: &Service, params: &DeployParams) -> Vec<Finding> {
    let image = Reference::read(params.image_of(service)).err();
    let image = image.map(|error| Finding::of_service("invalid-image", &service.name, error.to_string()));
    let out_of_reach = params.hpa.as_ref().and_then(|hpa| out_of_reach(service, hpa));
    [image, out_of_reach, ports(service, params)].into_iter().flatten().collect()
}

fn ports(service: &Service, params: &DeployParams) -> Option<Finding> {
    let told = params.overrides.get(&service.name)?.service.as_ref()?;
    ((told.port, told.admin_port) != (PORT, ADMIN_PORT)).then(|| {
        let (port, admin) = (told.port, told.admin_port);
        let message =
            format!("its override has the ports {port} and {admin}; a pod has {PORT} and {ADMIN_PORT}");
        Finding::of_service("invalid-settings", &service.name, message)
    })
}

fn of_hpa(hpa: &HpaParams) -> Vec<Finding> {
    let mut findings = Vec::new();
    let target = hpa.target_utilization;
    if !(1..=MOST_TARGET).contains(&target) {
        let message = format!("{target} % of the request is not allowed; expected 1 to {MOST_TARGET}");
        findings.push(Finding::new("hpa-target", "hpa.target_utilization", message));
    }
    if let Some(seconds) = hpa.scale_down_stabilization_seconds.filter(|&of| of > MOST_STABILIZATION) {
        let message = format!("{seconds} s is not allowed; expected 0 to {MOST_STABILIZATION}");
        findings.push(Finding::new("hpa-stabilization", "hpa.scale_down_stabilization_seconds", message));
    }
    findings
}

/// A pod uses at most its limit; an autoscaler that waits for more never adds one.
fn out_of_reach(service: &Service, hpa: &HpaParams) -> Option<Finding> {
    let (request, limit) = (u64::from(service.cpu.0), u64::from(service.cpu_limit.0));
    let needed = u64::from(hpa.target_utilization) * TOLERANCE_PERCENT * request;
    (needed >= limit * 10_000).then(|| {
        let most = limit * 100 / request.max(1);
        let message = format!(
            "the autoscaler aims at {} % of the request and acts a tenth above, but the CPU limit ends at {most} %; \
             lower the target or raise cpu_limit",
            hpa.target_utilization
        );
        Finding::of_service("hpa-out-of-reach", &service.name, message)
    })
}

fn of_probes(probes: &ProbeParams) -> Vec<Finding> {
    let ranges = [
        ("readiness_period_seconds", probes.readiness_period_seconds, 600),
        ("liveness_period_seconds", probes.liveness_period_seconds, 600),
        ("timeout_seconds", probes.timeout_seconds, 600),
        ("failure_threshold", probes.failure_threshold, 100),
    ];
    let wrong = ranges.into_iter().filter(|(_, value, most)| !(1..=*most).contains(value));
    wrong
        .map(|(field, value, most)| {
            let message = format!("{value} is not allowed; expected 1 to {most}");
            Finding::new("probe-range", format!("probes.{field}"), message)
        })
        .collect()
}
