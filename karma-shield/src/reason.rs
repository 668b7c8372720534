//! Why an action is what it is, for machines and for people.

use core::fmt;

use crate::reading::Defect;

/// A property of the kernel, numbered as in `docs/safety.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Property {
    /// P1: min ≤ replicas ≤ max.
    Bounds,
    /// P2: within a window, replicas move by no more than the rate in either direction.
    Rate,
    /// P3: nothing is removed soon after something was added, nor against recent wishes.
    Stabilization,
    /// P4: all replicas fit into the budget, the added ones onto the nodes.
    Budget,
    /// P5: a scale-down leaves the ready pods that demand and disruption budget need.
    Availability,
    /// P6: what is not fresh and plausible is not used.
    Freshness,
    /// P7: a safe action always exists.
    NonBlocking,
    /// P8: a safe proposal passes unchanged.
    MinimalIntervention,
    /// P9: within a window, the direction changes no more often than allowed.
    Oscillation,
    /// P10: as long as demand grows no faster than assumed, ready pods carry it.
    Recoverability,
    /// P11: a pause holds absolutely.
    Pause,
}

impl Property {
    /// All of them, in order.
    pub const ALL: [Self; 11] = [
        Self::Bounds,
        Self::Rate,
        Self::Stabilization,
        Self::Budget,
        Self::Availability,
        Self::Freshness,
        Self::NonBlocking,
        Self::MinimalIntervention,
        Self::Oscillation,
        Self::Recoverability,
        Self::Pause,
    ];

    /// Its number: 1 for P1.
    pub const fn number(self) -> usize {
        self as usize + 1
    }

    /// A short name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bounds => "bounds",
            Self::Rate => "rate",
            Self::Stabilization => "stabilization",
            Self::Budget => "budget",
            Self::Availability => "availability",
            Self::Freshness => "freshness",
            Self::NonBlocking => "non-blocking",
            Self::MinimalIntervention => "minimal-intervention",
            Self::Oscillation => "oscillation",
            Self::Recoverability => "recoverability",
            Self::Pause => "pause",
        }
    }
}

impl fmt::Display for Property {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "P{} {}", self.number(), self.name())
    }
}

/// Whose wish was followed: the Simplex architecture's choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The policy's proposal.
    Policy,
    /// The HPA formula, because the policy could not be listened to.
    Baseline(Cause),
    /// Nobody's: the replicas stay, because the HPA formula lacked its data too.
    Hold(Cause),
}

/// Why the policy was not listened to (P6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The situation is unlike those that it was trained in.
    Distrusted,
    /// Its proposal is of no use.
    Proposal(Defect),
    /// Nobody knows which pods are ready.
    Ready(Defect),
    /// Nobody knows the demand.
    Demand(Defect),
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (what, defect) = match self {
            Self::Distrusted => return write!(f, "the situation is not one to trust the policy in"),
            Self::Proposal(defect) => ("the proposal", defect),
            Self::Ready(defect) => ("the number of ready pods", defect),
            Self::Demand(defect) => ("the demand", defect),
        };
        let how = match defect {
            Defect::Missing => "missing",
            Defect::Invalid => "no plausible number",
            Defect::Stale => "stale",
        };
        write!(f, "{what} is {how}")
    }
}

/// What became of a proposal, property by property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reason {
    source: Source,
    changes: [i64; Property::ALL.len()],
}

impl Reason {
    pub(crate) const fn new(source: Source) -> Self {
        Self { source, changes: [0; Property::ALL.len()] }
    }

    pub(crate) fn add(&mut self, property: Property, from: u32, to: u32) {
        self.changes[property as usize] += i64::from(to) - i64::from(from);
    }

    /// Whose wish was followed.
    pub const fn source(&self) -> Source {
        self.source
    }

    /// By how many replicas a property changed what was asked for. The action is the sum of all changes and the
    /// proposal, or, where there was no number in it, the replicas that are there.
    pub const fn change(&self, property: Property) -> i64 {
        self.changes[property as usize]
    }

    /// The properties that changed something, and by how much.
    pub fn changes(&self) -> impl Iterator<Item = (Property, i64)> + '_ {
        Property::ALL.into_iter().zip(self.changes).filter(|(_, change)| *change != 0)
    }

    /// Whether the shield intervened: the policy was not listened to, or its proposal did not pass unchanged.
    pub fn intervened(&self) -> bool {
        self.source != Source::Policy || self.changes().next().is_some()
    }
}

/// `P2 rate -3, P1 bounds -1`, with the cause in front if the policy was not listened to.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        match self.source {
            Source::Policy => {}
            Source::Baseline(cause) => {
                write!(f, "HPA, because {cause}")?;
                separator = "; ";
            }
            Source::Hold(cause) => {
                write!(f, "held, because {cause}")?;
                separator = "; ";
            }
        }
        for (property, change) in self.changes() {
            write!(f, "{separator}{property} {change:+}")?;
            separator = ", ";
        }
        if separator.is_empty() { write!(f, "safe as proposed") } else { Ok(()) }
    }
}
