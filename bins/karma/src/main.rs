//! The command `karma`.

use std::process::ExitCode;

fn main() -> ExitCode {
    karma::karma(std::env::args_os())
}
