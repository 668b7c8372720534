//! The controller on a real API server, with the rights of its service account: shadow, active, a second process that takes
//! over, other autoscalers, a policy that is not the pinned one.
//!
//! `KARMA_PROGRAMS` names the folder with `karma-train` and `karma-transfer`.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::lab::{Lab, eventually};

/// The resource.
const NAME: &str = "team";

/// One process of the controller, which is killed at the end.
struct Controller(Child);

impl Drop for Controller {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A cluster with services, the definition, the rights and a policy.
struct Site {
    lab: Lab,
    programs: PathBuf,
    digest: String,
}

#[test]
fn a_controller_with_its_own_rights_scales_alone_and_is_followed_by_another() {
    let Some(site) = Site::new() else { return };
    let first = site.controller("first");
    site.is_ready();
    eventually("two decisions in the shadow", || {
        site.resource()["status"]["lastDecision"]["sequence"].as_u64() >= Some(2)
    });
    assert!(site.writers().iter().all(|(_, manager)| manager != "karma"), "{:?}", site.writers());
    refuses_what_it_does_not_need(&site);

    site.patch(&json!({ "mode": "Active", "services": { "api": { "minReplicas": 3 } } }));
    eventually("api is scaled by us", || site.replicas("api") == 3);
    assert!(site.writers().contains(&("api".to_owned(), "karma".to_owned())));
    assert_eq!(site.resource()["status"]["applied"]["api"]["initial"], 2);

    let _second = site.controller("second");
    drop(first); // by SIGKILL: its lease is not given up
    site.patch(&json!({ "services": { "api": { "minReplicas": 3 }, "auth": { "minReplicas": 3 } } }));
    eventually("the second process scales auth", || site.replicas("auth") == 3);
    assert!(site.holder().contains("second"), "{}", site.holder());
    let events = site.lab.kubectl(&["get", "events", "--namespace", "karma", "--output", "json"]);
    let events: Value = serde_json::from_str(&events).unwrap();
    let scaled = |event: &&Value| {
        event["reason"] == "Scaled"
            && event["message"].as_str().is_some_and(|message| message.starts_with("auth "))
    };
    assert_eq!(events["items"].as_array().unwrap().iter().filter(scaled).count(), 1, "auth is scaled once");

    another_autoscaler_is_left_alone_and_taken_over(&site);
    site.patch(&json!({ "policy": { "digest": format!("sha256:{}", "0".repeat(64)) } }));
    eventually("another policy is refused", || site.condition("PolicyLoaded").1 == "WrongDigest");
    site.patch(&json!({ "policy": { "digest": site.digest } }));
    site.is_ready();
    site.lab.kubectl(&["delete", "deployment", "auth", "--namespace", "karma"]);
    eventually("a target that is gone is told", || site.condition("Observed").1 == "TargetGone");
}

/// A horizontal pod autoscaler on one of the Deployments: that is left to it until it is taken over, the others are scaled, and it
/// can be given back.
fn another_autoscaler_is_left_alone_and_taken_over(site: &Site) {
    let hpa = ["autoscale", "deployment", "products", "--min=2", "--max=2", "--namespace", "karma"];
    site.lab.kubectl(&hpa);
    eventually("the other one is seen", || site.condition("SoleOwner").1 == "Rival");
    site.patch(&json!({ "services": { "products": { "minReplicas": 3 }, "orders": { "minReplicas": 4 } } }));
    eventually("orders is scaled meanwhile", || site.replicas("orders") == 4);
    assert_eq!(site.replicas("products"), 2);
    let kept = site.lab.folder().join("kept");
    let arguments = |command| [command, NAME, "--namespace", "karma", "--dir", kept.to_str().unwrap()];
    assert!(site.transfer(&arguments("take-over")).contains("HorizontalPodAutoscaler products is deleted"));
    eventually("products is scaled", || site.replicas("products") == 3);
    assert!(site.transfer(&["rollback", NAME, "--namespace", "karma"]).contains("is in the mode Shadow"));
    assert!(site.transfer(&arguments("give-back")).contains("is there again"));
    assert!(site.lab.kubectl(&["get", "hpa", "--namespace", "karma"]).contains("products"));
    assert!(site.transfer(&["status", NAME, "--namespace", "karma"]).contains("team: Shadow"));
}

fn refuses_what_it_does_not_need(site: &Site) {
    let account = "--as=system:serviceaccount:karma:karma";
    for (verb, what) in [
        ("get", "secrets"),
        ("patch", "deployments"),
        ("delete", "pods"),
        ("create", "pods"),
        ("delete", "horizontalpodautoscalers"),
        ("delete", "karmaautoscalers"),
        ("patch", "customresourcedefinitions"),
        ("update", "configmaps"),
    ] {
        // `can-i` answers no by its exit code, too.
        let said = site.lab.try_kubectl(&["auth", "can-i", verb, what, "--namespace", "karma", account]);
        assert_eq!(said.trim(), "no", "{verb} {what}");
    }
}

impl Site {
    /// Nothing where there can be none.
    fn new() -> Option<Self> {
        let programs = std::env::var_os("KARMA_PROGRAMS").map(PathBuf::from);
        let Some(programs) = programs else {
            assert!(
                !karma::testbed::testing::is_required(),
                "a cluster is required; KARMA_PROGRAMS must be set"
            );
            eprintln!("SKIPPED: KARMA_PROGRAMS is not set");
            return None;
        };
        let lab = Lab::up()?;
        lab.run(&["up", "chain4"]);
        let site = Self { lab, programs, digest: String::new() };
        let folder = site.lab.folder().to_owned();
        let (run, file) = (folder.join("run"), folder.join("team.karma"));
        let (run, file) = (run.to_str().unwrap(), file.to_str().unwrap());
        site.program("karma-train", &["--budget", "1", "--evaluation-seeds", "1", "--out", run, "--quiet"]);
        let packaged =
            site.transfer(&["package", run, "--out", file, "--config-map", NAME, "--namespace", "karma"]);
        let digest = packaged.lines().find_map(|line| line.strip_prefix("digest: ")).unwrap().to_owned();
        let install = folder.join("install.yaml");
        fs::write(&install, rights()).unwrap();
        let crd = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/chart/karma/crds/karmaautoscalers.yaml");
        site.lab.kubectl(&["apply", "--filename", crd]);
        site.lab.kubectl(&["wait", "--for", "condition=established", "crd/karmaautoscalers.karma.dev"]);
        site.lab.kubectl(&["apply", "--filename", install.to_str().unwrap()]);
        let manifests = folder.join("team.yaml");
        site.lab.kubectl(&["apply", "--server-side", "--filename", manifests.to_str().unwrap()]);
        Some(Self { digest, ..site })
    }

