//! Laws that hold after any sequence of operations.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use karma_org::Organization;
use karma_org::builder::{OrganizationBuilder, compatible, goal, mission, obligation, permission};
use karma_org::entity::{Event, GoalState, Operation, OrganizationEntity, Outcome, Violation};
use karma_org::organization::{Range, RoleId};
use karma_org::spec::PlanOperator;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

use crate::organizations::organization;

/// A crew with cells, and work with all three kinds of plan; every property managed the same way.
fn crew(management: &str) -> Arc<Organization> {
    let builder = OrganizationBuilder::new("crew")
        .norm_property("default_management", management)
        .role("worker")
        .role_extending("smith", ["worker"])
        .role_extending("scout", ["worker"])
        .role("chief")
        .group("crew", |crew| {
            let crew =
                crew.role("chief", 0..=1).role("smith", 1..=2).compatibility(compatible("chief", "smith"));
            crew.subgroup("cell", |cell| cell.instances(0..=1).role("scout", 0..=1))
        })
        .scheme("job", |scheme| {
            let make = goal("make").choice(["forge", "buy"]);
            let both = goal("both").parallel([goal("look").satisfied_by(1), goal("listen")]);
            scheme
                .goal(goal("job").sequence([goal("plan"), make, both]))
                .mission(mission("lead").agents(1..=1).goals(["plan", "buy"]))
                .mission(mission("craft").agents(0..=2).goals(["forge", "look"]))
                .mission(mission("watch").agents(1..=3).goals(["look", "listen"]))
        })
        .norm(permission("n1", "chief", "lead"))
        .norm(obligation("n2", "smith", "craft").within("1 hour"))
        .norm(obligation("n3", "worker", "watch").within("2 hours"));
    Arc::new(organization(builder))
}

fn text(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    select(names).prop_map(str::to_owned)
}

const AGENTS: &[&str] = &["ada", "ben", "cy"];
const GROUPS: &[&str] = &["g", "h", "i"];
const SCHEMES: &[&str] = &["s", "t"];
const GOALS: &[&str] = &["plan", "forge", "buy", "look", "listen", "make", "job"];

fn structural() -> impl Strategy<Value = Operation> {
    let parent = prop::option::of(text(GROUPS));
    let roles = || text(&["chief", "smith", "scout", "worker"]);
    prop_oneof![
        2 => (text(GROUPS), text(&["crew", "cell"]), parent)
            .prop_map(|(group, specification, parent)| Operation::CreateGroup { group, specification, parent }),
        1 => text(GROUPS).prop_map(|group| Operation::DestroyGroup { group }),
        8 => (text(AGENTS), roles(), text(GROUPS))
            .prop_map(|(agent, role, group)| Operation::AdoptRole { agent, role, group }),
        1 => (text(AGENTS), roles(), text(GROUPS))
            .prop_map(|(agent, role, group)| Operation::LeaveRole { agent, role, group }),
        1 => text(AGENTS).prop_map(|agent| Operation::RemoveAgent { agent }),
        4 => (text(GROUPS), text(SCHEMES))
            .prop_map(|(group, scheme)| Operation::AddResponsibleGroup { group, scheme }),
        1 => (text(GROUPS), text(SCHEMES))
            .prop_map(|(group, scheme)| Operation::RemoveResponsibleGroup { group, scheme }),
    ]
}

fn functional() -> impl Strategy<Value = Operation> {
    let missions = || text(&["lead", "craft", "watch"]);
    prop_oneof![
        3 => text(SCHEMES).prop_map(|scheme| Operation::CreateScheme { scheme, specification: "job".to_owned() }),
        1 => text(SCHEMES).prop_map(|scheme| Operation::DestroyScheme { scheme }),
        8 => (text(AGENTS), missions(), text(SCHEMES))
            .prop_map(|(agent, mission, scheme)| Operation::Commit { agent, mission, scheme }),
        1 => (text(AGENTS), missions(), text(SCHEMES))
            .prop_map(|(agent, mission, scheme)| Operation::LeaveMission { agent, mission, scheme }),
        12 => (text(AGENTS), text(GOALS), text(SCHEMES))
            .prop_map(|(agent, goal, scheme)| Operation::Achieve { agent, goal, scheme }),
        1 => (text(GOALS), text(SCHEMES)).prop_map(|(goal, scheme)| Operation::Fail { goal, scheme }),
        1 => (text(GOALS), text(SCHEMES)).prop_map(|(goal, scheme)| Operation::Release { goal, scheme }),
        1 => (text(AGENTS), text(GOALS), text(SCHEMES))
            .prop_map(|(agent, goal, scheme)| Operation::SetImpossible { agent, goal, scheme }),
        2 => (text(GOALS), text(SCHEMES)).prop_map(|(goal, scheme)| Operation::Reset { goal, scheme }),
    ]
}

