//! Runs z3 on an [`Obligation`].

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::read::read;
use super::{ModelError, Obligation};

/// What z3 confirmed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Proved {
    /// Claims whose contrary is impossible.
    pub claims: usize,
    /// Assumptions that are possible.
    pub assumptions: usize,
}

/// Why something was not proved.
#[derive(Debug, thiserror::Error)]
pub enum SmtError {
    /// There is no z3.
    #[error("no SMT solver at {}; `apt-get install z3` or `pip install z3-solver` brings one", .0.display())]
    Missing(PathBuf),
    /// It could not be run.
    #[error("{} could not be run", .0.display())]
    Run(PathBuf, #[source] io::Error),
    /// The obligation's own text is malformed.
    #[error(transparent)]
    Text(#[from] ModelError),
    /// It answered something else than was expected.
    #[error("{file}, line {line}: {expected} expected, the solver says {answer}")]
    Answer {
        /// The file.
        file: &'static str,
        /// The line of the question.
        line: u32,
        /// `sat` or `unsat`.
        expected: String,
        /// What it said: `sat`, `unsat`, `unknown`, `timeout` or an error.
        answer: String,
    },
}

/// Proves an obligation with the solver `z3`, a path or a name to look for on `PATH`, within `timeout`, rounded up to
/// seconds.
///
/// # Errors
/// If there is no solver, or it does not confirm every line.
pub fn prove(obligation: &Obligation, z3: &Path, timeout: Duration) -> Result<Proved, SmtError> {
    let questions = questions(obligation)?;
    let said = ask(z3, &problem(obligation), timeout).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => SmtError::Missing(z3.to_owned()),
        _ => SmtError::Run(z3.to_owned(), error),
    })?;
    let mut answers = said.lines().map(str::trim).filter(|line| !line.is_empty());
    let mut proved = Proved::default();
    for (line, expected) in questions {
        let answer = answers.next().unwrap_or("nothing");
        if answer != expected {
            let answer = answer.to_owned();
            return Err(SmtError::Answer {
                file: obligation.file,
                line,
                expected: expected.to_owned(),
                answer,
            });
        }
        *(if expected == "unsat" { &mut proved.claims } else { &mut proved.assumptions }) += 1;
    }
    match (answers.next(), obligation.text.lines().count()) {
        (None, _) => Ok(proved),
        (Some(answer), lines) => Err(SmtError::Answer {
            file: obligation.file,
            line: u32::try_from(lines).unwrap_or(u32::MAX),
            expected: "the end".to_owned(),
            answer: answer.to_owned(),
        }),
    }
}

/// All that the solver reads.
fn problem(obligation: &Obligation) -> String {
    let files = obligation.model.iter().map(|(_, text)| *text).chain([obligation.text]);
    files.collect::<Vec<_>>().join("\n")
}

/// The lines of `check-sat`, each with the answer that the `set-info :status` before it expects.
fn questions(obligation: &Obligation) -> Result<Vec<(u32, &'static str)>, ModelError> {
    let (mut questions, mut expected) = (Vec::new(), "unsat");
    for command in read(obligation.file, obligation.text)? {
        match command.command() {
            Some(("set-info", [name, status])) if name.atom() == Some(":status") => {
                expected = if status.atom() == Some("sat") { "sat" } else { "unsat" };
            }
            Some(("check-sat", _)) => questions.push((command.line(), expected)),
            _ => {}
        }
    }
    Ok(questions)
}

fn ask(z3: &Path, problem: &str, timeout: Duration) -> io::Result<String> {
    let seconds = timeout.as_secs() + u64::from(timeout.subsec_nanos() > 0);
    let mut solver = Command::new(z3)
        .args(["-in", "-smt2", &format!("-T:{}", seconds.max(1))])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    if let Some(mut input) = solver.stdin.take() {
        // Its answers are few and short: it never waits for us to read them. One that ends before it has read all says
        // less than expected, and that is told.
        match input.write_all(problem.as_bytes()) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => return Err(error),
            _ => {}
        }
    }
    Ok(String::from_utf8_lossy(&solver.wait_with_output()?.stdout).into_owned())
}
