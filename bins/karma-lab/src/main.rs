//! The test bed: a Kubernetes cluster, mock services, load and chaos.

use std::process::ExitCode;

fn main() -> ExitCode {
    karma::karma_lab(std::env::args_os())
}
