//! Roles, groups and cardinalities.

use karma_org::Organization;
use karma_org::builder::{
    GroupBuilder, OrganizationBuilder, authority, compatible, link, mission, obligation,
};
use karma_org::organization::{NormNode, Range, RoleId};
use karma_org::spec::{
    Cardinality, CardinalityConstraint, ConstrainedObject, Group, GroupRole, LinkKind, LinkType, Origin,
    Role, Scheme, Scope, Subgroup,
};

fn team(fill: impl FnOnce(GroupBuilder) -> GroupBuilder) -> Organization {
    OrganizationBuilder::new("o").role("player").role("coach").group("team", fill).organization().unwrap()
}

fn role(organization: &Organization, id: &str) -> RoleId {
    organization.role(id).unwrap()
}

fn range(organization: &Organization, id: &str) -> Range {
    let role = role(organization, id);
    let group = &organization.groups()[organization.group("team").unwrap()];
    group.roles.iter().find(|(played, _)| *played == role).unwrap().1
}

/// `CardinalitySetTest` of MOISE.
#[test]
fn a_role_without_a_cardinality_is_played_by_any_number_of_agents() {
    let team = team(|group| group.role("player", ..).role("coach", 1..=2));
    assert_eq!(team.groups()[team.group("team").unwrap()].roles.len(), 2);
    assert_eq!(range(&team, "player"), Range { min: 0, max: None });
    assert_eq!(range(&team, "coach"), Range { min: 1, max: Some(2) });
}

#[test]
fn a_formation_constraint_wins_over_what_is_beside_the_role_unless_it_says_nothing() {
    let constrained = team(|group| group.role("player", 1..=2).role_constraint("player", 3..));
    assert_eq!(range(&constrained, "player"), Range { min: 3, max: None });
    let silent = team(|group| group.role("player", 1..=2).role_constraint("player", ..));
    assert_eq!(range(&silent, "player"), Range { min: 1, max: Some(2) });
}

#[test]
fn a_formation_constraint_wins_over_what_is_beside_the_subgroup() {
    let team = team(|group| {
        let group = group.subgroup("attack", |attack| attack.instances(0..=5));
        group.group_constraint("attack", 1..=1)
    });
    assert_eq!(team.groups()[team.group("attack").unwrap()].cardinality, Range { min: 1, max: Some(1) });
}

#[test]
fn soc_is_the_first_role_and_an_ancestor_of_all() {
    let team = team(|group| group);
    let soc = role(&team, "soc");
    assert_eq!(team.roles().ids().next(), Some(soc));
    assert!(team.roles().ids().all(|role| team.specialises(role, soc)));
    assert_eq!(team.roles()[role(&team, "player")].parents, [soc]);
}

#[test]
fn a_role_inherits_from_all_roles_that_it_extends() {
    let organization = OrganizationBuilder::new("o")
        .role_extending("playing_coach", ["player", "coach"])
        .role("player")
        .role("coach")
        .organization()
        .unwrap();
    let both = &organization.roles()[role(&organization, "playing_coach")];
    let [player, coach] = ["player", "coach"].map(|id| role(&organization, id));
    assert_eq!(both.parents, [player, coach]);
    let ancestors: Vec<&str> =
        both.ancestors.iter().map(|role| organization.roles()[*role].id.as_str()).collect();
    assert_eq!(ancestors, ["soc", "playing_coach", "player", "coach"]);
}

#[test]
fn a_role_that_no_group_has_is_abstract() {
    let team = team(|group| group.role("player", ..));
    assert!(team.roles()[role(&team, "coach")].is_abstract);
    assert!(!team.roles()[role(&team, "player")].is_abstract);
}

#[test]
fn a_role_that_only_a_group_mentions_is_taken_to_extend_soc_with_a_warning() {
    let team = team(|group| group.role("playr", ..));
    assert_eq!(team.roles()[role(&team, "playr")].parents, [role(&team, "soc")]);
    let warnings: Vec<String> = team.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "warning[undefined-role]: role \"playr\" is played in a group but not defined; it is taken to extend \
          \"soc\"; did you mean \"player\"?"
        ]
    );
}

