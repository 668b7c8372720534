//! Configuration files of containerd, its network plugins and the kubelet.

use std::fs;
use std::io;

use serde_json::{Value, json};

use super::network::{NODE, PODS};
use super::programs::Programs;
use super::state::Layout;

/// The image of the container that holds a pod's namespaces.
pub const PAUSE_IMAGE: &str = "karma.dev/pause:lab";

/// Folder of containerd's running state, on the namespace's own `/run`: sockets in it must have short names.
pub(super) const CONTAINERD_STATE: &str = "/run/containerd";

/// Writes them, and makes the folders that they name.
pub(super) fn write(layout: &Layout, programs: &Programs) -> io::Result<()> {
    let folders = ["cni", "containerd", "etcd", "kubelet", "logs", "pods"];
    folders.iter().try_for_each(|folder| fs::create_dir_all(layout.file(folder)))?;
    fs::write(layout.file("cni/10-lab.conflist"), serde_json::to_vec_pretty(&pod_network())?)?;
    fs::write(layout.file("containerd.toml"), containerd(layout, programs))?;
    fs::write(layout.file("kubelet.yaml"), serde_json::to_vec_pretty(&kubelet(layout))?)
}

/// Each pod has a pair of interfaces of its own and is routed: no bridge, so answers to translated connections come
/// back through the rules that translated them.
fn pod_network() -> Value {
    json!({
        "cniVersion": "1.0.0",
        "name": "lab",
        "plugins": [{
            "type": "ptp",
            "ipMasq": false,
            "ipam": {
                "type": "host-local",
                "ranges": [[{ "subnet": PODS }]],
                "routes": [{ "dst": "0.0.0.0/0" }],
                "dataDir": "/run/cni-addresses",
            },
        }],
    })
}

/// `restrict_oom_score_adj`: a container of a machine that may not raise priorities can start all the same.
fn containerd(layout: &Layout, programs: &Programs) -> String {
    let quoted = |path: &std::path::Path| Value::from(path.to_string_lossy()).to_string();
    format!(
        r#"version = 2
root = {root}
state = "{CONTAINERD_STATE}"

[grpc]
address = {socket}

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{PAUSE_IMAGE}"
restrict_oom_score_adj = true
disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = {plugins}
conf_dir = {networks}

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
"#,
        root = quoted(&layout.file("containerd")),
        socket = quoted(&layout.containerd_socket()),
        plugins = quoted(&programs.plugins),
        networks = quoted(&layout.file("cni")),
    )
}

fn kubelet(layout: &Layout) -> Value {
    json!({
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "authentication": {
            "anonymous": { "enabled": false },
            "webhook": { "enabled": true },
            "x509": { "clientCAFile": layout.pki("ca.crt") },
        },
        "authorization": { "mode": "Webhook" },
        "tlsCertFile": layout.pki("kubelet.crt"),
        "tlsPrivateKeyFile": layout.pki("kubelet.key"),
        "address": NODE,
        "containerRuntimeEndpoint": format!("unix://{}", layout.containerd_socket().display()),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": format!("/{}", layout.control_group()),
        "failCgroupV1": false,
        "failSwapOn": false,
        "podLogsDir": layout.file("pods"),
        "resolvConf": "",
        // The disk is this machine's, not ours: only a full one is a reason to throw pods out.
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "nodefs.inodesFree": "1%",
            "imagefs.available": "1%",
        },
        "imageGCHighThresholdPercent": 100,
        "maxPods": 250,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_kubelet_writes_is_below_the_clusters_folder() {
        let layout = Layout::new("/var/lib/karma-lab", "a");
        let config = kubelet(&layout);
        for field in ["podLogsDir", "tlsCertFile"] {
            let path = config[field].as_str().unwrap();
            assert!(path.starts_with("/var/lib/karma-lab/a/"), "{field} is {path}");
        }
        assert_eq!(config["cgroupRoot"], "/karma-lab-a");
    }
}
