//! `KarmaAutoscaler` objects as files: read as the API server reads them, and written as examples.

use std::collections::BTreeMap;
use std::path::Path;

use karma_k8s::resource::{
    BudgetSpec, CanarySpec, FallbackSpec, GuardSpec, KarmaAutoscaler, KarmaAutoscalerSpec, LimitsSpec,
    MetricsSpec, Mode, OnDelete, Pausing, PolicyRef, TrustSpec, definition,
};
use serde_json::Value;

use super::error::TransferError;
use super::schema;
use crate::jobs::yaml;

/// An object with every field and what it means, for `karma-transfer spec`.
pub(super) const EXAMPLE: &str = include_str!("example.yaml");

/// The digest in the example, which pins nothing.
const NO_PIN: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// The `KarmaAutoscaler` in a YAML file, which may hold other objects as well.
pub(super) fn read(path: &Path) -> Result<KarmaAutoscalerSpec, TransferError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| TransferError::Read { path: path.to_owned(), source })?;
    parse(&text).map_err(|reason| TransferError::Resource { path: path.to_owned(), reason })
}

pub(super) fn parse(text: &str) -> Result<KarmaAutoscalerSpec, String> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).map_err(|error| error.to_string())?;
    let mut ours = documents.into_iter().filter(|document| document["kind"] == "KarmaAutoscaler");
    let object = match (ours.next(), ours.next()) {
        (Some(object), None) => object,
        (None, _) => {
            return Err(
                "there is no object of kind KarmaAutoscaler; karma-transfer spec prints one".to_owned()
            );
        }
        (Some(_), Some(_)) => {
            return Err("there are several objects of kind KarmaAutoscaler; allowed: one".to_owned());
        }
    };
    if object["apiVersion"] != "karma.dev/v1alpha1" {
        return Err(format!("apiVersion is {}; allowed: karma.dev/v1alpha1", object["apiVersion"]));
    }
    let fault = schema::fault(&object["spec"], &schema()["properties"]["spec"], "spec");
    fault.map_or(Ok(()), Err)?;
    let object: KarmaAutoscaler = serde_json::from_value(object).map_err(|error| error.to_string())?;
    check(&object.spec).map_or(Ok(object.spec), Err)
}

/// The schema of the version that this program knows.
fn schema() -> Value {
    let definition = serde_json::to_value(definition()).unwrap_or_default();
    definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"].clone()
}

/// Rules between fields that a schema alone does not hold.
fn check(spec: &KarmaAutoscalerSpec) -> Option<String> {
    let policy = &spec.policy;
    if policy.config_map.is_some() == policy.file.is_some() {
        return Some("spec.policy: exactly one of configMap and file says where the policy is".to_owned());
    }
    let hexadecimal = |digit: u8| matches!(digit, b'0'..=b'9' | b'a'..=b'f');
    let pinned = policy.digest.strip_prefix("sha256:");
    if !pinned.is_some_and(|digits| digits.len() == 64 && digits.bytes().all(hexadecimal)) {
        let digest = policy.digest.escape_debug();
        return Some(format!(
            "spec.policy.digest is \"{digest}\"; allowed: sha256: and 64 hexadecimal digits"
        ));
    }
    (spec.mode == Mode::Canary && spec.canary.services.is_empty())
        .then(|| "spec.canary.services names no service; mode Canary needs one at least".to_owned())
}

/// The least that can be written for a policy: shadow mode, defaults.
pub(super) fn least(policy: PolicyRef) -> KarmaAutoscalerSpec {
    KarmaAutoscalerSpec {
        policy,
        mode: Mode::Shadow,
        metrics: MetricsSpec::default(),
        services: BTreeMap::new(),
        limits: LimitsSpec::default(),
        budget: BudgetSpec::default(),
        fallback: FallbackSpec::default(),
        trust: TrustSpec::default(),
        guard: GuardSpec::default(),
        canary: CanarySpec::default(),
        pause: Pausing::default(),
        on_delete: OnDelete::default(),
    }
}

/// The example, pinned to a policy if one is given.
pub(super) fn example(digest: Option<&str>) -> String {
    digest.map_or_else(|| EXAMPLE.to_owned(), |digest| EXAMPLE.replace(NO_PIN, digest))
}

/// The definition of the resource, for `kubectl apply -f -`.
pub(super) fn crd() -> String {
    yaml::write(&[serde_json::to_value(definition()).unwrap_or_default()])
}

#[cfg(test)]
mod tests {
    use karma_core::Seconds;
    use karma_k8s::resource::Settings;

    use super::*;
    use crate::testing;

    fn refused(from: &str, to: &str) -> String {
        assert!(EXAMPLE.contains(from), "{from}");
        parse(&EXAMPLE.replace(from, to)).unwrap_err()
    }

    #[test]
    fn the_example_is_what_a_policy_of_four_services_has_by_default() {
        let spec = parse(EXAMPLE).unwrap();
        let config = testing::tiny();
        let settings = |spec: &KarmaAutoscalerSpec| -> Settings {
            spec.settings(&config.setup().topology, Seconds(15.0)).unwrap()
        };
        let (example, least) = (settings(&spec), settings(&super::least(spec.policy.clone())));
        assert_eq!(format!("{:?}", example.trust), format!("{:?}", least.trust));
        assert_eq!(example.canary, least.canary);
        assert_eq!(example.mode, least.mode);
        assert_eq!(spec.limits.safety(BudgetSpec::default()), karma_guard::SafetyParams::default());
        spec.metrics.queries().unwrap();
        crate::transfer::HpaFallback::new(&spec.fallback, &config.setup().topology).unwrap();
    }

    #[test]
    fn the_example_names_every_field_of_the_definition() {
        fn fields(schema: &Value, found: &mut Vec<String>) {
            for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
                found.push(name.clone());
                fields(inner, found);
            }
            for inner in [&schema["items"], &schema["additionalProperties"]] {
                if inner.is_object() {
                    fields(inner, found);
                }
            }
        }
        let mut found = Vec::new();
        fields(&schema()["properties"]["spec"], &mut found);
        assert!(found.len() > 50, "{found:?}");
        for name in found {
            assert!(EXAMPLE.contains(&format!("{name}:")), "the example says nothing of {name}");
        }
    }

    #[test]
    fn what_the_api_server_would_refuse_is_refused_with_its_place() {
        assert_eq!(refused("window: 8", "window: 0"), "spec.trust.window is 0; allowed: 1 to 64");
        assert_eq!(
            refused("mode: Shadow", "mode: Shade"),
            "spec.mode is \"Shade\"; allowed: Shadow, Canary, Active"
        );
        assert!(
            refused("calm: 20", "calmer: 20")
                .starts_with("spec.trust.calmer: there is no such field; there are ")
        );
        assert_eq!(refused("calm: 20", "calm: soon"), "spec.trust.calm is \"soon\"; expected: integer");
        assert!(refused(NO_PIN, "sha256:0").starts_with("spec.policy.digest is \"sha256:0\"; allowed: "));
        assert!(refused("v1alpha1", "v2").starts_with("apiVersion is \"karma.dev/v2\""));
        assert!(refused("kind: KarmaAutoscaler", "kind: Karma").starts_with("there is no object of kind"));
        assert!(parse("a: [").is_err());
    }

    #[test]
    fn a_definition_that_is_printed_can_be_read() {
        let read: Value = serde_saphyr::from_str(&crd()).unwrap();
        assert_eq!(read, serde_json::to_value(definition()).unwrap());
    }
}
