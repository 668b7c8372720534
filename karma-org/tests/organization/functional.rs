//! Schemes, goals, missions and norms.

use std::time::Duration;

use karma_org::Organization;
use karma_org::builder::{OrganizationBuilder, SchemeBuilder, goal, mission, obligation, permission};
use karma_org::organization::{GoalNode, Precondition, Quorum, Range};
use karma_org::spec::GoalKind;

fn scheme(fill: impl FnOnce(SchemeBuilder) -> SchemeBuilder) -> Organization {
    OrganizationBuilder::new("o").scheme("s", fill).organization().unwrap()
}

fn node<'o>(organization: &'o Organization, id: &str) -> &'o GoalNode {
    &organization.goals()[organization.goal(organization.scheme("s").unwrap(), id).unwrap()]
}

fn waits_for(organization: &Organization, id: &str) -> (Vec<String>, Vec<String>) {
    let Precondition { all, any } = &node(organization, id).precondition;
    let names = |goals: &[_]| goals.iter().map(|goal| organization.goals()[*goal].id.clone()).collect();
    (names(all), names(any))
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().copied().map(str::to_owned).collect()
}

#[test]
fn an_achievement_needs_one_agent_unless_another_number_is_written() {
    let organization = scheme(|scheme| {
        let achieved = |id| goal(id).kind(GoalKind::Achievement);
        let goals = [achieved("one"), achieved("three").satisfied_by(3), goal("all")];
        scheme.goal(goal("root").parallel(goals)).mission(mission("m").goals(["one", "three", "all"]))
    });
    let quorums = ["one", "three", "all"].map(|id| node(&organization, id).quorum);
    assert_eq!(quorums, [Quorum::AtLeast(1), Quorum::AtLeast(3), Quorum::All]);
}

#[test]
fn goals_come_parents_first_in_the_order_of_the_text() {
    let organization =
        scheme(|scheme| scheme.goal(goal("r").sequence([goal("a").parallel(["b", "c"]), goal("d")])));
    let goals: Vec<&str> = organization.goals().iter().map(|goal| goal.id.as_str()).collect();
    assert_eq!(goals, ["r", "a", "b", "c", "d"]);
    assert_eq!(
        organization.schemes()[organization.scheme("s").unwrap()].root,
        organization.goals().ids().next().unwrap()
    );
}

#[test]
fn a_leaf_waits_for_the_goal_before_it_in_the_nearest_sequence_that_has_one() {
    let organization = scheme(|scheme| {
        let inner = goal("inner").sequence([goal("first").parallel(["x", "y"]), goal("second")]);
        scheme.goal(goal("root").sequence([goal("before"), inner]))
    });
    let all = |id| waits_for(&organization, id).0;
    assert_eq!(all("x"), ["before"]);
    assert_eq!(all("second"), ["first"]);
    assert_eq!(all("before"), [""; 0]);
    assert_eq!(all("inner"), ["second"], "a goal with a plan waits for its plan only");
}

#[test]
fn explicit_dependencies_come_before_those_of_the_plan_and_are_not_repeated() {
    let organization = scheme(|scheme| {
        let last = goal("last").depends_on("other").depends_on("first").depends_on("other");
        scheme.goal(goal("root").parallel([goal("seq").sequence([goal("first"), last]), goal("other")]))
    });
    assert_eq!(waits_for(&organization, "last"), (texts(&["other", "first"]), vec![]));
}

#[test]
fn a_choice_that_depends_on_another_goal_is_enabled_by_that_too_as_in_moise() {
    let organization = scheme(|scheme| {
        scheme.goal(goal("root").parallel([goal("c").choice(["x", "y"]).depends_on("z"), goal("z")]))
    });
    assert_eq!(waits_for(&organization, "c"), (vec![], texts(&["z", "x", "y"])));
}

