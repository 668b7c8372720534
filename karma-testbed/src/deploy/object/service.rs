//! The Service by which callers and Prometheus find a service's pods.

use k8s_openapi::api::core::v1::{Service, ServicePort, ServiceSpec};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use karma_mock::service::{ADMIN_PORT, PORT};

use super::{metadata, selector};

/// Name of the port for requests.
pub(super) const HTTP: &str = "http";
/// Name of the port for probes, metrics and faults.
pub(super) const ADMIN: &str = "admin";

pub(in crate::deploy) fn service(namespace: &str, name: &str) -> Service {
    Service {
        metadata: metadata(namespace, name),
        spec: Some(ServiceSpec {
            type_: Some("ClusterIP".to_owned()),
            selector: Some(selector(name)),
            ports: Some(vec![port(HTTP, PORT), port(ADMIN, ADMIN_PORT)]),
            ..ServiceSpec::default()
        }),
        ..Service::default()
    }
}

fn port(name: &str, number: u16) -> ServicePort {
    ServicePort {
        name: Some(name.to_owned()),
        port: i32::from(number),
        protocol: Some("TCP".to_owned()),
        target_port: Some(IntOrString::String(name.to_owned())),
        ..ServicePort::default()
    }
}
