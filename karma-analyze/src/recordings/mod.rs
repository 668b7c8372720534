//! What was seen and done, episode by episode: the input of every analysis, of a simulated cluster or a live one.
//!
//! # On the disk
//! JSON lines. The first says what they are and who acted, each further one is an episode:
//!
//! ```text
//! {"format":"karma-trajectories","version":1,"cast":{"agents":["ddos", …],"action_space":…,"services":["API", …]}}
//! {"scenario":"ddos","success":true,"trajectory":{"seed":3,"transitions":[…]}}
//! ```
//!
//! An episode is a line of its own, so that a recorder appends and a kill loses the episode under way. Whatever does not
//! fit the first line is refused with the number of its line: an action outside of the space, a state of other services.

mod error;
mod read;
#[cfg(test)]
pub(crate) mod testing;

use std::io::{self, Write};

use karma_core::{ActionSpace, AgentId, Id as _, PerAgent, PerService, Trajectory, Transition};
use serde::{Deserialize, Serialize};

pub use error::{EpisodeError, RecordingsError};

const FORMAT: &str = "karma-trajectories";
const VERSION: u32 = 1;
/// Most actions of an agent in a file: the distances of all pairs of them are kept.
const MOST_ACTIONS: u64 = 10_000;

/// Who acted, and on what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cast {
    /// Name of each agent, usually its role.
    pub agents: PerAgent<String>,
    /// The actions of each agent.
    pub action_space: ActionSpace,
    /// Name of each service.
    pub services: PerService<String>,
}

/// One episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedEpisode {
    /// What happened in it.
    pub scenario: String,
    /// Whether it went well, if somebody judged it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub success: Option<bool>,
    /// What was seen and done.
    pub trajectory: Trajectory,
}

/// Episodes of one team: each has a transition at least, and all fit the cast.
#[derive(Clone, Debug, PartialEq)]
pub struct Recordings {
    cast: Cast,
    episodes: Vec<RecordedEpisode>,
}

/// The first line of a file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Heading {
    format: String,
    version: u32,
    cast: Cast,
}

impl RecordedEpisode {
    /// The actions of one agent, as letters of an alphabet of actions.
    pub fn letters(&self, agent: AgentId) -> impl Iterator<Item = u32> {
        self.trajectory
            .transitions
            .iter()
            .filter_map(move |step| step.actions.get(agent))
            .map(|action| action.0)
    }

    /// Mean over the agents of the sum of their rewards.
    pub fn mean_return(&self) -> f64 {
        let mean = |step: &Transition| {
            let sum: f64 = step.rewards.iter().map(|reward| f64::from(*reward)).sum();
            sum / step.rewards.len().max(1) as f64
        };
        self.trajectory.transitions.iter().map(mean).sum()
    }
}

impl Recordings {
    /// No episodes yet.
    pub const fn new(cast: Cast) -> Self {
        Self { cast, episodes: Vec::new() }
    }

    /// Adds an episode.
    ///
    /// # Errors
    /// If it is empty or does not fit the cast; nothing is added then.
    pub fn push(&mut self, episode: RecordedEpisode) -> Result<(), EpisodeError> {
        if episode.trajectory.transitions.is_empty() {
            return Err(EpisodeError::Empty);
        }
        for (step, transition) in episode.trajectory.transitions.iter().enumerate() {
            self.cast.check(step, transition)?;
        }
        self.episodes.push(episode);
        Ok(())
    }

    /// Who acted.
    pub const fn cast(&self) -> &Cast {
        &self.cast
    }

    /// The episodes, in the order in which they were added.
    pub fn episodes(&self) -> &[RecordedEpisode] {
        &self.episodes
    }

    /// Writes the file.
    ///
    /// # Errors
    /// Those of `writer`.
    pub fn write(&self, mut writer: impl Write) -> io::Result<()> {
        let heading = Heading { format: FORMAT.to_owned(), version: VERSION, cast: self.cast.clone() };
        serde_json::to_writer(&mut writer, &heading)?;
        writer.write_all(b"\n")?;
        for episode in &self.episodes {
            serde_json::to_writer(&mut writer, episode)?;
            writer.write_all(b"\n")?;
        }
        writer.flush()
    }

    /// Which episodes went well: those that were judged so, or, where none was judged or all were judged alike, the better
    /// half of each scenario by return. A scenario that is hard for everybody thus has successes too.
    pub fn successes(&self) -> Vec<bool> {
        let judged: Option<Vec<bool>> = self.episodes.iter().map(|episode| episode.success).collect();
        match judged {
            Some(judged) if judged.contains(&true) && judged.contains(&false) => judged,
            _ => self.episodes.iter().map(|episode| self.is_in_better_half(episode)).collect(),
        }
    }

    fn is_in_better_half(&self, episode: &RecordedEpisode) -> bool {
        let same = self.episodes.iter().filter(|other| other.scenario == episode.scenario);
        let mut returns: Vec<f64> = same.map(RecordedEpisode::mean_return).collect();
        returns.sort_by(f64::total_cmp);
        episode.mean_return() >= returns[returns.len() / 2]
    }
}

