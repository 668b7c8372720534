//! A cluster's own life.

use std::fs;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::lab::Lab;

#[test]
fn a_cluster_leaves_nothing_behind_and_starts_again_within_thirty_seconds() {
    let Some(lab) = Lab::new() else { return };
    let before = traces();
    lab.start();
    assert!(lab.kubectl(&["get", "nodes"]).contains(" Ready "));
    assert!(lab.run(&["cluster", "status"]).contains("is up"));
    lab.run(&["cluster", "down"]);
    assert_eq!(traces(), before);
    assert!(fs::read_dir(lab.folder()).map_or(0, Iterator::count) == 0, "its folder is empty");

    let begin = Instant::now();
    lab.start();
    assert!(begin.elapsed() < Duration::from_secs(30), "{:?}", begin.elapsed());
    lab.run(&["cluster", "down"]);
    assert_eq!(traces(), before);
}

#[test]
fn a_cluster_whose_keeper_is_killed_can_be_taken_down_and_leaves_nothing() {
    let Some(lab) = Lab::new() else { return };
    let before = traces();
    lab.start();
    let state = fs::read_to_string(lab.folder().join("default/state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert!(Command::new("kill").args(["-9", &state["keeper"].to_string()]).status().unwrap().success());
    crate::lab::eventually("everything has ended", || traces().processes == before.processes);
    assert!(!lab.output(&["cluster", "status"]).status.success());
    assert!(lab.run(&["cluster", "down"]).contains("nothing of it is left"));
    assert_eq!(traces(), before);
    assert!(lab.run(&["cluster", "down"]).contains("was not up"));
}

#[test]
fn a_second_start_leaves_a_cluster_as_it_is() {
    let Some(lab) = Lab::up() else { return };
    let state = || fs::read_to_string(lab.folder().join("default/state.json")).unwrap();
    let before = state();
    lab.start();
    assert_eq!(state(), before);
}

/// What a cluster could leave on a machine.
#[derive(Debug, PartialEq, Eq)]
struct Traces {
    processes: usize,
    mounts: Vec<String>,
    interfaces: Vec<String>,
    control_groups: Vec<String>,
    rules: String,
}

fn traces() -> Traces {
    let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
    let interfaces = fs::read_dir("/sys/class/net").unwrap();
    let mut interfaces: Vec<String> =
        interfaces.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    interfaces.sort();
    let groups = Command::new("find").args(["/sys/fs/cgroup", "-name", "karma-lab-*"]).output().unwrap();
    let rules = Command::new("iptables-save").output().map(|output| output.stdout).unwrap_or_default();
    let rules = String::from_utf8_lossy(&rules);
    Traces {
        processes: processes(),
        mounts: mounts.lines().map(str::to_owned).collect(),
        interfaces,
        control_groups: String::from_utf8_lossy(&groups.stdout).lines().map(str::to_owned).collect(),
        // Counters and dates change.
        rules: rules.lines().filter(|line| line.starts_with("-A")).collect(),
    }
}

/// Processes that a cluster consists of, by the names of their programs.
fn processes() -> usize {
    const NAMES: [&str; 9] = [
        "etcd",
        "kube-apiserver",
        "kube-controller",
        "kube-scheduler",
        "kube-proxy",
        "kubelet",
        "metrics-server",
        "containerd",
        "containerd-shim",
    ];
    let all = fs::read_dir("/proc").unwrap().flatten();
    let names = all.filter_map(|entry| fs::read_to_string(entry.path().join("comm")).ok());
    names.filter(|name| NAMES.iter().any(|known| name.trim().starts_with(known))).count()
}
