//! Real organisations live their whole life: groups are filled, schemes started, obligations done as they come.

use std::sync::Arc;

use karma_org::Organization;
use karma_org::entity::{Aim, GoalState, NormInstance, OrganizationEntity};
use karma_org::organization::GroupId;

use crate::organizations::START;

/// An organisation as MOISE wrote it.
fn read(text: &str) -> Arc<Organization> {
    Arc::new(Organization::new(karma_org::xml::read(text).unwrap().specification).unwrap())
}

/// Creates a group with as many players and subgroups as it needs, each role played by agents of its own.
fn fill(entity: &mut OrganizationEntity, group: GroupId, name: &str, parent: Option<&str>) {
    let organization = Arc::clone(entity.organization());
    let node = &organization.groups()[group];
    entity.create_group(name, &node.id, parent, START).unwrap();
    for (role, range) in &node.roles {
        for number in 0..range.min.max(1) {
            let role = &organization.roles()[*role].id;
            entity.adopt_role(&format!("{role}{number} of {name}"), role, name, START).unwrap();
        }
    }
    for subgroup in &node.subgroups {
        let child = &organization.groups()[*subgroup];
        for number in 0..child.cardinality.min {
            fill(entity, *subgroup, &format!("{}{number} of {name}", child.id), Some(name));
        }
    }
}

fn comply(entity: &mut OrganizationEntity, norm: &NormInstance) {
    let result = match &norm.aim {
        Aim::Committed { mission } => entity.commit(&norm.agent, mission, &norm.scheme, START),
        Aim::Done { goal } | Aim::Satisfied { goal } => {
            entity.achieve(&norm.agent, goal, &norm.scheme, START)
        }
    };
    result.unwrap_or_else(|violation| panic!("{norm}: {violation}"));
}

/// Runs the first scheme of an organisation; the state of its root goal when nobody must do anything any more.
/// Missions that are only permitted are taken while they lack agents.
fn live(text: &str) -> GoalState {
    let organization = read(text);
    let mut entity = OrganizationEntity::new(Arc::clone(&organization)).unwrap();
    fill(
        &mut entity,
        organization.group(&organization.groups().iter().next().unwrap().id).unwrap(),
        "root",
        None,
    );
    assert_eq!(entity.group_faults("root"), Some(Vec::new()));
    let scheme = organization.schemes().iter().next().unwrap();
    entity.create_scheme("s", &scheme.id, START).unwrap();
    entity.add_responsible_group("root", "s", START).unwrap();
    for _ in 0..1000 {
        let is_formed = entity.scheme_faults("s").unwrap().is_empty();
        let next = entity.obligations().chain(entity.permissions().filter(|_| !is_formed)).next().cloned();
        let Some(norm) = next else { break };
        comply(&mut entity, &norm);
    }
    entity.goal_state("s", &organization.goals()[scheme.root].id).unwrap()
}

#[test]
fn papers_are_written() {
    assert_eq!(live(include_str!("../data/moise/wp-os.xml")), GoalState::Satisfied);
}

#[test]
fn houses_are_built() {
    assert_eq!(live(include_str!("../data/moise/house-os.xml")), GoalState::Satisfied);
}

#[test]
fn auctions_are_held() {
    assert_eq!(live(include_str!("../data/moise/auction-os.xml")), GoalState::Satisfied);
}

#[test]
fn bread_is_sold() {
    assert_eq!(live(include_str!("../data/moise/bakery-os.xml")), GoalState::Satisfied);
}

#[test]
fn a_farm_whose_work_is_in_no_mission_waits_for_ever() {
    assert_eq!(live(include_str!("../data/moise/ordered.xml")), GoalState::Waiting);
}
