//! A trained team on a cluster: in the shadow of the HPA, as a canary, active.

use std::process::ExitCode;

fn main() -> ExitCode {
    karma::karma_transfer(std::env::args_os())
}
