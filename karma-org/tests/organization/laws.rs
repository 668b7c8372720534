//! What holds of all organisations.

use std::collections::BTreeSet;

use karma_org::check::check;
use karma_org::organization::{GoalId, GroupId, ImpliedLink, RoleId};
use karma_org::spec::{Goal, Link, LinkKind, Scheme, Scope};
use karma_org::{Organization, Severity};
use proptest::prelude::*;

use crate::random::{GROUPS, Structure, goals, specification, structure};

const SCOPES: [Scope; 2] = [Scope::IntraGroup, Scope::InterGroup];

fn kinds() -> [LinkKind; 4] {
    [LinkKind::Acquaintance, LinkKind::Communication, LinkKind::Authority, LinkKind::Other("other".into())]
}

/// All links that hold in a group, asked one by one.
fn linked(organization: &Organization, group: GroupId) -> BTreeSet<ImpliedLink> {
    let mut links = BTreeSet::new();
    for from in organization.roles().ids() {
        for to in organization.roles().ids() {
            for (kind, scope) in
                kinds().into_iter().flat_map(|kind| SCOPES.map(|scope| (kind.clone(), scope)))
            {
                if organization.linked(group, from, to, &kind, scope) {
                    links.insert(ImpliedLink { from, to, kind, scope });
                }
            }
        }
    }
    links
}

/// The same by applying each rule of MOISE+ on its own, one step at a time, until nothing is new.
fn naive_links(organization: &Organization, group: GroupId) -> BTreeSet<ImpliedLink> {
    let mut links = BTreeSet::new();
    for link in organization.links_in_force(group) {
        let mut add =
            |from, to| links.insert(ImpliedLink { from, to, kind: link.kind.clone(), scope: link.scope });
        add(link.from, link.to);
        if link.bidirectional {
            add(link.to, link.from);
        }
    }
    loop {
        let mut grown = links.clone();
        for link in &links {
            let weaker = match link.kind {
                LinkKind::Authority => Some(LinkKind::Communication),
                LinkKind::Communication => Some(LinkKind::Acquaintance),
                _ => None,
            };
            grown.extend(weaker.map(|kind| ImpliedLink { kind, ..link.clone() }));
            grown.extend(children(organization, link.from).map(|from| ImpliedLink { from, ..link.clone() }));
            grown.extend(children(organization, link.to).map(|to| ImpliedLink { to, ..link.clone() }));
        }
        if grown == links {
            return links;
        }
        links = grown;
    }
}

fn children(organization: &Organization, role: RoleId) -> impl Iterator<Item = RoleId> {
    organization
        .roles()
        .iter_enumerated()
        .filter(move |(_, child)| child.parents.contains(&role))
        .map(|(id, _)| id)
}

fn compatible(organization: &Organization, group: GroupId, scope: Scope) -> BTreeSet<(RoleId, RoleId)> {
    let roles = || organization.roles().ids();
    let pairs = roles().flat_map(|role| roles().map(move |other| (role, other)));
    pairs.filter(|(role, other)| organization.compatible(group, *role, *other, scope)).collect()
}

/// The same by applying each rule on its own until nothing is new: first inheritance, then transitivity.
fn naive_compatible(organization: &Organization, group: GroupId, scope: Scope) -> BTreeSet<(RoleId, RoleId)> {
    let in_force = organization.compatibilities_in_force(group).filter(|written| written.scope == scope);
    let mut written: BTreeSet<_> = BTreeSet::new();
    for compatibility in in_force {
        written.insert((compatibility.from, compatibility.to));
        if compatibility.bidirectional {
            written.insert((compatibility.to, compatibility.from));
        }
    }
    let mut pairs = grown(written, |(from, to), _| {
        let sources = children(organization, from).map(move |from| (from, to));
        sources.chain(children(organization, to).map(move |to| (from, to))).collect()
    });
    for (role, node) in organization.roles().iter_enumerated() {
        pairs.insert((role, role));
        pairs.extend(node.parents.iter().map(|parent| (role, *parent)));
    }
    grown(pairs, |(from, middle), pairs| {
        pairs.iter().filter(|(next, _)| *next == middle).map(|(_, to)| (from, *to)).collect()
    })
}

