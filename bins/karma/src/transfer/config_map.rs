//! `karma-transfer package`: one file for a cluster, and the objects that bring it there.

use std::path::{Path, PathBuf};

use clap::Args;
use k8s_openapi::ByteString;
use karma_k8s::resource::digest_of;
use serde_json::json;

use super::error::TransferError;
use super::live::package;
use crate::jobs::yaml;
use crate::run_dir::atomic;

/// Most bytes of a ConfigMap: Kubernetes' own limit.
pub(super) const MOST: usize = 1 << 20;
/// The entry of the ConfigMap: what a `KarmaAutoscaler` looks for.
pub(super) const KEY: &str = "policy.karma";

/// `karma-transfer package`.
#[derive(Clone, Debug, Args)]
pub(crate) struct PackageArgs {
    /// The run; it may be at work meanwhile.
    pub(super) run: PathBuf,

    /// The file.
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,

    /// A twin of the same cluster, of karma-model fit: what it calls novel is told to be unknown to the agents.
    #[arg(long, value_name = "DIR")]
    pub(super) twin: Option<PathBuf>,

    /// Write manifests, too, beside the file: a ConfigMap of this name that holds it, and a KarmaAutoscaler in shadow mode.
    #[arg(long, value_name = "NAME")]
    pub(super) config_map: Option<String>,

    /// The namespace of these objects [default: that of kubectl].
    #[arg(long, value_name = "NAME", requires = "config_map")]
    pub(super) namespace: Option<String>,
}

/// Packages a run, and says what came of it.
pub(super) fn run(args: &PackageArgs) -> Result<String, TransferError> {
    for (flag, name) in [("--config-map", &args.config_map), ("--namespace", &args.namespace)] {
        name.iter().try_for_each(|name| check_name(flag, name))?;
    }
    let bytes = package(&args.run, args.twin.as_deref())?;
    let digest = digest_of(&bytes);
    let manifests = match &args.config_map {
        Some(_) if bytes.len() > MOST => {
            return Err(TransferError::ConfigMap { bytes: bytes.len(), most: MOST });
        }
        Some(name) => Some(manifests(&bytes, name, args.namespace.as_deref())),
        None => None,
    };
    write(&args.out, &bytes)?;
    let told = format!("{}: {} bytes\ndigest: {digest}\n", args.out.display(), bytes.len());
    let Some(manifests) = manifests else { return Ok(told) };
    let path = args.out.with_extension("yaml");
    write(&path, manifests.as_bytes())?;
    Ok(format!("{told}{}: a ConfigMap and a KarmaAutoscaler in shadow mode\n", path.display()))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), TransferError> {
    atomic::write(path, bytes).map_err(|source| TransferError::Write { path: path.to_owned(), source })
}

/// Whether Kubernetes takes it as a label, which every kind of object allows as a name.
fn check_name(flag: &'static str, name: &str) -> Result<(), TransferError> {
    let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let well = name.len() <= 63
        && name.starts_with(letter)
        && name.ends_with(letter)
        && name.chars().all(|c| letter(c) || c == '-');
    if well { Ok(()) } else { Err(TransferError::Name { flag, name: name.escape_debug().to_string() }) }
}

/// The ConfigMap and a `KarmaAutoscaler` that pins it.
fn manifests(bytes: &[u8], name: &str, namespace: Option<&str>) -> String {
    let mut metadata = json!({ "name": name });
    if let Some(namespace) = namespace {
        metadata["namespace"] = namespace.into();
    }
    let config_map = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata,
        "binaryData": { KEY: ByteString(bytes.to_vec()) },
    });
    let policy = json!({ "configMap": { "name": name, "key": KEY }, "digest": digest_of(bytes) });
    let autoscaler = json!({
        "apiVersion": "karma.dev/v1alpha1", "kind": "KarmaAutoscaler", "metadata": metadata,
        "spec": { "policy": policy, "mode": "Shadow" },
    });
    let head =
        "# kubectl apply -f this. karma-transfer spec prints every field that a KarmaAutoscaler may have.\n";
    head.to_owned() + &yaml::write(&[config_map, autoscaler])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_hold_the_bytes_and_pin_them() {
        let text = manifests(b"\x00\xffteam", "team", Some("shop"));
        let objects: Vec<serde_json::Value> = serde_saphyr::from_multiple(&text).unwrap();
        let held: ByteString = serde_json::from_value(objects[0]["binaryData"][KEY].clone()).unwrap();
        assert_eq!(held.0, b"\x00\xffteam");
        let spec = super::super::resource::parse(&text).unwrap();
        assert_eq!(spec.policy.verify(b"\x00\xffteam"), Ok(()));
        assert_eq!(
            objects.iter().map(|object| &object["metadata"]["namespace"]).collect::<Vec<_>>(),
            ["shop"; 2]
        );
    }

    #[test]
    fn names_that_kubernetes_refuses_are_refused_first() {
        assert!(check_name("--config-map", "team-1").is_ok());
        for name in ["", "Team", "-a", "a-", "a_b", &"a".repeat(64)] {
            assert!(check_name("--config-map", name).is_err(), "{name}");
        }
    }
}
