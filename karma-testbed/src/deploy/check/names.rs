//! Names that Kubernetes accepts and that callers can tell apart.

use std::collections::BTreeMap;

use karma_core::Topology;
use karma_mock::service::{ADMIN_PORT, PORT};

use crate::deploy::finding::{Finding, quoted};

/// Longest label.
const MAX_LABEL: usize = 63;

/// Most services of one deployment.
///
/// The kubelet tells each container of each Service in 13 variables of about 60 bytes, and a process takes at most
/// 2 MiB of arguments and variables on Linux: about 2 700 services. At a thousand there is room for long names.
pub const MAX_SERVICES: usize = 1000;

pub(super) fn of_namespace(name: &str) -> Option<Finding> {
    let problem =
        |code, message: String| Some(Finding::new(code, format!("namespace {}", quoted(name)), message));
    if let Some(wrong) = label_problem(name, false) {
        return problem(
            "invalid-namespace",
            format!("{wrong}; a namespace is a DNS-1123 label such as \"karma\""),
        );
    }
    if name == "default" || name.starts_with("kube-") {
        return problem("reserved-namespace", "it belongs to Kubernetes; name one of your own".to_owned());
    }
    None
}

pub(super) fn of_service(name: &str) -> Option<Finding> {
    if let Some(wrong) = label_problem(name, true) {
        let message = format!("{wrong}; a Service's name is a DNS-1035 label such as \"cart-2\"");
        return Some(Finding::of_service("invalid-name", name, message));
    }
    (name == "kubernetes").then(|| {
        let message = "the API server's own Service has that name in every pod; choose another";
        Finding::of_service("reserved-name", name, message)
    })
}

/// Why a name is no label: DNS-1035 begins with a letter, DNS-1123 with a letter or a digit.
fn label_problem(name: &str, letter_first: bool) -> Option<String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if name.is_empty() {
        return Some("it is empty".to_owned());
    }
    if name.len() > MAX_LABEL {
        return Some(format!("it has {} bytes, more than {MAX_LABEL}", name.len()));
    }
    if let Some(wrong) = name.chars().find(|&c| !allowed(c)) {
        return Some(format!("{wrong:?} is none of a-z, 0-9 and -"));
    }
    if letter_first && !name.starts_with(|c: char| c.is_ascii_lowercase()) {
        return Some("it does not begin with a letter".to_owned());
    }
    let dash = name.starts_with('-') || name.ends_with('-');
    dash.then(|| "it begins or ends with -".to_owned())
}

pub(super) fn too_many(services: usize) -> Option<Finding> {
    (services > MAX_SERVICES).then(|| {
        let message = format!("{services} are more than the {MAX_SERVICES} that every pod can be told of");
        Finding::new("too-many-services", "services", message)
    })
}

/// Pairs of services of which one would answer for the other.
pub(super) fn collisions(topology: &Topology) -> Vec<Finding> {
    let mut owners: BTreeMap<String, &str> = BTreeMap::new();
    let mut findings = Vec::new();
    for service in &topology.services {
        let taken = variables(&service.name).into_iter().find_map(|variable| {
            owners.get(&variable).filter(|&&owner| owner != service.name).map(|owner| (variable, *owner))
        });
        if let Some((variable, other)) = taken {
            let message =
                format!("it and service {} both set {variable} in every pod; rename one", quoted(other));
            findings.push(Finding::of_service("name-collision", &service.name, message));
        }
        for variable in variables(&service.name) {
            owners.entry(variable).or_insert(&service.name);
        }
    }
    findings
}

/// The variables by which the kubelet tells pods of a Service (`pkg/kubelet/envvars`), as this project's Services
/// are: two named TCP ports.
///
/// Not only equal names collide: service `a` sets `A_SERVICE_PORT`, and so does a service `a-service`.
fn variables(name: &str) -> Vec<String> {
    let name = name.to_uppercase().replace(['-', '.', '_', ' '], "_");
    let mut all: Vec<String> =
        ["SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "SERVICE_PORT_ADMIN", "PORT"]
            .map(|suffix| format!("{name}_{suffix}"))
            .into();
    for port in [PORT, ADMIN_PORT] {
        all.extend(["", "_PROTO", "_PORT", "_ADDR"].map(|suffix| format!("{name}_PORT_{port}_TCP{suffix}")));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(names: &[&str]) -> Topology {
        let services: Vec<String> = names
            .iter()
            .map(|name| format!(r#""{name}": {{ "cpu": 100, "ram": 64, "computation_throughput": 10 }}"#))
            .collect();
        let text = format!(r#"{{ "services": {{ {} }}, "connections": [] }}"#, services.join(", "));
        Topology::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn names_that_no_service_can_have_are_refused_with_the_reason() {
        for (name, reason) in [
            ("", "empty"),
            ("Cart", "'C'"),
            ("a_b", "'_'"),
            ("1a", "begin with a letter"),
            ("a-", "begins or ends"),
            ("kubernetes", "API server"),
            (&"a".repeat(64), "64 bytes"),
        ] {
            let finding = of_service(name).unwrap();
            assert!(finding.message.contains(reason), "{finding}");
        }
        assert_eq!(of_service(&"a".repeat(63)), None);
        assert_eq!(of_service("cart-2"), None);
    }

    #[test]
    fn a_namespace_may_begin_with_a_digit_but_not_be_kubernetes_own() {
        assert_eq!(of_namespace("1a"), None);
        assert_eq!(of_namespace("a.b").unwrap().code, "invalid-namespace");
        for reserved in ["default", "kube-system"] {
            assert_eq!(of_namespace(reserved).unwrap().code, "reserved-namespace");
        }
    }

    #[test]
    fn names_that_become_one_variable_collide() {
        let codes = |names: &[&str]| collisions(&named(names)).len();
        assert_eq!(codes(&["a", "b", "a-b"]), 0);
        assert_eq!(codes(&["cart-a", "cart_a", "Cart A"]), 2);
        assert_eq!(codes(&["a", "a-service"]), 1);
        assert_eq!(codes(&["a", "a-port-5000-tcp"]), 1);
    }
}
