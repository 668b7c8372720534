//! Manifests have what a cluster needs, and what cannot run is refused.

use std::path::Path;

use serde_json::{Value, json};

use super::cli::PodOptions;
use super::{check, mpi, sweep};
use crate::sweep::{SweepConfig, SweepParams};

const GRID: &str = "[sweep]\nkind = \"grid\"\n[space]\nseed = { integer = [1, 5] }\n";

fn options(kueue: Option<&str>) -> PodOptions {
    PodOptions {
        image: "registry.example/karma:0.1".to_owned(),
        claim: "karma-data".to_owned(),
        name: "first".to_owned(),
        namespace: Some("lab".to_owned()),
        cpu: "2".to_owned(),
        memory: "1Gi".to_owned(),
        kueue: kueue.map(str::to_owned),
    }
}

fn documents(text: &str, kueue: Option<&str>) -> Result<Vec<Value>, String> {
    let params: SweepParams = toml::from_str(text).unwrap();
    let config = SweepConfig::choosing(params, Path::new("sweep.toml")).unwrap();
    let work = sweep(&config, text, 3).map_err(|error| error.to_string())?;
    Ok(work.documents(&options(kueue)))
}

#[test]
fn a_job_has_an_index_for_each_trial_and_hands_it_on() {
    let found = documents(GRID, None).unwrap();
    assert_eq!(found[0]["data"]["sweep.toml"], GRID);
    let (job, spec) = (&found[1], &found[1]["spec"]);
    assert_eq!((&job["apiVersion"], &job["kind"]), (&json!("batch/v1"), &json!("Job")));
    assert_eq!(
        (&spec["completionMode"], &spec["completions"], &spec["parallelism"]),
        (&json!("Indexed"), &json!(5), &json!(3))
    );
    let pod = &spec["template"]["spec"];
    assert_eq!(
        pod["restartPolicy"], "Never",
        "an index may only fail on its own with pods that never restart"
    );
    assert_eq!(
        pod["containers"][0]["args"],
        json!([
            "sweep",
            "/etc/karma/sweep.toml",
            "--out",
            "/data/first",
            "--trial",
            "$(JOB_COMPLETION_INDEX)",
            "--quiet"
        ])
    );
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true);
    assert_eq!(pod["volumes"][0]["persistentVolumeClaim"]["claimName"], "karma-data");
    assert_eq!(pod["volumes"][1]["configMap"]["name"], found[0]["metadata"]["name"]);
    assert_eq!(
        spec["podFailurePolicy"]["rules"][1]["onExitCodes"]["containerName"],
        pod["containers"][0]["name"]
    );
}

#[test]
fn the_tables_are_gathered_by_a_job_that_waits() {
    let found = documents(GRID, None).unwrap();
    assert_eq!(
        (&found[2]["spec"]["suspend"], &found[2]["metadata"]["name"]),
        (&json!(true), &json!("first-gather"))
    );
    let args = &found[2]["spec"]["template"]["spec"]["containers"][0]["args"];
    assert_eq!(args[4], "--gather");
}

#[test]
fn a_queue_holds_a_job_until_it_is_admitted() {
    let label = "kueue.x-k8s.io/queue-name";
    let (without, with) = (documents(GRID, None).unwrap(), documents(GRID, Some("team-a")).unwrap());
    assert_eq!(
        (&with[1]["metadata"]["labels"][label], &with[1]["spec"]["suspend"]),
        (&json!("team-a"), &json!(true))
    );
    assert!(
        without[1]["metadata"]["labels"].get(label).is_none() && without[1]["spec"].get("suspend").is_none()
    );
    let job = mpi::document(&options(Some("team-a")), 2, &[]);
    assert_eq!(
        (&job["metadata"]["labels"][label], &job["spec"]["runPolicy"]["suspend"]),
        (&json!("team-a"), &json!(true))
    );
}

#[test]
fn trials_that_wait_for_each_other_or_for_files_are_refused() {
    let halving = "[sweep]\nkind = \"halving\"\ntrials = 4\nmin_budget = 1\nmax_budget = 4\n[space]\nseed = { integer = [1, 5] }\n";
    let told = documents(halving, None).unwrap_err();
    assert!(told.starts_with("a halving sweep cannot be split: "), "{told}");
    assert!(told.ends_with("run it as one process, or write kind = \"random\""), "{told}");
    let told = documents(&(GRID.to_owned() + "[fixed]\ntopology = \"shop.json\"\n"), None).unwrap_err();
    assert!(told.contains("shop.json, which trial 0 needs; put it on the claim"), "{told}");
    documents(&(GRID.to_owned() + "[fixed]\ntopology = \"/data/shop.json\"\n"), None).unwrap();
}

