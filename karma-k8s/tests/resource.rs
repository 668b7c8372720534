//! What an operator may write, and what is said of what may not be.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use karma_core::{Replicas, Seconds, Topology};
use karma_k8s::resource::{KarmaAutoscalerSpec, definition};
use serde_json::{Value, json};

fn topology() -> Topology {
    let text = r#"{ "services": {
        "api": { "cpu": 200, "ram": 64, "computation_throughput": 100, "min_replicas": 2, "max_replicas": 8 },
        "auth": { "cpu": 200, "ram": 64, "computation_throughput": 100 } },
        "connections": [{ "source": "INPUT", "destination": "api" }, { "source": "api", "destination": "auth" }] }"#;
    Topology::read(text.as_bytes()).unwrap()
}

fn spec(changes: &Value) -> Result<KarmaAutoscalerSpec, serde_json::Error> {
    let digest = format!("sha256:{}", "0".repeat(64));
    let mut spec = json!({ "policy": { "configMap": { "name": "shop" }, "digest": digest } });
    for (field, value) in changes.as_object().unwrap() {
        spec[field] = value.clone();
    }
    serde_json::from_value(spec)
}

fn refused(changes: &Value) -> String {
    spec(changes).unwrap().settings(&topology(), Seconds(15.0)).unwrap_err().to_string()
}

#[test]
fn the_shortest_specification_is_a_shadow() {
    let spec = spec(&json!({})).unwrap();
    let settings = spec.settings(&topology(), Seconds(15.0)).unwrap();
    assert_eq!(format!("{:?}", settings.mode), "Shadow");
    assert_eq!(spec.policy.config_map.unwrap().key, "policy.karma");
    assert!(spec.metrics.queries().unwrap().params().sources.is_empty());
    assert!(spec.metrics.prometheus().unwrap().is_none());
}

#[test]
fn bounds_are_narrowed_and_never_widened() {
    let narrow = spec(&json!({ "services": { "api": { "maxReplicas": 3 } } })).unwrap();
    let settings = narrow.settings(&topology(), Seconds(15.0)).unwrap();
    let api = &settings.topology.services.as_slice()[0];
    assert_eq!((api.min_replicas, api.max_replicas), (Replicas(2), Replicas(3)));
    assert_eq!(
        refused(&json!({ "services": { "api": { "maxReplicas": 9 } } })),
        "spec.services.api: 2 to 9 replicas are not within the policy's 2 to 8"
    );
    assert_eq!(
        refused(&json!({ "services": { "api": { "minReplicas": 1 } } })),
        "spec.services.api: 1 to 8 replicas are not within the policy's 2 to 8"
    );
}

#[test]
fn what_the_policy_does_not_know_is_named_with_what_it_does() {
    assert_eq!(
        refused(&json!({ "services": { "web": {} } })),
        "spec.services: the policy knows no service web; it knows api, auth"
    );
    assert_eq!(
        refused(&json!({ "canary": { "services": ["web"] } })),
        "spec.canary.services: the policy knows no service web; it knows api, auth"
    );
    let said = refused(&json!({ "budget": { "cpuCores": 0.1 } }));
    assert!(said.starts_with("spec.limits: "), "{said}");
}

#[test]
fn metrics_are_presets_and_series_of_ones_own() {
    let source = json!({ "sampledAt": "x", "metrics": { "in_flight": "sum by (deployment) (y)" } });
    let metrics = json!({ "presets": ["linkerd"], "sources": { "app": source }, "windowSeconds": 60,
                          "prometheus": { "url": "http://p:9090" } });
    let spec = spec(&json!({ "metrics": metrics })).unwrap();
    let queries = spec.metrics.queries().unwrap();
    assert_eq!((queries.params().sources.len(), queries.params().window_seconds), (2, 60));
    assert_eq!(spec.metrics.prometheus().unwrap().unwrap().timeout_seconds, 5.0);
    for (metrics, said) in [
        (
            json!({ "sources": { "app": { "sampledAt": "x", "metrics": { "happiness": "y" } } } }),
            "spec.metrics.sources.app.metrics: there is no metric happiness",
        ),
        (
            json!({ "presets": ["istio"], "sources": { "istio": { "sampledAt": "x", "metrics": {} } } }),
            "spec.metrics.sources.istio: the preset of this name is used, too; choose another name",
        ),
    ] {
        let metrics = crate::spec(&json!({ "metrics": metrics })).unwrap().metrics;
        assert_eq!(metrics.queries().unwrap_err().to_string(), said);
    }
}

#[test]
fn no_file_of_the_controller_is_sent_anywhere_but_those_that_are_meant_for_it() {
    let of = |file: &str| {
        let prometheus = json!({ "url": "http://p:9090", "tokenFile": file });
        spec(&json!({ "metrics": { "prometheus": prometheus } })).unwrap().metrics.prometheus()
    };
    assert!(of("/etc/karma/token").is_ok());
    for file in ["/var/run/secrets/kubernetes.io/serviceaccount/token", "/etc/karma/../passwd", "token", ""] {
        let said = of(file).unwrap_err().to_string();
        assert!(said.contains("is not below /etc/karma/"), "{said}");
    }
}

#[test]
fn fields_that_there_are_not_are_refused() {
    for changes in [
        json!({ "mod": "Active" }),
        json!({ "limits": { "cooldown": 3 } }),
        json!({ "canary": { "service": [] } }),
        json!({ "mode": "active" }),
    ] {
        assert!(spec(&changes).is_err(), "{changes}");
    }
}

#[test]
fn the_definition_is_one_that_an_api_server_can_check() {
    let definition = serde_json::to_value(definition()).unwrap();
    assert_eq!(definition["metadata"]["name"], "karmaautoscalers.karma.dev");
    let version = &definition["spec"]["versions"][0];
    assert_eq!((&version["name"], &version["subresources"]["status"]), (&json!("v1alpha1"), &json!({})));
    let spec = &version["schema"]["openAPIV3Schema"]["properties"]["spec"];
    let rules = |schema: &Value| schema["x-kubernetes-validations"].as_array().map_or(0, Vec::len);
    let properties = &spec["properties"];
    assert_eq!((rules(spec), rules(&properties["policy"])), (1, 1), "{spec}");
    assert_eq!(rules(&properties["services"]["additionalProperties"]), 1);
    assert_eq!(properties["policy"]["properties"]["digest"]["pattern"], "^sha256:[0-9a-f]{64}$");
    let conditions =
        &version["schema"]["openAPIV3Schema"]["properties"]["status"]["properties"]["conditions"];
    assert_eq!(conditions["x-kubernetes-list-type"], "map");
}
