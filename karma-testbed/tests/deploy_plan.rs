//! What topologies become, and what is refused.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

use std::collections::BTreeSet;

use k8s_openapi::api::apps::v1::Deployment;
use karma_core::topology::Service;
use karma_core::{Id as _, Mebibytes, Millicores, Replicas, ServiceId, Topology};
use karma_mock::service::{ServiceParams, VARIABLE};
use karma_mock::topologies::{by_name, chain, mesh, tree};
use karma_testbed::deploy::{
    Capacity, DeployParams, Findings, HpaParams, MAX_SERVICES, OverrideParams, Plan, ProbeParams, check,
};
use proptest::prelude::*;

fn chain4() -> Topology {
    by_name("chain4").unwrap()
}

fn with_hpa() -> DeployParams {
    DeployParams { hpa: Some(HpaParams::default()), service_monitors: true, ..DeployParams::default() }
}

fn codes(topology: &Topology, params: &DeployParams, capacity: Option<&Capacity>) -> Vec<&'static str> {
    check(topology, params, capacity).iter().map(|finding| finding.code).collect()
}

/// `chain4` with one thing changed in its first service.
fn changed(change: impl FnOnce(&mut Service)) -> Vec<&'static str> {
    let mut topology = chain4();
    change(&mut topology.services[ServiceId::from_index(0)]);
    codes(&topology, &DeployParams::default(), None)
}

fn set(change: impl FnOnce(&mut DeployParams)) -> Vec<&'static str> {
    let mut params = DeployParams::default();
    change(&mut params);
    codes(&chain4(), &params, None)
}

fn told(deployment: &Deployment) -> ServiceParams {
    let pod = deployment.spec.as_ref().unwrap().template.spec.as_ref().unwrap();
    let variable = &pod.containers[0].env.as_ref().unwrap()[0];
    assert_eq!(variable.name, VARIABLE);
    serde_json::from_str(variable.value.as_deref().unwrap()).unwrap()
}

#[test]
fn each_shipped_topology_can_be_deployed() {
    for name in karma_mock::topologies::NAMES {
        assert_eq!(check(&by_name(name).unwrap(), &with_hpa(), None), [], "{name}");
    }
}

#[test]
fn a_pod_is_told_what_its_service_is() {
    let topology = chain4();
    let plan = Plan::of(&topology, &DeployParams::default(), None).unwrap();
    for (workload, id) in plan.workloads().iter().zip(topology.services.ids()) {
        assert_eq!(told(&workload.deployment), ServiceParams::of(&topology, id));
    }
    assert_eq!(plan.pods(), 9);
}

#[test]
fn impossible_resources_are_refused() {
    assert_eq!(changed(|service| service.cpu = Millicores(0)), ["impossible-cpu"]);
    assert_eq!(changed(|service| service.cpu_limit = Millicores(400)), ["limit-below-request"]);
    let nothing = |service: &mut Service| (service.cpu, service.cpu_limit) = (Millicores(0), Millicores(0));
    assert_eq!(changed(nothing), ["impossible-cpu"]);
    assert_eq!(changed(|service| service.memory = Mebibytes(0)), ["impossible-memory"]);
    assert_eq!(changed(|service| service.memory = Mebibytes(u32::MAX)), ["impossible-memory"]);
}

#[test]
fn replicas_that_contradict_each_other_are_refused() {
    assert_eq!(changed(|service| service.initial_replicas = Replicas(7)), ["replica-bounds"]);
    let empty =
        |service: &mut Service| (service.min_replicas, service.max_replicas) = (Replicas(3), Replicas(1));
    assert_eq!(changed(empty), ["replica-bounds", "replica-bounds"]);
    let start = |replicas| OverrideParams { replicas: Some(replicas), ..OverrideParams::default() };
    assert_eq!(set(|params| drop(params.overrides.insert("api".into(), start(6)))), [""; 0]);
    assert_eq!(set(|params| drop(params.overrides.insert("api".into(), start(7)))), ["replica-bounds"]);
}

