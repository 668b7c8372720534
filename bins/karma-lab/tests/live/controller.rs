//! The controller on a real API server, with the rights of its service account: shadow, active, a second process that takes
//! over, other autoscalers, a policy that is not the pinned one.

use serde_json::json;

use crate::lab::eventually;
use crate::site::{NAME, Site};

#[test]
fn a_controller_with_its_own_rights_scales_alone_and_is_followed_by_another() {
    let Some(site) = Site::installed() else { return };
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
    assert!(holder(&site).contains("second"), "{}", holder(&site));
    let scaled = site.events("Scaled").iter().filter(|note| note.starts_with("auth ")).count();
    assert_eq!(scaled, 1, "auth is scaled once");

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

/// Who leads.
fn holder(site: &Site) -> String {
    let lease = ["get", "lease", "karma-controller", "--namespace", "karma"];
    site.lab.kubectl(&[&lease[..], &["--output", "jsonpath={.spec.holderIdentity}"]].concat())
}