type Pairs = BTreeSet<(RoleId, RoleId)>;

fn grown(mut pairs: Pairs, step: impl Fn((RoleId, RoleId), &Pairs) -> Vec<(RoleId, RoleId)>) -> Pairs {
    loop {
        let new: Vec<_> =
            pairs.iter().flat_map(|pair| step(*pair, &pairs)).filter(|pair| !pairs.contains(pair)).collect();
        if new.is_empty() {
            return pairs;
        }
        pairs.extend(new);
    }
}

fn groups(organization: &Organization) -> [GroupId; 3] {
    GROUPS.map(|id| organization.group(id).unwrap())
}

/// The structure with the links that hold in its top group written in it.
fn closed(structure: &Structure) -> Organization {
    let organization = structure.builder().organization().unwrap();
    let name = |role: RoleId| organization.roles()[role].id.clone();
    let written = linked(&organization, groups(&organization)[0]).into_iter().map(|implied| Link {
        from: name(implied.from),
        to: name(implied.to),
        kind: implied.kind,
        scope: implied.scope,
        extends_subgroups: false,
        bidirectional: false,
        origin: karma_org::spec::Origin::default(),
    });
    let mut specification = organization.specification().clone();
    specification.structural.group.as_mut().unwrap().links.extend(written);
    Organization::new(specification).unwrap()
}

/// Whether every goal is enabled at some time if all that are enabled get satisfied, round after round.
fn all_get_enabled(organization: &Organization) -> bool {
    let mut enabled: BTreeSet<GoalId> = BTreeSet::new();
    for _ in organization.goals() {
        let now = organization.goals().iter_enumerated().filter(|(_, goal)| {
            let any = &goal.precondition.any;
            goal.precondition.all.iter().all(|first| enabled.contains(first))
                && (any.is_empty() || any.iter().any(|first| enabled.contains(first)))
        });
        enabled = now.map(|(id, _)| id).collect();
    }
    enabled.len() == organization.goals().len()
}

fn without_dependencies(goal: &mut Goal) {
    goal.depends_on.clear();
    goal.plan.iter_mut().flat_map(|plan| &mut plan.goals).for_each(without_dependencies);
}

