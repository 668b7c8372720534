//! What a Kustomize base looks like: two topologies word for word, and what kubectl makes of them.
//!
//! A golden file is what `KARMA_WRITE_GOLDEN=1 cargo test -p karma-testbed --test deploy_manifests` wrote last; its
//! difference is to be read before it is committed.
#![expect(clippy::unwrap_used, reason = "the helpers of tests may fail as tests do")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use k8s_openapi::api::apps::v1::Deployment;
use karma_core::Topology;
use karma_mock::topologies::by_name;
use karma_testbed::deploy::{DeployParams, HpaParams, Plan, manifests};

fn everything() -> DeployParams {
    DeployParams {
        image: "karma.dev/karma-service:golden".to_owned(),
        hpa: Some(HpaParams { scale_down_stabilization_seconds: Some(60), ..HpaParams::default() }),
        service_monitors: true,
        ..DeployParams::default()
    }
}

fn files(topology: &str, params: &DeployParams) -> BTreeMap<PathBuf, String> {
    manifests(&Plan::of(&by_name(topology).unwrap(), params, None).unwrap()).unwrap()
}

/// The files in one text.
fn joined(files: &BTreeMap<PathBuf, String>) -> String {
    let named = |(path, content): (&PathBuf, &String)| format!("# {}\n{content}\n", path.display());
    files.iter().map(named).collect::<Vec<_>>().concat()
}

fn check_golden(name: &str, written: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name);
    if std::env::var_os("KARMA_WRITE_GOLDEN").is_some() {
        std::fs::write(&path, written).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    let line = golden.lines().zip(written.lines()).position(|(golden, written)| golden != written);
    assert!(golden == written, "{name} differs, first in line {:?}", line.map(|line| line + 1));
}

#[test]
fn chain4_with_everything_is_as_it_was() {
    check_golden("chain4.yaml", &joined(&files("chain4", &everything())));
}

#[test]
fn online_boutique_is_as_it_was() {
    let plain =
        DeployParams { image: "karma.dev/karma-service:golden".to_owned(), ..DeployParams::default() };
    check_golden("online-boutique.yaml", &joined(&files("online-boutique", &plain)));
}

#[test]
fn what_is_written_reads_back_as_the_same_objects() {
    let plan = Plan::of(&by_name("online-boutique").unwrap(), &everything(), None).unwrap();
    let files = manifests(&plan).unwrap();
    for workload in plan.workloads() {
        let file = &files[Path::new(&format!("services/{}.yaml", workload.name))];
        let second = file.split("---\n").nth(1).unwrap();
        let deployment: Deployment = serde_saphyr::from_str(second).unwrap();
        assert_eq!(deployment, workload.deployment);
    }
}

/// Needs kubectl, not a cluster. Without kubectl the bases are only compared with the golden files above, unless
/// `KARMA_REQUIRE_KUBECTL` is set.
#[test]
fn kubectl_builds_the_base() {
    if !has_kubectl() {
        return;
    }
    for topology in ["chain4", "online-boutique"] {
        let files = files(topology, &everything());
        let built = built(&files);
        let objects = built.lines().filter(|line| line.starts_with("kind: ")).count();
        assert_eq!(objects, 1 + 4 * (files.len() - 2), "{topology}");
    }
}

/// Names that are something else to a reader of YAML 1.1, which kubectl's is.
#[test]
fn a_service_may_be_called_no() {
    if !has_kubectl() {
        return;
    }
    let names = ["no", "yes", "on", "off", "y", "n", "true", "false", "null", "nan", "inf", "e1", "x-0"];
    let service = |name| format!(r#""{name}": {{ "cpu": 100, "ram": 64, "computation_throughput": 10 }}"#);
    let text = format!(r#"{{ "services": {{ {} }}, "connections": [] }}"#, names.map(service).join(", "));
    let topology = Topology::read(text.as_bytes()).unwrap();
    let files = manifests(&Plan::of(&topology, &everything(), None).unwrap()).unwrap();
    let built: Vec<Deployment> = built(&files)
        .split("---\n")
        .filter(|document| document.contains("kind: Deployment\n") && !document.contains("scaleTargetRef"))
        .map(|document| serde_saphyr::from_str(document).unwrap())
        .collect();
    let mut kept: Vec<&str> = built.iter().filter_map(|of| of.metadata.name.as_deref()).collect();
    kept.sort_unstable();
    let mut expected = names;
    expected.sort_unstable();
    assert_eq!(kept, expected);
}

fn has_kubectl() -> bool {
    let found = Command::new("kubectl").args(["version", "--client"]).output().is_ok();
    assert!(found || std::env::var_os("KARMA_REQUIRE_KUBECTL").is_none(), "kubectl is missing");
    found
}

/// What `kubectl kustomize` makes of the files.
fn built(files: &BTreeMap<PathBuf, String>) -> String {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }
    let output = Command::new("kubectl").arg("kustomize").arg(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
