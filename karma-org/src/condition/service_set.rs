//! Sets of services, as conditions aggregate over them and rules act on them.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::str::FromStr;

use karma_core::topology::Priority;
use karma_core::{PerService, ServiceId, Topology};

use super::hint::nearest;

/// Some services, seen from one of them (`self`) or from the whole topology.
///
/// ```
/// use karma_org::condition::ServiceSet;
/// assert_eq!("upstream".parse(), Ok(ServiceSet::Upstream));
/// assert_eq!("Auth".parse(), Ok(ServiceSet::Named("Auth".to_owned())));
/// assert_eq!(ServiceSet::NotCritical.to_string(), "not_critical");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceSet {
    /// `self`: the service that is asked about.
    Itself,
    /// `upstream`: the services that call it directly.
    Upstream,
    /// `downstream`: the services that it calls directly.
    Downstream,
    /// `callers`: the services from which calls reach it, over any number of hops.
    Callers,
    /// `reachable`: the services that its calls reach, over any number of hops.
    Reachable,
    /// `entry`: the services that an entry point feeds.
    Entry,
    /// `critical`: those of this priority.
    Critical,
    /// `normal`: those of this priority.
    Normal,
    /// `low`: those of this priority.
    Low,
    /// `not_critical`: those of normal or low priority.
    NotCritical,
    /// `all`: every service.
    All,
    /// The service of this name.
    Named(String),
}

impl ServiceSet {
    /// The sets that are not the name of one service, with their words.
    pub const KEYWORDS: [(&'static str, Self); 11] = [
        ("self", Self::Itself),
        ("upstream", Self::Upstream),
        ("downstream", Self::Downstream),
        ("callers", Self::Callers),
        ("reachable", Self::Reachable),
        ("entry", Self::Entry),
        ("critical", Self::Critical),
        ("normal", Self::Normal),
        ("low", Self::Low),
        ("not_critical", Self::NotCritical),
        ("all", Self::All),
    ];

    /// Whether it means something only for one service (`self`, `upstream`, `downstream`, `callers`, `reachable`).
    pub const fn needs_subject(&self) -> bool {
        matches!(self, Self::Itself | Self::Upstream | Self::Downstream | Self::Callers | Self::Reachable)
    }

    /// What is wrong with it in this topology, in one sentence; nothing if it can be resolved.
    pub fn problem(&self, topology: &Topology, has_subject: bool) -> Option<String> {
        match self {
            Self::Named(name) if topology.service_named(name).is_none() => {
                let services = topology.services.iter().map(|service| service.name.as_str());
                let words = Self::KEYWORDS.iter().map(|(word, _)| *word);
                let hint = nearest(name, services.chain(words));
                Some(format!("there is no service or set of services {name:?}{hint}"))
            }
            set if set.needs_subject() && !has_subject => {
                Some(format!("{set} needs a service; it is known only where every service is asked in turn"))
            }
            _ => None,
        }
    }

    /// The services, in the order of the topology, each once. Empty where [`ServiceSet::problem`] finds something.
    ///
    /// Cost: at most services × connections.
    pub fn resolve(
        &self,
        topology: &Topology,
        priorities: &PerService<Priority>,
        subject: Option<ServiceId>,
    ) -> Vec<ServiceId> {
        let of = |wanted: &[Priority]| with_priority(topology, priorities, wanted);
        let around = |towards| subject.map_or_else(Vec::new, |id| neighbours(topology, id, towards));
        let beyond = |towards| subject.map_or_else(Vec::new, |id| transitive(topology, id, towards));
        let found = match self {
            Self::Itself => subject.into_iter().collect(),
            Self::Upstream => around(Towards::Callers),
            Self::Downstream => around(Towards::Called),
            Self::Callers => beyond(Towards::Callers),
            Self::Reachable => beyond(Towards::Called),
            Self::Entry => topology.entry_points.iter().map(|entry| entry.service).collect(),
            Self::Critical => of(&[Priority::Critical]),
            Self::Normal => of(&[Priority::Normal]),
            Self::Low => of(&[Priority::Low]),
            Self::NotCritical => of(&[Priority::Normal, Priority::Low]),
            Self::All => topology.services.ids().collect(),
            Self::Named(name) => topology.service_named(name).into_iter().collect(),
        };
        found.into_iter().collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The union of several sets, in the order of the topology, each service once.
    pub fn resolve_union(
        sets: &[Self],
        topology: &Topology,
        priorities: &PerService<Priority>,
        subject: Option<ServiceId>,
    ) -> Vec<ServiceId> {
        let each = sets.iter().flat_map(|set| set.resolve(topology, priorities, subject));
        each.collect::<BTreeSet<_>>().into_iter().collect()
    }
}

fn with_priority(
    topology: &Topology,
    priorities: &PerService<Priority>,
    wanted: &[Priority],
) -> Vec<ServiceId> {
    let priority = |id: ServiceId| priorities.get(id).copied().unwrap_or(topology.services[id].priority);
    topology.services.ids().filter(|id| wanted.contains(&priority(*id))).collect()
}

/// Which way to follow the calls.
#[derive(Clone, Copy)]
enum Towards {
    Callers,
    Called,
}

fn neighbours(topology: &Topology, service: ServiceId, towards: Towards) -> Vec<ServiceId> {
    let ends = topology.connections.iter().map(|call| match towards {
        Towards::Callers => (call.destination, call.source),
        Towards::Called => (call.source, call.destination),
    });
    ends.filter(|(near, _)| *near == service).map(|(_, far)| far).collect()
}

/// Breadth-first search along one direction, the start left out.
fn transitive(topology: &Topology, service: ServiceId, towards: Towards) -> Vec<ServiceId> {
    let mut seen = BTreeSet::new();
    let mut waiting = VecDeque::from([service]);
    while let Some(next) = waiting.pop_front() {
        let fresh = neighbours(topology, next, towards).into_iter().filter(|id| seen.insert(*id));
        waiting.extend(fresh.collect::<Vec<_>>());
    }
    seen.into_iter().collect()
}

impl FromStr for ServiceSet {
    type Err = std::convert::Infallible;

    /// A word of [`ServiceSet::KEYWORDS`], or else the name of a service.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let keyword = Self::KEYWORDS.iter().find(|(word, _)| *word == text);
        Ok(keyword.map_or_else(|| Self::Named(text.to_owned()), |(_, set)| set.clone()))
    }
}

impl fmt::Display for ServiceSet {
    /// As it is written in a condition; a name that could be read as something else stands in quotes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, Self::KEYWORDS.iter().find(|(_, set)| set == self)) {
            (_, Some((word, _))) => f.write_str(word),
            (Self::Named(name), _) => f.write_str(&quoted(name)),
            (set, None) => write!(f, "{set:?}"),
        }
    }
}

