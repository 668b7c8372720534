//! Environments that step together.

use karma_core::{Action, JointAction, Step, Team};
use karma_nn::{Inference, MaskedCategorical, Mlp, NetworkError};

use super::slot::{Played, Slot};
use crate::buffer::{AgentRows, EnvironmentRows};
use crate::error::RolloutError;
use crate::policy::action;

/// An environment in a group, with its rows of the buffer and where it is.
struct Member<'a> {
    slot: &'a mut Slot,
    rows: EnvironmentRows<'a>,
    step: Step,
    joint: JointAction,
    /// Whether an episode begins in the present row.
    begins: bool,
    /// The return of the present episode so far.
    so_far: f64,
    played: Played,
}

/// Environments that step together, and the memory that their steps share.
pub(super) struct Group<'a> {
    members: Vec<Member<'a>>,
    inference: Inference,
    head: MaskedCategorical,
    /// Inputs of one network, a row for each agent of each member that it plays, and what it says.
    inputs: Vec<f32>,
    logits: Vec<f32>,
    /// By network: what it remembers of each of its rows; nothing if it is not recurrent.
    states: Vec<Vec<f32>>,
}

impl<'a> Group<'a> {
    pub(super) fn new(members: impl Iterator<Item = (&'a mut Slot, EnvironmentRows<'a>)>) -> Self {
        let member = |(slot, rows): (_, EnvironmentRows<'a>)| Member {
            slot,
            joint: JointAction::filled(Action(0), rows.agents.len()),
            rows,
            step: Step::default(),
            begins: true,
            so_far: 0.0,
            played: Played::default(),
        };
        Self {
            members: members.map(member).collect(),
            inference: Inference::default(),
            head: MaskedCategorical::default(),
            inputs: Vec::new(),
            logits: Vec::new(),
            states: Vec::new(),
        }
    }

    /// Plays one step for each row.
    pub(super) fn play(mut self, actors: &[&Mlp]) -> Result<Played, RolloutError> {
        let length = self.members.first().map_or(0, |member| member.rows.len());
        for member in &mut self.members {
            member.slot.begin(&mut member.step)?;
        }
        self.states.resize(actors.len(), Vec::new());
        for t in 0..length {
            for member in &mut self.members {
                member.see(t);
            }
            for (network, actor) in actors.iter().enumerate() {
                self.decide(t, network, actor)?;
            }
            for member in &mut self.members {
                member.advance(t)?;
            }
        }
        Ok(self.members.into_iter().fold(Played::default(), |all, member| all.append(member.played)))
    }

    /// Draws the actions of row `t` of all agents that network `network` plays.
    fn decide(&mut self, t: usize, network: usize, actor: &Mlp) -> Result<(), RolloutError> {
        self.inputs.clear();
        for member in &self.members {
            for agent in member.rows.agents.iter().filter(|agent| agent.seat.network == network) {
                let width = agent.seat.inputs();
                self.inputs.extend_from_slice(&agent.inputs[t * width..][..width]);
            }
        }
        let params = actor.config().params();
        let rows = self.inputs.len() / params.input.max(1);
        self.logits.resize(rows * params.output, 0.0);
        self.recall(t, network, (rows, actor.memory()));
        let Some(first) = self.members.first() else { return Ok(()) };
        let named = |source| first.slot.unusable(source);
        let states = &mut self.states[network];
        self.inference.step(actor, &self.inputs, states, &mut self.logits).map_err(named)?;
        let mut logits = self.logits.chunks_exact(params.output);
        for member in &mut self.members {
            member.draw((t, network), &mut logits, &mut self.head)?;
        }
        Ok(())
    }

    /// Forgets what network `network` remembers of members whose episode begins in row `t`, and writes down the rest
    /// where a sequence begins.
    fn recall(&mut self, t: usize, network: usize, (rows, memory): (usize, usize)) {
        if memory == 0 {
            return;
        }
        self.states[network].resize(rows * memory, 0.0);
        let mut states = self.states[network].chunks_exact_mut(memory);
        for EnvironmentRows { chunk, begins, agents, .. } in self.members.iter_mut().map(|m| &mut m.rows) {
            let players = agents.iter_mut().filter(|agent| agent.seat.network == network);
            for (agent, state) in players.zip(&mut states) {
                if begins[t] {
                    state.fill(0.0);
                }
                if t.is_multiple_of(*chunk) {
                    agent.states[t / *chunk * memory..][..memory].copy_from_slice(state);
                }
            }
        }
    }
}

impl Member<'_> {
    /// Writes what is seen into row `t`.
    fn see(&mut self, t: usize) {
        let (step, rows) = (&self.step, &mut self.rows);
        rows.begins[t] = std::mem::take(&mut self.begins);
        rows.globals[t * step.global.len()..][..step.global.len()].copy_from_slice(&step.global);
        let seen = step.observations.iter().zip(&step.masks).zip(step.rewards.ids());
        for (agent, ((observation, mask), id)) in rows.agents.iter_mut().zip(seen) {
            agent.see(t, &observation.0, mask.as_slice(), step.is_alive(id));
            agent.hear(t, step.advised(id));
        }
    }

    /// Draws the actions of row `t` of the agents that a network plays, of whose logits the next rows are theirs.
    fn draw<'l>(
        &mut self,
        (t, network): (usize, usize),
        logits: &mut impl Iterator<Item = &'l [f32]>,
        head: &mut MaskedCategorical,
    ) -> Result<(), RolloutError> {
        let rng = &mut self.slot.state.actions;
        let mut drawn: Result<(), NetworkError> = Ok(());
        for (agent, chosen) in self.rows.agents.iter_mut().zip(&mut self.joint) {
            if agent.seat.network == network && drawn.is_ok() {
                let actions = agent.seat.actions();
                let logits = logits.next().unwrap_or_default();
                drawn = head.renew(logits, &agent.masks[t * actions..][..actions]);
                if drawn.is_ok() {
                    agent.actions[t] = head.sample(rng);
                    agent.log_probs[t] = head.log_probs()[agent.actions[t]];
                    *chosen = action(agent.actions[t]);
                }
            }
        }
        drawn.map_err(|source| self.slot.unusable(source))
    }

    /// Plays the joint action of row `t`, writes what followed, and begins the next episode where one ended.
    fn advance(&mut self, t: usize) -> Result<(), RolloutError> {
        self.slot.advance(&self.joint, &mut self.step)?;
        let (each, last_row) = (self.rows.each(t), t + 1 == self.rows.len());
        self.rows.rewards[each].copy_from_slice(self.step.rewards.as_slice());
        self.rows.close(t, &self.step, &mut self.played);
        self.so_far += team_reward(&self.rows, &self.step);
        self.played.count(&self.step);
        if self.step.is_last() {
            self.played.returns.push(std::mem::take(&mut self.so_far));
            if !last_row {
                self.begins = true;
                self.slot.begin(&mut self.step)?;
            }
        }
        Ok(())
    }
}

/// The mean of the defenders' rewards, which is what is reported; each agent learns from its own. Where all earn the
/// same, it is that. In a game without defenders it is the mean over all.
fn team_reward(rows: &EnvironmentRows<'_>, step: &Step) -> f64 {
    let defends = |agent: &AgentRows<'_>| agent.seat.team == Team::Defender;
    let all = !rows.agents.iter().any(defends);
    let side = rows.agents.iter().zip(&step.rewards).filter(|(agent, _)| all || defends(agent));
    let (sum, n) = side.fold((0.0, 0), |(sum, n), (_, reward)| (sum + f64::from(*reward), n + 1));
    sum / f64::from(n)
}
