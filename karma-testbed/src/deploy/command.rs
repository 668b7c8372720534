//! Commands as values: planned first, run later.

use std::fmt;
use std::path::PathBuf;
use std::process::Stdio;

use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// A program with its arguments, and what it reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// Name or path.
    pub program: PathBuf,
    /// Arguments; no shell sees them.
    pub arguments: Vec<String>,
    /// Variables besides those of this process.
    pub variables: Vec<(String, String)>,
    /// What it reads on its standard input.
    pub input: String,
}

impl CommandLine {
    /// `program` with `arguments`, reading nothing.
    pub fn new(program: impl Into<PathBuf>, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { program: program.into(), arguments, ..Self::default() }
    }
}

impl fmt::Display for CommandLine {
    /// As one would type it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.variables.iter().try_for_each(|(name, value)| write!(f, "{name}={value} "))?;
        write!(f, "{}", self.program.display())?;
        self.arguments.iter().try_for_each(|argument| write!(f, " {argument}"))
    }
}

/// Why a command did not do its work.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// It did not start, or its output could not be read.
    #[error("`{command}` could not be run")]
    Start {
        /// The command.
        command: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It ended with an error.
    #[error("`{command}` failed ({status}): {}", last_lines(output))]
    Failed {
        /// The command.
        command: String,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said on its standard error.
        output: String,
    },
}

/// The last five lines: the first are what went well.
fn last_lines(output: &str) -> String {
    let lines: Vec<&str> = output.trim().lines().collect();
    lines[lines.len().saturating_sub(5)..].join("\n")
}

/// Runs a command to its end and gives what it wrote on its standard output.
///
/// The process is killed when the future is dropped.
///
/// # Errors
/// If it cannot be started or fails.
pub async fn run(command: &CommandLine) -> Result<String, CommandError> {
    let failed = |source| CommandError::Start { command: command.to_string(), source };
    let mut child = Command::new(&command.program)
        .args(&command.arguments)
        .envs(command.variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let input = child.stdin.take();
    let write = async {
        if let Some(mut pipe) = input {
            // A program that does not read to the end says in its own words what it misses.
            let _ = pipe.write_all(command.input.as_bytes()).await;
        }
    };
    let ((), output) = tokio::join!(write, child.wait_with_output());
    let output = output.map_err(failed)?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(CommandError::Failed { command: command.to_string(), status: output.status, output: said })
}

/// Runs commands one after the other and stops at the first that fails; `begins` hears of each.
///
/// # Errors
/// That of the first command that fails.
pub async fn run_all(
    commands: &[CommandLine],
    mut begins: impl FnMut(&CommandLine),
) -> Result<(), CommandError> {
    for command in commands {
        begins(command);
        run(command).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_command_reads_its_input_and_gives_its_output() {
        let command = CommandLine { input: "hello".to_owned(), ..CommandLine::new("cat", &[]) };
        assert_eq!(run(&command).await.unwrap(), "hello");
    }

    #[tokio::test]
    async fn a_command_that_fails_says_why() {
        let error = run(&CommandLine::new("sh", &["-c", "echo no >&2; exit 3"])).await.unwrap_err();
        assert_eq!(error.to_string(), "`sh -c echo no >&2; exit 3` failed (exit status: 3): no");
        let error = run(&CommandLine::new("/nowhere/to/be/found", &[])).await.unwrap_err();
        assert!(matches!(error, CommandError::Start { .. }));
    }

    #[tokio::test]
    async fn input_that_nobody_reads_is_no_error() {
        let command = CommandLine { input: "x".repeat(1 << 20), ..CommandLine::new("true", &[]) };
        assert_eq!(run(&command).await.unwrap(), "");
    }

    #[tokio::test]
    async fn nothing_runs_after_a_failure() {
        let mut begun = Vec::new();
        let commands = ["true", "false", "true"].map(|program| CommandLine::new(program, &[]));
        run_all(&commands, |command| begun.push(command.to_string())).await.unwrap_err();
        assert_eq!(begun, ["true", "false"]);
    }
}
