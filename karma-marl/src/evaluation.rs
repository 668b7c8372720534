//! Playing trained policies without learning.

use karma_core::{
    ActionError, AgentId, Environment, Id as _, JointAction, Memory, PerAgent, Policy, SeedTree, Team,
};

/// The team's return, not discounted, in one episode for each seed: what tables are made of, together with
/// [`stats`](crate::stats). It is the mean over agents of the rewards that the environment gives them; what it
/// adds for learning only (shaping) is counted too, so tables are made in an environment that adds nothing.
///
/// The seed decides the episode and, through the stream `evaluation` of its own tree, what sampled policies
/// draw: the return of a seed does not depend on which other seeds are asked for. Evaluation seeds are to
/// be disjoint from training seeds.
///
/// # Errors
/// If the environment refuses a joint action, for instance because there is not one policy for each agent.
pub fn episodic_returns<P: Policy>(
    environment: &mut dyn Environment,
    policies: &PerAgent<P>,
    seeds: impl IntoIterator<Item = u64>,
) -> Result<Vec<f64>, ActionError> {
    let all: Vec<AgentId> = environment.spec().agents.ids().collect();
    seeds.into_iter().map(|seed| episodic_return(environment, policies, seed, &all)).collect()
}

/// [`episodic_returns`] of one side: the mean over its agents.
pub(crate) fn returns_of<P: Policy>(
    environment: &mut dyn Environment,
    policies: &PerAgent<P>,
    seeds: &[u64],
    team: Team,
) -> Result<Vec<f64>, ActionError> {
    let agents = environment.spec().agents.iter_enumerated();
    let side: Vec<AgentId> = agents.filter(|(_, agent)| agent.team == team).map(|(id, _)| id).collect();
    seeds.iter().map(|seed| episodic_return(environment, policies, *seed, &side)).collect()
}

fn episodic_return<P: Policy>(
    environment: &mut dyn Environment,
    policies: &PerAgent<P>,
    seed: u64,
    counted: &[AgentId],
) -> Result<f64, ActionError> {
    let mut rng = SeedTree::new(seed).child("evaluation").rng();
    let mut step = environment.reset(seed);
    let mut memories = policies.map(|_| Memory::default());
    let mut total = 0.0;
    while !step.is_last() {
        let seen = step.observations.iter().zip(&step.masks);
        let agents = policies.iter().zip(&mut memories).zip(seen);
        let joint: JointAction = agents
            .map(|((policy, memory), (observation, mask))| policy.act_on(memory, observation, mask, &mut rng))
            .collect();
        environment.step_into(&joint, &mut step)?;
        let rewards = step.rewards.as_slice();
        let counted_rewards = counted.iter().map(|agent| f64::from(rewards[agent.index()]));
        total += counted_rewards.sum::<f64>() / counted.len() as f64;
    }
    Ok(total)
}