proptest! {
    #[test]
    fn links_are_the_smallest_set_that_is_closed_under_implication_and_inheritance(structure in structure()) {
        let organization = structure.builder().organization().unwrap();
        for group in groups(&organization) {
            prop_assert_eq!(linked(&organization, group), naive_links(&organization, group));
        }
    }

    #[test]
    fn the_links_of_a_group_are_all_that_hold_among_roles_that_can_be_played(structure in structure()) {
        let organization = structure.builder().organization().unwrap();
        let played = |role: RoleId| !organization.roles()[role].is_abstract;
        for group in groups(&organization) {
            let held = linked(&organization, group).into_iter().filter(|link| played(link.from) && played(link.to));
            prop_assert_eq!(organization.links_of(group), held.collect());
        }
    }

    #[test]
    fn writing_what_is_implied_implies_nothing_more(structure in structure()) {
        let organization = structure.builder().organization().unwrap();
        let [top, middle, _] = groups(&organization);
        let closed = closed(&structure);
        prop_assert_eq!(linked(&closed, top), linked(&organization, top));
        prop_assert_eq!(linked(&closed, middle), linked(&organization, middle));
    }

    #[test]
    fn another_link_takes_none_away((structure, more) in (structure(), structure())) {
        let organization = structure.builder().organization().unwrap();
        let mut grown = structure;
        for (links, more) in grown.links.iter_mut().zip(more.links) {
            links.extend(more);
        }
        let grown = grown.builder().organization().unwrap();
        for group in groups(&organization) {
            prop_assert!(linked(&organization, group).is_subset(&linked(&grown, group)));
        }
    }

    #[test]
    fn compatibilities_are_the_smallest_preorder_with_what_is_written_and_inherited(structure in structure()) {
        let organization = structure.builder().organization().unwrap();
        for (group, scope) in groups(&organization).into_iter().flat_map(|group| SCOPES.map(|scope| (group, scope))) {
            prop_assert_eq!(compatible(&organization, group, scope), naive_compatible(&organization, group, scope));
        }
    }

    #[test]
    fn another_compatibility_takes_none_away((structure, more) in (structure(), structure())) {
        let organization = structure.builder().organization().unwrap();
        let mut grown = structure;
        for (compatibilities, more) in grown.compatibilities.iter_mut().zip(more.compatibilities) {
            compatibilities.extend(more);
        }
        let grown = grown.builder().organization().unwrap();
        for (group, scope) in groups(&organization).into_iter().flat_map(|group| SCOPES.map(|scope| (group, scope))) {
            prop_assert!(compatible(&organization, group, scope).is_subset(&compatible(&grown, group, scope)));
        }
    }

    #[test]
    fn roles_specialise_what_their_parents_do(structure in structure()) {
        let organization = structure.builder().organization().unwrap();
        for (id, role) in organization.roles().iter_enumerated() {
            let parents = role.parents.iter().flat_map(|parent| organization.roles()[*parent].ancestors.clone());
            let expected: BTreeSet<RoleId> = parents.chain([id]).collect();
            prop_assert_eq!(&role.ancestors, &Vec::from_iter(expected));
        }
    }

    #[test]
    fn ranks_follow_command_unless_it_goes_in_a_cycle(structure in structure()) {
        let organization = structure.builder().organization().unwrap();
        let roles: Vec<RoleId> = organization.roles().ids().collect();
        let commands = |a: RoleId, b: RoleId| a != b && organization.commands(a, b);
        match organization.authority_ranks(&roles) {
            Ok(ranks) => for (a, above) in roles.iter().zip(&ranks) {
                let below = roles.iter().zip(&ranks).filter(|(b, _)| commands(*a, **b)).map(|(_, rank)| rank + 1);
                prop_assert_eq!(*above, below.max().unwrap_or(0));
            },
            Err(cycle) => {
                let next = cycle.roles.iter().cycle().skip(1);
                prop_assert!(cycle.roles.iter().zip(next).all(|(a, b)| commands(*a, *b)));
                prop_assert!(cycle.roles.len() > 1);
            }
        }
    }

    #[test]
    fn an_organisation_exists_if_and_only_if_no_finding_is_an_error(specification in specification()) {
        let findings = check(&specification);
        let wrong = findings.iter().any(|finding| finding.severity == Severity::Error);
        match Organization::new(specification) {
            Ok(organization) => prop_assert!(!wrong && organization.warnings() == findings),
            Err(refusal) => prop_assert!(wrong && refusal.0 == findings),
        }
    }

    #[test]
    fn goals_of_an_organisation_can_all_be_enabled_and_plans_alone_never_prevent_it(goal in goals()) {
        let mut goal = Goal::from(goal);
        let build = |goal: &Goal| {
            let mut specification = karma_org::builder::OrganizationBuilder::new("o").build();
            let scheme = Scheme { id: Some("s".into()), goal: Some(goal.clone()), ..Scheme::default() };
            specification.functional.schemes.push(scheme);
            Organization::new(specification)
        };
        match build(&goal) {
            Ok(organization) => prop_assert!(all_get_enabled(&organization)),
            Err(refusal) => prop_assert!(refusal.0.iter().any(|finding| finding.code == "dependency-cycle")),
        }
        without_dependencies(&mut goal);
        prop_assert!(build(&goal).is_ok_and(|organization| all_get_enabled(&organization)));
    }
}
