//! An organisation of a size that nobody writes by hand.

use karma_org::Organization;
use karma_org::builder::{GoalBuilder, OrganizationBuilder, authority, goal, mission, obligation};
use karma_org::check::check;
use karma_org::spec::Goal;

const ROLES: usize = 2_000;
const PLANS: usize = 100;
const GOALS: usize = 100;

/// 2 000 roles in a hierarchy ten deep, 10 100 goals with a dependency each, 100 missions and norms.
fn large() -> OrganizationBuilder {
    let mut organization = OrganizationBuilder::new("large");
    for role in 0..ROLES {
        let parent = role.checked_sub(ROLES / 10).map(|parent| format!("r{parent}"));
        organization = organization.role_extending(format!("r{role}"), parent);
    }
    organization = organization.group("g", |group| {
        let group = (0..ROLES).fold(group, |group, role| group.role(format!("r{role}"), ..));
        (1..ROLES).fold(group, |group, role| group.link(authority("r0", format!("r{role}"))))
    });
    organization = organization.scheme("s", |scheme| {
        let plans = (0..PLANS).map(plan);
        let scheme = scheme.goal(goal("root").sequence(plans));
        (0..PLANS).fold(scheme, |scheme, plan| {
            scheme
                .mission(mission(format!("m{plan}")).goals((0..GOALS).map(|leaf| format!("g{plan}.{leaf}"))))
        })
    });
    (0..PLANS).fold(organization, |organization, plan| {
        organization.norm(obligation(format!("n{plan}"), format!("r{plan}"), format!("s.m{plan}")))
    })
}

fn plan(plan: usize) -> GoalBuilder {
    let leaf = |leaf: usize| {
        let before = leaf.checked_sub(1).map(|before| format!("g{plan}.{before}"));
        before.into_iter().fold(goal(format!("g{plan}.{leaf}")), GoalBuilder::depends_on)
    };
    goal(format!("p{plan}")).parallel((0..GOALS).map(leaf))
}

#[test]
fn a_large_organisation_is_resolved_and_clean() {
    let organization = large().organization().unwrap();
    assert_eq!(organization.warnings(), []);
    assert_eq!(
        (organization.roles().len(), organization.goals().len()),
        (ROLES + 1, PLANS * GOALS + PLANS + 1)
    );
    let ancestors: usize = organization.roles().iter().map(|role| role.ancestors.len()).sum();
    assert!(
        ancestors <= organization.roles().len() * 11,
        "ancestors grow with depth, not with the number of roles"
    );
}

#[test]
fn a_large_organisation_in_which_every_name_dangles_is_told_so_for_every_name() {
    let mut specification = large().build();
    for mission in &mut specification.functional.schemes[0].missions {
        mission.goals.iter_mut().for_each(|goal| goal.id.push('x'));
    }
    let findings = check(&specification);
    assert_eq!(findings.iter().filter(|finding| finding.code == "unknown-goal").count(), PLANS * GOALS);
    assert!(findings[0].message.ends_with("did you mean \"g0.0\"?"), "{}", findings[0].message);
}

#[test]
fn a_chain_of_thousands_of_roles_and_a_cycle_through_all_of_them_are_found_out() {
    let chain = |first: Option<&str>| {
        let start = OrganizationBuilder::new("o").role_extending("r0", first);
        let extend = |o: OrganizationBuilder, role: usize| {
            o.role_extending(format!("r{role}"), [format!("r{}", role - 1)])
        };
        (1..ROLES).fold(start, extend)
    };
    let organization = chain(None).organization().unwrap();
    let last = organization.roles().iter().next_back().unwrap();
    assert_eq!(last.ancestors.len(), ROLES + 1);
    let findings = Organization::new(chain(Some("r1999")).build()).unwrap_err();
    assert_eq!(findings.0.iter().map(|finding| finding.code).collect::<Vec<_>>(), ["inheritance-cycle"]);
}

#[test]
fn a_deep_goal_tree_is_resolved_without_recursion() {
    let deep =
        (0..200).fold(Goal::from("leaf"), |inner, depth| goal(format!("g{depth}")).sequence([inner]).into());
    let organization =
        OrganizationBuilder::new("o").scheme("s", |scheme| scheme.goal(deep)).organization().unwrap();
    assert_eq!(organization.goals().len(), 201);
}
