//! What the command says and how it ends.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use assert_cmd::Command;

fn command() -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("karma-service"));
    command.env_remove("KARMA_SERVICE");
    command
}

fn complaint(command: &mut Command) -> String {
    String::from_utf8(command.assert().code(2).get_output().stderr.clone()).unwrap()
}

#[test]
fn bad_settings_end_with_two_and_name_every_finding() {
    let text =
        complaint(command().env("KARMA_SERVICE", r#"{"name": "a", "concurrency": 0, "throughput": 0}"#));
    assert!(text.contains("concurrency: 0") && text.contains("throughput: 0"), "{text}");
}

#[test]
fn text_that_is_not_json_missing_settings_and_unknown_arguments_are_refused() {
    assert!(complaint(command().env("KARMA_SERVICE", "{")).contains("KARMA_SERVICE"));
    assert!(complaint(&mut command()).contains("--config"));
    assert!(complaint(command().args(["burn", "NaN"])).contains("from 0 to 1024"));
    assert!(complaint(command().arg("--nothing")).contains("--nothing"));
    assert!(complaint(command().args(["--config", "no/such/file"])).contains("no/such/file"));
}

#[test]
fn help_has_examples_and_the_version_is_told() {
    let help = command().arg("--help").assert().success().get_output().stdout.clone();
    assert!(String::from_utf8(help).unwrap().contains("curl"));
    command().arg("--version").assert().success();
}
