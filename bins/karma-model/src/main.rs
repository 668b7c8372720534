//! Model a cluster: collect its traces, look at them, and learn a digital twin.

use std::process::ExitCode;

fn main() -> ExitCode {
    karma::karma_model(std::env::args_os())
}
