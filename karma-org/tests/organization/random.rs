//! Random specifications from a small pool of names, so that most names stand for something and some do not.

use karma_org::builder::{
    CompatibilityBuilder, GoalBuilder, GroupBuilder, LinkBuilder, MissionBuilder, NormBuilder,
    OrganizationBuilder, SchemeBuilder, acquaintance, authority, communication, compatible, goal, link,
    mission, obligation, permission,
};
use karma_org::spec::OrganizationalSpecification;
use proptest::collection::vec;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "soc", "s.a", ""];

/// What roles are called in [`structure`]; each may extend those before it.
pub(crate) const ROLES: [&str; 6] = ["r0", "r1", "r2", "r3", "r4", "r5"];

/// What groups are called in [`structure`], each inside the one before it.
pub(crate) const GROUPS: [&str; 3] = ["top", "middle", "bottom"];

fn name() -> impl Strategy<Value = &'static str> + Clone {
    prop_oneof![20 => select(&NAMES[..5]), 1 => select(&NAMES[5..])]
}

fn names(most: usize) -> impl Strategy<Value = Vec<&'static str>> {
    vec(name(), 0..=most)
}

fn links(
    role: impl Strategy<Value = &'static str> + Clone,
    most: usize,
) -> impl Strategy<Value = Vec<LinkBuilder>> {
    let kinds = (0..4_u8, role.clone(), role, any::<[bool; 3]>()).prop_map(|(kind, from, to, flags)| {
        let link = match kind {
            0 => authority(from, to),
            1 => communication(from, to),
            2 => acquaintance(from, to),
            _ => link("other", from, to),
        };
        let [between, below, both] = flags;
        let link = if between { link.between_groups() } else { link };
        let link = if below { link.in_subgroups() } else { link };
        if both { link.both_ways() } else { link }
    });
    vec(kinds, 0..=most)
}

fn compatibilities(
    role: impl Strategy<Value = &'static str> + Clone,
    most: usize,
) -> impl Strategy<Value = Vec<CompatibilityBuilder>> {
    let written = (role.clone(), role, any::<[bool; 3]>()).prop_map(|(from, to, [between, below, both])| {
        let written = compatible(from, to);
        let written = if between { written.between_groups() } else { written };
        let written = if below { written.in_subgroups() } else { written };
        if both { written.both_ways() } else { written }
    });
    vec(written, 0..=most)
}

/// Roles that extend earlier ones, and the links and compatibilities of three groups inside each other.
#[derive(Clone, Debug)]
pub(crate) struct Structure {
    /// For each role, those that it extends.
    pub(crate) extends: Vec<Vec<usize>>,
    /// For each group, its links.
    pub(crate) links: Vec<Vec<LinkBuilder>>,
    /// For each group, its compatibilities.
    pub(crate) compatibilities: Vec<Vec<CompatibilityBuilder>>,
}

impl Structure {
    /// The specification that says so.
    pub(crate) fn builder(&self) -> OrganizationBuilder {
        let mut organization = OrganizationBuilder::new("o").link_type("other");
        for (role, extends) in ROLES.iter().zip(&self.extends) {
            organization = organization.role_extending(*role, extends.iter().map(|parent| ROLES[*parent]));
        }
        organization.group(GROUPS[0], |group| self.fill(0, group))
    }

    fn fill(&self, depth: usize, mut group: GroupBuilder) -> GroupBuilder {
        group =
            if depth == 0 { ROLES.iter().fold(group, |group, role| group.role(*role, ..)) } else { group };
        group = self.links[depth].iter().cloned().fold(group, GroupBuilder::link);
        group = self.compatibilities[depth].iter().cloned().fold(group, GroupBuilder::compatibility);
        match GROUPS.get(depth + 1) {
            Some(below) => group.subgroup(*below, |below| self.fill(depth + 1, below)),
            None => group,
        }
    }
}

/// Any such structure; nothing is wrong with it.
pub(crate) fn structure() -> impl Strategy<Value = Structure> {
    let extends: Vec<_> = (0..ROLES.len()).map(|role| vec(0..role.max(1), 0..=2.min(role))).collect();
    let links = vec(links(select(&ROLES[..]), 2), GROUPS.len());
    let compatibilities = vec(compatibilities(select(&ROLES[..]), 2), GROUPS.len());
    (extends, links, compatibilities).prop_map(|(extends, links, compatibilities)| Structure {
        extends,
        links,
        compatibilities,
    })
}

