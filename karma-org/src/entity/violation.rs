//! Why an operation was refused.

use std::time::Duration;

use super::breach::Breach;
use super::goal_state::GoalState;

/// Why an operation was refused. Nothing has changed then, not even the time.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Violation {
    /// Operations come in the order of time.
    #[error("time cannot go back: the operation is at {now:?}, the one before was at {last:?}")]
    TimeWentBack {
        /// When it was asked for.
        now: Duration,
        /// When the last operation was.
        last: Duration,
    },
    /// A name that nothing has.
    #[error("there is no {kind} '{name}'{}", hint(.nearest.as_ref()))]
    Unknown {
        /// What kind of thing was meant.
        kind: &'static str,
        /// The name.
        name: String,
        /// The known name that resembles it most.
        nearest: Option<String>,
    },
    /// A name that is taken.
    #[error("there is a {kind} '{name}' already")]
    Taken {
        /// What kind of thing has it.
        kind: &'static str,
        /// The name.
        name: String,
    },
    /// An empty name.
    #[error("the {kind} needs a name")]
    Nameless {
        /// What kind of thing was meant.
        kind: &'static str,
    },
    /// The agent plays the role there already.
    #[error("{agent} plays {role} in group {group} already")]
    PlaysAlready {
        /// The agent.
        agent: String,
        /// The role.
        role: String,
        /// The group.
        group: String,
    },
    /// The agent does not play the role there.
    #[error("{agent} does not play {role} in group {group}")]
    DoesNotPlay {
        /// The agent.
        agent: String,
        /// The role.
        role: String,
        /// The group.
        group: String,
    },
    /// No group has the role, so nobody can play it.
    #[error("role {role} is abstract: no group has it; only roles that specialise it can be played")]
    AbstractRole {
        /// The role.
        role: String,
    },
    /// A group that is still in use cannot be destroyed.
    #[error("group {group} still has {players} players and {subgroups} subgroups; they have to leave first")]
    GroupInUse {
        /// The group.
        group: String,
        /// Players in it.
        players: usize,
        /// Subgroups in it.
        subgroups: usize,
    },
    /// The group is responsible already, by itself.
    #[error("group {group} is responsible for scheme {scheme} already")]
    ResponsibleAlready {
        /// The group.
        group: String,
        /// The scheme.
        scheme: String,
    },
    /// The group was not made responsible.
    #[error("group {group} was not made responsible for scheme {scheme}")]
    NotResponsible {
        /// The group.
        group: String,
        /// The scheme.
        scheme: String,
    },
    /// The agent is committed already.
    #[error("{agent} is committed to mission {mission} of scheme {scheme} already")]
    CommittedAlready {
        /// The agent.
        agent: String,
        /// The mission.
        mission: String,
        /// The scheme.
        scheme: String,
    },
    /// The agent is not committed to what it wants to leave or give up.
    #[error("{agent} is not committed to {what} of scheme {scheme}")]
    NotCommitted {
        /// The agent.
        agent: String,
        /// The mission or goal.
        what: String,
        /// The scheme.
        scheme: String,
    },
    /// Nobody commits to a scheme that is over.
    #[error("scheme {scheme} is over: its root goal {root} is {state}")]
    Finished {
        /// The scheme.
        scheme: String,
        /// Its root goal.
        root: String,
        /// The state of that goal.
        state: GoalState,
    },
    /// An argument of a report that is no term.
    #[error("'{text}' is no term such as index(3): {reason}")]
    NoTerm {
        /// What was written.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Regimented properties would be breached: all of them.
    #[error("{}", lines(.0))]
    Regimented(Vec<Breach>),
}

impl Violation {
    /// The regimented properties that would be breached.
    pub fn breaches(&self) -> &[Breach] {
        match self {
            Self::Regimented(breaches) => breaches,
            _ => &[],
        }
    }

    pub(super) fn unknown<'a>(kind: &'static str, name: &str, known: impl Iterator<Item = &'a str>) -> Self {
        let nearest = known
            .map(|candidate| (strsim::jaro_winkler(candidate, name), candidate))
            .filter(|(likeness, _)| *likeness > 0.7)
            .max_by(|(a, _), (b, _)| a.total_cmp(b))
            .map(|(_, candidate)| candidate.to_owned());
        Self::Unknown { kind, name: name.to_owned(), nearest }
    }
}

fn hint(nearest: Option<&String>) -> String {
    nearest.map(|name| format!("; did you mean '{name}'?")).unwrap_or_default()
}

fn lines(breaches: &[Breach]) -> String {
    breaches.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
