//! Groups in groups (MOISE's `NPLInterpreterTestSubGroups`).

use karma_org::builder::OrganizationBuilder;
use karma_org::entity::{Event, OrganizationEntity, Violation};

use crate::organizations::{START, refusal, start};

/// g1 with exactly one g2 and one g4 in it; g2 needs at least one g3.
fn nested() -> OrganizationEntity {
    let builder = ["r1", "r2", "r3", "r4"]
        .into_iter()
        .fold(OrganizationBuilder::new("testsg"), OrganizationBuilder::role);
    let mut entity = start(builder.group("g1", |g1| {
        g1.role("r1", ..)
            .subgroup("g2", |g2| {
                let g2 = g2.instances(1..=1).role("r2", 1..);
                g2.subgroup("g3", |g3| g3.instances(1..).role("r3", 1..))
            })
            .subgroup("g4", |g4| g4.instances(1..=1).role("r4", 1..))
    }));
    entity.create_group("ig1", "g1", None, START).unwrap();
    entity
}

fn create(entity: &mut OrganizationEntity, group: &str, specification: &str, parent: &str) {
    entity.create_group(group, specification, Some(parent), START).unwrap();
}

fn adopt(entity: &mut OrganizationEntity, agent: &str, role: &str, group: &str) -> Vec<Event> {
    entity.adopt_role(agent, role, group, START).unwrap()
}

fn reasons(entity: &OrganizationEntity, group: &str) -> Vec<String> {
    entity.group_faults(group).unwrap().iter().map(ToString::to_string).collect()
}

#[test]
fn a_group_is_well_formed_when_all_groups_below_are() {
    let mut entity = nested();
    assert_eq!(
        reasons(&entity, "ig1"),
        ["ig1 has 0 of subgroup g2; exactly 1 needed", "ig1 has 0 of subgroup g4; exactly 1 needed"]
    );
    create(&mut entity, "ig2", "g2", "ig1");
    create(&mut entity, "ig3", "g3", "ig2");
    create(&mut entity, "ig4", "g4", "ig1");
    adopt(&mut entity, "bob", "r1", "ig1");
    adopt(&mut entity, "alice", "r2", "ig2");
    adopt(&mut entity, "dora", "r4", "ig4");
    let nested =
        "ig2 is not well formed (subgroup ig3 is not well formed (ig3 has 0 of role r3; at least 1 needed))";
    assert_eq!(reasons(&entity, "ig1"), [format!("subgroup {nested}")]);

    let events = adopt(&mut entity, "carl", "r3", "ig3");
    let formed = ["ig1", "ig2", "ig3"]
        .map(|group| Event::GroupFormation { group: group.to_owned(), well_formed: true });
    assert_eq!(events[1..], formed);
}

#[test]
fn a_subgroup_is_in_a_group_of_the_right_kind_only() {
    let mut entity = nested();
    let result = entity.create_group("ig3", "g3", Some("ig1"), START);
    assert_eq!(refusal(result), ["subgroup_in_group(ig3,g3,ig1)"]);
}

#[test]
fn there_are_no_more_subgroups_than_allowed() {
    let mut entity = nested();
    create(&mut entity, "ig2", "g2", "ig1");
    assert_eq!(
        refusal(entity.create_group("ig2b", "g2", Some("ig1"), START)),
        ["subgroup_cardinality(g2,ig1,2,1)"]
    );
}

#[test]
fn a_group_in_use_is_not_destroyed() {
    let mut entity = nested();
    create(&mut entity, "ig2", "g2", "ig1");
    adopt(&mut entity, "bob", "r1", "ig1");
    let used = Violation::GroupInUse { group: "ig1".to_owned(), players: 1, subgroups: 1 };
    assert_eq!(entity.destroy_group("ig1", START), Err(used));
    entity.leave_role("bob", "r1", "ig1", START).unwrap();
    entity.destroy_group("ig2", START).unwrap();
    entity.destroy_group("ig1", START).unwrap();
    assert_eq!(entity.groups().count(), 0);
}

#[test]
fn a_role_is_played_only_in_a_group_that_has_it() {
    let mut entity = nested();
    let result = entity.adopt_role("bob", "r2", "ig1", START);
    assert_eq!(refusal(result), ["role_in_group(bob,r2,ig1)"]);
}

#[test]
fn roles_in_different_groups_need_a_compatibility_between_groups() {
    let mut entity = nested();
    create(&mut entity, "ig2", "g2", "ig1");
    adopt(&mut entity, "bob", "r1", "ig1");
    let result = entity.adopt_role("bob", "r2", "ig2", START);
    assert_eq!(refusal(result), ["role_compatibility(r1,r2,ig2,bob)"]);
}
