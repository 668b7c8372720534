//! Groups, and the links and compatibilities in them.

use std::ops::RangeBounds;

use crate::spec::{
    CardinalityConstraint, Compatibility, ConstrainedObject, Group, GroupRole, Link, LinkKind, Origin, Scope,
    Subgroup,
};

use super::{cardinality, property};

/// A group while it is written.
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct GroupBuilder {
    group: Group,
}

impl GroupBuilder {
    pub(super) fn new(id: impl Into<String>) -> Self {
        Self { group: Group { id: id.into(), ..Group::default() } }
    }

    /// How many instances of it may be in one instance of the group above.
    pub fn instances(mut self, range: impl RangeBounds<u32>) -> Self {
        self.group.cardinality = cardinality(&range);
        self
    }

    /// A free property.
    pub fn property(mut self, id: impl Into<String>, value: impl Into<String>) -> Self {
        self.group.properties.push(property(id, value));
        self
    }

    /// A role that can be played in it, and by how many agents.
    pub fn role(mut self, id: impl Into<String>, players: impl RangeBounds<u32>) -> Self {
        let cardinality = cardinality(&players);
        self.group.roles.push(GroupRole { role: id.into(), cardinality, origin: Origin::default() });
        self
    }

    /// A group inside it.
    pub fn subgroup(mut self, id: impl Into<String>, fill: impl FnOnce(Self) -> Self) -> Self {
        let subgroup = fill(Self::new(id)).group;
        self.group.subgroups.push(Subgroup::Specified(subgroup));
        self
    }

    /// A link: [`authority`], [`communication`], [`acquaintance`], or another [`link`].
    pub fn link(mut self, link: impl Into<Link>) -> Self {
        self.group.links.push(link.into());
        self
    }

    /// Two roles that one agent may play together.
    pub fn compatibility(mut self, compatibility: impl Into<Compatibility>) -> Self {
        self.group.compatibilities.push(compatibility.into());
        self
    }

    /// A formation constraint on the players of a role: here, or in all groups below if it is only played there.
    pub fn role_constraint(self, id: impl Into<String>, players: impl RangeBounds<u32>) -> Self {
        self.constraint(ConstrainedObject::Role, id, players)
    }

    /// A formation constraint on the instances of a subgroup.
    pub fn group_constraint(self, id: impl Into<String>, instances: impl RangeBounds<u32>) -> Self {
        self.constraint(ConstrainedObject::Group, id, instances)
    }

    fn constraint(
        mut self,
        object: ConstrainedObject,
        id: impl Into<String>,
        range: impl RangeBounds<u32>,
    ) -> Self {
        let cardinality = cardinality(&range);
        let constraint =
            CardinalityConstraint { object, id: id.into(), cardinality, origin: Origin::default() };
        self.group.cardinalities.push(constraint);
        self
    }
}

impl From<GroupBuilder> for Group {
    fn from(builder: GroupBuilder) -> Self {
        builder.group
    }
}

/// A link while it is written: inside the group, from source to target only, and not in subgroups.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct LinkBuilder {
    link: Link,
}

/// A link by which players of `from` may command players of `to`.
pub fn authority(from: impl Into<String>, to: impl Into<String>) -> LinkBuilder {
    kind(LinkKind::Authority, from, to)
}

/// A link by which players of `from` may talk to players of `to`.
pub fn communication(from: impl Into<String>, to: impl Into<String>) -> LinkBuilder {
    kind(LinkKind::Communication, from, to)
}

/// A link by which players of `from` may know of players of `to`.
pub fn acquaintance(from: impl Into<String>, to: impl Into<String>) -> LinkBuilder {
    kind(LinkKind::Acquaintance, from, to)
}

/// A link of a type that the organisation declares itself.
pub fn link(id: impl Into<String>, from: impl Into<String>, to: impl Into<String>) -> LinkBuilder {
    kind(LinkKind::Other(id.into()), from, to)
}

fn kind(kind: LinkKind, from: impl Into<String>, to: impl Into<String>) -> LinkBuilder {
    let link = Link {
        from: from.into(),
        to: to.into(),
        kind,
        scope: Scope::IntraGroup,
        extends_subgroups: false,
        bidirectional: false,
        origin: Origin::default(),
    };
    LinkBuilder { link }
}

impl LinkBuilder {
    /// Between different instances of the group.
    pub const fn between_groups(mut self) -> Self {
        self.link.scope = Scope::InterGroup;
        self
    }

    /// In the subgroups too.
    pub const fn in_subgroups(mut self) -> Self {
        self.link.extends_subgroups = true;
        self
    }

    /// From target to source too.
    pub const fn both_ways(mut self) -> Self {
        self.link.bidirectional = true;
        self
    }
}

impl From<LinkBuilder> for Link {
    fn from(builder: LinkBuilder) -> Self {
        builder.link
    }
}

/// A compatibility while it is written: inside the group, in one direction only, and not in subgroups.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct CompatibilityBuilder {
    compatibility: Compatibility,
}

/// Who plays `from` may play `to` as well.
pub fn compatible(from: impl Into<String>, to: impl Into<String>) -> CompatibilityBuilder {
    let compatibility = Compatibility { from: from.into(), to: to.into(), ..Compatibility::default() };
    CompatibilityBuilder { compatibility }
}

impl CompatibilityBuilder {
    /// In different instances of the group.
    pub const fn between_groups(mut self) -> Self {
        self.compatibility.scope = Scope::InterGroup;
        self
    }

    /// In the subgroups too.
    pub const fn in_subgroups(mut self) -> Self {
        self.compatibility.extends_subgroups = true;
        self
    }

    /// Who plays `to` may play `from` as well.
    pub const fn both_ways(mut self) -> Self {
        self.compatibility.bidirectional = true;
        self
    }
}

impl From<CompatibilityBuilder> for Compatibility {
    fn from(builder: CompatibilityBuilder) -> Self {
        builder.compatibility
    }
}