    /// Starts a process of the controller with the token of its service account.
    fn controller(&self, identity: &str) -> Controller {
        let token = self.lab.kubectl(&["create", "token", "karma", "--namespace", "karma"]);
        let mut config: Value = {
            let text = self.lab.kubectl(&["config", "view", "--raw", "--output", "json"]);
            serde_json::from_str(&text).unwrap()
        };
        config["users"][0]["user"] = json!({ "token": token.trim() });
        config["contexts"][0]["context"]["namespace"] = json!("karma");
        let file = self.lab.folder().join(format!("{identity}.kubeconfig"));
        fs::write(&file, config.to_string()).unwrap();
        let log = self.lab.folder().join(format!("{identity}.jsonl"));
        let child = Command::new(self.programs.join("karma-transfer"))
            .args(["controller", "--namespace", "karma", "--listen", "127.0.0.1:0", "--lease-seconds", "5"])
            .args([
                "--identity",
                identity,
                "--log",
                log.to_str().unwrap(),
                "--kubeconfig",
                file.to_str().unwrap(),
            ])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        Controller(child)
    }

    fn program(&self, name: &str, arguments: &[&str]) -> String {
        let output = Command::new(self.programs.join(name)).args(arguments).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{name} {}: {said}", arguments.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }

    /// `karma-transfer` with an operator's rights.
    fn transfer(&self, arguments: &[&str]) -> String {
        let kubeconfig = self.lab.kubeconfig();
        let output = Command::new(self.programs.join("karma-transfer"))
            .args(arguments)
            .env("KUBECONFIG", kubeconfig)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "karma-transfer {}: {said}", arguments.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }

    fn patch(&self, spec: &Value) {
        let patch = json!({ "spec": spec }).to_string();
        self.lab.kubectl(&[
            "patch",
            "karma",
            NAME,
            "--namespace",
            "karma",
            "--type",
            "merge",
            "--patch",
            &patch,
        ]);
    }

    fn resource(&self) -> Value {
        let text = self.lab.kubectl(&["get", "karma", NAME, "--namespace", "karma", "--output", "json"]);
        serde_json::from_str(&text).unwrap()
    }

    /// Status and reason.
    fn condition(&self, kind: &str) -> (String, String) {
        let resource = self.resource();
        let all = resource["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let of = all.into_iter().find(|condition| condition["type"] == kind).unwrap_or_default();
        let text = |field: &str| of[field].as_str().unwrap_or_default().to_owned();
        (text("status"), text("reason"))
    }

    fn is_ready(&self) {
        eventually("it decides", || self.condition("Ready").0 == "True");
    }

    fn holder(&self) -> String {
        self.lab.kubectl(&[
            "get",
            "lease",
            "karma-controller",
            "--namespace",
            "karma",
            "--output",
            "jsonpath={.spec.holderIdentity}",
        ])
    }

    fn replicas(&self, deployment: &str) -> u64 {
        let text = self.lab.kubectl(&[
            "get",
            "deployment",
            deployment,
            "--namespace",
            "karma",
            "--output",
            "jsonpath={.spec.replicas}",
        ]);
        text.parse().unwrap()
    }

    /// Deployments, and everybody who owns a field of theirs.
    fn writers(&self) -> Vec<(String, String)> {
        let text = self.lab.kubectl(&[
            "get",
            "deployments",
            "--namespace",
            "karma",
            "--output",
            "json",
            "--show-managed-fields",
        ]);
        let list: Value = serde_json::from_str(&text).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let of = |one: &Value| -> Vec<(String, String)> {
            let fields = one["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
            fields.iter().map(|field| (text(&one["metadata"]["name"]), text(&field["manager"]))).collect()
        };
        list["items"].as_array().unwrap().iter().flat_map(of).collect()
    }
}

/// The account and the rights of the Kustomize base, in the services' namespace.
fn rights() -> String {
    let base = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/kustomize/base/controller.yaml");
    let text = fs::read_to_string(base).unwrap();
    let kinds = ["ServiceAccount", "Role", "RoleBinding"];
    let wanted = |document: &&str| {
        kinds.iter().any(|kind| document.lines().any(|line| line == format!("kind: {kind}")))
    };
    let kept: Vec<String> = text
        .split("\n---\n")
        .filter(wanted)
        .map(|document| document.replace("karma-system", "karma"))
        .collect();
    assert_eq!(kept.len(), 5, "an account, two roles and their bindings");
    kept.join("\n---\n")
}
