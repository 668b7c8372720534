//! Conditions of norms, managements of regimented properties, and agents that are gone.

use std::sync::Arc;
use std::time::Duration;

use karma_org::builder::{OrganizationBuilder, goal, mission, obligation, permission};
use karma_org::entity::{Event, Management, OrganizationEntity, Outcome, RegimentedProperty};
use proptest::prelude::*;

use crate::organizations::{START, obligations, organization, refusal, start, writing_paper};

/// A guard, who must keep watch under a condition.
fn watch(condition: &str) -> OrganizationBuilder {
    OrganizationBuilder::new("watch")
        .role("guard")
        .role("cook")
        .group("camp", |group| group.role("guard", 0..=2).role("cook", 0..=2))
        .scheme("night", |scheme| {
            scheme
                .goal(goal("night").parallel([goal("watch").argument_with("hours", "4"), goal("cook")]))
                .mission(mission("watching").agents(1..=2).goals(["watch"]))
                .mission(mission("cooking").agents(1..=1).goals(["cook"]))
        })
        .norm(obligation("n1", "guard", "watching").when(condition).within("1 hour"))
        .norm(obligation("n2", "cook", "cooking").within("1 hour"))
}

/// The camp with the guard gil and the cook coco, and its night.
fn camp(builder: OrganizationBuilder) -> OrganizationEntity {
    let mut camp = start(builder);
    camp.create_group("camp", "camp", None, START).unwrap();
    camp.adopt_role("gil", "guard", "camp", START).unwrap();
    camp.adopt_role("coco", "cook", "camp", START).unwrap();
    camp.create_scheme("night", "night", START).unwrap();
    camp.add_responsible_group("camp", "night", START).unwrap();
    camp
}

/// Whether gil must keep watch at the beginning.
fn binds(condition: &str) -> bool {
    obligations(&camp(watch(condition))).contains(&"gil: committed watching".to_owned())
}

#[test]
fn a_norm_binds_while_its_condition_holds() {
    for condition in [
        "true",
        "fplay(A, guard, Gr)",
        "play(coco, cook, G) & responsible(G, S)",
        "not committed(_, cooking, S)",
        "false | well_formed(camp)",
        "not well_formed(S) & scheme_id(S)",
        "rplayers(guard, Gr, N) & N >= 1",
        ".count(play(_, _, Gr), 2)",
        "goal_argument(S, watch, \"hours\", H) & H < 6",
        "tsubrole(guard, soc) & not satisfied(S, watch)",
        "mission_goal(watching, G) & super_goal(night, G)",
        "play(X, guard, Gr) & play(Y, cook, Gr) & X \\== Y",
        "(false | true) & .member(A, [gil, zoe]) & .length([1,2], L) & L = 2",
    ] {
        assert!(binds(condition), "{condition}");
    }
}

#[test]
fn a_norm_does_not_bind_while_its_condition_does_not_hold() {
    for condition in [
        "false",
        "fplay(A, cook, Gr)",
        "satisfied(S, cook)",
        "committed(coco, cooking, S)",
        "not not false",
        "rplayers(guard, Gr, N) & N > 1",
        "X < 3",
        "#role_cardinality",
        "scheme_id(other)",
    ] {
        assert!(!binds(condition), "{condition}");
    }
}

#[test]
fn a_condition_that_comes_to_hold_creates_the_obligation() {
    let mut camp = camp(watch("committed(_, cooking, S)"));
    assert_eq!(obligations(&camp), ["coco: committed cooking"]);
    let events = camp.commit("coco", "cooking", "night", Duration::from_mins(1)).unwrap();
    assert_eq!(obligations(&camp), ["gil: committed watching"]);
    let Some(Event::NormCreated { norm }) = events.last() else { panic!("{events:?}") };
    assert_eq!(norm.deadline, Duration::from_mins(61));
}

#[test]
fn an_unfulfilled_obligation_can_be_the_condition_of_another_norm() {
    let builder = watch("unfulfilled(obligation(coco, n2, committed(_, cooking, S), _))");
    let mut camp = camp(builder);
    camp.advance(Duration::from_hours(1)).unwrap();
    assert_eq!(obligations(&camp), ["coco: committed cooking"]);
    camp.advance(Duration::from_hours(1) + Duration::from_nanos(1)).unwrap();
    assert_eq!(obligations(&camp), ["gil: committed watching"]);
    camp.advance(Duration::from_hours(3)).unwrap();
    let outcomes: Vec<_> = camp.closed_norms().iter().map(|closed| closed.outcome).collect();
    assert_eq!(outcomes, [Outcome::Unfulfilled; 2], "an obligation ends once");
}

