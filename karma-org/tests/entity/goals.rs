//! How states of goals spread: quorums, choices, dependencies, release, failure, impossibility, reset.

use std::time::Duration;

use karma_org::builder::{GoalBuilder, OrganizationBuilder, goal, mission, obligation};
use karma_org::entity::{GoalState, OrganizationEntity, Outcome};
use karma_org::spec::GoalKind;

use crate::organizations::{START, obligations, refusal, start};

/// A team of three that is committed to every goal, one mission each for the goals named.
fn team(root: GoalBuilder, missions: &[&[&str]]) -> OrganizationEntity {
    let builder =
        OrganizationBuilder::new("team").role("member").group("team", |group| group.role("member", 1..=3));
    let builder = builder.scheme("work", |scheme| {
        let add = |scheme: karma_org::builder::SchemeBuilder, (index, goals): (usize, &&[&str])| {
            scheme.mission(mission(format!("m{index}")).agents(1..=3).goals(goals.iter().copied()))
        };
        missions.iter().enumerate().fold(scheme.goal(root), add)
    });
    let norm = |builder: OrganizationBuilder, index| {
        builder.norm(obligation(format!("n{index}"), "member", format!("m{index}")))
    };
    let mut entity = start((0..missions.len()).fold(builder, norm));
    entity.create_group("g", "team", None, START).unwrap();
    entity.create_scheme("s", "work", START).unwrap();
    for agent in ["ada", "ben", "cy"] {
        entity.adopt_role(agent, "member", "g", START).unwrap();
    }
    entity.add_responsible_group("g", "s", START).unwrap();
    for index in 0..missions.len() {
        for agent in ["ada", "ben", "cy"] {
            entity.commit(agent, &format!("m{index}"), "s", START).unwrap();
        }
    }
    entity
}

fn states<const N: usize>(entity: &OrganizationEntity, goals: [&str; N]) -> [GoalState; N] {
    goals.map(|goal| entity.goal_state("s", goal).unwrap())
}

use GoalState::{Enabled, Failed, Impossible, Released, Satisfied, Waiting};

#[test]
fn a_quorum_is_enough() {
    let mut entity = team(goal("both").satisfied_by(2), &[&["both"]]);
    entity.achieve("ada", "both", "s", START).unwrap();
    assert_eq!(obligations(&entity), ["ben: done both", "cy: done both"]);
    entity.achieve("cy", "both", "s", START).unwrap();
    assert_eq!(states(&entity, ["both"]), [Satisfied]);
    assert_eq!(obligations(&entity), [""; 0]);
}

#[test]
fn without_a_quorum_all_that_are_committed_are_needed_even_if_one_is_gone() {
    let mut entity = team(goal("all"), &[&["all"]]);
    entity.achieve("ada", "all", "s", START).unwrap();
    entity.achieve("ben", "all", "s", START).unwrap();
    assert_eq!(states(&entity, ["all"]), [Enabled]);
    entity.remove_agent("ada", START).unwrap();
    assert_eq!(states(&entity, ["all"]), [Enabled]);
    entity.remove_agent("cy", START).unwrap();
    assert_eq!(states(&entity, ["all"]), [Satisfied]);
}

#[test]
fn an_achievement_goal_obliges_to_a_state_and_one_agent_reaches_it_for_all() {
    let mut entity = team(goal("state").kind(GoalKind::Achievement), &[&["state"]]);
    assert_eq!(obligations(&entity), ["ada: satisfied state", "ben: satisfied state", "cy: satisfied state"]);
    entity.achieve("ben", "state", "s", START).unwrap();
    let fulfilled = entity.closed_norms().iter().filter(|closed| {
        closed.outcome == Outcome::Fulfilled
            && matches!(closed.norm.aim, karma_org::entity::Aim::Satisfied { .. })
    });
    assert_eq!(fulfilled.count(), 3);
}

#[test]
fn one_goal_of_a_choice_satisfies_it_and_the_others_are_needed_no_more() {
    let root = goal("root").sequence([goal("way").choice(["bus", "train"]), goal("work")]);
    let mut entity = team(root, &[&["bus"], &["train"], &["work"]]);
    assert_eq!(states(&entity, ["way", "bus", "train", "work"]), [Waiting, Enabled, Enabled, Waiting]);
    for agent in ["ada", "ben", "cy"] {
        entity.achieve(agent, "bus", "s", START).unwrap();
    }
    assert_eq!(states(&entity, ["way", "bus", "train", "work"]), [Satisfied, Satisfied, Waiting, Enabled]);
    assert_eq!(obligations(&entity), ["ada: done work", "ben: done work", "cy: done work"]);
}

#[test]
fn a_choice_is_impossible_when_all_its_goals_are_and_a_sequence_when_one_is() {
    let root = goal("root").sequence([goal("way").choice(["bus", "train"]), goal("work")]);
    let mut entity = team(root, &[&["bus"], &["train"], &["work"]]);
    entity.set_impossible("ada", "bus", "s", START).unwrap();
    assert_eq!(states(&entity, ["bus", "way", "root"]), [Impossible, Waiting, Waiting]);
    assert_eq!(refusal(entity.achieve("ada", "bus", "s", START)), ["ach_not_enabled_goal(s,bus,ada)"]);
    entity.set_impossible("ben", "train", "s", START).unwrap();
    assert_eq!(
        states(&entity, ["train", "way", "root", "work"]),
        [Impossible, Impossible, Impossible, Waiting]
    );
    assert_eq!(obligations(&entity), [""; 0]);
}

