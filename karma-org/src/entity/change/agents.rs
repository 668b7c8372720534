//! Agents take on roles and missions, and give them up.

use super::super::breach::{Breach, RegimentedProperty};
use super::super::event::Event;
use super::super::state::{RolePlayer, SchemeInstance};
use super::super::violation::Violation;
use super::{Change, named};
use crate::organization::{GoalId, MissionId};
use crate::spec::GoalKind;

impl Change<'_> {
    pub(super) fn adopt_role(&mut self, agent: &str, role: &str, group: &str) -> Result<(), Violation> {
        named("agent", agent)?;
        let id = self.role(role)?;
        self.known_group(group)?;
        let player = RolePlayer { agent: agent.to_owned(), role: id, group: group.to_owned() };
        let RolePlayer { agent, group, .. } = player.clone();
        let role = role.to_owned();
        if self.state.players.contains(&player) {
            return Err(Violation::PlaysAlready { agent, role, group });
        }
        if self.law.organization.roles()[id].is_abstract {
            return Err(Violation::AbstractRole { role });
        }
        self.state.players.push(player);
        self.happened(Event::RoleAdopted { agent, role, group });
        Ok(())
    }

    pub(super) fn leave_role(&mut self, agent: &str, role: &str, group: &str) -> Result<(), Violation> {
        let id = self.role(role)?;
        self.known_group(group)?;
        let player = RolePlayer { agent: agent.to_owned(), role: id, group: group.to_owned() };
        let position = self.state.players.iter().position(|each| *each == player);
        let RolePlayer { agent, group, .. } = player;
        let role = role.to_owned();
        let Some(position) = position else { return Err(Violation::DoesNotPlay { agent, role, group }) };
        self.state.players.remove(position);
        self.happened(Event::RoleLeft { agent, role, group });
        Ok(())
    }

    pub(super) fn remove_agent(&mut self, agent: &str) -> Result<(), Violation> {
        let roles = self.state.players.iter().map(|player| player.agent.as_str());
        let missions =
            self.state.schemes.values().flat_map(|scheme| scheme.commitments.iter().map(|(a, _)| a.as_str()));
        let known: Vec<&str> = roles.chain(missions).collect();
        if !known.contains(&agent) {
            return Err(Violation::unknown("agent", agent, known.into_iter()));
        }
        let mut events = Vec::new();
        let organization = self.law.organization;
        for (scheme, instance) in &mut self.state.schemes {
            for (_, mission) in instance.commitments.extract_if(.., |(committed, _)| committed == agent) {
                let mission = organization.missions()[mission].id.clone();
                events.push(Event::MissionLeft { agent: agent.to_owned(), mission, scheme: scheme.clone() });
            }
        }
        for player in self.state.players.extract_if(.., |player| player.agent == agent) {
            let role = organization.roles()[player.role].id.clone();
            events.push(Event::RoleLeft { agent: player.agent, role, group: player.group });
        }
        self.events.extend(events);
        Ok(())
    }

    pub(super) fn commit(&mut self, agent: &str, mission: &str, scheme: &str) -> Result<(), Violation> {
        named("agent", agent)?;
        let id = self.mission(mission, scheme)?;
        self.not_finished(scheme)?;
        let is_new = self.scheme_mut(scheme)?.commitments.insert((agent.to_owned(), id));
        let (agent, mission, scheme) = (agent.to_owned(), mission.to_owned(), scheme.to_owned());
        if !is_new {
            return Err(Violation::CommittedAlready { agent, mission, scheme });
        }
        self.happened(Event::Committed { agent, mission, scheme });
        Ok(())
    }

    fn not_finished(&self, scheme: &str) -> Result<(), Violation> {
        let instance = self.scheme(scheme)?;
        let root = self.law.organization.schemes()[instance.specification].root;
        if !is_over(instance, root) {
            return Ok(());
        }
        let state = self.view().goal_state(scheme, instance, root, true);
        Err(Violation::Finished {
            scheme: scheme.to_owned(),
            root: self.view().goal_name(root).to_owned(),
            state,
        })
    }

    pub(super) fn leave_mission(
        &mut self,
        agent: &str,
        mission: &str,
        scheme: &str,
    ) -> Result<(), Violation> {
        let id = self.mission(mission, scheme)?;
        let (agent, mission, scheme) = (agent.to_owned(), mission.to_owned(), scheme.to_owned());
        if !self.scheme_mut(&scheme)?.commitments.remove(&(agent.clone(), id)) {
            return Err(Violation::NotCommitted { agent, what: format!("mission {mission}"), scheme });
        }
        let open = self.open_goals(id, &scheme)?;
        if !open.is_empty() {
            let reason = format!("{agent} leaves {mission}, of which {} is open", open.join(", "));
            let about = [agent.as_str(), &mission, &scheme];
            self.breaches.push(Breach::new(RegimentedProperty::MissionLeft, &about, reason));
        }
        self.happened(Event::MissionLeft { agent, mission, scheme });
        Ok(())
    }

    /// The goals for which a mission cannot be left yet: not those that are satisfied or impossible, nor states that
    /// are to be kept up, and none in a scheme that is over.
    fn open_goals(&self, mission: MissionId, scheme: &str) -> Result<Vec<String>, Violation> {
        let instance = self.scheme(scheme)?;
        let organization = self.law.organization;
        if is_over(instance, organization.schemes()[instance.specification].root) {
            return Ok(Vec::new());
        }
        let open = organization.missions()[mission].goals.iter().filter(|goal| {
            !instance.satisfied.contains(goal)
                && !instance.impossible.contains(goal)
                && organization.goals()[**goal].kind != GoalKind::Maintenance
        });
        Ok(open.map(|goal| organization.goals()[*goal].id.clone()).collect())
    }
}

fn is_over(scheme: &SchemeInstance, root: GoalId) -> bool {
    scheme.satisfied.contains(&root) || scheme.impossible.contains(&root)
}