#[test]
fn times_and_numbers_of_agents_are_read() {
    let organization = OrganizationBuilder::new("o")
        .role("r")
        .group("g", |group| group.role("r", ..))
        .scheme("s", |scheme| {
            scheme.goal(goal("g").within("2 minutes")).mission(mission("m").goals(["g"]).agents(2..))
        })
        .norm(obligation("n", "r", "m").within("1 year").when("true"))
        .organization()
        .unwrap();
    assert_eq!(node(&organization, "g").time_to_fulfil, Some(Duration::from_mins(2)));
    let norm = organization.norms().iter().next().unwrap();
    assert_eq!(norm.time_constraint, Some(Duration::from_hours(365 * 24)));
    assert_eq!(organization.missions()[norm.mission].cardinality, Range { min: 2, max: None });
    assert_eq!(organization.warnings(), []);
}

/// Two schemes with a mission of the same name.
fn twins() -> OrganizationBuilder {
    let fill = |scheme: SchemeBuilder| scheme.goal("g").mission(mission("m").goals(["g"]));
    let group = |builder: OrganizationBuilder| builder.role("r").group("g", |group| group.role("r", ..));
    group(OrganizationBuilder::new("o")).scheme("s", fill).scheme("t.u", fill)
}

#[test]
fn a_mission_is_found_by_its_scheme_and_its_name_even_if_the_scheme_has_a_dot() {
    let organization = twins()
        .norm(permission("n", "r", "t.u.m"))
        .norm(permission("n2", "r", "s.m"))
        .organization()
        .unwrap();
    let schemes: Vec<&str> = organization
        .norms()
        .iter()
        .map(|norm| organization.schemes()[organization.missions()[norm.mission].scheme].id.as_str())
        .collect();
    assert_eq!(schemes, ["t.u", "s"]);
    assert_eq!(organization.warnings(), []);
}

#[test]
fn a_mission_name_that_several_schemes_have_means_the_first_with_a_warning() {
    let organization = twins().norm(permission("n", "r", "m")).organization().unwrap();
    let codes: Vec<&str> = organization.warnings().iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["ambiguous-mission", "mission-without-norm"]);
    let norm = organization.norms().iter().next().unwrap();
    assert_eq!(organization.missions()[norm.mission].scheme, organization.scheme("s").unwrap());
}

#[test]
fn sub_roles_inherit_norms_and_an_obligation_outdoes_a_permission() {
    let organization = OrganizationBuilder::new("o")
        .role("author")
        .role_extending("writer", ["author"])
        .group("g", |group| group.role("writer", ..))
        .scheme("s", |scheme| scheme.goal("g").mission(mission("m").goals(["g"])))
        .norm(permission("n1", "author", "m"))
        .norm(obligation("n2", "writer", "m"))
        .organization()
        .unwrap();
    let [author, writer] = ["author", "writer"].map(|id| organization.role(id).unwrap());
    let mission = organization.missions().ids().next().unwrap();
    assert!(organization.may(author, mission) && !organization.must(author, mission));
    assert!(organization.must(writer, mission));
    assert_eq!(organization.missions_of(writer), [(mission, karma_org::spec::NormKind::Obligation)]);
}

/// `OSBuilderTest` of MOISE, with a name of its own for the goal that MOISE lets two plans share.
#[test]
fn an_organisation_can_be_built_without_a_text() {
    let organization = OrganizationBuilder::new("jobs")
        .group("r", |group| group.subgroup("g1", |subgroup| subgroup.role("r1", ..)))
        .scheme("st", |scheme| {
            let assist = ["go_to_buy", "buy_items", "go_to_workshop", "assist_assemble"];
            let assemble = ["go_to_workshop_2", "do_assemble", "stop", "deliver"];
            let root = goal("job_delivered")
                .parallel([goal("assist").sequence(assist), goal("assemble").sequence(assemble)]);
            scheme
                .goal(root)
                .mission(mission("mag1").goals(["go_to_buy", "go_to_workshop", "stop"]))
                .mission(mission("mag2").goals(["buy_items", "do_assemble"]))
        })
        .norm_property("mission_permission", "ignore")
        .organization()
        .unwrap();
    assert_eq!(
        (organization.goals().len(), organization.missions().len(), organization.groups().len()),
        (11, 2, 2)
    );
}
