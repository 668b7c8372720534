//! What a cluster consists of, as command lines.

use std::path::PathBuf;

use super::network::{API_PORT, METRICS_PORT, NODE, NODE_NAME, PODS, SERVICES};
use super::programs::Programs;
use super::state::Layout;

/// A program that runs as long as the cluster does.
#[derive(Clone, Debug)]
pub(super) struct Component {
    /// Name of its log.
    pub(super) name: &'static str,
    pub(super) program: PathBuf,
    pub(super) arguments: Vec<String>,
    /// Whether it is started only when the API server answers.
    pub(super) needs_api: bool,
}

/// All of them, in the order in which they are started.
pub(super) fn all(layout: &Layout, programs: &Programs) -> Vec<Component> {
    let of = |name: &'static str, needs_api: bool, arguments: Vec<String>| {
        let program = if name == "containerd" { programs.system(name) } else { programs.asset(name) };
        Component { name, program, arguments, needs_api }
    };
    vec![
        of("etcd", false, etcd(layout)),
        of("kube-apiserver", false, apiserver(layout)),
        of("containerd", false, vec![format!("--config={}", layout.file("containerd.toml").display())]),
        of("kube-controller-manager", true, controller_manager(layout)),
        of("kube-scheduler", true, vec![config(layout, "scheduler"), "--leader-elect=false".to_owned()]),
        of("kube-proxy", true, proxy(layout)),
        of("kubelet", true, kubelet(layout)),
        of("metrics-server", true, metrics_server(layout)),
    ]
}

/// `--NAME=FILE`, a file of the keys and certificates.
fn pki(layout: &Layout, flag: &str, file: &str) -> String {
    format!("--{flag}={}", layout.pki(file).display())
}

fn config(layout: &Layout, name: &str) -> String {
    pki(layout, "kubeconfig", &format!("{name}.kubeconfig"))
}

fn owned<const N: usize>(arguments: [&str; N]) -> Vec<String> {
    arguments.map(str::to_owned).to_vec()
}

/// Without waiting for the disk: the cluster does not outlive the machine.
fn etcd(layout: &Layout) -> Vec<String> {
    let mut arguments = owned([
        "--listen-client-urls=http://127.0.0.1:2379",
        "--advertise-client-urls=http://127.0.0.1:2379",
        "--listen-peer-urls=http://127.0.0.1:2380",
        "--unsafe-no-fsync",
    ]);
    arguments.push(format!("--data-dir={}", layout.file("etcd").display()));
    arguments
}

fn apiserver(layout: &Layout) -> Vec<String> {
    let mut arguments = owned([
        "--etcd-servers=http://127.0.0.1:2379",
        "--authorization-mode=Node,RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--kubelet-preferred-address-types=InternalIP",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-username-headers=X-Remote-User",
        "--enable-aggregator-routing=true",
        "--profiling=false",
    ]);
    arguments.extend([
        format!("--secure-port={API_PORT}"),
        format!("--advertise-address={NODE}"),
        format!("--service-cluster-ip-range={SERVICES}"),
        pki(layout, "client-ca-file", "ca.crt"),
        pki(layout, "tls-cert-file", "apiserver.crt"),
        pki(layout, "tls-private-key-file", "apiserver.key"),
        pki(layout, "service-account-key-file", "accounts.pub"),
        pki(layout, "service-account-signing-key-file", "accounts.key"),
        pki(layout, "kubelet-certificate-authority", "ca.crt"),
        pki(layout, "kubelet-client-certificate", "kubelet-client.crt"),
        pki(layout, "kubelet-client-key", "kubelet-client.key"),
        pki(layout, "requestheader-client-ca-file", "ca.crt"),
        pki(layout, "proxy-client-cert-file", "front-proxy.crt"),
        pki(layout, "proxy-client-key-file", "front-proxy.key"),
    ]);
    arguments
}

/// Everything as Kubernetes ships it, the autoscaler's periods and tolerances too.
fn controller_manager(layout: &Layout) -> Vec<String> {
    let mut arguments = owned(["--use-service-account-credentials", "--leader-elect=false"]);
    arguments.extend([
        config(layout, "controller-manager"),
        pki(layout, "authentication-kubeconfig", "controller-manager.kubeconfig"),
        pki(layout, "authorization-kubeconfig", "controller-manager.kubeconfig"),
        pki(layout, "service-account-private-key-file", "accounts.key"),
        pki(layout, "root-ca-file", "ca.crt"),
    ]);
    arguments
}

/// Without touching the machine's connection tracking table, which is not ours.
fn proxy(layout: &Layout) -> Vec<String> {
    vec![
        config(layout, "proxy"),
        format!("--hostname-override={NODE_NAME}"),
        format!("--cluster-cidr={PODS}"),
        "--conntrack-max-per-core=0".to_owned(),
        "--proxy-mode=iptables".to_owned(),
    ]
}

fn kubelet(layout: &Layout) -> Vec<String> {
    vec![
        format!("--config={}", layout.file("kubelet.yaml").display()),
        config(layout, "kubelet"),
        format!("--hostname-override={NODE_NAME}"),
        format!("--node-ip={NODE}"),
        format!("--root-dir={}", layout.file("kubelet").display()),
    ]
}

/// Every ten seconds, the shortest period that it takes beside its default time-out.
fn metrics_server(layout: &Layout) -> Vec<String> {
    let mut arguments = owned([
        "--metric-resolution=10s",
        "--kubelet-request-timeout=5s",
        "--kubelet-preferred-address-types=InternalIP",
    ]);
    arguments.extend([
        config(layout, "metrics"),
        pki(layout, "authentication-kubeconfig", "metrics.kubeconfig"),
        pki(layout, "authorization-kubeconfig", "metrics.kubeconfig"),
        pki(layout, "kubelet-certificate-authority", "ca.crt"),
        pki(layout, "tls-cert-file", "metrics.crt"),
        pki(layout, "tls-private-key-file", "metrics.key"),
        format!("--bind-address={NODE}"),
        format!("--secure-port={METRICS_PORT}"),
    ]);
    arguments
}