/// A service's name as a condition writes it: bare where that reads back, in single quotes otherwise.
pub(super) fn quoted(name: &str) -> String {
    let words = ["or", "and", "not", "of", "true", "false"];
    let keyword = words.contains(&name) || ServiceSet::KEYWORDS.iter().any(|(word, _)| *word == name);
    if !keyword && is_bare(name) { name.to_owned() } else { format!("'{}'", name.replace('\'', "''")) }
}

/// Letters, digits and underscores, in parts joined by single hyphens; the first part is a word.
fn is_bare(name: &str) -> bool {
    let parts = || name.split('-');
    let plain = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && parts().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::condition::testing::chain;

    fn names(set: &str, subject: Option<&str>) -> Vec<String> {
        let topology = chain();
        let priorities = topology.services.map(|service| service.priority);
        let subject = subject.and_then(|name| topology.service_named(name));
        let Ok(set) = set.parse::<ServiceSet>();
        let found = set.resolve(&topology, &priorities, subject);
        found.into_iter().map(|id| topology.services[id].name.clone()).collect()
    }

    #[test]
    fn one_hop_and_many_are_told_apart() {
        assert_eq!(names("upstream", Some("Orders")), ["Products"]);
        assert_eq!(names("callers", Some("Orders")), ["API", "Auth", "Products"]);
        assert_eq!(names("downstream", Some("API")), ["Auth"]);
        assert_eq!(names("reachable", Some("Auth")), ["Products", "Orders"]);
    }

    #[test]
    fn sets_of_the_whole_topology_need_no_service() {
        assert_eq!(names("entry", None), ["API"]);
        assert_eq!(names("not_critical", None), ["Auth", "Products", "Orders"]);
        assert_eq!(names("upstream", None), Vec::<String>::new());
    }

    #[test]
    fn an_unknown_name_is_reported_with_the_nearest() {
        let problem = ServiceSet::Named("Ordrs".to_owned()).problem(&chain(), false).unwrap();
        assert!(problem.ends_with("did you mean \"Orders\"?"), "{problem}");
        let problem = ServiceSet::Upstream.problem(&chain(), false).unwrap();
        assert!(problem.contains("needs a service"), "{problem}");
    }

    #[test]
    fn a_name_that_reads_as_something_else_is_quoted() {
        for (name, written) in
            [("front-end", "front-end"), ("all", "'all'"), ("a b", "'a b'"), ("a--b", "'a--b'")]
        {
            assert_eq!(ServiceSet::Named(name.to_owned()).to_string(), written);
        }
    }
}