#[test]
fn all_conditions_that_cannot_be_evaluated_are_reported() {
    let builder = watch("plays(A, guard, Gr) & #mission_left")
        .norm(permission("n3", "cook", "watching").when("play(A, cook"))
        .norm_property("role_cardinality", "forbid");
    let findings = OrganizationEntity::new(Arc::new(organization(builder))).unwrap_err().0;
    let texts: Vec<_> = findings.iter().map(|finding| finding.message.as_str()).collect();
    assert_eq!(findings.len(), 4, "{texts:#?}");
    assert!(
        texts[0].contains("\"forbid\"") && texts[0].contains("fail, prohibition and ignore"),
        "{}",
        texts[0]
    );
    assert!(texts[1].contains("the nearest is play/3"), "{}", texts[1]);
    assert!(texts[2].contains("#mission_left"), "{}", texts[2]);
    assert!(texts[3].contains("expected ',' at character 13, found the end"), "{}", texts[3]);
}

#[test]
fn a_breach_can_be_the_condition_of_a_norm() {
    let builder = watch("#role_cardinality").norm_property("default_management", "ignore");
    let mut camp = camp(builder);
    assert_eq!(obligations(&camp), ["coco: committed cooking"]);
    for agent in ["dan", "eve"] {
        camp.adopt_role(agent, "cook", "camp", START).unwrap();
    }
    assert!(obligations(&camp).contains(&"gil: committed watching".to_owned()));
    assert_eq!(camp.breaches(), [], "what is ignored is not recorded");
}

#[test]
fn a_management_is_named_like_its_property_or_is_the_default() {
    let entity = start(
        watch("true").norm_property("default_management", "ignore").norm_property("mission_left", "fail"),
    );
    assert_eq!(entity.management(RegimentedProperty::MissionLeft), Management::Fail);
    assert_eq!(entity.management(RegimentedProperty::RoleInGroup), Management::Ignore);
    assert_eq!(start(watch("true")).management(RegimentedProperty::RoleInGroup), Management::Fail);
}

#[test]
fn a_role_that_a_commitment_needs_is_not_left() {
    let mut camp = camp(watch("true"));
    camp.commit("gil", "watching", "night", START).unwrap();
    let result = camp.leave_role("gil", "guard", "camp", START);
    assert_eq!(refusal(result), ["mission_permission(gil,watching,night)"]);
}

#[test]
fn an_agent_that_is_gone_leaves_breaches_behind_that_can_be_mended_one_by_one() {
    let mut wp = start(writing_paper());
    wp.create_group("wp1", "wpgroup", None, START).unwrap();
    wp.adopt_role("jaime", "editor", "wp1", START).unwrap();
    wp.adopt_role("olivier", "writer", "wp1", START).unwrap();
    wp.create_scheme("sch2", "writePaperSch", START).unwrap();
    wp.add_responsible_group("wp1", "sch2", START).unwrap();
    wp.remove_agent("olivier", START).unwrap();
    let events = wp.remove_agent("jaime", START).unwrap();
    assert!(matches!(&events[0], Event::RoleLeft { agent, .. } if agent == "jaime"));
    assert_eq!(wp.breaches().len(), 1);
    wp.adopt_role("dora", "editor", "wp1", START).unwrap();
    wp.adopt_role("emil", "writer", "wp1", START).unwrap();
    assert_eq!(wp.group_faults("wp1"), Some(Vec::new()));
}

proptest! {
    #[test]
    fn any_text_as_a_condition_is_evaluated_or_reported(
        text in "(not |[(]|[)]|#|&|[|]|play|[.]member|[.]count|X|_|é|-?[0-9.]{1,3}|\"|[|]|[\\[\\],<=>\\\\]| ){0,24}",
    ) {
        if let Ok(organization) = watch(&text).organization() {
            let started = OrganizationEntity::new(Arc::new(organization));
            prop_assert!(started.is_ok_and(|entity| entity.warnings().is_empty()) || !text.trim().is_empty());
        }
    }
}
