//! What the page shows, as plain data: nothing here is computed, nothing is drawn.
//!
//! Times are seconds since the end of the warm-up. What was not measured is `None` or an empty list, never 0.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::evaluation::Evaluation;
use crate::run_dir::MetricsLine;

/// Everything that one page tells of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct View {
    /// Title of the page.
    pub title: String,
    /// The configuration: names and values.
    pub facts: Vec<(String, String)>,
    /// What the figures rest on.
    pub honesty: Honesty,
    /// The comparison with the rule-based autoscalers.
    pub evaluation: Option<Evaluation>,
    /// The iterations of training.
    pub log: Vec<MetricsLine>,
    /// Recorded episodes, each as every policy played it.
    pub playback: Vec<Playback>,
    /// Roles found in the episodes.
    pub roles: Option<RolesView>,
    /// Which agent leads which.
    pub relations: Option<RelationsView>,
    /// Goals found in the episodes.
    pub goals: Vec<GoalView>,
    /// Rules distilled from the policies, one entry for each agent.
    pub rules: Vec<RulesView>,
    /// How well what was found fits the organisation.
    pub fit: Option<FitView>,
    /// Single decisions, explained.
    pub decisions: Vec<DecisionView>,
    /// How true the twin is that the team was trained in.
    pub fidelity: Option<FidelityView>,
    /// A sentence for a section: before its figures or, if it has none, why.
    pub notes: BTreeMap<Topic, String>,
}

/// A section of the page, in the order of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// The table of the policies.
    Comparison,
    /// The learning curve.
    Training,
    /// Recorded episodes.
    Playback,
    /// Single decisions.
    Decisions,
    /// Roles.
    Roles,
    /// Relations between agents.
    Relations,
    /// Goals.
    Goals,
    /// Distilled rules.
    Rules,
    /// Organisational fit.
    Fit,
    /// The twin.
    Fidelity,
}

/// What the figures of the page rest on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Honesty {
    /// What was measured, on how many seeds and episodes: one sentence each.
    pub measured: Vec<String>,
    /// What was not measured and must not be concluded.
    pub not_measured: Vec<String>,
}

/// One episode, as several policies played it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Playback {
    /// The scenario.
    pub scenario: String,
    /// The seed of the episode.
    pub seed: u64,
    /// Seconds between two decisions.
    pub period: f64,
    /// Legitimate requests of each second.
    pub legitimate: Vec<f64>,
    /// Malicious requests of each second.
    pub malicious: Vec<f64>,
    /// Start and end of the attack.
    pub attack: Option<(f64, f64)>,
    /// Crashes, lost nodes and other faults.
    pub faults: Vec<Span>,
    /// Names of the services, in the order of all lists below.
    pub services: Vec<String>,
    /// The policies, ours first.
    pub plays: Vec<Played>,
}

/// A time with a name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Span {
    /// Start in seconds.
    pub from: f64,
    /// End in seconds.
    pub to: f64,
    /// What it is, in two or three words.
    pub label: String,
}

/// The episode as one policy played it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Played {
    /// Name of the policy, as in the table of the comparison.
    pub row: String,
    /// Share of the legitimate requests answered, for each second.
    pub success: Vec<f64>,
    /// Its decisions by time.
    pub decisions: Vec<PlayedDecision>,
}

/// One decision and what was seen when it was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct PlayedDecision {
    /// Seconds.
    pub time: f64,
    /// Replicas asked for, by service.
    pub replicas: Vec<u32>,
    /// Requests that wait, by service; `None` where nothing was measured.
    pub queue: Vec<Option<f32>>,
    /// Latency in seconds, over all services.
    pub latency: Option<f32>,
    /// Why, by service; may be empty.
    pub reasons: Vec<String>,
}

/// Groups of episodes in which agents behaved alike.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RolesView {
    /// The groups.
    pub groups: Vec<RoleGroup>,
    /// The episodes in the plane of the two main components.
    pub embedding: Vec<Dot>,
    /// Share of the variance that this plane keeps.
    pub variance: f64,
    /// How the groups were joined.
    pub tree: Option<TreeView>,
    /// Mean silhouette by number of groups.
    pub silhouette: Vec<(usize, f64)>,
    /// Share of the episodes that belong to the main agent of their group.
    pub purity: Option<f64>,
    /// Mean adjusted Rand index between groupings of resampled episodes: 1 is always the same grouping.
    pub stability: Option<f64>,
}

