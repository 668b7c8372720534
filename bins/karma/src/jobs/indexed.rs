//! Work in numbered pieces as an Indexed Job: one pod for each piece, with the piece's number as its index.
//!
//! A pod that is evicted or preempted does not count as a failure and comes back, and a training in it goes on from its last
//! checkpoint; a pod that ends with exit code 2 (a wrong file) is not tried again. Needs Kubernetes 1.29 or later, for
//! `backoffLimitPerIndex`.

use serde_json::{Map, Value, json};

use super::cli::PodOptions;
use super::pod::{DATA, container, data_mount, data_volume, metadata, security};

/// Where the files are mounted.
const FOLDER: &str = "/etc/karma";
/// The user of distroless images that is not root.
const USER: u32 = 65_532;

/// What a Job runs: `program command FOLDER/file --out DATA/name flag INDEX`.
#[derive(Clone, Debug)]
pub(super) struct Work<'a> {
    /// The program, which is the container's name, too.
    pub(super) program: &'static str,
    /// Its command, which is the name of the files' volume, too.
    pub(super) command: &'static str,
    /// The flag that says which piece.
    pub(super) flag: &'static str,
    /// The file of the work, with its name.
    pub(super) file: (&'a str, &'a str),
    /// Further files that lie beside it.
    pub(super) beside: Vec<(String, String)>,
    pub(super) pieces: usize,
    pub(super) parallelism: usize,
}

impl Work<'_> {
    /// The files, the Job of the pieces, and the suspended Job that gathers what they made.
    pub(super) fn documents(&self, options: &PodOptions) -> Vec<Value> {
        let texts = self.beside.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let texts = texts.chain([self.file]).map(|(name, text)| (name.to_owned(), json!(text)));
        let files: Map<String, Value> = texts.collect();
        let file = json!({
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": metadata(options, self.program, (&self.files(options), false)),
            "data": files,
        });
        vec![file, self.all(options), self.gathering(options)]
    }

    /// The name of the files.
    fn files(&self, options: &PodOptions) -> String {
        format!("{}-{}", options.name, self.command)
    }

    fn all(&self, options: &PodOptions) -> Value {
        let mut spec = json!({
            "completionMode": "Indexed",
            "completions": self.pieces,
            "parallelism": self.parallelism.min(self.pieces),
            "backoffLimitPerIndex": 3,
            "podReplacementPolicy": "Failed",
            "podFailurePolicy": { "rules": [
                { "action": "Ignore", "onPodConditions": [{ "type": "DisruptionTarget", "status": "True" }] },
                { "action": "FailIndex", "onExitCodes": { "containerName": self.program, "operator": "In", "values": [2] } },
            ] },
            "template": self.template(options, &[self.flag, "$(JOB_COMPLETION_INDEX)", "--quiet"]),
        });
        if options.kueue.is_some() {
            spec["suspend"] = json!(true);
        }
        let metadata = metadata(options, self.program, (&options.name, true));
        json!({ "apiVersion": "batch/v1", "kind": "Job", "metadata": metadata, "spec": spec })
    }

    /// Begins suspended: it is let go when the pieces are done.
    fn gathering(&self, options: &PodOptions) -> Value {
        let name = format!("{}-gather", options.name);
        json!({
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": metadata(options, self.program, (&name, false)),
            "spec": { "suspend": true, "backoffLimit": 3, "template": self.template(options, &["--gather"]) },
        })
    }

    fn template(&self, options: &PodOptions, what: &[&str]) -> Value {
        let (file, out) = (format!("{FOLDER}/{}", self.file.0), format!("{DATA}/{}", options.name));
        let start = [self.command, &file, "--out", &out];
        let args: Vec<&str> = start.into_iter().chain(what.iter().copied()).collect();
        let mounts = [data_mount(), json!({ "name": self.command, "mountPath": FOLDER, "readOnly": true })];
        let volumes = json!([
            data_volume(options),
            { "name": self.command, "configMap": { "name": self.files(options) } },
        ]);
        json!({
            "metadata": { "labels": { "app.kubernetes.io/name": self.program, "app.kubernetes.io/instance": options.name } },
            "spec": {
                "restartPolicy": "Never",
                "automountServiceAccountToken": false,
                "terminationGracePeriodSeconds": 120,
                "securityContext": security(USER),
                "containers": [container(options, self.program, &args, &mounts)],
                "volumes": volumes,
            },
        })
    }
}