/// What a crew that knows its job would do.
fn diligent() -> impl Strategy<Value = Operation> {
    let part = select(&[("ada", "plan"), ("ada", "buy"), ("ben", "look"), ("ben", "listen")][..]);
    let part = part.prop_map(|(agent, goal)| Operation::Achieve {
        agent: agent.to_owned(),
        goal: goal.to_owned(),
        scheme: "s".to_owned(),
    });
    let cell = text(GROUPS).prop_map(|group| Operation::CreateGroup {
        group,
        specification: "cell".to_owned(),
        parent: Some("g".to_owned()),
    });
    prop_oneof![6 => part, 1 => cell]
}

/// Operations, each some minutes after the one before.
fn history() -> impl Strategy<Value = Vec<(u64, Operation)>> {
    let operation =
        prop_oneof![2 => structural(), 3 => functional(), 3 => diligent(), 1 => Just(Operation::Advance)];
    prop::collection::vec((0..40_u64, operation), 1..120)
        .prop_map(|rest| begun().into_iter().chain(rest).collect())
}

/// A crew that is about to begin its job, so that most histories get somewhere.
fn begun() -> Vec<(u64, Operation)> {
    let [ada, ben, g, s] = ["ada", "ben", "g", "s"].map(str::to_owned);
    let adopt = |agent: &String, role: &str| Operation::AdoptRole {
        agent: agent.clone(),
        role: role.to_owned(),
        group: g.clone(),
    };
    let commit = |agent: &String, mission: &str| Operation::Commit {
        agent: agent.clone(),
        mission: mission.to_owned(),
        scheme: s.clone(),
    };
    let operations = vec![
        Operation::CreateGroup { group: g.clone(), specification: "crew".to_owned(), parent: None },
        Operation::CreateScheme { scheme: s.clone(), specification: "job".to_owned() },
        adopt(&ada, "chief"),
        adopt(&ben, "smith"),
        Operation::AddResponsibleGroup { group: g.clone(), scheme: s.clone() },
        commit(&ada, "lead"),
        commit(&ben, "watch"),
    ];
    operations.into_iter().map(|operation| (0, operation)).collect()
}

/// An operation that was tried.
struct Attempt<'a> {
    operation: &'a Operation,
    now: Duration,
    result: Result<Vec<Event>, Violation>,
}