/// One role.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RoleGroup {
    /// Its name.
    pub name: String,
    /// How many of its episodes are of which agent.
    pub agents: Vec<(String, usize)>,
    /// Share of each kind of action.
    pub profile: Vec<(String, f64)>,
    /// The longest sequence of actions that its episodes have in common.
    pub common: Vec<String>,
    /// Roles of the organisation that it extends.
    pub extends: Vec<String>,
}

/// An episode of an agent in the plane.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Dot {
    /// First component.
    pub x: f64,
    /// Second component.
    pub y: f64,
    /// Its place in [`RolesView::groups`].
    pub group: usize,
    /// The agent.
    pub agent: String,
    /// What it is, such as scenario and seed.
    pub label: String,
}

/// A tree of clusters: leaves, and merges from the nearest pair to the root.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct TreeView {
    /// Names of the leaves.
    pub leaves: Vec<String>,
    /// One fewer than leaves, by height.
    pub merges: Vec<MergeView>,
    /// Height of the cut that gave the groups.
    pub cut: f64,
    /// What height is, with its unit.
    pub measure: String,
}

/// Two clusters become one. With n leaves, clusters below n are leaves, and n + i is what merge i made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct MergeView {
    /// One cluster.
    pub left: usize,
    /// The other.
    pub right: usize,
    /// Distance between the two.
    pub height: f64,
    /// Leaves of the new cluster.
    pub size: usize,
}

/// Which agent follows which.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RelationsView {
    /// The agents, as they stand on the circle.
    pub agents: Vec<String>,
    /// One graph for each part of the episodes.
    pub windows: Vec<WindowView>,
}

/// The links in a part of the episodes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct WindowView {
    /// Which part, such as "under attack".
    pub label: String,
    /// The links that were found.
    pub links: Vec<LinkView>,
}

/// What one agent does tells something of what another does later.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LinkView {
    /// Place of the leading agent.
    pub from: usize,
    /// Place of the following agent.
    pub to: usize,
    /// What kind of relation it is.
    pub tie: Tie,
    /// Decisions between the two.
    pub lag: usize,
    /// Information in bits.
    pub bits: f64,
    /// Probability of that much if there were no relation.
    pub p: f64,
}

/// Kinds of relations, as in MOISE+.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Tie {
    /// One commands the other.
    Authority,
    /// They exchange messages.
    Communication,
    /// One may know of the other.
    Acquaintance,
}

/// A goal: states that good episodes reach and others do not.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct GoalView {
    /// Its name.
    pub name: String,
    /// The states in words.
    pub description: String,
    /// Share of the good episodes that reach it.
    pub support: f64,
    /// That share over the share among all episodes.
    pub lift: f64,
}

/// A policy as a few rules.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RulesView {
    /// The agent.
    pub agent: String,
    /// Share of the held-out decisions on which the rules agree with the policy.
    pub fidelity: f64,
    /// The same for always taking the most frequent action.
    pub baseline: f64,
    /// Decisions that were held out.
    pub held_out: usize,
    /// The rules, one line each.
    pub rules: Vec<String>,
}

/// How well what was found fits the organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FitView {
    /// The measures.
    pub rows: Vec<FitRow>,
}

/// One measure of fit.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FitRow {
    /// Its name.
    pub name: String,
    /// Its value with its interval, as shown.
    pub value: String,
    /// What it means.
    pub meaning: String,
}

/// One decision, explained.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct DecisionView {
    /// Seconds.
    pub time: f64,
    /// The scenario.
    pub scenario: String,
    /// Who decided.
    pub agent: String,
    /// What was done.
    pub action: String,
    /// The explanation in a sentence.
    pub sentence: String,
    /// What spoke for it (positive) and against it (negative).
    pub contributions: Vec<Contribution>,
    /// Which guide of the organisation allowed it.
    pub allowed_by: String,
    /// What the Kubernetes HPA would have done.
    pub hpa: String,
    /// What the shield changed, if it did.
    pub shield: Option<String>,
}

/// How much one thing that was seen moved the decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Contribution {
    /// What was seen, with its value.
    pub name: String,
    /// How far it moved the score of the action.
    pub weight: f64,
}

/// Errors of the twin.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FidelityView {
    /// One for each metric.
    pub rows: Vec<FidelityRow>,
}

/// The error of the twin in one metric.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct FidelityRow {
    /// The metric with its unit.
    pub metric: String,
    /// Error of one step ahead, as shown.
    pub one_step: String,
    /// Error of several steps ahead, as shown.
    pub several_steps: String,
}
