//! What each operation does to the facts, and which regimented properties it breaches by itself.

mod agents;
mod goals;
mod instances;
mod reports;

use super::breach::Breach;
use super::event::Event;
use super::operation::Operation;
use super::state::{SchemeInstance, State};
use super::view::{Law, View};
use super::violation::Violation;
use crate::organization::{GoalId, MissionId, RoleId};

/// An operation that is being carried out.
#[derive(Clone)]
pub(super) struct Change<'a> {
    pub(super) law: Law<'a>,
    pub(super) state: State,
    pub(super) events: Vec<Event>,
    /// Breaches of properties that are about operations.
    pub(super) breaches: Vec<Breach>,
}

impl Change<'_> {
    pub(super) fn carry_out(&mut self, operation: &Operation) -> Result<(), Violation> {
        match operation {
            Operation::Advance => Ok(()),
            Operation::CreateGroup { group, specification, parent } => {
                self.create_group(group, specification, parent.as_deref())
            }
            Operation::DestroyGroup { group } => self.destroy_group(group),
            Operation::CreateScheme { scheme, specification } => self.create_scheme(scheme, specification),
            Operation::DestroyScheme { scheme } => self.destroy_scheme(scheme),
            Operation::AdoptRole { agent, role, group } => self.adopt_role(agent, role, group),
            Operation::LeaveRole { agent, role, group } => self.leave_role(agent, role, group),
            Operation::RemoveAgent { agent } => self.remove_agent(agent),
            Operation::AddResponsibleGroup { group, scheme } => self.add_responsible(group, scheme),
            Operation::RemoveResponsibleGroup { group, scheme } => self.remove_responsible(group, scheme),
            Operation::Commit { agent, mission, scheme } => self.commit(agent, mission, scheme),
            Operation::LeaveMission { agent, mission, scheme } => self.leave_mission(agent, mission, scheme),
            Operation::Achieve { agent, goal, scheme } => self.achieve(agent, goal, scheme),
            Operation::Satisfy { goal, scheme } => self.satisfy(goal, scheme),
            Operation::Fail { goal, scheme } => self.fail(goal, scheme),
            Operation::Release { goal, scheme } => self.release(goal, scheme),
            Operation::SetImpossible { agent, goal, scheme } => self.set_impossible(agent, goal, scheme),
            Operation::Reset { goal, scheme } => self.reset(goal, scheme),
            Operation::SetArgument { goal, scheme, argument, value } => {
                self.set_argument(scheme, goal, argument, value)
            }
            Operation::Raise { agent, report, scheme, arguments } => {
                self.raise(agent, report, scheme, arguments)
            }
            Operation::GiveAccount { agent, report, scheme, arguments } => {
                self.give_account(agent, report, scheme, arguments)
            }
        }
    }

    const fn view(&self) -> View<'_> {
        self.law.view(&self.state)
    }

    fn happened(&mut self, event: Event) {
        self.events.push(event);
    }

    fn scheme(&self, name: &str) -> Result<&SchemeInstance, Violation> {
        let known = || self.state.schemes.keys().map(String::as_str);
        self.state.schemes.get(name).ok_or_else(|| Violation::unknown("scheme", name, known()))
    }

    fn scheme_mut(&mut self, name: &str) -> Result<&mut SchemeInstance, Violation> {
        let unknown = Violation::unknown("scheme", name, self.state.schemes.keys().map(String::as_str));
        self.state.schemes.get_mut(name).ok_or(unknown)
    }

    fn known_group(&self, name: &str) -> Result<(), Violation> {
        let known = || self.state.groups.keys().map(String::as_str);
        if self.state.groups.contains_key(name) {
            Ok(())
        } else {
            Err(Violation::unknown("group", name, known()))
        }
    }

    fn role(&self, name: &str) -> Result<RoleId, Violation> {
        let known = || self.law.organization.roles().iter().map(|role| role.id.as_str());
        self.law.organization.role(name).ok_or_else(|| Violation::unknown("role", name, known()))
    }

    fn mission(&self, name: &str, scheme: &str) -> Result<MissionId, Violation> {
        let specification = self.scheme(scheme)?.specification;
        let missions = || self.law.organization.schemes()[specification].missions.iter();
        let known = || missions().map(|mission| self.law.organization.missions()[*mission].id.as_str());
        self.law
            .organization
            .mission(specification, name)
            .ok_or_else(|| Violation::unknown("mission", name, known()))
    }

    fn goal(&self, name: &str, scheme: &str) -> Result<GoalId, Violation> {
        let specification = self.scheme(scheme)?.specification;
        let goals = || self.law.organization.schemes()[specification].goals.iter();
        let known = || goals().map(|goal| self.law.organization.goals()[*goal].id.as_str());
        self.law
            .organization
            .goal(specification, name)
            .ok_or_else(|| Violation::unknown("goal", name, known()))
    }
}

fn named(kind: &'static str, name: &str) -> Result<(), Violation> {
    if name.is_empty() { Err(Violation::Nameless { kind }) } else { Ok(()) }
}