#[test]
fn an_included_group_stands_where_it_is_included_with_all_that_came_with_it() {
    let mut specification = OrganizationBuilder::new("o")
        .role("player")
        .group("team", |group| {
            group
                .subgroup("last", |last| last)
                .compatibility(compatible("player", "fan").both_ways())
                .role("player", ..)
        })
        .build();
    let fan =
        GroupRole { role: "fan".into(), cardinality: Cardinality::default(), origin: Origin::default() };
    let knows = link("cheers", "fan", "fan").into();
    let group = Group { id: "stands".into(), roles: vec![fan], links: vec![knows], ..Group::default() };
    let root = specification.structural.group.as_mut().unwrap();
    root.subgroups.insert(
        0,
        Subgroup::Included {
            uri: "stands.xml".into(),
            group: Some(Box::new(group)),
            roles: ["fan", "player"].map(|id| Role { id: id.into(), ..Role::default() }).into(),
            link_types: vec![LinkType { id: "cheers".into(), ..LinkType::default() }],
            schemes: vec![Scheme {
                id: Some("cheer".into()),
                goal: Some("sing".into()),
                ..Scheme::default()
            }],
            norms: Vec::new(),
            origin: Origin::default(),
        },
    );
    let organization = Organization::new(specification).unwrap();
    let groups: Vec<&str> = organization.groups().iter().map(|group| group.id.as_str()).collect();
    assert_eq!(groups, ["team", "stands", "last"]);
    assert!(organization.scheme("cheer").is_some());
    let (stands, fan) = (organization.group("stands").unwrap(), role(&organization, "fan"));
    assert!(organization.linked(stands, fan, fan, &LinkKind::Other("cheers".into()), Scope::IntraGroup));
    assert!(!organization.linked(stands, fan, fan, &LinkKind::Acquaintance, Scope::IntraGroup));
}

#[test]
fn the_group_above_has_the_last_word_on_cardinalities() {
    let team = team(|group| {
        let group = group.subgroup("attack", |attack| attack.group_constraint("attack", 2..=2));
        group.group_constraint("attack", 1..=1)
    });
    assert_eq!(team.groups()[team.group("attack").unwrap()].cardinality, Range { min: 1, max: Some(1) });
}

#[test]
fn a_constraint_that_counts_nobody_is_a_warning() {
    let mut specification = OrganizationBuilder::new("o").role("player").group("team", |group| group).build();
    specification.structural.group.as_mut().unwrap().cardinalities.push(CardinalityConstraint {
        object: ConstrainedObject::Role,
        id: "player".into(),
        cardinality: Cardinality { min: Some(1), max: None },
        origin: Origin::at(7, 3),
    });
    let organization = Organization::new(specification).unwrap();
    let warnings: Vec<String> = organization.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "7:3: warning[idle-constraint]: the cardinality of role \"player\" in group \"team\" counts nobody: neither \
          that group nor any group below has the role"
        ]
    );
}

#[test]
fn roles_that_command_each_other_have_no_ranks() {
    let team = team(|group| {
        let group = group.role("player", ..).role("coach", ..);
        group.link(authority("player", "coach")).link(authority("coach", "player"))
    });
    let roles = ["soc", "player", "coach"].map(|id| role(&team, id));
    let cycle = team.authority_ranks(&roles).unwrap_err();
    assert_eq!(
        cycle.to_string(),
        "roles command each other in a cycle: \"player\" commands \"coach\" commands \"player\""
    );
    assert_eq!(cycle.roles, roles[1..]);
}

#[test]
fn a_leader_who_is_a_player_has_authority_over_players_but_not_over_itself() {
    let team = OrganizationBuilder::new("o")
        .role("player")
        .role_extending("leader", ["player"])
        .role_extending("goalkeeper", ["player"])
        .group("team", |group| {
            group.role("leader", 1..=1).role("goalkeeper", 1..=1).link(authority("leader", "player"))
        })
        .organization()
        .unwrap();
    let roles = ["goalkeeper", "leader", "leader"].map(|id| role(&team, id));
    assert_eq!(team.authority_ranks(&roles), Ok(vec![0, 1, 1]));
}

#[test]
fn an_included_text_has_norms_of_its_own_that_mean_its_own_missions() {
    let text = |scheme: &str| {
        OrganizationBuilder::new("o")
            .role("r")
            .group(format!("group of {scheme}"), |group| group.role("r", ..))
            .scheme(scheme, |scheme| scheme.goal("g").mission(mission("m").goals(["g"])))
            .norm(obligation("n", "r", "m"))
            .build()
    };
    let (mut first, included) = (text("first"), text("included"));
    first.structural.group.as_mut().unwrap().subgroups.push(Subgroup::Included {
        uri: "included.xml".into(),
        group: included.structural.group.map(Box::new),
        roles: included.structural.roles,
        link_types: Vec::new(),
        schemes: included.functional.schemes,
        norms: included.normative.norms,
        origin: Origin::default(),
    });
    let organization = Organization::new(first).unwrap();
    assert_eq!(organization.warnings(), []);
    let scheme =
        |norm: &NormNode| organization.schemes()[organization.missions()[norm.mission].scheme].id.clone();
    assert_eq!(organization.norms().iter().map(scheme).collect::<Vec<_>>(), ["first", "included"]);
}
