//! The controller as its users have it: an image, installed by Helm, two pods of which one leads.
//!
//! `KARMA_CONTROLLER_BINARY` names a static `karma-transfer`, `KARMA_HELM` Helm.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::lab::{Lab, eventually, is_ready};
use crate::site::{NAMESPACE, SERVICES, Site, deploy, named_by};

/// Namespace of the release.
const OWN: &str = "karma-system";

/// How long a Lease that is not renewed is left alone, and some time for the next one to look.
const HANDOVER: Duration = Duration::from_secs(20);

#[test]
fn a_controller_from_the_chart_decides_as_pods_is_followed_is_rolled_and_leaves_nothing() {
    let Some(helm) = named_by("KARMA_HELM") else { return };
    let Some(binary) = named_by("KARMA_CONTROLLER_BINARY") else { return };
    let Some(site) = Site::new() else { return };
    let release = Release { helm, lab: &site.lab };
    let archive = site.lab.folder().join("controller.tar");
    let archive = archive.to_str().unwrap();
    site.lab.run(&["image", "--controller", binary.to_str().unwrap(), "--out", archive]);
    site.lab.run(&["cluster", "load", archive]);
    site.lab.kubectl(&["create", "namespace", OWN]);
    let before = everything(&site.lab);

    release.helm(&["install", "--set", &format!("watch.namespaces={{{NAMESPACE}}}")]);
    assert!(release.pods().len() == 2 && release.pods().iter().all(is_ready));
    nobody_is_root_and_nothing_can_be_written(&release);
    a_shadow_writes_nothing(&site);
    site.patch(&json!({ "mode": "Active", "services": { "api": { "minReplicas": 3 } } }));
    eventually("api is scaled", || site.replicas("api") == 3);
    assert!(site.writers().contains(&("api".to_owned(), "karma".to_owned())));
    the_other_pod_takes_over(&site, &release);
    an_upgrade_rolls(&site, &release);

    release.helm(&["uninstall"]);
    let stays = [
        "lease.coordination.k8s.io/karma-controller",
        DEFINITION,
        "apiservice.apiregistration.k8s.io/v1alpha1.karma.dev",
    ];
    let expected: BTreeSet<String> = stays.map(str::to_owned).into();
    let left = || everything(&site.lab).difference(&before).cloned().collect::<BTreeSet<String>>();
    eventually(&format!("nothing is left but {stays:?}: {:?}", left()), || left() == expected);
    assert_eq!(site.replicas("api"), 3, "the Deployments keep what they have");
}

const DEFINITION: &str = "customresourcedefinition.apiextensions.k8s.io/karmaautoscalers.karma.dev";

/// What Helm installed.
struct Release<'a> {
    helm: PathBuf,
    lab: &'a Lab,
}

impl Release<'_> {
    /// One of Helm's commands for the release; it must succeed, and what it did must be done.
    fn helm(&self, arguments: &[&str]) {
        let (command, rest) = arguments.split_first().unwrap();
        let chart = deploy().join("chart/karma");
        let mut helm = Command::new(&self.helm);
        helm.args([command, "karma"]);
        if *command != "uninstall" {
            helm.arg(chart);
        }
        for (variable, folder) in
            [("HELM_CACHE_HOME", "cache"), ("HELM_CONFIG_HOME", "config"), ("HELM_DATA_HOME", "data")]
        {
            helm.env(variable, self.lab.folder().join("helm").join(folder));
        }
        helm.args(["--namespace", OWN, "--wait", "--timeout", "2m", "--kubeconfig"])
            .arg(self.lab.kubeconfig());
        let output = helm.args(rest).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "helm {}: {said}\n{}", arguments.join(" "), self.describe());
    }

    /// What its pods say, for a test that fails.
    fn describe(&self) -> String {
        let pods = self.lab.try_kubectl(&["describe", "pods", "--namespace", OWN]);
        let selector = "--selector=app.kubernetes.io/instance=karma";
        pods + &self.lab.try_kubectl(&["logs", selector, "--namespace", OWN, "--tail=5"])
    }

    /// Its pods that are not on their way out.
    fn pods(&self) -> Vec<Value> {
        let selector = "--selector=app.kubernetes.io/instance=karma,app.kubernetes.io/component=controller";
        let text = self.lab.kubectl(&["get", "pods", selector, "--namespace", OWN, "--output", "json"]);
        let list: Value = serde_json::from_str(&text).unwrap();
        let mut pods = list["items"].as_array().unwrap().clone();
        pods.retain(|pod| pod["metadata"]["deletionTimestamp"].is_null());
        pods
    }

    fn names(&self) -> BTreeSet<String> {
        self.pods().iter().map(|pod| pod["metadata"]["name"].as_str().unwrap().to_owned()).collect()
    }

    /// The process that leads: the pod's name, and what tells it from earlier ones. Empty while nobody does.
    fn holder(&self) -> String {
        let lease = ["get", "lease", "karma-controller", "--namespace", OWN];
        self.lab.try_kubectl(&[&lease[..], &["--output", "jsonpath={.spec.holderIdentity}"]].concat())
    }
}

