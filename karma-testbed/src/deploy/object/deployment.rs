//! The Deployment of a service: one container that can do nothing but serve.

use std::collections::BTreeMap;

use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec};
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, EnvVar, HTTPGetAction, PodSecurityContext, PodSpec,
    PodTemplateSpec, Probe, ResourceRequirements, SeccompProfile, SecurityContext,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use karma_core::topology::Service;
use karma_mock::service::{ADMIN_PORT, PORT, VARIABLE};

use super::service::{ADMIN, HTTP};
use super::{int, labels, metadata, selector};
use crate::deploy::params::{DeployParams, ProbeParams};
use crate::deploy::quantity;

/// The user that a mock runs as: `nonroot` of the image.
pub(in crate::deploy) const USER: u16 = 65_532;

/// Seconds that a pod has to finish its requests (Kubernetes' default).
const GRACE_SECONDS: i64 = 30;

/// The Deployment of `service`, which is told `settings`.
pub(in crate::deploy) fn deployment(params: &DeployParams, service: &Service, settings: &str) -> Deployment {
    Deployment {
        metadata: metadata(&params.namespace, &service.name),
        spec: Some(DeploymentSpec {
            replicas: Some(int(params.replicas_of(service).0)),
            selector: LabelSelector {
                match_labels: Some(selector(&service.name)),
                ..LabelSelector::default()
            },
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta { labels: Some(labels(&service.name)), ..ObjectMeta::default() }),
                spec: Some(pod(params, container(params, service, settings))),
            },
            ..DeploymentSpec::default()
        }),
        ..Deployment::default()
    }
}

/// The mock finds the services it calls through the variables that `enable_service_links` asks for.
fn pod(params: &DeployParams, container: Container) -> PodSpec {
    PodSpec {
        automount_service_account_token: Some(false),
        enable_service_links: Some(true),
        termination_grace_period_seconds: Some(GRACE_SECONDS),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(i64::from(USER)),
            run_as_group: Some(i64::from(USER)),
            seccomp_profile: params
                .seccomp
                .then(|| SeccompProfile { type_: "RuntimeDefault".to_owned(), ..SeccompProfile::default() }),
            ..PodSecurityContext::default()
        }),
        containers: vec![container],
        ..PodSpec::default()
    }
}

fn container(params: &DeployParams, service: &Service, settings: &str) -> Container {
    let probes = &params.probes;
    Container {
        name: "service".to_owned(),
        image: Some(params.image_of(service).to_owned()),
        image_pull_policy: Some(params.image_pull_policy.name().to_owned()),
        env: Some(vec![EnvVar {
            name: VARIABLE.to_owned(),
            value: Some(literal(settings)),
            ..EnvVar::default()
        }]),
        ports: Some(vec![port(HTTP, PORT), port(ADMIN, ADMIN_PORT)]),
        resources: Some(resources(service)),
        readiness_probe: Some(probe("/readyz", probes.readiness_period_seconds, probes)),
        liveness_probe: Some(probe("/livez", probes.liveness_period_seconds, probes)),
        security_context: Some(SecurityContext {
            allow_privilege_escalation: Some(false),
            read_only_root_filesystem: Some(true),
            capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
            ..SecurityContext::default()
        }),
        ..Container::default()
    }
}

/// A value that the kubelet hands on as it is: it would expand `$(NAME)`, and `$$` is its way to write `$`.
fn literal(text: &str) -> String {
    text.replace('$', "$$")
}

fn port(name: &str, number: u16) -> ContainerPort {
    ContainerPort {
        name: Some(name.to_owned()),
        container_port: i32::from(number),
        protocol: Some("TCP".to_owned()),
        ..ContainerPort::default()
    }
}

fn resources(service: &Service) -> ResourceRequirements {
    let amounts = |cpu| -> BTreeMap<String, Quantity> {
        [
            ("cpu".to_owned(), quantity::of_cpu(cpu)),
            ("memory".to_owned(), quantity::of_memory(service.memory)),
        ]
        .into()
    };
    ResourceRequirements {
        requests: Some(amounts(service.cpu)),
        limits: Some(amounts(service.cpu_limit)),
        claims: None,
    }
}

fn probe(path: &str, period: u32, probes: &ProbeParams) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some(path.to_owned()),
            port: IntOrString::String(ADMIN.to_owned()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(int(period)),
        timeout_seconds: Some(int(probes.timeout_seconds)),
        failure_threshold: Some(int(probes.failure_threshold)),
        ..Probe::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dollar_in_a_setting_survives_the_kubelet() {
        assert_eq!(literal("$(HOME) costs 5$"), "$$(HOME) costs 5$$");
    }
}
