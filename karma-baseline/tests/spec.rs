//! Manifests load as written, and what Kubernetes would not admit is refused in words.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::time::Duration;

use karma_baseline::hpa::{
    ControllerConfig, ControllerParams, HpaConfig, HpaParams, MetricSource, PolicyKind, Quantity,
    ResourceName, ResourceTarget, ScalingRules, SelectPolicy, Tolerances, ValueTarget,
};

const FULL: &str = r#"{
    "scaleTargetRef": { "apiVersion": "apps/v1", "kind": "Deployment", "name": "orders" },
    "minReplicas": 2,
    "maxReplicas": 20,
    "metrics": [
        { "type": "Resource",
          "resource": { "name": "cpu", "target": { "type": "Utilization", "averageUtilization": 60 } } },
        { "type": "ContainerResource",
          "containerResource": {
              "name": "memory", "container": "main", "target": { "type": "AverageValue", "averageValue": "512Mi" } } },
        { "type": "Pods",
          "pods": { "metric": { "name": "requests" }, "target": { "type": "AverageValue", "averageValue": "1k" } } },
        { "type": "Object",
          "object": {
              "describedObject": { "apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "main" },
              "metric": { "name": "hits", "selector": { "matchLabels": { "path": "/orders" } } },
              "target": { "type": "Value", "value": "2.5" } } },
        { "type": "External",
          "external": { "metric": { "name": "queue" }, "target": { "type": "AverageValue", "averageValue": 30 } } }
    ],
    "behavior": {
        "scaleUp": { "stabilizationWindowSeconds": 30, "tolerance": "0.05" },
        "scaleDown": {
            "selectPolicy": "Min",
            "policies": [{ "type": "Pods", "value": 1, "periodSeconds": 60 }] }
    }
}"#;

fn check(manifest: &str) -> Result<HpaConfig, String> {
    let params: HpaParams = serde_json::from_str(manifest).map_err(|error| error.to_string())?;
    params.check(ControllerConfig::default()).map_err(|error| error.to_string())
}

#[test]
fn a_full_manifest_loads_unchanged() {
    let config = check(FULL).unwrap();
    assert_eq!((config.min_replicas(), config.max_replicas()), (2, 20));
    let names: Vec<String> = config.metrics().iter().map(ToString::to_string).collect();
    assert_eq!(
        names,
        [
            "cpu utilization",
            "memory average of container main",
            "pods metric requests",
            "Ingress metric hits of main",
            "external metric queue"
        ]
    );
    let memory = ResourceTarget::AverageValue(512 * 1024 * 1024 * 1000);
    assert!(matches!(&config.metrics()[1], MetricSource::Resource { target, .. } if *target == memory));
    assert!(matches!(&config.metrics()[2], MetricSource::Pods { average_value: 1_000_000, .. }));
    assert!(matches!(&config.metrics()[3], MetricSource::Object { target: ValueTarget::Value(2500), .. }));
}

#[test]
fn a_manifest_reads_back_as_written() {
    let params: HpaParams = serde_json::from_str(FULL).unwrap();
    let text = serde_json::to_string(&params).unwrap();
    assert_eq!(serde_json::from_str::<HpaParams>(&text).unwrap(), params);
}

