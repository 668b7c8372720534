//! Goals are achieved, fail, are given up and begun anew.

use super::super::breach::{Breach, RegimentedProperty as P};
use super::super::event::Event;
use super::super::facts::Scope;
use super::super::formula::{Bindings, holds};
use super::super::goals::reset_closure;
use super::super::violation::Violation;
use super::Change;
use crate::organization::GoalId;
use crate::spec::ReportStage;

impl Change<'_> {
    pub(super) fn achieve(&mut self, agent: &str, goal: &str, scheme: &str) -> Result<(), Violation> {
        let id = self.goal(goal, scheme)?;
        self.check_enabled(id, scheme, P::AchNotEnabledGoal, Some(agent))?;
        self.check_committed(id, scheme, agent)?;
        self.check_raised(id, scheme, agent)?;
        let (agent, goal, scheme) = (agent.to_owned(), goal.to_owned(), scheme.to_owned());
        self.scheme_mut(&scheme)?.done.insert((id, agent.clone()));
        self.happened(Event::GoalDone { agent, goal, scheme });
        Ok(())
    }

    /// Only enabled goals are achieved or fail; that of an accomplished mission does not matter any more.
    fn check_enabled(
        &mut self,
        goal: GoalId,
        scheme: &str,
        property: P,
        agent: Option<&str>,
    ) -> Result<(), Violation> {
        let (view, instance) = (self.view(), self.scheme(scheme)?);
        let node = &self.law.organization.goals()[goal];
        let in_use = node.missions.iter().any(|mission| !view.is_accomplished(*mission, instance));
        let satisfied = agent.is_some() && instance.satisfied.contains(&goal);
        if in_use && !satisfied && !view.is_enabled(scheme, instance, goal) {
            let state = view.goal_state(scheme, instance, goal, true);
            let waits = node.precondition.all.iter().chain(&node.precondition.any);
            let open: Vec<&str> = waits
                .filter(|goal| !instance.satisfied.contains(goal) && !instance.released.contains(goal))
                .map(|goal| view.goal_name(*goal))
                .collect();
            let mut reason = format!("goal {} of {scheme} is {state}, not enabled", node.id);
            if !open.is_empty() {
                reason = format!("{reason}; it waits for {}", open.join(", "));
            }
            let about: Vec<&str> = [scheme, &node.id].into_iter().chain(agent).collect();
            let breach = Breach::new(property, &about, reason);
            self.breaches.push(breach);
        }
        Ok(())
    }

    fn check_committed(&mut self, goal: GoalId, scheme: &str, agent: &str) -> Result<(), Violation> {
        let (view, instance) = (self.view(), self.scheme(scheme)?);
        let node = &self.law.organization.goals()[goal];
        let concerned = node.missions.iter().any(|mission| {
            instance.commitments.contains(&(agent.to_owned(), *mission))
                || view.is_accomplished(*mission, instance)
        });
        if !concerned {
            let missions: Vec<&str> =
                node.missions.iter().map(|mission| view.mission_name(*mission)).collect();
            let reason = match missions.as_slice() {
                [] => format!("goal {} belongs to no mission, so nobody achieves it", node.id),
                _ => format!(
                    "{agent} is not committed to {}, to which goal {} belongs",
                    missions.join(" or "),
                    node.id
                ),
            };
            let breach = Breach::new(P::AchNotCommittedGoal, &[scheme, &node.id, agent], reason);
            self.breaches.push(breach);
        }
        Ok(())
    }

    /// The goal of raising an exception is achieved by raising it.
    fn check_raised(&mut self, goal: GoalId, scheme: &str, agent: &str) -> Result<(), Violation> {
        let instance = self.scheme(scheme)?;
        let node = &self.law.organization.goals()[goal];
        let reports = self.law.rules.reports();
        let parts = self.law.rules.parts_of(goal).unwrap_or_default().iter();
        let raising = parts.filter(|part| part.stage == ReportStage::Raise && node.parent.is_none());
        let missing = raising.map(|part| &reports[part.report].id).find(|report| {
            !instance.raised.iter().any(|given| given.report == **report && given.agent == agent)
        });
        if let Some(report) = missing {
            let reason = format!("goal {} is achieved by raising {report}, which {agent} did not", node.id);
            let breach = Breach::new(P::AchThrGoalExcNotRaised, &[scheme, &node.id, report, agent], reason);
            self.breaches.push(breach);
        }
        Ok(())
    }

    pub(super) fn satisfy(&mut self, goal: &str, scheme: &str) -> Result<(), Violation> {
        let id = self.goal(goal, scheme)?;
        let instance = self.scheme_mut(scheme)?;
        instance.impossible.remove(&id);
        instance.satisfied.insert(id);
        Ok(())
    }

    pub(super) fn fail(&mut self, goal: &str, scheme: &str) -> Result<(), Violation> {
        let id = self.goal(goal, scheme)?;
        self.check_enabled(id, scheme, P::FailNotEnabledGoal, None)?;
        self.scheme_mut(scheme)?.failed.insert(id);
        Ok(())
    }

    pub(super) fn release(&mut self, goal: &str, scheme: &str) -> Result<(), Violation> {
        let id = self.goal(goal, scheme)?;
        let instance = self.scheme_mut(scheme)?;
        instance.failed.remove(&id);
        instance.released.insert(id);
        Ok(())
    }

    pub(super) fn set_impossible(&mut self, agent: &str, goal: &str, scheme: &str) -> Result<(), Violation> {
        let id = self.goal(goal, scheme)?;
        if !self.view().committed_to(id, self.scheme(scheme)?).contains(agent) {
            let (agent, scheme) = (agent.to_owned(), scheme.to_owned());
            return Err(Violation::NotCommitted { agent, what: format!("goal {goal}"), scheme });
        }
        let instance = self.scheme_mut(scheme)?;
        if !instance.satisfied.contains(&id) {
            instance.impossible.insert(id);
        }
        Ok(())
    }

    pub(super) fn reset(&mut self, goal: &str, scheme: &str) -> Result<(), Violation> {
        let id = self.goal(goal, scheme)?;
        self.forget(id, scheme)?;
        self.withdraw_reports(scheme)
    }

    /// Begins a goal anew, with all that a reset covers.
    fn forget(&mut self, goal: GoalId, scheme: &str) -> Result<(), Violation> {
        let closure = reset_closure(self.law.organization, goal);
        let instance = self.scheme_mut(scheme)?;
        instance.done.retain(|(goal, _)| !closure.contains(goal));
        for set in
            [&mut instance.satisfied, &mut instance.failed, &mut instance.released, &mut instance.impossible]
        {
            set.retain(|goal| !closure.contains(goal));
        }
        Ok(())
    }

    /// Withdraws the exceptions and accounts whose cause a reset took away, and begins their goals anew; which may
    /// take away the cause of others.
    fn withdraw_reports(&mut self, scheme: &str) -> Result<(), Violation> {
        while let Some((report, goals)) = self.groundless(scheme)? {
            let instance = self.scheme_mut(scheme)?;
            instance.raised.retain(|given| given.report != report);
            instance.accounts.retain(|given| given.report != report);
            for goal in goals {
                self.forget(goal, scheme)?;
            }
            self.happened(Event::ReportWithdrawn { report, scheme: scheme.to_owned() });
        }
        Ok(())
    }

    /// A report that was given though its policy's condition, or the conditions of all goals of giving it, do not
    /// hold any more.
    fn groundless(&self, scheme: &str) -> Result<Option<(String, Vec<GoalId>)>, Violation> {
        let (view, instance) = (self.view(), self.scheme(scheme)?);
        let facts = Scope { view, scheme, group: None };
        let rules = self.law.rules;
        let is_true = |formula| holds(formula, &facts, &Bindings::default());
        let given = instance.raised.iter().chain(&instance.accounts);
        let found =
            given.filter_map(|given| rules.report(instance.specification, &given.report)).find(|rule| {
                let giving = rule
                    .goals
                    .iter()
                    .filter(|(_, stage)| matches!(stage, ReportStage::Raise | ReportStage::Account));
                let mut whens = giving.flat_map(|(goal, stage)| {
                    let parts = rules.parts_of(*goal).unwrap_or_default().iter();
                    parts.filter(move |part| part.stage == *stage).map(|part| &part.when)
                });
                !is_true(&rule.condition) || !whens.any(is_true)
            });
        Ok(found.map(|rule| (rule.id.clone(), rule.goals.iter().map(|(goal, _)| *goal).collect())))
    }

    pub(super) fn set_argument(
        &mut self,
        scheme: &str,
        goal: &str,
        argument: &str,
        value: &str,
    ) -> Result<(), Violation> {
        let id = self.goal(goal, scheme)?;
        let known = self.law.rules.arguments(id);
        if !known.iter().any(|(name, _)| name == argument) {
            return Err(Violation::unknown(
                "argument",
                argument,
                known.iter().map(|(name, _)| name.as_str()),
            ));
        }
        let (goal, scheme) = (goal.to_owned(), scheme.to_owned());
        let (argument, value) = (argument.to_owned(), value.to_owned());
        let values = self.scheme_mut(&scheme)?.arguments.entry(id).or_default();
        values.insert(argument.clone(), value.clone());
        self.happened(Event::ArgumentSet { scheme, goal, argument, value });
        Ok(())
    }
}
