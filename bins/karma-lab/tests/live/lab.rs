//! A cluster of its own for a test, by the commands that a user has.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// Two clusters at once would measure each other.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// How long something on a cluster may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// A cluster that ends with its test.
pub(crate) struct Lab {
    root: TempDir,
    service: PathBuf,
    _turn: MutexGuard<'static, ()>,
}

impl Lab {
    /// A place for a cluster; `None` where there can be none, which fails if it is required.
    ///
    /// `KUBEBUILDER_ASSETS` names Kubernetes' programs, `KARMA_SERVICE_BINARY` the static mock service.
    pub(crate) fn new() -> Option<Self> {
        let service = std::env::var_os("KARMA_SERVICE_BINARY").map(PathBuf::from);
        let (Some(service), Some(_)) = (service, std::env::var_os("KUBEBUILDER_ASSETS")) else {
            let required = karma::testbed::testing::is_required();
            assert!(
                !required,
                "a cluster is required; KUBEBUILDER_ASSETS and KARMA_SERVICE_BINARY must be set"
            );
            eprintln!("SKIPPED: KUBEBUILDER_ASSETS and KARMA_SERVICE_BINARY are not set");
            return None;
        };
        let turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        Some(Self { root: tempfile::tempdir().unwrap(), service, _turn: turn })
    }

    /// The same with a cluster that is up.
    pub(crate) fn up() -> Option<Self> {
        let lab = Self::new()?;
        lab.start();
        Some(lab)
    }

    pub(crate) fn start(&self) {
        let service = self.service.display().to_string();
        self.run(&["cluster", "up", "--service", &service]);
    }

    pub(crate) fn folder(&self) -> &Path {
        self.root.path()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_karma-lab"));
        command.args(arguments).env("KARMA_LAB", self.root.path());
        command
    }

    /// Runs `karma-lab`; it must succeed.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let output = self.output(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "karma-lab {}: {said}", arguments.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs `karma-lab`, whatever comes of it.
    pub(crate) fn output(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Starts `karma-lab` beside the test.
    pub(crate) fn spawn(&self, arguments: &[&str]) -> std::process::Child {
        self.command(arguments).stdout(std::process::Stdio::null()).spawn().unwrap()
    }

    pub(crate) fn kubeconfig(&self) -> PathBuf {
        self.root.path().join("default/kubeconfig")
    }

    /// What `kubectl` says, whatever comes of it.
    pub(crate) fn try_kubectl(&self, arguments: &[&str]) -> String {
        String::from_utf8(self.run_kubectl(arguments).stdout).unwrap()
    }

    fn run_kubectl(&self, arguments: &[&str]) -> Output {
        let kubectl = PathBuf::from(std::env::var_os("KUBEBUILDER_ASSETS").unwrap()).join("kubectl");
        Command::new(kubectl).arg("--kubeconfig").arg(self.kubeconfig()).args(arguments).output().unwrap()
    }

    /// What `kubectl` says; it must succeed.
    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        let output = self.run_kubectl(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {}: {said}", arguments.join(" "));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Of a cluster on which a test failed, because nobody can look at it later.
    fn say_what_there_is(&self) {
        for kinds in ["deployments,horizontalpodautoscalers,pods", "events"] {
            let output = self.run_kubectl(&["get", kinds, "--namespace", "karma", "--output", "wide"]);
            eprintln!("{}", String::from_utf8_lossy(&output.stdout));
        }
    }

    /// The items of a kind in the services' namespace.
    pub(crate) fn items(&self, kind: &str) -> Vec<Value> {
        let text = self.kubectl(&["get", kind, "--namespace", "karma", "--output", "json"]);
        let list: Value = serde_json::from_str(&text).unwrap();
        list["items"].as_array().unwrap().clone()
    }

    /// Pods of a service.
    pub(crate) fn pods_of(&self, service: &str) -> Vec<Value> {
        let mut pods = self.items("pods");
        pods.retain(|pod| pod["metadata"]["labels"]["app.kubernetes.io/name"] == service);
        pods
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.say_what_there_is();
        }
        let _ = self.output(&["cluster", "down"]);
    }
}

/// Waits until it holds.
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "not within {} s: {what}", PATIENCE.as_secs());
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// Whether a pod is ready.
pub(crate) fn is_ready(pod: &Value) -> bool {
    let conditions = pod["status"]["conditions"].as_array();
    let ready = |condition: &Value| condition["type"] == "Ready" && condition["status"] == "True";
    conditions.is_some_and(|all| all.iter().any(ready))
}