#[test]
fn what_is_not_written_takes_kubernetes_defaults() {
    let config = check(r#"{ "maxReplicas": 3 }"#).unwrap();
    let cpu = MetricSource::Resource {
        resource: ResourceName::Cpu,
        container: None,
        target: ResourceTarget::Utilization(80),
    };
    assert_eq!((config.min_replicas(), config.metrics()), (1, &[cpu][..]));
    assert_eq!(config.behavior(), None);
    assert_eq!(config.tolerances(), Tolerances { scale_down: 0.1, scale_up: 0.1 });
    assert_eq!(ControllerParams::default().check(), Ok(ControllerConfig::default()));
}

#[test]
fn a_behavior_fills_in_its_directions() {
    let config = check(FULL).unwrap();
    let behavior = config.behavior().unwrap();
    assert_eq!(behavior.scale_up.stabilization_window, Duration::from_secs(30));
    assert_eq!(behavior.scale_up.policies, ScalingRules::default_up().policies);
    assert_eq!(behavior.scale_down.stabilization_window, Duration::from_mins(5));
    assert_eq!(behavior.scale_down.select_policy, SelectPolicy::Min);
    assert_eq!(behavior.scale_down.policies[0].kind, PolicyKind::Pods);
    assert_eq!(config.tolerances(), Tolerances { scale_down: 0.1, scale_up: 0.05 });
}

fn refuses(cases: &[(String, &str)]) {
    for (manifest, expected) in cases {
        assert_eq!(check(manifest).unwrap_err(), *expected, "{manifest}");
    }
}

#[test]
fn impossible_bounds_and_metrics_are_refused() {
    let cpu = |target: &str| {
        format!(
            r#"{{"maxReplicas":3,"metrics":[{{"type":"Resource","resource":{{"name":"cpu","target":{target}}}}}]}}"#
        )
    };
    refuses(&[
        (
            r#"{"minReplicas":4,"maxReplicas":3}"#.to_owned(),
            "`maxReplicas` is 3, allowed is minReplicas or more",
        ),
        (r#"{"maxReplicas":0}"#.to_owned(), "`maxReplicas` is 0, allowed is 1 or more"),
        (
            r#"{"minReplicas":0,"maxReplicas":3}"#.to_owned(),
            "`minReplicas` is 0, allowed is 1 or more (0 needs the scale-to-zero gate)",
        ),
        (
            cpu(r#"{"type":"Utilization","averageUtilization":0}"#),
            "`metrics[0].resource.target.averageUtilization` is 0, allowed is 1 or more",
        ),
        (
            cpu(r#"{"type":"Utilization"}"#),
            "`metrics[0].resource.target.averageUtilization` is missing: `type: Utilization` needs it",
        ),
        (
            cpu(r#"{"type":"AverageValue","averageValue":"-1"}"#),
            "`metrics[0].resource.target.averageValue` is -1, allowed is more than 0",
        ),
        (
            cpu(r#"{"type":"Utilization","averageUtilization":50,"value":1}"#),
            "`metrics[0].resource.target.value` must not be set together with `type: Utilization`",
        ),
        (
            cpu(r#"{"type":"Value","value":1}"#),
            "`metrics[0].resource.target.type` is Value, allowed is Utilization or AverageValue",
        ),
        (
            r#"{"maxReplicas":3,"metrics":[{"type":"Pods"}]}"#.to_owned(),
            "`metrics[0].pods` is missing: `type: Pods` needs it",
        ),
    ]);
}

#[test]
fn impossible_behaviors_are_refused() {
    let up = |rules: &str| format!(r#"{{"maxReplicas":3,"behavior":{{"scaleUp":{rules}}}}}"#);
    refuses(&[
        (
            up(r#"{"stabilizationWindowSeconds":3601}"#),
            "`behavior.scaleUp.stabilizationWindowSeconds` is 3601, allowed is 0 to 3600",
        ),
        (up(r#"{"policies":[]}"#), "`behavior.scaleUp.policies` is [], allowed is at least one policy"),
        (
            up(r#"{"policies":[{"type":"Pods","value":0,"periodSeconds":15}]}"#),
            "`behavior.scaleUp.policies[0].value` is 0, allowed is 1 or more",
        ),
        (
            up(r#"{"policies":[{"type":"Pods","value":1,"periodSeconds":0}]}"#),
            "`behavior.scaleUp.policies[0].periodSeconds` is 0, allowed is 1 to 1800",
        ),
        (
            up(r#"{"policies":[{"type":"Percent","value":1,"periodSeconds":1801}]}"#),
            "`behavior.scaleUp.policies[0].periodSeconds` is 1801, allowed is 1 to 1800",
        ),
        (up(r#"{"tolerance":"-0.1"}"#), "`behavior.scaleUp.tolerance` is -100m, allowed is 0 or more"),
    ]);
}

#[test]
fn an_unknown_field_is_refused() {
    let error = check(r#"{"maxReplicas":3,"maxReplica":4}"#).unwrap_err();
    assert!(error.contains("unknown field `maxReplica`"), "{error}");
}

#[test]
fn zero_replicas_need_the_gate_and_a_metric_without_pods() {
    let gate = ControllerConfig { scale_to_zero: true, ..ControllerConfig::default() };
    let cpu_only: HpaParams = serde_json::from_str(r#"{"minReplicas":0,"maxReplicas":3}"#).unwrap();
    let error = cpu_only.check(gate).unwrap_err().to_string();
    assert!(error.contains("an Object or External metric"), "{error}");
    let queue: HpaParams = serde_json::from_str(
        r#"{"minReplicas":0,"maxReplicas":3,"metrics":[{"type":"External","external":
            {"metric":{"name":"queue"},"target":{"type":"Value","value":1}}}]}"#,
    )
    .unwrap();
    assert_eq!(queue.check(gate).unwrap().min_replicas(), 0);
}

#[test]
fn a_controller_with_impossible_times_is_refused() {
    let refuse = |params: ControllerParams| params.check().unwrap_err().to_string();
    let usual = ControllerParams::default();
    assert_eq!(
        refuse(ControllerParams { tolerance: f64::NAN, ..usual }),
        "`controller.tolerance` is NaN, allowed is a finite number, 0 or more"
    );
    let infinite = ControllerParams { initial_readiness_delay_seconds: f64::INFINITY, ..usual };
    assert!(refuse(infinite).starts_with("`controller.initialReadinessDelaySeconds` is inf"));
}

#[test]
fn quantities_are_read_as_kubernetes_reads_them() {
    let milli = |text: &str| text.parse::<Quantity>().unwrap().milli_value();
    assert_eq!((milli("100m"), milli("0.1"), milli("1e3"), milli("-1.5")), (100, 100, 1_000_000, -1500));
    assert_eq!(milli("1Gi"), 1024 * 1024 * 1024 * 1000);
    assert_eq!(milli("1500u"), 2, "thousandths are rounded up");
    assert_eq!(milli("0.0000000001"), 1, "and so are billionths");
    assert_eq!((milli("9E"), milli("1e300"), milli("-1e300")), (i64::MAX, i64::MAX, i64::MIN));
    for number in ["0.05", "5", "\"50m\""] {
        assert!(serde_json::from_str::<Quantity>(number).is_ok(), "{number}");
    }
    for hostile in ["", "m", "1.2.3", "1Zi", "--1", "1e", "0x10", "1e99999999999", "NaN"] {
        assert!(hostile.parse::<Quantity>().is_err(), "{hostile}");
    }
}