#[test]
fn a_topology_without_an_image_is_refused_for_each_service() {
    assert_eq!(set(|params| params.image.clear()), ["invalid-image"; 4]);
    assert_eq!(set(|params| params.image = "Karma:1".into()), ["invalid-image"; 4]);
}

#[test]
fn the_images_of_a_topology_are_used_if_asked_for() {
    let diamond = by_name("diamond").unwrap();
    let image =
        |params: &DeployParams| params.image_of(&diamond.services[ServiceId::from_index(0)]).to_owned();
    let mut params = DeployParams::default();
    assert_eq!(image(&params), params.image);
    params.topology_images = true;
    assert_eq!(image(&params), "service-a-image:v1.0");
    let name = diamond.services[ServiceId::from_index(0)].name.clone();
    params.overrides.insert(name, OverrideParams { image: Some("x:2".into()), ..OverrideParams::default() });
    assert_eq!(image(&params), "x:2");
}

#[test]
fn autoscalers_that_could_never_act_are_refused() {
    let target = |target_utilization| HpaParams { target_utilization, ..HpaParams::default() };
    assert_eq!(set(|params| params.hpa = Some(target(0))), ["hpa-target"]);
    assert_eq!(set(|params| params.hpa = Some(target(90))), [""; 0]);
    assert_eq!(set(|params| params.hpa = Some(target(91))), ["hpa-out-of-reach"; 4]);
    let long = HpaParams { scale_down_stabilization_seconds: Some(3601), ..HpaParams::default() };
    assert_eq!(set(|params| params.hpa = Some(long)), ["hpa-stabilization"]);
}

#[test]
fn settings_out_of_range_and_slips_are_refused() {
    let probes = ProbeParams { timeout_seconds: 0, failure_threshold: 101, ..ProbeParams::default() };
    assert_eq!(set(|params| params.probes = probes), ["probe-range"; 2]);
    let overridden =
        |params: &mut DeployParams| drop(params.overrides.insert("apo".into(), OverrideParams::default()));
    assert_eq!(set(overridden), ["unknown-override"]);
    let service: ServiceParams = serde_json::from_str(r#"{ "name": "api", "port": 80 }"#).unwrap();
    let other_port = OverrideParams { service: Some(service), ..OverrideParams::default() };
    assert_eq!(set(|params| drop(params.overrides.insert("api".into(), other_port))), ["invalid-settings"]);
}

#[test]
fn a_cluster_without_room_is_refused() {
    let nodes = |nodes: &[(u32, u32)]| Capacity {
        nodes: nodes.iter().map(|&(cpu, memory)| (Millicores(cpu), Mebibytes(memory))).collect(),
    };
    let against = |capacity: &Capacity| codes(&chain4(), &DeployParams::default(), Some(capacity));
    // At the start chain4 asks for 2·500 + 2·400 + 2·600 + 3·700 = 5100m and 2·512 + 2·512 + 2·1024 + 3·1024 = 7168Mi.
    assert_eq!(against(&nodes(&[(5100, 7168)])), [""; 0]);
    assert_eq!(against(&nodes(&[(5099, 7168)])), ["cluster-too-small"]);
    assert_eq!(against(&nodes(&[(5100, 7167)])), ["cluster-too-small"]);
    assert_eq!(against(&nodes(&[(650, 4096); 9])), ["pod-too-large"]);
    assert_eq!(
        against(&nodes(&[])),
        ["pod-too-large"; 4].into_iter().chain(["cluster-too-small"]).collect::<Vec<_>>()
    );
}

#[test]
fn more_services_than_a_pod_can_be_told_of_are_refused() {
    assert_eq!(codes(&chain(MAX_SERVICES).unwrap(), &DeployParams::default(), None), [""; 0]);
    let found = codes(&chain(MAX_SERVICES + 1).unwrap(), &DeployParams::default(), None);
    assert_eq!(found, ["too-many-services"]);
}

#[test]
fn every_reason_is_said_at_once() {
    let text = r#"{ "services": {
        "Front End": { "cpu": 100, "ram": 4, "computation_throughput": 10 },
        "front-end": { "cpu": 9000, "ram": 64, "computation_throughput": 10 }
    }, "connections": [] }"#;
    let topology = Topology::read(text.as_bytes()).unwrap();
    let params = DeployParams { namespace: "kube-system".into(), ..DeployParams::default() };
    let capacity = Capacity { nodes: vec![(Millicores(8000), Mebibytes(1024))] };
    let Err(Findings(findings)) = Plan::of(&topology, &params, Some(&capacity)) else { panic!("refused") };
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        said,
        [
            "error[reserved-namespace]: namespace \"kube-system\": it belongs to Kubernetes; name one of your own",
            "error[invalid-name]: service \"Front End\": 'F' is none of a-z, 0-9 and -; a Service's name is a \
             DNS-1035 label such as \"cart-2\"",
            "error[impossible-memory]: service \"Front End\": ram is 4Mi; allowed is 8Mi to 16777216Mi",
            "error[pod-too-large]: service \"front-end\": a pod asks for 9000m and 64Mi, and the largest node has \
             8000m and 1024Mi left",
            "error[name-collision]: service \"front-end\": it and service \"Front End\" both set \
             FRONT_END_SERVICE_HOST in every pod; rename one",
            "error[cluster-too-small]: cluster: all replicas at the start ask for 9100m and 68Mi, and the nodes \
             have 8000m and 1024Mi left",
        ]
    );
}