/// Any goal tree of different names, whose goals may depend on each other.
pub(crate) fn goals() -> impl Strategy<Value = GoalBuilder> {
    let dependencies = vec(proptest::option::weighted(0.3, 0..12_usize), 12);
    (tree(Just("")), dependencies).prop_map(|(tree, dependencies)| renamed(tree, &dependencies))
}

fn tree(name: impl Strategy<Value = &'static str> + Clone + 'static) -> impl Strategy<Value = GoalBuilder> {
    name.clone().prop_map(goal).prop_recursive(3, 12, 3, move |inner| {
        (name.clone(), 0..3_u8, vec(inner, 1..4)).prop_map(|(id, operator, goals)| match operator {
            0 => goal(id).sequence(goals),
            1 => goal(id).choice(goals),
            _ => goal(id).parallel(goals),
        })
    })
}

/// Gives the goals of a tree the names `g0`, `g1`, … and dependencies on each other.
fn renamed(tree: GoalBuilder, dependencies: &[Option<usize>]) -> GoalBuilder {
    use karma_org::spec::Goal;
    fn walk(goal: &mut Goal, next: &mut usize) {
        goal.id = format!("g{next}");
        *next += 1;
        goal.plan.iter_mut().flat_map(|plan| &mut plan.goals).for_each(|goal| walk(goal, next));
    }
    fn depend(goal: &mut Goal, count: usize, dependencies: &mut impl Iterator<Item = Option<usize>>) {
        let first = dependencies.next().flatten().map(|first| format!("g{}", first % count));
        goal.depends_on.extend(first.filter(|first| *first != goal.id).as_deref().map(Into::into));
        goal.plan
            .iter_mut()
            .flat_map(|plan| &mut plan.goals)
            .for_each(|goal| depend(goal, count, dependencies));
    }
    let (mut goal, mut count) = (Goal::from(tree), 0);
    walk(&mut goal, &mut count);
    depend(&mut goal, count, &mut dependencies.iter().copied());
    GoalBuilder::from(goal)
}

/// Any specification, right or wrong.
pub(crate) fn specification() -> impl Strategy<Value = OrganizationalSpecification> {
    let roles = vec((name(), names(2)), 0..5);
    let parts = (names(3), links(name(), 2), compatibilities(name(), 2), (0..3_u32, 0..3_u32));
    let schemes = vec((name(), tree(name()), vec(missions(), 0..3)), 0..3);
    (roles, vec(parts, 0..3), schemes, vec(norms(), 0..3)).prop_map(|(roles, groups, schemes, norms)| {
        let mut organization = OrganizationBuilder::new("o");
        for (role, extends) in roles {
            organization = organization.role_extending(role, extends);
        }
        organization = organization.group("top", |top| {
            groups.into_iter().zip(NAMES).fold(
                top,
                |top, ((roles, links, compatibilities, (min, max)), id)| {
                    top.group_constraint(id, min..=max).role_constraint(id, min..=max).subgroup(id, |group| {
                        let group = roles.into_iter().fold(group, |group, role| group.role(role, min..=max));
                        let group = links.into_iter().fold(group, GroupBuilder::link);
                        compatibilities.into_iter().fold(group, GroupBuilder::compatibility)
                    })
                },
            )
        });
        for (id, goal, missions) in schemes {
            organization = organization
                .scheme(id, |scheme| missions.into_iter().fold(scheme.goal(goal), SchemeBuilder::mission));
        }
        norms.into_iter().fold(organization, OrganizationBuilder::norm).build()
    })
}

fn missions() -> impl Strategy<Value = MissionBuilder> {
    let written = (name(), names(2), proptest::option::of(name()), 0..3_u32);
    written.prop_map(|(id, goals, preferred, min)| {
        let mission = mission(id).goals(goals).agents(min..=2);
        match preferred {
            Some(preferred) => mission.preferring(preferred),
            None => mission,
        }
    })
}

fn norms() -> impl Strategy<Value = NormBuilder> {
    (any::<bool>(), name(), name(), name()).prop_map(|(must, id, role, mission)| {
        if must { obligation(id, role, mission) } else { permission(id, role, mission) }
    })
}
