//! Schemes and their missions.

use std::ops::RangeBounds;

use crate::spec::{Goal, Mission, NotificationPolicy, Scheme};

use super::{cardinality, property, reference};

/// A scheme while it is written.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct SchemeBuilder {
    scheme: Scheme,
}

impl SchemeBuilder {
    pub(super) fn new(id: impl Into<String>) -> Self {
        Self { scheme: Scheme { id: Some(id.into()), ..Scheme::default() } }
    }

    /// A free property.
    pub fn property(mut self, id: impl Into<String>, value: impl Into<String>) -> Self {
        self.scheme.properties.push(property(id, value));
        self
    }

    /// The root of the goal tree: a [`goal`](super::goal), or only its name.
    pub fn goal(mut self, root: impl Into<Goal>) -> Self {
        self.scheme.goal = Some(root.into());
        self
    }

    /// What is told to whom when something goes wrong.
    pub fn notification_policy(mut self, policy: NotificationPolicy) -> Self {
        self.scheme.notification_policies.push(policy);
        self
    }

    /// A [`mission`].
    pub fn mission(mut self, mission: impl Into<Mission>) -> Self {
        self.scheme.missions.push(mission.into());
        self
    }
}

impl From<SchemeBuilder> for Scheme {
    fn from(builder: SchemeBuilder) -> Self {
        builder.scheme
    }
}

/// A mission while it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct MissionBuilder {
    mission: Mission,
}

/// A mission without goals, for any number of agents.
pub fn mission(id: impl Into<String>) -> MissionBuilder {
    MissionBuilder { mission: Mission { id: id.into(), ..Mission::default() } }
}

impl MissionBuilder {
    /// How many agents commit to it.
    pub fn agents(mut self, range: impl RangeBounds<u32>) -> Self {
        self.mission.cardinality = cardinality(&range);
        self
    }

    /// Goals of the scheme that it consists of.
    pub fn goals(mut self, goals: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.mission.goals.extend(goals.into_iter().map(reference));
        self
    }

    /// A mission that an agent would rather commit to.
    pub fn preferring(mut self, mission: impl Into<String>) -> Self {
        self.mission.preferred.push(reference(mission));
        self
    }

    /// A free property.
    pub fn property(mut self, id: impl Into<String>, value: impl Into<String>) -> Self {
        self.mission.properties.push(property(id, value));
        self
    }
}

impl From<MissionBuilder> for Mission {
    fn from(builder: MissionBuilder) -> Self {
        builder.mission
    }
}
