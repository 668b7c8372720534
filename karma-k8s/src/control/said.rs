//! What the controller tells of one decision: events, and an entry of the decision log.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::decide::Decided;
use crate::observe::Observed;

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Reason {
    /// A Deployment was scaled.
    Scaled,
    /// A Deployment could not be scaled.
    NotScaled,
    /// The Deployment had moved on, and the plan was dropped.
    Void,
    /// A plan that a restart found was finished.
    Recovered,
    /// The agents are no longer listened to.
    FellBack,
    /// They are again.
    Returned,
    /// The canary went well.
    CanaryPromoted,
    /// It did not.
    CanaryRolledBack,
    /// Somebody else scales the same Deployments.
    Rival,
    /// Nobody else does any more.
    SoleOwner,
    /// Somebody set other replicas than the ones decided.
    Overridden,
    /// The policy was loaded.
    PolicyLoaded,
    /// There is no policy that could be used.
    PolicyRefused,
    /// The specification does not go with its policy.
    SpecRefused,
    /// A Deployment does not exist.
    TargetGone,
    /// The cluster does not show what there is.
    Unobserved,
    /// It does again.
    Observed,
    /// Samples that Prometheus was asked for are missing.
    Unmeasured,
    /// They are there again.
    Measured,
    /// What was known from before a restart cannot be used.
    MemoryLost,
    /// A Deployment has the replicas again that it had at first.
    Restored,
}

impl Reason {
    /// Whether a person should look at it.
    pub const fn is_warning(self) -> bool {
        matches!(
            self,
            Self::NotScaled
                | Self::FellBack
                | Self::CanaryRolledBack
                | Self::Rival
                | Self::Overridden
                | Self::PolicyRefused
                | Self::SpecRefused
                | Self::TargetGone
                | Self::Unobserved
                | Self::Unmeasured
                | Self::MemoryLost
        )
    }

    /// All of them.
    pub const ALL: [Self; 21] = [
        Self::Scaled,
        Self::NotScaled,
        Self::Void,
        Self::Recovered,
        Self::FellBack,
        Self::Returned,
        Self::CanaryPromoted,
        Self::CanaryRolledBack,
        Self::Rival,
        Self::SoleOwner,
        Self::Overridden,
        Self::PolicyLoaded,
        Self::PolicyRefused,
        Self::SpecRefused,
        Self::TargetGone,
        Self::Unobserved,
        Self::Observed,
        Self::Unmeasured,
        Self::Measured,
        Self::MemoryLost,
        Self::Restored,
    ];

    /// Whether it tells of a state that lasts rather than of an act: then events of the same reason are counted as one, whose
    /// note is the first.
    pub const fn is_lasting(self) -> bool {
        matches!(
            self,
            Self::NotScaled
                | Self::Rival
                | Self::PolicyRefused
                | Self::SpecRefused
                | Self::TargetGone
                | Self::Unobserved
                | Self::Unmeasured
        )
    }

    /// What the controller was about to do, as an event has it.
    pub(super) const fn action(self) -> &'static str {
        match self {
            Self::Scaled | Self::NotScaled | Self::Void | Self::Recovered | Self::Restored => "Scale",
            Self::FellBack | Self::Returned => "Listen",
            Self::CanaryPromoted | Self::CanaryRolledBack => "Canary",
            Self::Rival | Self::SoleOwner | Self::Overridden => "CheckOwner",
            Self::PolicyLoaded | Self::PolicyRefused => "LoadPolicy",
            Self::SpecRefused => "CheckSpecification",
            Self::TargetGone | Self::Unobserved | Self::Observed => "Observe",
            Self::Unmeasured | Self::Measured => "Measure",
            Self::MemoryLost => "Remember",
        }
    }

    /// Its name, as an event has it.
    pub fn name(self) -> String {
        format!("{self:?}")
    }
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// What it is about.
    pub reason: Reason,
    /// A sentence.
    pub message: String,
}

/// One line of the decision log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Namespace of the custom resource.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Digest of the policy.
    pub policy: String,
    /// Names of the services, in the order of the decision.
    pub services: Vec<String>,
    /// The decision.
    pub decided: Decided,
    /// Samples that were not there, and why: `api request_rate: no series`.
    pub missing: Vec<String>,
    /// Questions that failed.
    pub failed: Vec<String>,
    /// What became of each Deployment that was to be scaled.
    pub outcomes: BTreeMap<String, String>,
    /// What was observed, for the model.
    pub snapshot: karma_core::Snapshot,
}

/// Samples that were not there, in words.
pub(super) fn missing(observed: &Observed, names: &[String]) -> Vec<String> {
    use karma_core::Id as _;
    let name = |index: usize| names.get(index).map_or("", String::as_str);
    let line = |missing: &crate::observe::Missing| {
        format!("{} {}: {}", name(missing.service.index()), missing.metric.name(), missing.gap)
    };
    observed.missing.iter().map(line).collect()
}
