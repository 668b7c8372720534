//! A cluster with services and a policy for them, and processes of the controller beside it.
//!
//! `KARMA_PROGRAMS` names the folder with `karma-train` and `karma-transfer`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::lab::{Lab, eventually};

/// The custom resource, and the ConfigMap with its policy.
pub(crate) const NAME: &str = "team";

/// The services' namespace.
pub(crate) const NAMESPACE: &str = "karma";

/// Services of the topology.
pub(crate) const SERVICES: [&str; 4] = ["api", "auth", "products", "orders"];

/// Seconds between two decisions of the policy: short, because every test waits for some.
const PERIOD: &str = "decision_period = 2.0\n";

/// One process of the controller, which is killed at the end.
pub(crate) struct Controller(Child);

impl Drop for Controller {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A cluster with services and a policy.
pub(crate) struct Site {
    pub(crate) lab: Lab,
    pub(crate) digest: String,
    programs: PathBuf,
}

impl Site {
    /// Nothing where there can be none. The definition and the rights of the controller are not there yet.
    pub(crate) fn new() -> Option<Self> {
        let programs = named_by("KARMA_PROGRAMS")?;
        let lab = Lab::up()?;
        lab.run(&["up", "chain4"]);
        let site = Self { lab, programs, digest: String::new() };
        let file = |name: &str| site.lab.folder().join(name).to_str().unwrap().to_owned();
        let (settings, run, policy) = (file("run.toml"), file("run"), file("team.karma"));
        fs::write(&settings, PERIOD).unwrap();
        let seconds = ["--config", &settings, "--budget", "1", "--evaluation-seeds", "1"];
        site.program("karma-train", &[&seconds[..], &["--out", &run, "--quiet"]].concat());
        let packaged = site.transfer(&[
            "package",
            &run,
            "--out",
            &policy,
            "--config-map",
            NAME,
            "--namespace",
            NAMESPACE,
        ]);
        let digest = packaged.lines().find_map(|line| line.strip_prefix("digest: ")).unwrap().to_owned();
        Some(Self { digest, ..site })
    }

    /// The same with the definition, the account, its rights, and the resource in the shadow.
    pub(crate) fn installed() -> Option<Self> {
        let site = Self::new()?;
        let install = site.lab.folder().join("install.yaml");
        fs::write(&install, rights()).unwrap();
        site.lab.kubectl(&["apply", "--filename", definition().to_str().unwrap()]);
        site.lab.kubectl(&["wait", "--for", "condition=established", "crd/karmaautoscalers.karma.dev"]);
        site.lab.kubectl(&["apply", "--filename", install.to_str().unwrap()]);
        site.apply_policy();
        Some(site)
    }

    /// The ConfigMap and the resource in the shadow, as they were packaged.
    pub(crate) fn apply_policy(&self) {
        let manifests = self.lab.folder().join("team.yaml");
        self.lab.kubectl(&["apply", "--server-side", "--filename", manifests.to_str().unwrap()]);
    }

    /// Starts a process of the controller with the token of its service account.
    pub(crate) fn controller(&self, identity: &str) -> Controller {
        let token = self.lab.kubectl(&["create", "token", "karma", "--namespace", NAMESPACE]);
        let mut config: Value = {
            let text = self.lab.kubectl(&["config", "view", "--raw", "--output", "json"]);
            serde_json::from_str(&text).unwrap()
        };
        config["users"][0]["user"] = json!({ "token": token.trim() });
        config["contexts"][0]["context"]["namespace"] = json!(NAMESPACE);
        let file = self.lab.folder().join(format!("{identity}.kubeconfig"));
        fs::write(&file, config.to_string()).unwrap();
        let child = Command::new(self.programs.join("karma-transfer"))
            .args(["controller", "--namespace", NAMESPACE, "--listen", "127.0.0.1:0", "--lease-seconds", "5"])
            .args(["--identity", identity, "--log", self.log(identity).to_str().unwrap()])
            .arg("--kubeconfig")
            .arg(file)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Controller(child)
    }

