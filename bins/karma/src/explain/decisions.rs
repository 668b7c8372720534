//! Single decisions, explained: what moved the agent, what allowed it, what the HPA would have done.

use karma_analyze::Cast;
use karma_analyze::attribution::{Attribution, AttributionError, Player, Players};
use karma_core::{Action, ActionMask, ActionSpace, AgentId, ServiceId, State};
use karma_marl::TrainedPolicy;
use karma_org::condition;
use karma_org::guide::Guides;

use super::ExplainError;
use super::record::{Moment, PlayedEpisode};
use super::view::{Contribution, DecisionView};
use crate::config::RunConfig;

/// Decisions that are explained of each agent.
const EACH: usize = 2;
/// Most contributions that are shown.
const SHOWN: usize = 8;

/// Most of them that the sentence says.
const SAID: usize = 5;

/// A team with what it did.
pub(super) struct Team<'a> {
    pub(super) config: &'a RunConfig,
    pub(super) policies: &'a karma_core::PerAgent<TrainedPolicy>,
    pub(super) cast: &'a Cast,
    pub(super) episodes: &'a [PlayedEpisode],
}

/// Where a decision stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) episode: usize,
    pub(super) step: usize,
    pub(super) agent: AgentId,
}

/// What a policy prefers to what, and by how much.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Preference {
    chosen: Action,
    /// The best of what else was allowed.
    instead: Action,
    /// Difference of the two logits.
    margin: f64,
}

