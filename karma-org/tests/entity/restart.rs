//! A running organisation survives a restart.

use std::sync::Arc;
use std::time::Duration;

use karma_org::Organization;
use karma_org::entity::{EntitySnapshot, OrganizationEntity, RestoreError};

use crate::organizations::{START, football, organization, start, writing_paper};

/// Down to text and back.
fn rewritten(entity: &OrganizationEntity) -> Result<OrganizationEntity, RestoreError> {
    let text = serde_json::to_string(&entity.snapshot()).unwrap();
    restored(organization(writing_paper()), &text)
}

fn restored(organization: Organization, text: &str) -> Result<OrganizationEntity, RestoreError> {
    let snapshot: EntitySnapshot = serde_json::from_str(text).unwrap();
    OrganizationEntity::restore(Arc::new(organization), snapshot)
}

fn halfway() -> OrganizationEntity {
    let mut wp = start(writing_paper());
    wp.create_group("wp1", "wpgroup", None, START).unwrap();
    for (agent, role) in [("jaime", "editor"), ("olivier", "writer")] {
        wp.adopt_role(agent, role, "wp1", START).unwrap();
    }
    wp.create_scheme("sch2", "writePaperSch", START).unwrap();
    wp.add_responsible_group("wp1", "sch2", START).unwrap();
    for (agent, mission) in [("jaime", "mManager"), ("olivier", "mColaborator"), ("olivier", "mBib")] {
        wp.commit(agent, mission, "sch2", START).unwrap();
    }
    wp.achieve("jaime", "wtitle", "sch2", Duration::from_millis(1500)).unwrap();
    wp
}

#[test]
fn going_on_from_the_snapshot_is_going_on() {
    let mut wp = halfway();
    let mut other = rewritten(&wp).unwrap();
    assert_eq!(other, wp);
    for goal in ["wabs", "wsectitles", "wconc"] {
        let now = Duration::from_hours(30);
        assert_eq!(other.achieve("jaime", goal, "sch2", now), wp.achieve("jaime", goal, "sch2", now));
    }
    assert_eq!(other, wp);
}

#[test]
fn a_snapshot_is_of_use_with_its_own_specification_only() {
    let text = serde_json::to_string(&halfway().snapshot()).unwrap();
    let other = restored(organization(football()), &text).unwrap_err();
    assert!(matches!(other, RestoreError::Specification { .. }), "{other}");
    let stricter = writing_paper().norm_property("role_cardinality", "ignore");
    assert!(restored(organization(stricter), &text).is_err());
}

#[test]
fn a_damaged_snapshot_is_refused_with_all_that_is_wrong() {
    let text = serde_json::to_string(&halfway().snapshot()).unwrap();
    let damaged = text
        .replace(r#""parent":null"#, r#""parent":"wp1""#)
        .replace(r#""done":[[2,"jaime"]]"#, r#""done":[[99,"jaime"]]"#);
    let Err(RestoreError::Damaged(damages)) = restored(organization(writing_paper()), &damaged) else {
        panic!("{damaged}");
    };
    assert_eq!(damages.len(), 2, "{damages:#?}");
}

#[test]
fn another_version_is_refused() {
    let text =
        serde_json::to_string(&halfway().snapshot()).unwrap().replace(r#""version":1"#, r#""version":2"#);
    let result = restored(organization(writing_paper()), &text);
    assert_eq!(result, Err(RestoreError::Version { found: 2 }));
}