fn generated() -> impl Strategy<Value = Topology> {
    let chains = (1_usize..60).prop_map(|services| chain(services).unwrap());
    let trees =
        (1_usize..60, 1_usize..8).prop_map(|(services, branching)| tree(services, branching).unwrap());
    let meshes = (2_usize..80, 1_usize..5, any::<u64>())
        .prop_map(|(services, degree, seed)| mesh(services, degree, seed).unwrap());
    prop_oneof![chains, trees, meshes]
}

fn is_label(name: &str) -> bool {
    let inner = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let letter = name.starts_with(|c: char| c.is_ascii_lowercase());
    (1..=63).contains(&name.len()) && letter && name.chars().all(inner) && !name.ends_with('-')
}

fn round_trips<T: serde::Serialize + serde::de::DeserializeOwned + PartialEq>(object: &T) -> bool {
    serde_json::from_str::<T>(&serde_json::to_string(object).unwrap()).unwrap() == *object
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_generated_topology_becomes_objects_with_valid_names_that_are_told_apart(topology in generated()) {
        let plan = Plan::of(&topology, &with_hpa(), None).unwrap();
        let names: BTreeSet<&str> = plan.workloads().iter().map(|workload| workload.name.as_str()).collect();
        prop_assert_eq!(names.len(), topology.services.len());
        prop_assert!(names.iter().all(|name| is_label(name)));
        for workload in plan.workloads() {
            prop_assert!(round_trips(&workload.service) && round_trips(&workload.deployment));
            prop_assert!(round_trips(&workload.autoscaler) && round_trips(&workload.monitor));
            let settings = told(&workload.deployment);
            prop_assert!(settings.calls.iter().all(|call| names.contains(call.service.as_str())));
        }
    }

    #[test]
    fn no_name_panics_and_only_labels_pass(name in "[ -~]{1,70}") {
        let mut topology = chain(2).unwrap();
        topology.services[ServiceId::from_index(0)].name.clone_from(&name);
        let passed = check(&topology, &DeployParams::default(), None).is_empty();
        let sound = is_label(&name) && name != "kubernetes" && name != "s2";
        prop_assert!(!passed || sound, "{}", name);
    }
}