impl Cast {
    /// What is wrong with it, if anything: checked before anything of its size is reserved.
    fn problem(&self) -> Option<String> {
        let actions = match self.action_space {
            ActionSpace::Discrete { actions } => u64::from(actions),
            ActionSpace::Defender { services, alpha } => {
                u64::from(services).saturating_mul(2 * u64::from(alpha) + 1)
            }
            ActionSpace::Attacker { entry_points } => 15 * u64::from(entry_points),
        };
        let named = self.services.len();
        match self.action_space {
            _ if self.agents.is_empty() || actions == 0 => {
                Some("the cast has no agents, or they have no actions".to_owned())
            }
            _ if actions > MOST_ACTIONS => {
                Some(format!("agents with {actions} actions; at most {MOST_ACTIONS} actions are compared"))
            }
            ActionSpace::Defender { services, .. } if services as usize != named => {
                Some(format!("the agents scale {services} services, but {named} are named"))
            }
            _ => None,
        }
    }

    /// Whether a transition is of this cast.
    fn check(&self, step: usize, transition: &Transition) -> Result<(), EpisodeError> {
        let numbers = [
            ("actions", transition.actions.len(), self.agents.len()),
            ("rewards", transition.rewards.len(), self.agents.len()),
            ("services", transition.state.services.len(), self.services.len()),
            ("services", transition.next_state.services.len(), self.services.len()),
        ];
        if let Some((what, found, expected)) =
            numbers.into_iter().find(|(_, found, expected)| found != expected)
        {
            return Err(EpisodeError::Count { step, what, found, expected });
        }
        let actions = self.action_space.len();
        let outside = transition.actions.iter_enumerated().find(|(_, action)| action.0 as usize >= actions);
        if let Some((agent, action)) = outside {
            let agent = self.agents[AgentId::from_index(agent.index())].clone();
            return Err(EpisodeError::Action { step, agent, action: action.0, actions });
        }
        Ok(())
    }

    /// An action in words: "hold", "+2 auth".
    ///
    /// ```
    /// use karma_analyze::Cast;
    /// use karma_core::{Action, ActionSpace};
    ///
    /// let cast = Cast {
    ///     agents: vec!["ddos".to_owned()].into(),
    ///     action_space: ActionSpace::Defender { services: 2, alpha: 3 },
    ///     services: vec!["API".to_owned(), "Auth".to_owned()].into(),
    /// };
    /// assert_eq!((cast.words(Action(3)), cast.words(Action(12))), ("hold".to_owned(), "+2 Auth".to_owned()));
    /// ```
    pub fn words(&self, action: karma_core::Action) -> String {
        match self.action_space.defender(action) {
            Some(moved) if moved.replica_change == 0 => "hold".to_owned(),
            Some(moved) => {
                let service = self.services.get(moved.service).map_or("?", String::as_str);
                format!("{:+} {service}", moved.replica_change)
            }
            None => format!("action {}", action.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::{cast, episode};
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let mut recordings = Recordings::new(cast());
        recordings.push(episode("ddos", &[[1, 3], [3, 3]])).unwrap();
        recordings.push(RecordedEpisode { success: Some(true), ..episode("mixed", &[[6, 0]]) }).unwrap();
        let mut bytes = Vec::new();
        recordings.write(&mut bytes).unwrap();
        assert_eq!(Recordings::read(bytes.as_slice()).unwrap(), recordings);
    }

    #[test]
    fn what_does_not_fit_the_cast_is_refused_and_nothing_is_added() {
        let mut recordings = Recordings::new(cast());
        let refused = recordings.push(episode("ddos", &[[1, 3], [3, 7]])).unwrap_err().to_string();
        assert_eq!(refused, "step 1: agent \"ddos\" has action 7, but actions are 0 to 6");
        let mut short = episode("ddos", &[[1, 3]]);
        short.trajectory.transitions[0].rewards = vec![0.0].into();
        let refused = recordings.push(short).unwrap_err().to_string();
        assert_eq!(refused, "step 0 has 1 rewards, but the cast has 2");
        assert_eq!(recordings.push(episode("ddos", &[])), Err(EpisodeError::Empty));
        assert!(recordings.episodes().is_empty());
    }

    #[test]
    fn unjudged_episodes_succeed_where_they_are_in_the_better_half_of_their_scenario() {
        let mut recordings = Recordings::new(cast());
        for (scenario, reward) in [("calm", 9.0), ("calm", 8.0), ("storm", 1.0), ("storm", 2.0)] {
            let mut episode = episode(scenario, &[[3, 3]]);
            episode.trajectory.transitions[0].rewards = vec![reward, reward].into();
            recordings.push(episode).unwrap();
        }
        assert_eq!(recordings.successes(), [true, false, false, true]);
    }

    #[test]
    fn episodes_are_successes_as_they_were_judged() {
        let mut recordings = Recordings::new(cast());
        for success in [true, true, false] {
            recordings
                .push(RecordedEpisode { success: Some(success), ..episode("calm", &[[3, 3]]) })
                .unwrap();
        }
        assert_eq!(recordings.successes(), [true, true, false]);
    }
}