    fn log(&self, identity: &str) -> PathBuf {
        self.lab.folder().join(format!("{identity}.jsonl"))
    }

    /// The decision log of a process, as far as it is written.
    pub(crate) fn decisions(&self, identity: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.log(identity)).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn program(&self, name: &str, arguments: &[&str]) -> String {
        let output = Command::new(self.programs.join(name))
            .args(arguments)
            .env("KUBECONFIG", self.lab.kubeconfig())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name} {}: {said}", arguments.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }

    /// `karma-transfer` with an operator's rights.
    pub(crate) fn transfer(&self, arguments: &[&str]) -> String {
        self.program("karma-transfer", arguments)
    }

    pub(crate) fn patch(&self, spec: &Value) {
        let patch = json!({ "spec": spec }).to_string();
        let object = ["patch", "karma", NAME, "--namespace", NAMESPACE];
        self.lab.kubectl(&[&object[..], &["--type", "merge", "--patch", &patch]].concat());
    }

    pub(crate) fn resource(&self) -> Value {
        let text = self.lab.kubectl(&["get", "karma", NAME, "--namespace", NAMESPACE, "--output", "json"]);
        serde_json::from_str(&text).unwrap()
    }

    /// Status and reason.
    pub(crate) fn condition(&self, kind: &str) -> (String, String) {
        let resource = self.resource();
        let all = resource["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let of = all.into_iter().find(|condition| condition["type"] == kind).unwrap_or_default();
        let text = |field: &str| of[field].as_str().unwrap_or_default().to_owned();
        (text("status"), text("reason"))
    }

    pub(crate) fn is_ready(&self) {
        eventually("decisions are taken", || self.condition("Ready").0 == "True");
    }

    /// Notes of the events with this reason.
    pub(crate) fn events(&self, reason: &str) -> Vec<String> {
        let mut events = self.lab.items("events");
        events.retain(|event| event["reason"] == reason);
        events.iter().map(|event| event["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    pub(crate) fn replicas(&self, deployment: &str) -> u64 {
        let object = ["get", "deployment", deployment, "--namespace", NAMESPACE];
        self.lab.kubectl(&[&object[..], &["--output", "jsonpath={.spec.replicas}"]].concat()).parse().unwrap()
    }

    /// Deployments, and everybody who owns a field of theirs.
    pub(crate) fn writers(&self) -> Vec<(String, String)> {
        let all =
            ["get", "deployments", "--namespace", NAMESPACE, "--output", "json", "--show-managed-fields"];
        let list: Value = serde_json::from_str(&self.lab.kubectl(&all)).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of = |one: &Value| -> Vec<(String, String)> {
            let fields = one["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
            fields.iter().map(|field| (text(&one["metadata"]["name"]), text(&field["manager"]))).collect()
        };
        list["items"].as_array().unwrap().iter().flat_map(of).collect()
    }
}

/// The path that an environment variable names; nothing where it names none, which fails if a cluster is required.
pub(crate) fn named_by(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    if path.is_none() {
        let required = karma::testbed::testing::is_required();
        assert!(!required, "a cluster is required; {variable} must be set");
        eprintln!("SKIPPED: {variable} is not set");
    }
    path
}

/// What is installed lies here.
pub(crate) fn deploy() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy"))
}

fn definition() -> PathBuf {
    deploy().join("chart/karma/crds/karmaautoscalers.yaml")
}

/// The account and the rights of the Kustomize base, in the services' namespace.
fn rights() -> String {
    let text = fs::read_to_string(deploy().join("kustomize/base/controller.yaml")).unwrap();
    let kinds = ["ServiceAccount", "Role", "RoleBinding"];
    let wanted = |document: &&str| {
        kinds.iter().any(|kind| document.lines().any(|line| line == format!("kind: {kind}")))
    };
    let kept: Vec<String> = text
        .split("\n---\n")
        .filter(wanted)
        .map(|document| document.replace("karma-system", NAMESPACE))
        .collect();
    assert_eq!(kept.len(), 5, "an account, two roles and their bindings");
    kept.join("\n---\n")
}
