//! The running organisation: the oracles of MOISE's own tests, and the laws that hold on every run.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "entity/organizations.rs"]
mod organizations;

#[path = "entity/football.rs"]
mod football;
#[path = "entity/goals.rs"]
mod goals;
#[path = "entity/laws.rs"]
mod laws;
#[path = "entity/norms.rs"]
mod norms;
#[path = "entity/reports.rs"]
mod reports;
#[path = "entity/restart.rs"]
mod restart;
#[path = "entity/subgroups.rs"]
mod subgroups;
#[path = "entity/whole_lives.rs"]
mod whole_lives;
#[path = "entity/writing_paper.rs"]
mod writing_paper;
