//! From a topology to what runs on a cluster: objects, manifests, an image, and its life.
//!
//! ```text
//! Topology + DeployParams ──check──▶ Plan ──▶ manifests: a Kustomize base
//!                            │         └────▶ live: up, status, down on any cluster
//!                            └──▶ Findings: every reason against it, at once
//! a static program ──▶ image: an OCI archive without Docker
//! ```
//!
//! Pure but for [`live`], which talks to an API server, and [`run`], which starts programs.

mod capacity;
mod check;
mod command;
mod finding;
pub mod image;
mod kind;
pub mod live;
mod manifests;
mod object;
mod params;
mod plan;
mod program;
mod quantity;
mod reference;

pub use capacity::Capacity;
pub use check::{MAX_SERVICES, check};
pub use command::{CommandError, CommandLine, run, run_all};
pub use finding::{Finding, Findings};
pub use kind::{CONTAINERS, KIND, KUBECTL, Kind, KindError, KindParams};
pub use manifests::{ManifestError, manifests};
pub use object::{MANAGED_BY, MANAGER, NAME, PART_OF, managed_selector};
pub use params::{
    CONTROLLER_IMAGE, DEFAULT_IMAGE, DeployParams, HpaParams, OverrideParams, ProbeParams, PullPolicy,
};
pub use plan::{Plan, Workload};
pub use program::{MissingProgram, MissingPrograms, Program, prerequisites};
pub use reference::{Reference, ReferenceError};
