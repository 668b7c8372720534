//! Train a team of agents in the simulated cluster and compare it with the rule-based autoscalers.

use std::process::ExitCode;

fn main() -> ExitCode {
    karma::karma_train(std::env::args_os())
}
