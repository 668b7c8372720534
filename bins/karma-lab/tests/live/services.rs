//! Mock services on the cluster: they start, take load, are scaled by Kubernetes' own autoscaler, and come back.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use karma::core::{Metric, Seconds, ServiceSnapshot};
use karma::k8s::observe::{Collector, QueryParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::Value;

use crate::lab::{Lab, eventually, is_ready};

#[test]
fn chain4_takes_load_is_scaled_by_the_real_autoscaler_and_its_pods_come_back() {
    let Some(lab) = Lab::up() else { return };
    lab.run(&["up", "chain4", "--hpa"]);
    assert!(lab.items("pods").iter().all(is_ready));
    nobody_is_root(&lab);
    a_service_under_load_is_scaled(&lab);
    metrics_are_in_prometheus_form(&lab);
    an_autoscaler_sees_what_there_is(&lab);
    nobody_scales_any_more(&lab);
    a_killed_pod_is_replaced(&lab);
    a_crashing_pod_backs_off(&lab);
    other_tenants_come_and_go(&lab);
    assert!(lab.run(&["status"]).contains("orders"));
    lab.run(&["down"]);
    assert!(!lab.kubectl(&["get", "namespaces"]).contains("karma"));
}

#[test]
fn online_boutique_answers_at_its_entry_point() {
    let Some(lab) = Lab::up() else { return };
    lab.run(&["up", "online-boutique"]);
    let pods = lab.items("pods");
    assert!(pods.iter().all(is_ready));
    let services: BTreeSet<&str> =
        pods.iter().filter_map(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"].as_str()).collect();
    assert_eq!(services.len(), 11);
    let file = lab.folder().join("load.json");
    lab.run(&[
        "load",
        "--service",
        "frontend",
        "--rate",
        "5",
        "--duration",
        "10s",
        "--out",
        file.to_str().unwrap(),
    ]);
    let report: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let counts = &report["legitimate"]["counts"];
    assert!(counts["ok"].as_u64().unwrap() >= 30, "{counts}");
}

#[test]
fn a_topology_that_cannot_run_is_refused_with_every_reason_before_anything_is_created() {
    let Some(lab) = Lab::up() else { return };
    let file = lab.folder().join("wrong.json");
    let topology = r#"{ "services": {
        "Web_1": { "cpu": 100, "ram": 64, "computation_throughput": 10 },
        "big": { "cpu": 900000, "ram": 64, "computation_throughput": 10 } },
        "connections": [ { "source": "INPUT", "destination": "Web_1" }, { "source": "Web_1", "destination": "big" } ] }"#;
    std::fs::write(&file, topology).unwrap();
    let output = lab.output(&["up", file.to_str().unwrap(), "--shrink", "1"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{said}");
    for reason in ["Web_1", "900000"] {
        assert!(said.contains(reason), "{reason} is not in {said}");
    }
    assert!(!lab.kubectl(&["get", "namespaces"]).contains("karma"));
    // Nothing to take down is no error either.
    lab.run(&["down"]);
}

/// Those of every pod, of one that has not answered anything yet too.
fn metrics_are_in_prometheus_form(lab: &Lab) {
    let mut pods = lab.pods_of("orders");
    pods.retain(is_ready);
    assert!(!pods.is_empty());
    for pod in pods {
        let name = pod["metadata"]["name"].as_str().unwrap();
        let path = format!("/api/v1/namespaces/karma/pods/{name}:5001/proxy/metrics");
        let text = lab.kubectl(&["get", "--raw", &path]);
        for line in [
            "# TYPE http_server_request_duration_seconds histogram",
            "target_info{service_name=\"orders\"} 1",
        ] {
            assert!(text.contains(line), "{line} is not in {text}");
        }
    }
}

/// The snapshot of `karma-k8s` is what `kubectl` says, and metrics-server's figures come to their pods.
fn an_autoscaler_sees_what_there_is(lab: &Lab) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let collector = runtime.block_on(async {
        let kubeconfig = Kubeconfig::read_from(lab.kubeconfig()).unwrap();
        let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await.unwrap();
        let topology = Arc::new(karma::mock::topologies::by_name("chain4").unwrap());
        let queries = QueryParams::default().check().unwrap();
        Collector::new(Client::try_from(config).unwrap(), None, topology, "karma", queries).unwrap()
    });
    let observe = || {
        let now = Seconds(UNIX_EPOCH.elapsed().unwrap().as_secs_f64());
        runtime.block_on(collector.collect(now, Seconds(15.0))).unwrap()
    };
    let is_told = |(service, name): (&ServiceSnapshot, &str)| {
        u64::from(service.desired.0) == replicas(lab, name)
            && service.pods.len() == lab.pods_of(name).len()
            && service.pods.iter().any(|pod| pod.ready == Some(true) && pod.cpu.is_some())
            && service.metrics.get(Metric::CpuUsage).is_some()
    };
    // The autoscaler may be at work between two looks.
    eventually("the snapshot is what kubectl says, and every service was sampled", || {
        let snapshot = observe().snapshot;
        let mut services = snapshot.services.iter().zip(["api", "auth", "products", "orders"]);
        services.all(is_told) && snapshot.age().is_some_and(|age| (0.0..120.0).contains(&age.0))
    });
}

fn nobody_is_root(lab: &Lab) {
    for pod in lab.items("pods") {
        let context = &pod["spec"]["securityContext"];
        assert_eq!(context["runAsNonRoot"], true, "{context}");
    }
    let users = std::fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| {
        let comm = std::fs::read_to_string(entry.path().join("comm")).ok()?;
        let status = std::fs::read_to_string(entry.path().join("status")).ok()?;
        let command = std::fs::read_to_string(entry.path().join("cmdline")).ok()?;
        let pause = command.contains("pause");
        (comm.trim() == "karma-service" && !pause).then(|| {
            let line = status.lines().find(|line| line.starts_with("Uid:")).unwrap_or_default().to_owned();
            line.split_whitespace().nth(1).unwrap_or_default().to_owned()
        })
    });
    let users: BTreeSet<String> = users.collect();
    assert_eq!(users, BTreeSet::from(["65532".to_owned()]));
}