impl Team<'_> {
    /// The decisions that were asked for, of all agents that had a choice; then the most decided moves of each agent, from
    /// different scenarios.
    pub(super) fn explained(&self, asked: &[String]) -> Result<Vec<DecisionView>, ExplainError> {
        let mut places = Vec::new();
        for text in asked {
            let (episode, step) = self.find(text)?;
            places.extend(self.cast.agents.ids().map(|agent| Place { episode, step, agent }));
        }
        places.extend(self.cast.agents.ids().flat_map(|agent| self.most_decided(agent)));
        let explained = places.into_iter().filter_map(|place| self.explain(place).transpose());
        Ok(explained.collect::<Result<_, _>>()?)
    }

    /// The episode and the step of SCENARIO:SEED:STEP.
    fn find(&self, text: &str) -> Result<(usize, usize), ExplainError> {
        let refuse = || {
            let example = self.episodes.first().map_or_else(String::new, |played| {
                let last = played.moments.len().saturating_sub(1);
                format!(
                    "{}:{}:0 (steps go to {last})",
                    played.recorded.scenario, played.recorded.trajectory.seed
                )
            });
            ExplainError::Decision { place: text.to_owned(), example }
        };
        // A scenario's own name may have a colon.
        let mut parts = text.rsplitn(3, ':');
        let step: Option<usize> = parts.next().and_then(|step| step.parse().ok());
        let seed: Option<u64> = parts.next().and_then(|seed| seed.parse().ok());
        let (step, seed, scenario) = (step.ok_or_else(refuse)?, seed.ok_or_else(refuse)?, parts.next());
        let is_meant = |played: &PlayedEpisode| {
            Some(played.recorded.scenario.as_str()) == scenario && played.recorded.trajectory.seed == seed
        };
        let episode = self.episodes.iter().position(is_meant).ok_or_else(refuse)?;
        if step < self.episodes[episode].moments.len() { Ok((episode, step)) } else { Err(refuse()) }
    }

    fn most_decided(&self, agent: AgentId) -> Vec<Place> {
        let mut moves: Vec<(f64, Place)> = Vec::new();
        for (episode, played) in self.episodes.iter().enumerate() {
            for (step, moment) in played.moments.iter().enumerate() {
                let place = Place { episode, step, agent };
                let moved = !self.cast.action_space.is_no_op(moment.team.joint[agent]);
                if let Some(preference) = self.preference(place).filter(|_| moved) {
                    moves.push((preference.margin, place));
                }
            }
        }
        moves.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let mut chosen: Vec<Place> = Vec::new();
        for (_, place) in moves {
            let scenario = |place: &Place| self.episodes[place.episode].recorded.scenario.as_str();
            if chosen.len() < EACH && chosen.iter().all(|other| scenario(other) != scenario(&place)) {
                chosen.push(place);
            }
        }
        chosen
    }

    fn moment(&self, place: Place) -> &Moment {
        &self.episodes[place.episode].moments[place.step]
    }

    /// `None` where there was no choice.
    fn preference(&self, place: Place) -> Option<Preference> {
        let team = &self.moment(place).team;
        let mut logits = self.policies[place.agent].inclinations(&team.observations[place.agent].0).ok()?;
        let (chosen, mask, space) =
            (team.joint[place.agent], &team.masks[place.agent], self.cast.action_space);
        hold_as_one(&mut logits, mask, space);
        let instead = best_other(&logits, mask, (chosen, space))?;
        let logit = |action: Action| f64::from(logits[action.0 as usize]);
        Some(Preference { chosen, instead, margin: logit(chosen) - logit(instead) })
    }

    /// The decision in words and numbers; nothing where there was no choice.
    pub(super) fn explain(&self, place: Place) -> Result<Option<DecisionView>, AttributionError> {
        let Some(preference) = self.preference(place) else { return Ok(None) };
        let attribution = self.attribution(place, preference)?;
        let episode = &self.episodes[place.episode].recorded;
        let step = &episode.trajectory.transitions[place.step];
        let first = episode.trajectory.transitions[0].state.time;
        let service = self.cast.action_space.defender(preference.chosen).map(|moved| moved.service);
        let action = self.cast.words(preference.chosen);
        let sentence = format!(
            "{} chose \"{action}\" over \"{}\" by {:.1} in log-odds: {}.",
            self.cast.agents[place.agent],
            self.cast.words(preference.instead),
            preference.margin,
            attribution.strongest(SAID).sentence(1)
        );
        let parts = attribution.ranked().into_iter().take(SHOWN);
        Ok(Some(DecisionView {
            time: step.state.time.0 - first.0,
            scenario: format!("{}, seed {}", episode.scenario, episode.trajectory.seed),
            agent: self.cast.agents[place.agent].clone(),
            action,
            sentence,
            contributions: parts
                .map(|part| Contribution { name: part.name.clone(), weight: part.value })
                .collect(),
            allowed_by: self.allowed_by(place, service),
            hpa: self.hpa(place, service),
            shield: self.shield(place, service),
        }))
    }

    /// What moved the margin away from that of the agent's mean observation.
    fn attribution(&self, place: Place, preference: Preference) -> Result<Attribution, AttributionError> {
        let policy = &self.policies[place.agent];
        let seen = &self.moment(place).team.observations[place.agent].0;
        let (space, mask) = (self.cast.action_space, &self.moment(place).team.masks[place.agent]);
        let actions = space.len();
        let margins = |rows: &[Vec<f32>]| -> Vec<f64> {
            // The rows are mixtures of observations that the policy has taken before.
            let mut logits = policy.inclinations(&rows.concat()).unwrap_or_default();
            logits.chunks_exact_mut(actions).for_each(|logits| hold_as_one(logits, mask, space));
            let logit = |row: &[f32], action: Action| f64::from(row[action.0 as usize]);
            let margin = |row: &[f32]| logit(row, preference.chosen) - logit(row, preference.instead);
            logits.chunks_exact(actions).map(margin).collect()
        };
        self.players()?.attribute(seen, &[self.mean_observation(place.agent)], margins)
    }

    /// Subjects of an observation, service by service; whole services where those would be too many.
    fn players(&self) -> Result<Players, AttributionError> {
        let subjects = self.config.observer().subjects();
        let mut unions: Vec<(Option<ServiceId>, Vec<Player>)> = Vec::new();
        for (feature, (service, about)) in subjects.into_iter().enumerate() {
            let name = service.map_or_else(
                || about.to_owned(),
                |service| format!("{about} of {}", self.cast.services[service]),
            );
            let place = unions.iter().position(|(of, _)| *of == service).unwrap_or(unions.len());
            if place == unions.len() {
                unions.push((service, Vec::new()));
            }
            let players = &mut unions[place].1;
            match players.iter_mut().find(|player| player.name == name) {
                Some(player) => player.features.push(feature),
                None => players.push(Player::new(name, [feature])),
            }
        }
        let fine = unions.iter().map(|(_, players)| players.clone()).collect();
        Players::in_unions(fine).or_else(|_| {
            let whole = unions.into_iter().map(|(service, players)| {
                let name = service.map_or("the whole system", |service| self.cast.services[service].as_str());
                Player::new(name, players.into_iter().flat_map(|player| player.features))
            });
            Players::alone(whole.collect())
        })
    }

    /// What the agent sees on an ordinary day.
    fn mean_observation(&self, agent: AgentId) -> Vec<f32> {
        let moments = || self.episodes.iter().flat_map(|episode| &episode.moments);
        let mut sums: Vec<f64> = Vec::new();
        for moment in moments() {
            let seen = &moment.team.observations[agent].0;
            sums.resize(seen.len(), 0.0);
            sums.iter_mut().zip(seen).for_each(|(sum, value)| *sum += f64::from(*value));
        }
        let count = moments().count().max(1) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "observations are single precision")]
        sums.into_iter().map(|sum| (sum / count) as f32).collect()
    }

    /// Names of the rules that were on, those about the service first.
    fn allowed_by(&self, place: Place, service: Option<ServiceId>) -> String {
        let guides = self.config.charter().guides();
        let steps = &self.episodes[place.episode].recorded.trajectory.transitions[..=place.step];
        let states: Vec<State> = steps.iter().map(|step| step.state.clone()).collect();
        let joints: Vec<_> = steps.iter().map(|step| step.actions.clone()).collect();
        let Some(found) = Guides::explain(guides, place.agent, &states, &joints) else {
            return String::new();
        };
        let name = service.map(|service| self.cast.services[service].as_str());
        let of_service = |of: &Option<String>| of.is_none() || of.as_deref() == name;
        let fired = found
            .rules
            .iter()
            .filter(|rule| rule.fired() && !rule.allows.is_empty() && of_service(&rule.service));
        let mut rules: Vec<String> =
            fired.map(|rule| format!("{} ({})", rule.rule, grounds(&rule.condition))).collect();
        rules.dedup();
        if rules.is_empty() {
            "no rule of its role: the organisation did not bind it here".to_owned()
        } else {
            rules.join("; ")
        }
    }

    fn hpa(&self, place: Place, service: Option<ServiceId>) -> String {
        let moment = self.moment(place);
        let target = service.and_then(|service| moment.hpa.targets.get(service));
        target.map_or_else(String::new, |target| {
            let name = service.map_or("?", |service| self.cast.services[service].as_str());
            format!("{} replicas of {name} ({})", target.replicas.0, target.reason)
        })
    }

    /// What the shield made of the team's decision on the service.
    fn shield(&self, place: Place, service: Option<ServiceId>) -> Option<String> {
        let team = &self.moment(place).team;
        let (asked, got) = (team.asked.targets.get(service?)?, team.decision.targets.get(service?)?);
        let changed = asked.replicas != got.replicas;
        changed.then(|| {
            format!(
                "the team asked for {} replicas, the shield let {} pass: {}",
                asked.replicas.0, got.replicas.0, got.reason
            )
        })
    }
}

