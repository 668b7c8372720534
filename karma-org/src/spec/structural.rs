//! Who may be where: roles, groups, links, compatibilities and cardinalities.

use super::{Norm, Origin, Property, Reference, Scheme};

/// Roles and the group that holds them.
#[doc(alias = "SS")]
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StructuralSpecification {
    /// Free properties.
    pub properties: Vec<Property>,
    /// The roles.
    pub roles: Vec<Role>,
    /// Link types that are declared besides the three that MOISE+ knows.
    pub link_types: Vec<LinkType>,
    /// The root group.
    pub group: Option<Group>,
    /// Where it was written.
    pub origin: Origin,
}

/// A role: what an agent that plays it is bound by. It inherits links and compatibilities from those it extends.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Role {
    /// Its name.
    pub id: String,
    /// The roles that it specialises; none means the root role `soc`.
    pub extends: Vec<Reference>,
    /// Free properties.
    pub properties: Vec<Property>,
    /// Where it was written.
    pub origin: Origin,
}

/// The declaration of a link type.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinkType {
    /// Its name.
    pub id: String,
    /// Where it was written.
    pub origin: Origin,
}

/// How many: a range as written. What an absent bound means depends on the element.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cardinality {
    /// Fewest, if written.
    pub min: Option<u32>,
    /// Most, if written.
    pub max: Option<u32>,
}

/// A kind of group: the roles that are played in it, the links among them, and its subgroups.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Its name.
    pub id: String,
    /// How many instances may exist in one instance of the group above.
    pub cardinality: Cardinality,
    /// Free properties.
    pub properties: Vec<Property>,
    /// The roles that can be played in it.
    pub roles: Vec<GroupRole>,
    /// Links among roles.
    pub links: Vec<Link>,
    /// Groups inside it.
    pub subgroups: Vec<Subgroup>,
    /// Cardinalities given as formation constraints; they override those beside the role or group.
    pub cardinalities: Vec<CardinalityConstraint>,
    /// Pairs of roles that one agent may play together.
    pub compatibilities: Vec<Compatibility>,
    /// Where it was written.
    pub origin: Origin,
}

/// A role inside a group, and how many agents play it there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupRole {
    /// Name of the role.
    pub role: String,
    /// How many players; (0, ∞) by default.
    pub cardinality: Cardinality,
    /// Where it was written.
    pub origin: Origin,
}

/// A group inside a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Subgroup {
    /// Written in place.
    Specified(Group),
    /// Written in another text (`include-group-specification`).
    Included {
        /// Name of that text.
        uri: String,
        /// The group that was read from it, if it was resolved.
        group: Option<Box<Group>>,
        /// The roles that the other text defines.
        roles: Vec<Role>,
        /// The link types that it declares.
        link_types: Vec<LinkType>,
        /// Its schemes, which become schemes of the whole organisation.
        schemes: Vec<Scheme>,
        /// Its norms, which become norms of the whole organisation.
        norms: Vec<Norm>,
        /// Where the inclusion was written.
        origin: Origin,
    },
}

/// The strength of a link. Authority implies communication, communication implies acquaintance.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LinkKind {
    /// The source may know of the target.
    Acquaintance,
    /// The source may talk to the target.
    Communication,
    /// The source may command the target.
    Authority,
    /// A type that the specification declares itself; implies nothing.
    Other(String),
}

/// Whether players in one instance of a group are meant, or players in different instances.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Inside one instance of the group.
    #[default]
    IntraGroup,
    /// Between instances of the group.
    InterGroup,
}

/// A directed relation between the players of two roles.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Name of the source role.
    pub from: String,
    /// Name of the target role.
    pub to: String,
    /// Its strength.
    pub kind: LinkKind,
    /// Inside a group or between groups.
    pub scope: Scope,
    /// Whether it also holds in the subgroups.
    pub extends_subgroups: bool,
    /// Whether it also holds from target to source.
    pub bidirectional: bool,
    /// Where it was written.
    pub origin: Origin,
}

/// What a cardinality constraint counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstrainedObject {
    /// Players of a role.
    Role,
    /// Instances of a subgroup.
    Group,
}

/// A cardinality given as a formation constraint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CardinalityConstraint {
    /// What is counted.
    pub object: ConstrainedObject,
    /// Name of the role or subgroup.
    pub id: String,
    /// How many.
    pub cardinality: Cardinality,
    /// Where it was written.
    pub origin: Origin,
}

/// Two roles that one agent may play together. Roles are incompatible unless they are said to be compatible.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compatibility {
    /// Name of the role that is played.
    pub from: String,
    /// Name of the role that may be played as well.
    pub to: String,
    /// The `type` attribute, always "compatibility" where it is written.
    pub kind: Option<String>,
    /// Inside a group or between groups.
    pub scope: Scope,
    /// Whether it also holds in the subgroups.
    pub extends_subgroups: bool,
    /// Whether it also holds from `to` to `from`.
    pub bidirectional: bool,
    /// Where it was written.
    pub origin: Origin,
}
