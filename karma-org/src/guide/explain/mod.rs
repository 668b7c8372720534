//! Why an agent may do what it may: which rules fired, on what grounds, and what each allowed or removed.
//!
//! The answer is computed as a batch computes it; the grounds come from the interpreter of conditions, which reads
//! what was written. Not for a training loop: it allocates, and asks every condition of every service.

mod words;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use karma_core::{Action, AgentId, Hardness, Id as _, JointAction, PerAgent, ServiceId, State};

use super::GuideBatch;
use super::action_set::ActionSet;
use super::guides::{Guides, Rule};
use crate::condition::{self, Instance, Moment};

/// Why an agent may do what it may.
#[derive(Clone, Debug, PartialEq)]
pub struct Explanation {
    /// The agent.
    pub agent: String,
    /// The role that it plays.
    pub role: String,
    /// Probability with which its guide binds.
    pub hardness: Hardness,
    /// All its rules; those that are asked of each service, once for each.
    pub rules: Vec<RuleExplanation>,
    /// What is allowed, in phrases such as `scale API and Auth by +1..+3`.
    pub allowed: Vec<String>,
    /// What is not, and why.
    pub removed: Vec<Removal>,
    /// Whether the rules left nothing, so that the no-ops had to stay.
    pub is_empty: bool,
}

/// What a rule came to.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleExplanation {
    /// The rule.
    pub rule: String,
    /// The service that it was asked of, if it is asked of each.
    pub service: Option<String>,
    /// Whether it fired, and why.
    pub condition: condition::Explanation,
    /// What it allows when it fires.
    pub allows: Vec<String>,
    /// What it forbids when it fires.
    pub forbids: Vec<String>,
}

impl RuleExplanation {
    /// Whether it fired.
    pub fn fired(&self) -> bool {
        self.condition.holds()
    }
}

/// Actions that are outside of a guide, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Removal {
    /// The actions.
    pub actions: Vec<String>,
    /// Which rules forbid them, or that none allows them.
    pub because: String,
}

/// A rule asked of one service, or once, with what it says about actions.
struct Asked<'g> {
    rule: &'g Rule,
    allow: Option<&'g ActionSet>,
    forbid: Option<&'g ActionSet>,
    explained: RuleExplanation,
}

impl Guides {
    /// Explains what an agent may do after `states`, the last of which is the present, and `joints`, the joint
    /// actions taken between them. Joint actions that are not known may be left out: patterns then see no action.
    /// Nothing without a state.
    ///
    /// # Panics
    /// If there is no such agent.
    pub fn explain(
        self: &Arc<Self>,
        agent: AgentId,
        states: &[State],
        joints: &[JointAction],
    ) -> Option<Explanation> {
        let (first, rest) = states.split_first()?;
        let mut batch = GuideBatch::new(Arc::clone(self), 1);
        batch.begin(0, first);
        for (step, state) in rest.iter().enumerate() {
            batch.restrict();
            batch.advance(0, joints.get(step).unwrap_or(&PerAgent::default()), state);
        }
        let before = batch.empty_masks()[agent];
        batch.restrict();
        let past: Vec<&State> = states.iter().rev().collect();
        let asked = self.ask(agent, Moment { past: &past, matches: batch.matches() });
        Some(Explanation {
            agent: self.seats[agent].name.clone(),
            role: self.role_of(agent).to_owned(),
            hardness: batch.hardness(0, agent),
            allowed: self.phrases(batch.allowed(0, agent)),
            removed: self.removed(&batch, agent, &asked),
            rules: asked.into_iter().map(|asked| asked.explained).collect(),
            is_empty: batch.empty_masks()[agent] > before,
        })
    }

