//! The program as a user meets it: whole runs, refusals, interruptions.

#[cfg(unix)]
mod interrupts;
mod organizations;
mod refusals;
mod runs;
mod shields;
mod sweeps;
mod workplace;
