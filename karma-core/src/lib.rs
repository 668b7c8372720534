//! The vocabulary of KARMA and the seams where its crates meet.
//!
//! | you look for | open |
//! |---|---|
//! | services, connections, nodes, and how to read them | [`topology`] |
//! | what is measured, and what is missing | [`Metric`], [`MetricRow`], [`Snapshot`] |
//! | the stochastic game: state, actions, reward | [`State`], [`DefenderAction`], [`AttackerAction`], [`OperationalResilience`] |
//! | what an organisation asks of a team: masks, hardness, shaping | [`guide`] |
//! | the traits that the other crates implement | [`Environment`], [`Autoscaler`], [`Policy`] and the rest of [`seams`] |
//! | a shield between whoever decides and a cluster | [`Safeguard`] |
//! | one who improves what is asked for before the shield | [`Adviser`] |
//! | what a team is shown after a step, in a cluster or in its twin | [`TeamView`] |
//! | success, latency, pending, recovery, availability, cost | [`resilience`] |
//! | one root seed, many named streams, and draws from them | [`SeedTree`], [`draw`] |
//! | jobs on a few threads, with results in order | [`parallel`] |
//! | checks that every implementor of a seam passes | [`testing`] |
//!
//! This crate does no I/O (readers take `impl Read`), reads no clock, and knows neither tensors nor Kubernetes.

pub mod action;
mod adviser;
mod digest;
pub mod draw;
mod foresight;
pub mod guide;
mod ids;
mod json;
mod memory;
pub mod metric;
pub mod parallel;
mod quantity;
mod random;
pub mod resilience;
mod reward;
mod safeguard;
pub mod seams;
mod snapshot;
mod state;
pub mod team;
pub mod testing;
pub mod topology;
mod units;
mod view;

pub use action::{
    Action, ActionError, ActionMask, ActionSpace, AttackerAction, DefenderAction, JointAction, NetChange,
    net_change,
};
pub use adviser::{Advised, Adviser, AdviserFactory};
pub use digest::Digest;
pub use foresight::Foresight;
pub use guide::{
    Bound, Conduct, Guidance, Guide, GuideFactory, Guided, Hardness, HardnessError, RunningGuide,
};
pub use ids::{AgentId, EntryPointId, Id, IdVec, PerAgent, PerEntryPoint, PerService, ServiceId};
pub use memory::Memory;
pub use metric::{Absence, Metric, MetricRow};
pub use quantity::quantity;
pub use random::{SeedTree, StreamRng};
pub use resilience::{EpisodeReport, ResilienceMeter};
pub use reward::{OperationalResilience, ResilienceWeights, RewardParams};
pub use safeguard::{Interventions, Reviewed, RunningSafeguard, Safeguard, SafeguardFactory, Safeguarded};
pub use seams::{
    AgentSpec, Autoscaler, Environment, EnvironmentSpec, Observer, Policy, Prediction, RewardFunction,
    Source, Step, Team, TrajectorySink, TransitionModel,
};
pub use snapshot::{
    Decision, EntryPointSnapshot, NodeSnapshot, PodPhase, PodSample, PodSnapshot, ServiceSnapshot, Snapshot,
    Target,
};
pub use state::{History, Observation, State, Trajectory, Transition};
pub use team::{DefenderTeam, Role};
pub use topology::{Topology, TopologyError};
pub use units::{Mebibytes, Millicores, Replicas, RequestsPerSecond, Seconds};
pub use view::TeamView;