    /// Asks every rule of an agent.
    fn ask(&self, agent: AgentId, moment: Moment<'_>) -> Vec<Asked<'_>> {
        let vocabulary = self.vocabulary();
        let patterns_from = self.seats[agent].patterns_from;
        let mut asked = Vec::new();
        for rule in &self.role(agent).rules {
            let subjects = if rule.each { self.meanings.topology.services.len() } else { 1 };
            for index in 0..subjects {
                let subject = rule.each.then(|| ServiceId::from_index(index));
                let (allow, forbid) = (rule.allow.get(index), rule.forbid.get(index));
                let phrases =
                    |set: Option<&ActionSet>| set.map_or_else(Vec::new, |set| self.phrases(set.actions()));
                let explained = RuleExplanation {
                    rule: rule.name.clone(),
                    service: subject.map(|service| self.meanings.topology.services[service].name.clone()),
                    condition: rule.when.explain(&vocabulary, Instance { subject, patterns_from }, moment),
                    allows: phrases(allow),
                    forbids: phrases(forbid),
                };
                asked.push(Asked { rule, allow, forbid, explained });
            }
        }
        asked
    }

    /// Everything outside of a mask, gathered by the reason for it.
    fn removed(&self, batch: &GuideBatch, agent: AgentId, asked: &[Asked<'_>]) -> Vec<Removal> {
        let actions = (0u32..).take(self.space.len()).map(Action);
        let mut by_reason: BTreeMap<String, Vec<Action>> = BTreeMap::new();
        for action in actions.filter(|action| !batch.allows(0, agent, *action)) {
            by_reason.entry(reason(action, asked)).or_default().push(action);
        }
        let removal = |(because, actions): (String, Vec<Action>)| Removal {
            actions: self.phrases(actions.into_iter()),
            because,
        };
        by_reason.into_iter().map(removal).collect()
    }

    fn phrases(&self, actions: impl Iterator<Item = Action>) -> Vec<String> {
        words::phrases(actions, self.space, &self.meanings.topology)
    }
}

/// Why an action is not allowed.
fn reason(action: Action, asked: &[Asked<'_>]) -> String {
    let fired = || asked.iter().filter(|asked| asked.explained.fired());
    let has = |set: Option<&ActionSet>| set.is_some_and(|set| set.contains(action));
    let mut forbidding: Vec<_> =
        fired().filter(|asked| has(asked.forbid)).map(|asked| format!("{:?}", asked.rule.name)).collect();
    forbidding.dedup();
    if !forbidding.is_empty() {
        let verb = if forbidding.len() == 1 { "forbids" } else { "forbid" };
        return format!("{} {verb} it", forbidding.join(" and "));
    }
    let is_free = fired().any(|asked| asked.allow.is_some_and(|set| !set.is_empty()));
    if is_free {
        "no rule that fires allows it".to_owned()
    } else {
        "no rule that allows something fires, and `otherwise` does not allow it".to_owned()
    }
}

impl fmt::Display for Explanation {
    /// What is allowed, then why: every rule, with grounds for those that fired.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.agent)?;
        if self.agent != self.role {
            write!(f, " ({})", self.role)?;
        }
        writeln!(f, " may {}; hardness {}", self.allowed.join("; "), self.hardness.get())?;
        if self.is_empty {
            writeln!(f, "  its rules left nothing, so that no change had to stay")?;
        }
        for rule in &self.rules {
            rule.fmt(f)?;
        }
        for Removal { actions, because } in &self.removed {
            writeln!(f, "  not: {}: {because}", actions.join("; "))?;
        }
        Ok(())
    }
}

impl fmt::Display for RuleExplanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let service = self.service.as_ref().map_or_else(String::new, |service| format!(" for {service}"));
        let verb = if self.fired() { "fires" } else { "does not fire" };
        writeln!(f, "  rule {:?} {verb}{service}", self.rule)?;
        if self.fired() {
            for (verb, actions) in [("allows", &self.allows), ("forbids", &self.forbids)] {
                if !actions.is_empty() {
                    writeln!(f, "    {verb}: {}", actions.join("; "))?;
                }
            }
        }
        for line in self.condition.to_string().lines() {
            writeln!(f, "    {line}")?;
        }
        Ok(())
    }
}
