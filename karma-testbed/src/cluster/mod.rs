//! A whole Kubernetes cluster in namespaces of its own on this machine.
//!
//! One process, the *keeper*, owns the cluster. It makes a network and a process namespace, starts the first process of
//! them (`init`), and carries connections from one port of this machine's loopback to the API server inside. `init`
//! makes a mount namespace and starts what a cluster consists of: etcd, kube-apiserver, kube-controller-manager (with
//! the real horizontal pod autoscaler), kube-scheduler, kube-proxy, containerd, kubelet and metrics-server.
//!
//! So nothing can be left behind: when the keeper ends, however it ends, the kernel kills `init`, with it every
//! process of the namespace, and the interfaces, packet filter rules and mounts go with the namespaces. What
//! the kernel does not take back are control groups and one folder; [`down`] removes both, also after a crash.
//!
//! Nothing leaves the machine: inside there is a loopback interface and the pods' own, no way to the outside. Addresses
//! are of 198.18.0.0/15, the range for tests of network devices (RFC 2544).
//!
//! Needs root, Linux namespaces, and the programs of [`Programs`].

mod addons;
mod cgroup;
mod components;
mod files;
mod init;
mod keeper;
mod life;
mod network;
mod pki;
mod programs;
mod state;

pub use files::PAUSE_IMAGE;
pub use init::init;
pub use keeper::{Keeper, keep};
pub use life::{ClusterError, Phase, down, enter_network, import_image, status, up};
pub use programs::{Missing, Programs, Search};
pub use state::{ClusterState, Layout};
