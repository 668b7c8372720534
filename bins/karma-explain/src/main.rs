//! Explain what a trained team does: roles, goals, relations, rules, decisions; as one page and as an organisation.

use std::process::ExitCode;

fn main() -> ExitCode {
    karma::karma_explain(std::env::args_os())
}