#[test]
fn an_mpi_job_starts_one_process_on_each_worker() {
    let arguments = ["--budget", "40"].map(str::to_owned);
    let job = mpi::document(&options(None), 4, &arguments);
    let replicas = &job["spec"]["mpiReplicaSpecs"];
    assert_eq!((&replicas["Launcher"]["replicas"], &replicas["Worker"]["replicas"]), (&json!(1), &json!(4)));
    let launcher = &replicas["Launcher"]["template"]["spec"]["containers"][0];
    assert_eq!(launcher["command"], json!(["mpirun"]));
    let args = launcher["args"].as_array().unwrap();
    assert_eq!(
        (&args[1], &args[args.len() - 1], &job["spec"]["slotsPerWorker"]),
        (&json!("4"), &json!("40"), &json!(1))
    );
    let retries = |arguments: [&str; 2]| {
        let job = mpi::document(&options(None), 4, &arguments.map(str::to_owned));
        job["spec"]["runPolicy"]["backoffLimit"].clone()
    };
    assert_eq!(retries(["--out", "/data/run"]), json!(0), "a second try would be refused");
    assert_eq!(retries(["--resume", "/data/run"]), json!(3));
}

#[test]
fn names_and_quantities_that_a_cluster_refuses_are_refused_here() {
    check(&options(Some("team-a"))).unwrap();
    let refused = |change: &dyn Fn(&mut PodOptions)| {
        let mut options = options(None);
        change(&mut options);
        check(&options).unwrap_err().to_string()
    };
    assert!(refused(&|options| options.name = "First".to_owned()).starts_with("--name is \"First\""));
    assert!(refused(&|options| options.kueue = Some("a b".to_owned())).starts_with("--kueue is "));
    assert!(refused(&|options| options.cpu = "two".to_owned()).starts_with("--cpu is "));
    assert!(refused(&|options| options.image = String::new()).starts_with("--image is "));
}

/// The paper's suite has a pod for each job, and each pod has the organisation of the lone agents beside the suite, wherever
/// the manifest is printed.
#[cfg(feature = "lab")]
#[test]
fn a_suite_is_a_job_with_all_that_lies_beside_it() {
    let args =
        |file: &str| super::cli::SuiteJobsArgs { file: file.into(), parallelism: 4, pod: options(None) };
    let found = super::suite_manifest(&args("../../suites/paper.toml")).unwrap();
    for told in [
        "suite.toml: |",
        "one.xml: |",
        "one.guides.yaml: |",
        "completions: 61",
        "parallelism: 4",
        "- karma-lab",
    ] {
        assert!(found.contains(told), "{told} is missing");
    }
    assert!(found.contains("- \"--job\"\n        - \"$(JOB_COMPLETION_INDEX)\"\n"), "{found}");
    let full = super::suite_manifest(&args("../../suites/full.toml")).unwrap();
    for told in ["paper.toml: |", "ablation.toml: |", "scale.toml: |", "roles-only.xml: |", "one.xml: |"] {
        assert!(full.contains(told), "{told} is missing");
    }
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("suite.toml");
    let main = directory.path().join("main.toml");
    let own = "[[arenas]]\nname = \"main\"\n[[rules]]\nname = \"s\"\nrule = { kind = \"static\" }\n";
    std::fs::write(&file, format!("about = \"included\"\n{own}")).unwrap();
    std::fs::write(&main, "about = \"it\"\nincludes = [\"suite.toml\"]\n").unwrap();
    let told = super::suite_manifest(&args(main.to_str().unwrap())).unwrap_err().to_string();
    assert!(told.contains("suite.toml: a pod has the suite itself under this name"), "{told}");
    let organization = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../suites/one.xml");
    let text = format!(
        "about = \"it\"\n[fixed]\norganization = {organization:?}\n[[arenas]]\nname = \"main\"\n[[teams]]\nname = \"t\"\nseeds = 1\n"
    );
    std::fs::write(&file, text).unwrap();
    let told = super::suite_manifest(&args(file.to_str().unwrap())).unwrap_err().to_string();
    assert!(told.starts_with("a pod does not have ") && told.contains("put it beside"), "{told}");
}
