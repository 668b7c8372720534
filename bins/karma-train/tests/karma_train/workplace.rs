//! A workplace with a tiny configuration, and the program in it.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use tempfile::TempDir;

/// Two episodes of 90 s side by side, and one seed to evaluate.
const TINY: &str = r#"
workload = "constant"
budget = 1

[[scenarios]]
name = "short"
episode = { warm_up = 5, measured = 90, calm_before = 10, calm_after = 40 }
disturbances = [{ failures = { duration = [20, 30], shares = [0.5] } }]

[learner]
num_envs = 2
hidden = [8]

[evaluation]
seeds = 2
resamples = 100
"#;

/// A directory of its own with `tiny.toml` in it.
pub(crate) struct Workplace(TempDir);

impl Workplace {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        fs::write(directory.path().join("tiny.toml"), TINY).expect("a file is written");
        Self(directory)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).expect("a file is written");
    }

    /// The program, in this directory.
    pub(crate) fn karma_train(&self, arguments: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("karma-train"));
        command.current_dir(&self.0).args(arguments.split_whitespace());
        command
    }

    /// A run with the tiny configuration that must succeed.
    pub(crate) fn run(&self, arguments: &str) {
        self.karma_train(&format!("--config tiny.toml --quiet {arguments}")).assert().success();
    }

    /// What the program says when it refuses, on the standard error.
    pub(crate) fn refused(&self, arguments: &str) -> String {
        let assert = self.karma_train(arguments).assert().failure().code(2);
        let output = assert.get_output();
        assert!(output.stdout.is_empty(), "an error leaves the standard output empty");
        String::from_utf8(output.stderr.clone()).expect("errors are text")
    }
}