fn replicas(lab: &Lab, service: &str) -> u64 {
    let deployments = lab.items("deployments");
    let deployment = deployments.iter().find(|one| one["metadata"]["name"] == service).unwrap();
    deployment["spec"]["replicas"].as_u64().unwrap()
}

fn a_service_under_load_is_scaled(lab: &Lab) {
    let before: Vec<u64> =
        ["api", "auth", "products", "orders"].map(|service| replicas(lab, service)).to_vec();
    let mut load = lab.spawn(&["load", "--service", "api", "--rate", "40", "--duration", "5m", "--quiet"]);
    eventually("the autoscaler scales a service", || {
        let now = ["api", "auth", "products", "orders"].map(|service| replicas(lab, service));
        now.iter().zip(&before).any(|(now, before)| now > before)
    });
    load.kill().unwrap();
    load.wait().unwrap();
}

/// A pod that the autoscaler adds while others are made to crash would never have crashed.
fn nobody_scales_any_more(lab: &Lab) {
    lab.kubectl(&["delete", "horizontalpodautoscalers", "--all", "--namespace", "karma"]);
    eventually("every pod that was asked for is ready", || {
        ["api", "auth", "products", "orders"].iter().all(|service| {
            let pods = lab.pods_of(service);
            pods.len() as u64 == replicas(lab, service) && pods.iter().all(is_ready)
        })
    });
}

fn other_tenants_come_and_go(lab: &Lab) {
    let tenants = |lab: &Lab| {
        let mut pods = lab.items("pods");
        pods.retain(|pod| pod["metadata"]["labels"]["karma.dev/role"] == "contention");
        pods
    };
    lab.run(&["chaos", "contend", "--share", "0.2"]);
    eventually("a tenant runs on the node", || tenants(lab).len() == 1 && tenants(lab).iter().all(is_ready));
    lab.run(&["chaos", "clear"]);
    eventually("it is gone", || tenants(lab).is_empty());
}

fn a_killed_pod_is_replaced(lab: &Lab) {
    let names = |lab: &Lab| -> BTreeSet<String> {
        lab.pods_of("auth").iter().map(|pod| pod["metadata"]["name"].to_string()).collect()
    };
    let before = names(lab);
    lab.run(&["chaos", "kill", "auth"]);
    eventually("a new pod is ready", || {
        let pods = lab.pods_of("auth");
        names(lab).difference(&before).next().is_some() && pods.iter().all(is_ready)
    });
}

fn a_crashing_pod_backs_off(lab: &Lab) {
    let status = |lab: &Lab| {
        let pods = lab.pods_of("products");
        let all = pods.iter().map(|pod| pod["status"]["containerStatuses"][0].clone());
        all.max_by_key(|status| status["restartCount"].as_u64()).unwrap()
    };
    lab.run(&["chaos", "crash", "products", "--all"]);
    eventually("its containers are started again", || {
        lab.pods_of("products").iter().all(|pod| {
            is_ready(pod) && pod["status"]["containerStatuses"][0]["restartCount"].as_u64() >= Some(1)
        })
    });
    lab.run(&["chaos", "crash", "products", "--all"]);
    eventually("the kubelet backs off", || status(lab)["state"]["waiting"]["reason"] == "CrashLoopBackOff");
    eventually("they come back", || lab.pods_of("products").iter().all(is_ready));
}