/// As the kernel has it, not as the manifest does.
fn nobody_is_root_and_nothing_can_be_written(release: &Release<'_>) {
    for pod in release.pods() {
        assert_eq!(pod["spec"]["securityContext"]["runAsNonRoot"], true);
        assert_eq!(pod["spec"]["containers"][0]["securityContext"]["readOnlyRootFilesystem"], true);
    }
    let folders = fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let ours = |folder: &PathBuf| {
        fs::read_to_string(folder.join("cmdline"))
            .is_ok_and(|line| line.starts_with("/karma-transfer\0controller"))
    };
    let processes: Vec<PathBuf> = folders.filter(ours).collect();
    assert_eq!(processes.len(), 2);
    for process in processes {
        let status = fs::read_to_string(process.join("status")).unwrap();
        for line in [
            "Uid:\t65532\t65532\t65532\t65532",
            "Gid:\t65532\t65532\t65532\t65532",
            "CapEff:\t0000000000000000",
            "NoNewPrivs:\t1",
        ] {
            assert!(status.contains(line), "{line} is not in {status}");
        }
        let mounts = fs::read_to_string(process.join("mounts")).unwrap();
        let root = mounts
            .lines()
            .map(|line| line.split(' ').collect::<Vec<_>>())
            .find(|mount| mount[1] == "/")
            .unwrap();
        assert!(root[3].split(',').any(|option| option == "ro"), "{root:?}");
    }
}

fn a_shadow_writes_nothing(site: &Site) {
    let generations = || -> Vec<Value> {
        site.lab.items("deployments").iter().map(|one| one["metadata"]["generation"].clone()).collect()
    };
    let before = generations();
    site.apply_policy();
    eventually("decisions in the shadow", || sequence(site) >= 3);
    assert_eq!(generations(), before, "no specification was written");
    assert!(site.writers().iter().all(|(_, manager)| manager != "karma"), "{:?}", site.writers());
}

/// Decisions so far.
fn sequence(site: &Site) -> u64 {
    site.resource()["status"]["lastDecision"]["sequence"].as_u64().unwrap_or(0)
}

fn the_other_pod_takes_over(site: &Site, release: &Release<'_>) {
    let leader =
        release.names().into_iter().find(|name| release.holder().starts_with(name.as_str())).unwrap();
    let (sequence_before, begin) = (sequence(site), Instant::now());
    site.lab.kubectl(&["delete", "pod", &leader, "--namespace", OWN, "--wait=false"]);
    site.patch(&json!({ "services": { "api": { "minReplicas": 3 }, "auth": { "minReplicas": 3 } } }));
    let follows = || {
        let holder = release.holder();
        !holder.is_empty() && !holder.starts_with(&leader)
    };
    eventually("another pod leads", follows);
    assert!(begin.elapsed() < HANDOVER, "{:?}", begin.elapsed());
    eventually("auth is scaled", || site.replicas("auth") == 3);
    eventually("decisions go on", || sequence(site) >= sequence_before + 3);
    for service in ["api", "auth"] {
        let begins = format!("{service} ");
        let scaled = site.events("Scaled").iter().filter(|note| note.starts_with(&begins)).count();
        assert_eq!(scaled, 1, "{service} is scaled once: {:?}", site.events("Scaled"));
    }
    assert_eq!(SERVICES.map(|service| site.replicas(service)), [3, 3, 2, 3]);
}

fn an_upgrade_rolls(site: &Site, release: &Release<'_>) {
    let before = (release.names(), sequence(site));
    release.helm(&["upgrade", "--reuse-values", "--set", "resources.limits.memory=320Mi"]);
    let rolled = || {
        let pods = release.pods();
        pods.len() == 2
            && release.names().is_disjoint(&before.0)
            && pods.iter().all(|pod| {
                is_ready(pod) && pod["spec"]["containers"][0]["resources"]["limits"]["memory"] == "320Mi"
            })
    };
    eventually("both pods are new", rolled);
    eventually("decisions go on", || sequence(site) >= before.1 + 3);
}

/// Every object of the cluster and of the release's namespace, and the rights in the services'. But for events, which are told of
/// what is gone, and measurements, which nobody makes.
fn everything(lab: &Lab) -> BTreeSet<String> {
    let kinds = |namespaced: &str| {
        let all = lab.kubectl(&["api-resources", "--verbs=list", "--output", "name", namespaced]);
        let made = |kind: &&str| !kind.starts_with("events") && !kind.ends_with(".metrics.k8s.io");
        all.lines().filter(made).collect::<Vec<_>>().join(",")
    };
    let cluster = lab.kubectl(&["get", &kinds("--namespaced=false"), "--output", "name"]);
    let own = lab.kubectl(&["get", &kinds("--namespaced=true"), "--namespace", OWN, "--output", "name"]);
    let rights = lab.kubectl(&["get", "roles,rolebindings", "--namespace", NAMESPACE, "--output", "name"]);
    [cluster, own, rights].iter().flat_map(|list| list.lines()).map(str::to_owned).collect()
}