#[test]
fn a_goal_waits_for_what_it_depends_on() {
    let root = goal("root").parallel([goal("roof").depends_on("walls"), goal("walls")]);
    let mut entity = team(root, &[&["roof"], &["walls"]]);
    assert_eq!(states(&entity, ["roof", "walls"]), [Waiting, Enabled]);
    entity.satisfy("walls", "s", START).unwrap();
    assert_eq!(states(&entity, ["roof", "walls", "root"]), [Enabled, Satisfied, Waiting]);
    entity.satisfy("roof", "s", START).unwrap();
    assert_eq!(states(&entity, ["root"]), [Satisfied]);
}

#[test]
fn a_failed_goal_obliges_nobody_and_released_it_lets_the_plan_go_on() {
    let mut entity = team(goal("root").sequence(["first", "second"]), &[&["first"], &["second"]]);
    assert_eq!(refusal(entity.fail("second", "s", START)), ["fail_not_enabled_goal(s,second)"]);
    entity.fail("first", "s", START).unwrap();
    assert_eq!(states(&entity, ["first", "second"]), [Failed, Waiting]);
    assert_eq!(obligations(&entity), [""; 0]);
    entity.release("first", "s", START).unwrap();
    assert_eq!(states(&entity, ["first", "second"]), [Released, Enabled]);
    assert_eq!(obligations(&entity), ["ada: done second", "ben: done second", "cy: done second"]);
}

/// The organisation of MOISE's `reset-goal` test.
fn loop_of_goals() -> OrganizationEntity {
    let plan = ["goal2pre", "goal2", "goal3", "goal4"].map(goal);
    let builder = OrganizationBuilder::new("reset_goal")
        .role("role1")
        .role("role2")
        .group("group1", |group| group.role("role1", 1..=1).role("role2", 1..=2))
        .scheme("scheme1", |scheme| {
            scheme
                .goal(goal("goal1").sequence(plan))
                .mission(mission("mission1").agents(1..=1).goals(["goal2", "goal4"]))
                .mission(mission("mission2").agents(2..=2).goals(["goal2pre", "goal3"]))
        })
        .norm(obligation("norm1", "role1", "mission1"))
        .norm(obligation("norm2", "role2", "mission2"));
    let mut entity = start(builder);
    entity.create_group("g", "group1", None, START).unwrap();
    entity.create_scheme("s", "scheme1", START).unwrap();
    for (agent, role) in [("a", "role1"), ("b", "role2"), ("c", "role2")] {
        entity.adopt_role(agent, role, "g", START).unwrap();
    }
    entity.add_responsible_group("g", "s", START).unwrap();
    for (agent, mission) in [("a", "mission1"), ("b", "mission2"), ("c", "mission2")] {
        entity.commit(agent, mission, "s", START).unwrap();
    }
    entity
}

#[test]
fn a_reset_goal_and_all_that_waited_for_it_are_to_be_done_again_and_nothing_before_it() {
    let mut entity = loop_of_goals();
    for (agent, goal) in
        [("b", "goal2pre"), ("c", "goal2pre"), ("a", "goal2"), ("b", "goal3"), ("c", "goal3"), ("a", "goal4")]
    {
        entity.achieve(agent, goal, "s", START).unwrap();
    }
    assert_eq!(states(&entity, ["goal1"]), [Satisfied]);
    entity.reset("goal2", "s", Duration::from_secs(1)).unwrap();
    let goals = ["goal2pre", "goal2", "goal3", "goal4", "goal1"];
    assert_eq!(states(&entity, goals), [Satisfied, Enabled, Waiting, Waiting, Waiting]);
    assert_eq!(obligations(&entity), ["a: done goal2"]);

    entity.achieve("a", "goal2", "s", Duration::from_secs(2)).unwrap();
    assert_eq!(obligations(&entity), ["b: done goal3", "c: done goal3"]);
}

#[test]
fn the_reset_of_a_goal_with_a_plan_resets_the_plan() {
    let root = goal("root").sequence([goal("prepare").sequence(["plan", "buy"]), goal("cook")]);
    let mut entity = team(root, &[&["plan"], &["buy"], &["cook"]]);
    for goal in ["plan", "buy", "cook"] {
        entity.satisfy(goal, "s", START).unwrap();
    }
    entity.reset("prepare", "s", START).unwrap();
    assert_eq!(
        states(&entity, ["root", "prepare", "plan", "buy", "cook"]),
        [Waiting, Waiting, Enabled, Waiting, Waiting]
    );
}

#[test]
fn what_was_done_in_part_is_asked_for_again_after_a_reset() {
    let mut entity = team(goal("all"), &[&["all"]]);
    entity.achieve("ada", "all", "s", START).unwrap();
    assert_eq!(obligations(&entity), ["ben: done all", "cy: done all"]);
    entity.reset("all", "s", START).unwrap();
    assert_eq!(obligations(&entity), ["ben: done all", "cy: done all", "ada: done all"]);
}
