//! What is installed: the definition, the chart, the Kustomize base, and what the controller may do.
//!
//! Needs Helm, which `KARMA_HELM` names (`deploy/helm/build.sh` prints it), and kubectl. Where they must not be missing,
//! `KARMA_REQUIRE_HELM` is set.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]
#![expect(clippy::print_stderr, reason = "a test that is skipped says so")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::api::policy::v1::PodDisruptionBudget;
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Role, RoleBinding};
use karma_k8s::resource::definition;
use serde_json::{Value, json};

const CHART: &str = "deploy/chart/karma";
const BASE: &str = "deploy/kustomize/base";

/// Values that are tried: none, everything on, all namespaces.
const VALUES: [&[&str]; 3] = [
    &[],
    &["--values", "deploy/chart/karma/ci/all-values.yaml"],
    &["--values", "deploy/chart/karma/ci/cluster-values.yaml"],
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Helm, if there is one.
fn helm() -> Option<PathBuf> {
    let helm = std::env::var_os("KARMA_HELM").map(PathBuf::from);
    let required = std::env::var_os("KARMA_REQUIRE_HELM").is_some();
    assert!(helm.is_some() || !required, "KARMA_HELM names no Helm; deploy/helm/build.sh prints one");
    if helm.is_none() {
        eprintln!("SKIPPED: KARMA_HELM names no Helm; deploy/helm/build.sh prints one");
    }
    helm
}

/// What a program prints, or what it says when it fails.
fn output(program: &Path, arguments: &[&str]) -> Result<String, String> {
    let output = Command::new(program).args(arguments).current_dir(root()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if output.status.success() { Ok(String::from_utf8(output.stdout).unwrap()) } else { Err(said) }
}

fn template(helm: &Path, values: &[&str]) -> Result<String, String> {
    output(helm, &[&["template", "karma", CHART, "--namespace", "karma-system"], values].concat())
}

fn objects(text: &str) -> Vec<Value> {
    let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
    documents.into_iter().filter(|document| !document.is_null()).collect()
}

fn rendered(helm: &Path, values: &[&str]) -> Vec<Value> {
    objects(&template(helm, values).unwrap())
}

fn kustomized(folder: &str) -> Vec<Value> {
    objects(&output(Path::new("kubectl"), &["kustomize", folder]).unwrap())
}

fn of_kind<'a>(objects: &'a [Value], kind: &'a str) -> impl Iterator<Item = &'a Value> {
    objects.iter().filter(move |object| object["kind"] == kind)
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
}

/// "verb resource.group", one by one, of all roles.
fn rights(objects: &[Value]) -> BTreeSet<String> {
    let mut rights = BTreeSet::new();
    for role in of_kind(objects, "Role").chain(of_kind(objects, "ClusterRole")) {
        for rule in role["rules"].as_array().unwrap() {
            assert!(rule.get("nonResourceURLs").is_none(), "{rule}");
            for group in texts(&rule["apiGroups"]) {
                for resource in texts(&rule["resources"]) {
                    let right = |verb| format!("{verb} {resource}.{group}");
                    rights.extend(texts(&rule["verbs"]).into_iter().map(right));
                }
            }
        }
    }
    rights
}

/// The same, from the table of `docs/install.md`, which is what is allowed.
fn allowed() -> BTreeSet<String> {
    let text = read("docs/install.md");
    let header = "| group | resource | verbs | why |";
    let rows =
        text.lines().skip_while(|line| *line != header).skip(2).take_while(|line| line.starts_with('|'));
    let mut rights = BTreeSet::new();
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let plain = |cell: &str| cell.trim_matches('`').to_owned();
        let group = plain(cells[1]);
        let group = if group == "core" { String::new() } else { group };
        let right = |verb: &str| format!("{verb} {}.{group}", plain(cells[2]));
        rights.extend(cells[3].split(", ").map(right));
    }
    assert!(rights.len() > 10, "only {rights:?} were found in docs/install.md");
    rights
}

/// An object as the API server would store it, as far as this client knows its kind.
fn known(object: &Value) -> Value {
    fn through<K: serde::Serialize + serde::de::DeserializeOwned>(object: &Value) -> Value {
        let typed: K =
            serde_json::from_value(object.clone()).unwrap_or_else(|error| panic!("{error}: {object}"));
        serde_json::to_value(typed).unwrap()
    }
    match object["kind"].as_str().unwrap() {
        "ClusterRole" => through::<ClusterRole>(object),
        "ClusterRoleBinding" => through::<ClusterRoleBinding>(object),
        "ConfigMap" => through::<ConfigMap>(object),
        "Deployment" => through::<Deployment>(object),
        "Namespace" => through::<Namespace>(object),
        "NetworkPolicy" => through::<NetworkPolicy>(object),
        "PodDisruptionBudget" => through::<PodDisruptionBudget>(object),
        "Role" => through::<Role>(object),
        "RoleBinding" => through::<RoleBinding>(object),
        "Service" => through::<Service>(object),
        "ServiceAccount" => through::<ServiceAccount>(object),
        // Of other definitions than Kubernetes' own.
        "CustomResourceDefinition" | "ServiceMonitor" => object.clone(),
        other => panic!("an object of kind {other} is installed, and nobody expects one"),
    }
}

/// Where `object` says something that `known` does not.
fn lost(object: &Value, known: &Value, place: &str, found: &mut Vec<String>) {
    match (object, known) {
        (Value::Object(fields), Value::Object(others)) => {
            for (name, value) in fields {
                let place = format!("{place}.{name}");
                match others.get(name) {
                    Some(other) => lost(value, other, &place, found),
                    None => found.push(place),
                }
            }
        }
        (Value::Array(items), Value::Array(others)) if items.len() == others.len() => {
            for (index, (item, other)) in items.iter().zip(others).enumerate() {
                lost(item, other, &format!("{place}[{index}]"), found);
            }
        }
        _ if object == known => {}
        _ => found.push(format!("{place} is {object}, read as {known}")),
    }
}

fn check_fields(objects: &[Value]) {
    for object in objects {
        let mut found = Vec::new();
        lost(object, &known(object), object["kind"].as_str().unwrap(), &mut found);
        assert!(found.is_empty(), "the API server knows no {found:?}");
    }
}

#[test]
fn the_definition_that_is_installed_is_the_one_of_this_code() {
    let of_the_code = serde_json::to_value(definition()).unwrap();
    for file in [format!("{CHART}/crds/karmaautoscalers.yaml"), format!("{BASE}/karmaautoscalers.yaml")] {
        let installed: Value = serde_saphyr::from_str(&read(&file)).unwrap_or_default();
        assert!(
            installed == of_the_code,
            "{file} is of another state of the code. Renew it:\n  \
             cargo run -p karma-k8s --example crd > {CHART}/crds/karmaautoscalers.yaml\n  deploy/kustomize/render.sh"
        );
    }
}

#[test]
fn every_field_of_every_object_is_one_that_the_api_server_knows() {
    let Some(helm) = helm() else { return };
    for values in VALUES {
        check_fields(&rendered(&helm, values));
    }
    for folder in [BASE, "deploy/kustomize/overlays/shop"] {
        check_fields(&kustomized(folder));
    }
}

#[test]
fn the_controller_may_what_the_documentation_says_and_nothing_else_however_it_is_installed() {
    let Some(helm) = helm() else { return };
    for values in VALUES {
        assert_eq!(rights(&rendered(&helm, values)), allowed(), "{values:?}");
    }
    for folder in [BASE, "deploy/kustomize/overlays/shop"] {
        assert_eq!(rights(&kustomized(folder)), allowed(), "{folder}");
    }
}

#[test]
fn rights_end_at_the_watched_namespaces_and_at_one_lease() {
    let Some(helm) = helm() else { return };
    let [usual, all, cluster] = VALUES.map(|values| rendered(&helm, values));
    let places = |objects: &[Value], kind: &str| -> Vec<String> {
        let place = |role: &Value| {
            let text = |field: &str| role["metadata"][field].as_str().unwrap_or("").to_owned();
            format!("{}/{}", text("namespace"), text("name"))
        };
        of_kind(objects, kind).map(place).collect()
    };
    for kind in ["Role", "RoleBinding"] {
        assert_eq!(places(&usual, kind), ["karma-system/karma-watch", "karma-system/karma-lead"]);
        let watched = ["shop/karma-watch", "payments/karma-watch", "karma-system/karma-lead"];
        assert_eq!(places(&all, kind), watched);
        assert_eq!(places(&cluster, kind), ["karma-system/karma-lead"]);
        let kind = &format!("Cluster{kind}");
        assert!(places(&usual, kind).is_empty() && places(&all, kind).is_empty());
        assert_eq!(places(&cluster, kind), ["/karma-watch"]);
    }
    let named = |objects: &[Value], resource: &str| -> Vec<Value> {
        let rules = of_kind(objects, "Role").flat_map(|role| role["rules"].as_array().unwrap());
        let of = rules.filter(|rule| rule["resources"] == json!([resource]));
        of.map(|rule| json!([rule["verbs"], rule["resourceNames"]])).collect()
    };
    let lease = |name: &str| vec![json!([["create"], null]), json!([["get", "update"], [name]])];
    assert_eq!(named(&usual, "leases"), lease("karma-controller"));
    assert_eq!(named(&all, "leases"), lease("another-lease"));
    assert_eq!(named(&all, "configmaps"), vec![json!([["get"], ["team"]]); 2]);
}

#[test]
fn every_role_is_bound_to_the_service_account_of_the_pod_alone() {
    let Some(helm) = helm() else { return };
    for values in VALUES {
        let objects = rendered(&helm, values);
        let pod = of_kind(&objects, "Deployment").next().unwrap()["spec"]["template"]["spec"].clone();
        let account = json!([{ "kind": "ServiceAccount", "name": pod["serviceAccountName"], "namespace": "karma-system" }]);
        for (binding, role) in [("RoleBinding", "Role"), ("ClusterRoleBinding", "ClusterRole")] {
            for bound in of_kind(&objects, binding) {
                assert_eq!(bound["subjects"], account);
                assert_eq!(
                    (&bound["roleRef"]["kind"], &bound["roleRef"]["name"]),
                    (&json!(role), &bound["metadata"]["name"])
                );
            }
        }
    }
}

#[test]
fn the_pod_passes_the_strictest_pod_security_standard_and_is_told_what_it_watches() {
    let Some(helm) = helm() else { return };
    let watches: [&[&str]; 3] =
        [&["--namespace=karma-system"], &["--namespace=shop", "--namespace=payments"], &["--all-namespaces"]];
    for (values, watches) in VALUES.into_iter().zip(watches) {
        let objects = rendered(&helm, values);
        let pod = &of_kind(&objects, "Deployment").next().unwrap()["spec"]["template"]["spec"];
        let (security, container) = (&pod["securityContext"], &pod["containers"][0]);
        assert_eq!(security["runAsNonRoot"], true);
        assert_eq!(security["seccompProfile"]["type"], "RuntimeDefault");
        assert_eq!(
            container["securityContext"],
            json!({ "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] } })
        );
        let arguments = texts(&container["args"]);
        assert_eq!(arguments[0], "controller");
        assert_eq!(arguments[1..=watches.len()], *watches);
    }
    let usual = rendered(&helm, &[]);
    let image =
        &of_kind(&usual, "Deployment").next().unwrap()["spec"]["template"]["spec"]["containers"][0]["image"];
    assert_eq!(*image, concat!("karma.dev/karma-transfer:", env!("CARGO_PKG_VERSION")));
}

#[test]
fn the_kustomize_base_is_what_the_chart_gives_by_default() {
    let Some(helm) = helm() else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("kustomize-base");
    std::fs::create_dir_all(&folder).unwrap();
    let mut renew = Command::new(root().join("deploy/kustomize/render.sh"));
    assert!(renew.arg(&folder).env("HELM", &helm).status().unwrap().success());
    for file in ["controller.yaml", "karmaautoscalers.yaml"] {
        let fresh = std::fs::read_to_string(folder.join(file)).unwrap();
        assert!(fresh == read(&format!("{BASE}/{file}")), "{BASE}/{file}: run deploy/kustomize/render.sh");
    }
}

#[test]
fn values_that_mean_nothing_are_refused() {
    let Some(helm) = helm() else { return };
    for (value, said) in [
        ("repliacs=3", "repliacs"),
        ("replicas=two", "replicas"),
        ("metrics.port=80", "port"),
        ("watch.namespaces={Shop}", "namespaces"),
        ("image.digest=latest", "digest"),
        ("networkPolicy.prometheus.ports={}", "ports"),
        ("serviceAccount.create=false", "serviceAccount.name is needed"),
    ] {
        let refused = template(&helm, &["--set", value]).unwrap_err();
        assert!(refused.contains(said), "{value}: {refused}");
    }
}

#[test]
fn every_test_that_the_comparison_cites_exists() {
    fn contains(folder: &Path, item: &str) -> bool {
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).any(|path| {
            let is_code = path.extension().is_some_and(|extension| extension == "rs");
            if path.is_dir() {
                contains(&path, item)
            } else {
                is_code && std::fs::read_to_string(&path).unwrap().contains(item)
            }
        })
    }
    let text = read("docs/comparison.md");
    let cited = text.split('`').filter_map(|piece| piece.strip_prefix("cargo test -p "));
    let broken: Vec<&str> = cited
        .clone()
        .filter(|cited| {
            let (package, test) = cited.split_once(' ').unwrap();
            !contains(&root().join(package), &format!("fn {test}("))
        })
        .collect();
    assert!(cited.count() > 10 && broken.is_empty(), "docs/comparison.md: {broken:?}");
    for path in text.split('`').filter(|piece| piece.contains("/src/")) {
        assert!(root().join(path).exists(), "docs/comparison.md: {path}");
    }
}

/// What `/metrics` tells.
const METRICS: [&str; 11] = [
    "karma_actions_total",
    "karma_decision_seconds_bucket",
    "karma_decisions_total",
    "karma_failures_total",
    "karma_leader",
    "karma_mode",
    "karma_observation_age_seconds",
    "karma_policy_info",
    "karma_replicas",
    "karma_shield_changes_total",
    "karma_trusted",
];

#[test]
fn the_dashboard_asks_for_every_number_and_for_no_other() {
    let dashboard: Value = serde_json::from_str(&read("deploy/dashboard.json")).unwrap();
    let panels = dashboard["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    let mut asked = BTreeSet::new();
    for target in targets {
        let expression = target["expr"].as_str().unwrap();
        let written = expression.replace("$__rate_interval", "5m");
        promql_parser::parser::parse(&written).unwrap_or_else(|error| panic!("{expression}: {error}"));
        let words = expression.split(|c: char| !c.is_alphanumeric() && c != '_');
        asked.extend(words.filter(|word| word.starts_with("karma_")).map(str::to_owned));
    }
    assert_eq!(asked.iter().map(String::as_str).collect::<Vec<_>>(), METRICS);
}