/// What a condition rests on, on one line: its parts, if it has any.
fn grounds(condition: &condition::Explanation) -> String {
    let is_whole = condition.reasons.is_empty() || condition.text.contains(['<', '>', '=']);
    if is_whole {
        return condition.text.clone();
    }
    condition.reasons.iter().map(grounds).collect::<Vec<_>>().join(", ")
}

/// Gives each legal way to hold still the logit of all of them together, ln Σ exp: a team that holds does not mean a service.
fn hold_as_one(logits: &mut [f32], mask: &ActionMask, space: ActionSpace) {
    let holds: Vec<usize> =
        mask.legal().filter(|action| space.is_no_op(*action)).map(|action| action.0 as usize).collect();
    let of_holds = || holds.iter().filter_map(|action| logits.get(*action).copied());
    let Some(most) = of_holds().reduce(f32::max) else { return };
    let together = most + of_holds().map(|logit| (logit - most).exp()).sum::<f32>().ln();
    for action in holds {
        if let Some(logit) = logits.get_mut(action) {
            *logit = together;
        }
    }
}

/// The first of the legal actions with the highest logit, but for what comes to the same as one.
fn best_other(logits: &[f32], mask: &ActionMask, (chosen, space): (Action, ActionSpace)) -> Option<Action> {
    let logit = |action: &Action| logits.get(action.0 as usize).copied();
    let same = |action: &Action| *action == chosen || (space.is_no_op(*action) && space.is_no_op(chosen));
    let others = mask.legal().filter(|action| !same(action));
    others.fold(None, |best: Option<Action>, action| match best {
        Some(best) if logit(&best) >= logit(&action) => Some(best),
        _ => Some(action),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPACE: ActionSpace = ActionSpace::Defender { services: 3, alpha: 1 };

    /// Three ways to hold of logit 0 come to ln 3 together, more than a move of 1; without one of them to ln 2, less.
    #[test]
    fn ways_to_hold_still_weigh_together_and_are_no_alternative_to_each_other() {
        let (held, moved) = (Action(1), Action(5));
        let mut logits = [-9.0, 0.0, -9.0, -9.0, 0.0, 1.0, -9.0, 0.0, -9.0];
        let mask = ActionMask::all(SPACE);
        hold_as_one(&mut logits, &mask, SPACE);
        assert!(
            [1, 4, 7].iter().all(|hold: &usize| (logits[*hold] - 3.0_f32.ln()).abs() < 1e-6),
            "{logits:?}"
        );
        assert_eq!(best_other(&logits, &mask, (held, SPACE)), Some(moved));
        assert_eq!(best_other(&logits, &mask, (moved, SPACE)), Some(held));
        let mut logits = [-9.0, 0.0, -9.0, -9.0, 0.0, 1.0, -9.0, 0.0, -9.0];
        let two = ActionMask::from_fn(SPACE, |action| action != Action(7));
        hold_as_one(&mut logits, &two, SPACE);
        assert!((logits[1] - 2.0_f32.ln()).abs() < 1e-6 && logits[7] == 0.0, "{logits:?}");
    }
}
