//! Input that is wrong gives one clear error each: place, value, what is allowed.

use crate::workplace::Workplace;

/// What is said about a configuration file with this content.
fn refused(content: impl AsRef<[u8]>) -> String {
    let here = Workplace::new();
    here.write("bad.toml", content);
    let text = here.refused("--config bad.toml --out run");
    assert!(!here.path("run").exists(), "nothing is begun with a wrong configuration");
    text
}

#[test]
fn values_out_of_range_are_told_with_line_and_column() {
    assert_eq!(
        refused("seed = 1\n[learner]\ngamma = 1.5\n"),
        "error: bad.toml:3:9: learner.gamma is 1.5; allowed: 0 to below 1\n"
    );
    assert_eq!(refused("alpha = 0\n"), "error: bad.toml:1:9: alpha is 0; allowed: 1 to 100\n");
    assert_eq!(
        refused("simulation.scrape_loss = 2.0\n"),
        "error: bad.toml:1:26: simulation.scrape_loss: 2 is not allowed; expected a number from 0 to 1\n"
    );
    assert_eq!(
        refused("evaluation = { confidence = 1.0 }\n"),
        "error: bad.toml:1:29: evaluation.confidence is 1; allowed: above 0 and below 1\n"
    );
}

#[test]
fn names_that_are_not_known_are_answered_with_the_nearest() {
    assert_eq!(
        refused("scenarios = [\"ddos\", \"bottlneck\"]\n"),
        "error: bad.toml:1:22: unknown scenario \"bottlneck\" (did you mean \"bottleneck\"?); known: bottleneck, ddos, failures, \
         contention, mixed, cascade, nominal, bottleneck:PERCENT, ddos:TIMES, failures:PERCENT, contention:PERCENT\n"
    );
    let here = Workplace::new();
    assert_eq!(
        here.refused("--topology chian4"),
        "error: --topology: unknown topology \"chian4\" (did you mean \"chain4\"?); known: chain4, diamond, online-boutique, chain:N, \
         tree:N:BRANCHING, mesh:N:SEED\n"
    );
    assert!(
        here.refused("--scenario ddos:many")
            .starts_with("error: --scenario: ddos: \"many\" is not allowed; expected a number")
    );
    assert!(
        here.refused("--workload worldcup")
            .starts_with("error: --workload: unknown workload \"worldcup\" (did you mean")
    );
}

#[test]
fn settings_that_contradict_each_other_are_told() {
    assert_eq!(
        refused("[learner]\nrollout_length = 41\n"),
        "error: bad.toml:2:18: learner.rollout_length is 41; allowed: a multiple of 40, the decisions of the longest episode\n"
    );
    assert_eq!(
        refused("learner.recurrent = true\n"),
        "error: bad.toml:1:21: learner.recurrent is true; allowed: false, or observation = \"whole\"\n"
    );
    assert_eq!(
        refused("learner.parameter_sharing = true\n"),
        "error: bad.toml:1:29: learner.parameter_sharing is true; allowed: false, or with agent_identity = false, or \
         observation = \"whole\"\n"
    );
    assert_eq!(
        refused("learner.num_minibatches = 1000\nlearner.num_envs = 2\n"),
        "error: bad.toml:1:27: learner.num_minibatches is 1000; allowed: at most 80, the rows of an iteration\n"
    );
    let told = refused("learner = { num_envs = 4096, rollout_length = 4000000, num_minibatches = 1 }\n");
    let start =
        "error: bad.toml:1:24: learner.num_envs is 4096 with 4000000 decisions each; allowed: at most ";
    assert!(told.starts_with(start) && told.ends_with(" decisions in all, for memory\n"), "{told}");
    assert_eq!(
        refused("learner.hidden = [16384, 16384]\n"),
        "error: bad.toml:1:18: learner.hidden is [16384, 16384]; allowed: narrower or fewer layers, at most 134217728 weights in all\n"
    );
    assert_eq!(
        refused("scenarios = [\"ddos\", \"ddos\"]\n"),
        "error: bad.toml:1:22: the scenario \"ddos\" is given twice; allowed: each name once\n"
    );
    assert_eq!(
        refused("scenarios = []\n"),
        "error: bad.toml:1:13: scenarios is an empty list; allowed: at least one scenario\n"
    );
    let told = refused(
        "[[scenarios]]\nname = \"short\"\nepisode = { measured = 100 }\ndisturbances = [{ failures = {} }]\n",
    );
    assert!(told.starts_with("error: bad.toml:1:1: scenario \"short\": episode.measured: 100 s, of which 60 s and 120 s are calm,"), "{told}");
}

#[test]
fn files_that_are_no_configuration_are_told_in_one_sentence() {
    assert_eq!(refused("topology = \"cha"), "error: bad.toml:1:16: invalid basic string, expected `\"`\n");
    assert_eq!(
        refused(""),
        "error: bad.toml: the file is empty; write at least one setting, such as topology = \"chain4\"\n"
    );
    assert_eq!(
        refused(b"seed = 1\n\xff"),
        "error: bad.toml:2: not UTF-8 text; a configuration is a TOML document\n"
    );
    let huge = "# a comment that goes on and on\n".repeat(100_000);
    assert_eq!(
        refused(huge),
        "error: bad.toml: the file is larger than 1024 KiB, the most that is read of a configuration\n"
    );
    assert!(
        Workplace::new()
            .refused("--config missing.toml")
            .starts_with("error: missing.toml: the file cannot be read: ")
    );
}

#[test]
fn unknown_fields_are_answered_with_the_nearest() {
    let told = refused("budgett = \"3m\"\n");
    assert!(
        told.starts_with("error: bad.toml:1:1: unknown field `budgett`, expected one of `topology`"),
        "{told}"
    );
    assert!(told.ends_with("; did you mean `budget`?\n"), "{told}");
}

#[test]
fn topology_and_trace_files_are_told_with_their_path_and_place() {
    let here = Workplace::new();
    here.write("shop.json", r#"{ "services": { "a": { "cpu": 500, "rma": 256, "computation_throughput": 100 } }, "connections": [] }"#);
    assert_eq!(
        here.refused("--topology shop.json"),
        "error: --topology: shop.json: services.a: the field \"ram\" is missing; \"rma\" is not a field\n"
    );
    here.write("load.csv", "minute,requests\n0,100\n1,-5\n");
    assert_eq!(
        here.refused("--workload load.csv"),
        "error: --workload: load.csv: line 3: \"-5\" is not allowed as a value; expected a number from 0 to 1e12\n"
    );
    assert!(here.refused("--topology missing.json").starts_with("error: --topology: missing.json: "));
    here.write("conf.toml", "topology = \"shop.json\"\n");
    assert!(here.refused("--config conf.toml").starts_with("error: conf.toml:1:12: shop.json: services.a: "));
}

#[test]
fn flags_that_are_wrong_are_told_by_their_name() {
    let here = Workplace::new();
    assert!(
        here.refused("--budget soon")
            .contains("invalid value 'soon' for '--budget <BUDGET>': \"soon\" is no budget; write a time")
    );
    assert!(here.refused("--force").contains("--out <DIR>"));
    assert!(here.refused("--resume a --out b").contains("cannot be used with"));
    assert_eq!(here.refused("--threads 0"), "error: --threads: threads is 0; allowed: 1 to 1024\n");
    assert_eq!(
        here.refused("--seed 18446744073709551615"),
        "error: --seed: seed is 18446744073709551615; allowed: 0 to 9223372036854775807\n"
    );
}
