//! A workplace with a tiny configuration, and the program in it.

use std::fs;
use std::path::PathBuf;

use assert_cmd::Command;
use tempfile::TempDir;

/// Episodes of six decisions.
const TINY: &str = r#"
workload = "constant"

[[scenarios]]
name = "short"
episode = { warm_up = 5, measured = 90, calm_before = 10, calm_after = 40 }
disturbances = [{ failures = { duration = [20, 30], shares = [0.5] } }]
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

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).expect("a file is written");
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("karma-model"));
        command.current_dir(&self.0).args(arguments.split_whitespace());
        command
    }

    /// What the program prints when it succeeds.
    pub(crate) fn done(&self, arguments: &str) -> String {
        let assert = self.command(arguments).assert().success();
        String::from_utf8(assert.get_output().stdout.clone()).expect("results are text")
    }

    /// A collection of so many tiny episodes.
    pub(crate) fn collect(&self, database: &str, episodes: usize) -> String {
        self.done(&format!("collect --config tiny.toml --quiet --out {database} --episodes {episodes}"))
    }

    /// What the program says when it ends with this code, on the standard error.
    pub(crate) fn refused(&self, arguments: &str, code: i32) -> String {
        let assert = self.command(arguments).assert().code(code);
        let output = assert.get_output();
        assert!(output.stdout.is_empty(), "an error leaves the standard output empty");
        String::from_utf8(output.stderr.clone()).expect("errors are text")
    }
}