/// Performs a history and looks at the organisation before and after each operation.
fn follow(
    organization: &Arc<Organization>,
    history: &[(u64, Operation)],
    mut look: impl FnMut(&OrganizationEntity, &OrganizationEntity, &Attempt<'_>) -> Result<(), TestCaseError>,
) -> Result<(), TestCaseError> {
    let mut entity = OrganizationEntity::new(Arc::clone(organization)).unwrap();
    for (minutes, operation) in history {
        let before = entity.clone();
        let now = entity.now() + Duration::from_mins(*minutes);
        let result = entity.perform(operation, now);
        look(&before, &entity, &Attempt { operation, now, result })?;
    }
    Ok(())
}

fn fits(count: usize, range: Range) -> bool {
    count >= range.min as usize && range.max.is_none_or(|max| count <= max as usize)
}

fn role_players(entity: &OrganizationEntity, group: &str, role: RoleId) -> usize {
    entity.players().iter().filter(|player| player.group == group && player.role == role).count()
}

/// Well-formedness of a group, counted again.
fn is_well_formed(entity: &OrganizationEntity, name: &str) -> bool {
    let organization = entity.organization();
    let node = &organization.groups()[entity.group(name).unwrap().specification];
    let children: Vec<_> =
        entity.groups().filter(|(_, group)| group.parent.as_deref() == Some(name)).collect();
    node.roles.iter().all(|(role, range)| fits(role_players(entity, name, *role), *range))
        && node.subgroups.iter().all(|kind| {
            let count = children.iter().filter(|(_, child)| child.specification == *kind).count();
            fits(count, organization.groups()[*kind].cardinality)
        })
        && children.iter().all(|(child, _)| is_well_formed(entity, child))
}

/// Whether a goal without agents is satisfied, by its plan.
fn follows_from_plan(entity: &OrganizationEntity, scheme: &str, goal: &str) -> bool {
    let organization = entity.organization();
    let instance = entity.scheme(scheme).unwrap();
    let goal = organization.goal(instance.specification, goal).unwrap();
    let plan = organization.goals()[goal].plan.as_ref().unwrap();
    let satisfied = |goal| instance.satisfied.contains(goal);
    let settled = |goal| satisfied(goal) || instance.released.contains(goal);
    match plan.operator {
        PlanOperator::Sequence => plan.goals.last().is_some_and(settled),
        PlanOperator::Parallel => plan.goals.iter().all(settled),
        PlanOperator::Choice => {
            plan.goals.iter().any(satisfied) || plan.goals.iter().all(|goal| instance.released.contains(goal))
        }
    }
}

#[test]
fn the_histories_get_somewhere() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut count = |what: String| *seen.entry(what).or_default() += 1;
    for _ in 0..200 {
        let history = history().new_tree(&mut runner).unwrap().current();
        let look = |_: &OrganizationEntity, after: &OrganizationEntity, attempt: &Attempt<'_>| {
            let breaches = attempt.result.as_ref().err().map_or(&[][..], Violation::breaches);
            for breach in breaches {
                count(breach.property.name().to_owned());
            }
            if after.goal_state("s", "job") == Some(GoalState::Satisfied) {
                count("finished".to_owned());
            }
            for closed in after.closed_norms() {
                count(format!("{:?}", closed.outcome));
            }
            Ok(())
        };
        follow(&crew("fail"), &history, look).unwrap();
    }
    let properties =
        ["role_cardinality", "role_compatibility", "well_formed_responsible", "mission_permission"];
    let more = ["mission_left", "mission_cardinality", "ach_not_enabled_goal", "ach_not_committed_goal"];
    let rest = ["role_in_group", "subgroup_in_group", "subgroup_cardinality", "fail_not_enabled_goal"];
    let ends = ["finished", "Fulfilled", "Unfulfilled", "Inactive"];
    for what in properties.iter().chain(&more).chain(&rest).chain(&ends) {
        assert!(seen.contains_key(*what), "{what} never happens: {seen:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn where_breaches_fail_no_maximum_is_ever_exceeded(history in history()) {
        let crew = crew("fail");
        follow(&crew, &history, |_, entity, _| {
            for (name, group) in entity.groups() {
                for (role, range) in &crew.groups()[group.specification].roles {
                    prop_assert!(range.max.is_none_or(|max| role_players(entity, name, *role) <= max as usize));
                }
            }
            for (_, scheme) in entity.schemes() {
                for mission in &crew.schemes()[scheme.specification].missions {
                    let count = scheme.commitments.iter().filter(|(_, committed)| committed == mission).count();
                    let max = crew.missions()[*mission].cardinality.max.unwrap();
                    prop_assert!(count <= max as usize);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_refused_operation_changes_nothing(history in history()) {
        follow(&crew("fail"), &history, |before, after, attempt| {
            prop_assert!(attempt.result.is_ok() || before == after);
            Ok(())
        })?;
    }

    #[test]
    fn where_breaches_are_let_through_only_nonsense_is_refused_and_nothing_breaks(
        history in history(),
        management in select(&["prohibition", "ignore"][..]),
    ) {
        follow(&crew(management), &history, |before, after, attempt| {
            if let Err(violation) = &attempt.result {
                prop_assert!(violation.breaches().is_empty());
            }
            let recorded = after.breaches().len() - before.breaches().len();
            prop_assert!(recorded == 0 || management == "prohibition");
            Ok(())
        })?;
    }

    #[test]
    fn a_satisfied_goal_stays_so_until_it_is_reset(history in history()) {
        follow(&crew("fail"), &history, |before, after, attempt| {
            if !matches!(attempt.operation, Operation::Reset { .. } | Operation::DestroyScheme { .. }) {
                for (name, scheme) in before.schemes() {
                    prop_assert!(scheme.satisfied.is_subset(&after.scheme(name).unwrap().satisfied));
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn goals_without_agents_are_satisfied_just_when_their_plan_is(history in history()) {
        follow(&crew("ignore"), &history, |_, entity, _| {
            for (name, _) in entity.schemes() {
                for goal in ["job", "make", "both"] {
                    let is_satisfied = entity.goal_state(name, goal) == Some(GoalState::Satisfied);
                    // In a history that ignores all rules, agents achieve goals that belong to nobody, to no effect.
                    prop_assert_eq!(is_satisfied, follows_from_plan(entity, name, goal), "{} of {}", goal, name);
                }
            }
            Ok(())
        })?;
    }

    #[test]
    fn well_formed_is_what_a_recount_says(history in history()) {
        follow(&crew("prohibition"), &history, |_, entity, _| {
            for (name, _) in entity.groups() {
                prop_assert_eq!(entity.group_faults(name).unwrap().is_empty(), is_well_formed(entity, name));
            }
            for (name, scheme) in entity.schemes() {
                let recount = crew_missions_fit(entity, name);
                prop_assert_eq!(entity.scheme_faults(name).unwrap().is_empty(), recount, "{:?}", scheme);
            }
            Ok(())
        })?;
    }

    #[test]
    fn obligations_end_once_and_for_all(history in history()) {
        follow(&crew("fail"), &history, |before, after, attempt| {
            if matches!(attempt.operation, Operation::DestroyScheme { .. }) {
                return Ok(());
            }
            prop_assert!(after.closed_norms().starts_with(before.closed_norms()));
            let mut active = BTreeMap::new();
            for norm in after.obligations() {
                let key = (norm.norm.clone(), norm.agent.clone(), norm.scheme.clone(), norm.aim.clone());
                prop_assert!(active.insert(key, norm.clone()).is_none(), "twice: {}", norm);
                prop_assert!(norm.deadline >= after.now());
            }
            for closed in after.closed_norms() {
                let is_late = closed.norm.deadline < closed.at;
                prop_assert!(closed.outcome != Outcome::Unfulfilled || is_late, "early: {}", closed.norm);
                prop_assert!(closed.outcome != Outcome::Fulfilled || !is_late, "late: {}", closed.norm);
            }
            Ok(())
        })?;
    }

    #[test]
    fn a_restart_anywhere_changes_nothing(history in history(), at in 0..60_usize) {
        let crew = crew("prohibition");
        let mut count = 0;
        let mut restarted: Option<OrganizationEntity> = None;
        follow(&crew, &history, |before, after, attempt| {
            if count == at {
                let text = serde_json::to_string(&before.snapshot()).unwrap();
                let snapshot = serde_json::from_str(&text).unwrap();
                restarted = Some(OrganizationEntity::restore(Arc::clone(&crew), snapshot).unwrap());
            }
            count += 1;
            if let Some(other) = &mut restarted {
                prop_assert_eq!(&other.perform(attempt.operation, attempt.now), &attempt.result);
                prop_assert_eq!(&*other, after);
            }
            Ok(())
        })?;
    }
}

/// Well-formedness of a scheme, counted again.
fn crew_missions_fit(entity: &OrganizationEntity, name: &str) -> bool {
    let organization = entity.organization();
    let scheme = entity.scheme(name).unwrap();
    organization.schemes()[scheme.specification].missions.iter().all(|mission| {
        let node = &organization.missions()[*mission];
        let count = scheme.commitments.iter().filter(|(_, committed)| committed == mission).count();
        fits(count, node.cardinality) || node.goals.iter().all(|goal| scheme.satisfied.contains(goal))
    })
}
