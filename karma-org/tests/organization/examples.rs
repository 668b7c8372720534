//! Real organisations, with what MOISE's own tests say about them.

use std::fs;
use std::path::Path;

use karma_org::check::check;
use karma_org::organization::{GoalId, GroupId, Precondition, Quorum, Range, RoleId};
use karma_org::spec::{Goal, LinkKind, NormKind, OrganizationalSpecification, PlanOperator, Scope};
use karma_org::{Organization, xml};

fn read(file: &str) -> OrganizationalSpecification {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/moise").join(file);
    xml::read(fs::read(path).unwrap()).unwrap().specification
}

fn organization(file: &str) -> Organization {
    Organization::new(read(file)).unwrap()
}

fn role(organization: &Organization, id: &str) -> RoleId {
    organization.role(id).unwrap()
}

fn compatible(organization: &Organization, group: &str, from: &str, to: &str) -> bool {
    let [from, to] = [from, to].map(|id| role(organization, id));
    organization.compatible(organization.group(group).unwrap(), from, to, Scope::IntraGroup)
}

fn linked(
    organization: &Organization,
    group: GroupId,
    roles: [&str; 2],
    kind: &LinkKind,
    scope: Scope,
) -> bool {
    let [from, to] = roles.map(|id| role(organization, id));
    organization.linked(group, from, to, kind, scope)
}

fn names(organization: &Organization, goals: &[GoalId]) -> Vec<String> {
    goals.iter().map(|goal| organization.goals()[*goal].id.clone()).collect()
}

#[test]
fn roofers_specialise_building_companies_and_soc_but_not_house_owners() {
    let house = organization("house-os.xml");
    let specialises = |a, b| house.specialises(role(&house, a), role(&house, b));
    assert!(specialises("roofer", "building_company") && specialises("roofer", "soc"));
    assert!(!specialises("roofer", "house_owner") && !specialises("building_company", "roofer"));
}

/// `NPLInterpreterTest.testWPGroupHJouse` of MOISE.
#[test]
fn building_companies_of_all_kinds_are_compatible_with_each_other_but_not_with_the_house_owner() {
    let house = organization("house-os.xml");
    let compatible = |from, to| compatible(&house, "house_group", from, to);
    assert!(compatible("building_company", "building_company"));
    assert!(compatible("roofer", "building_company"));
    assert!(compatible("roofer", "window_fitter"));
    assert!(!compatible("building_company", "house_owner"));
    assert!(!compatible("roofer", "house_owner"));
}

#[test]
fn a_compatibility_that_does_not_extend_to_subgroups_does_not_hold_in_them() {
    let house = organization("house-os.xml");
    assert!(compatible(&house, "house_group", "r4", "roofer"));
    assert!(!compatible(&house, "g4", "r4", "roofer"));
}

/// `NPLInterpreterTest.testWPGroup1` of MOISE.
#[test]
fn editors_and_writers_are_compatible_both_ways() {
    let paper = organization("wp-os.xml");
    assert!(compatible(&paper, "wpgroup", "editor", "writer"));
    assert!(compatible(&paper, "wpgroup", "writer", "editor"));
}

/// `NPLInterpreterTest.testWPGroup2` of MOISE.
#[test]
fn without_compatibilities_a_role_is_compatible_with_what_it_specialises_only() {
    let auction = organization("auction-os.xml");
    let compatible = |from, to| compatible(&auction, "auctionGroup", from, to);
    assert!(compatible("auctioneer", "soc") && compatible("participant", "soc"));
    assert!(!compatible("soc", "auctioneer") && !compatible("soc", "participant"));
    assert!(!compatible("auctioneer", "participant") && !compatible("participant", "auctioneer"));
}

#[test]
fn links_of_the_team_are_inherited_by_roles_and_by_subgroups() {
    let team = organization("jojOS.xml");
    let [attack, defense] = ["attack", "defense"].map(|id| team.group(id).unwrap());
    let inter = Scope::InterGroup;
    assert!(linked(&team, attack, ["coach", "goalkeeper"], &LinkKind::Authority, inter));
    assert!(linked(&team, attack, ["coach", "goalkeeper"], &LinkKind::Acquaintance, inter));
    assert!(linked(&team, defense, ["middle", "back"], &LinkKind::Communication, inter));
    assert!(!linked(&team, attack, ["middle", "back"], &LinkKind::Authority, inter));
    assert!(!linked(&team, attack, ["coach", "goalkeeper"], &LinkKind::Authority, Scope::IntraGroup));
    assert!(linked(&team, defense, ["goalkeeper", "back"], &LinkKind::Authority, Scope::IntraGroup));
    assert!(!linked(&team, attack, ["goalkeeper", "back"], &LinkKind::Authority, Scope::IntraGroup));
}

#[test]
fn a_constraint_on_a_role_that_is_played_below_counts_the_whole_team() {
    let team = organization("jojOS.xml");
    let leader = role(&team, "leader");
    assert_eq!(
        team.groups()[team.group("team").unwrap()].subtree_roles,
        [(leader, Range { min: 1, max: Some(1) })]
    );
}

#[test]
fn groups_come_root_first_and_depth_first() {
    let team = organization("jojOS.xml");
    let ids: Vec<&str> = team.groups().iter().map(|group| group.id.as_str()).collect();
    assert_eq!(ids, ["team", "attack", "defense"]);
}

#[test]
fn the_goals_of_the_paper_wait_for_what_moise_says_they_wait_for() {
    let paper = organization("wp-os.xml");
    let waits_for = |goal: &str| {
        let goal = paper.goal(paper.scheme("writePaperSch").unwrap(), goal).unwrap();
        names(&paper, &paper.goals()[goal].precondition.all)
    };
    let leaves = ["wtitle", "wabs", "wsectitles", "wsecs", "wconc", "wrefs"].map(waits_for);
    assert_eq!(leaves, [vec![], vec!["wtitle"], vec!["wabs"], vec!["fdv"], vec!["wsecs"], vec!["wsecs"]]);
    let inner = ["fdv", "finish", "sv", "wp"].map(waits_for);
    assert_eq!(inner, [vec!["wsectitles"], vec!["wconc", "wrefs"], vec!["finish"], vec!["sv"]]);
}

#[test]
fn a_choice_waits_for_any_of_its_goals() {
    let farm = organization("ordered.xml");
    let goal = farm.goal(farm.scheme("FarmScheme").unwrap(), "SetWaypoints").unwrap();
    let Precondition { all, any } = &farm.goals()[goal].precondition;
    assert_eq!(
        (names(&farm, all), names(&farm, any)),
        (vec![], vec!["ComputeWaypoints".into(), "InputWaypoints".into()])
    );
}

/// `DependenciesOrderTest` of MOISE: a goal may depend on one that is written later.
#[test]
fn the_order_in_which_parallel_goals_are_written_does_not_change_what_waits_for_what() {
    let written = read("ordered.xml");
    let mut backwards = written.clone();
    reverse_parallel(backwards.functional.schemes[0].goal.as_mut().unwrap());
    let preconditions = |specification| {
        let farm = Organization::new(specification).unwrap();
        let of = |goal: &karma_org::organization::GoalNode| {
            let [mut all, mut any] =
                [&goal.precondition.all, &goal.precondition.any].map(|goals| names(&farm, goals));
            all.sort();
            any.sort();
            (goal.id.clone(), names(&farm, &goal.depends_on), all, any)
        };
        let mut preconditions: Vec<_> = farm.goals().iter().map(of).collect();
        preconditions.sort();
        preconditions
    };
    let [written, backwards] = [written, backwards].map(preconditions);
    assert_eq!(written, backwards);
    assert!(written.iter().any(|(id, depends_on, ..)| id == "SprayPesticides" && depends_on == &["Harvest"]));
}

fn reverse_parallel(goal: &mut Goal) {
    if let Some(plan) = &mut goal.plan {
        if plan.operator == PlanOperator::Parallel {
            plan.goals.reverse();
        }
        plan.goals.iter_mut().for_each(reverse_parallel);
    }
}

#[test]
fn a_goal_needs_all_committed_agents_or_as_many_as_are_written_and_nobody_if_it_is_in_no_mission() {
    let team = organization("jojOS.xml");
    let quorum =
        |goal: &str| team.goals()[team.goal(team.scheme("sideAttack").unwrap(), goal).unwrap()].quorum;
    assert_eq!(["g1", "g2"].map(quorum), [Quorum::AtLeast(1), Quorum::AtLeast(0)]);
    let paper = organization("wp-os.xml");
    let goal = paper.goal(paper.scheme("writePaperSch").unwrap(), "wsecs").unwrap();
    assert_eq!(paper.goals()[goal].quorum, Quorum::All);
}

#[test]
fn writers_must_collaborate_and_editors_may_manage() {
    let paper = organization("wp-os.xml");
    let scheme = paper.scheme("writePaperSch").unwrap();
    let [collaborate, manage, bib] =
        ["mColaborator", "mManager", "mBib"].map(|id| paper.mission(scheme, id).unwrap());
    let [writer, editor, author] = ["writer", "editor", "author"].map(|id| role(&paper, id));
    assert!(paper.must(writer, collaborate) && paper.may(writer, collaborate));
    assert!(paper.may(editor, manage) && !paper.must(editor, manage));
    assert!(!paper.may(writer, manage) && !paper.may(author, manage));
    let must = NormKind::Obligation;
    assert_eq!(paper.missions_of(writer), [(collaborate, must), (bib, must)]);
    assert_eq!(paper.missions()[bib].preferred, [collaborate, manage]);
}

#[test]
fn the_goals_of_reports_belong_to_the_scheme_and_to_its_missions() {
    let bakery = organization("bakery-os.xml");
    let scheme = bakery.scheme("bakery_scheme").unwrap();
    let account = &bakery.goals()[bakery.goal(scheme, "notifyFlourTypeToBaker").unwrap()];
    assert_eq!(account.missions, [bakery.mission(scheme, "mKneader").unwrap()]);
    assert_eq!((account.parent, &account.precondition), (None, &Precondition::default()));
}

#[test]
fn the_mission_goal_that_is_in_no_plan_is_found_where_it_is_written() {
    let findings = check(&read("mining-robots-OS.xml"));
    let found: Vec<String> = findings.iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "85:17: error[unknown-goal]: mission \"mMiner\" of scheme \"meeting_point\" has goal \"mp\", which is in no plan \
          of that scheme; did you mean \"mp(X,Y)\"?"
        ]
    );
}

#[test]
fn real_files_check_clean_or_with_what_is_really_there() {
    let codes = |file: &str| {
        let mut codes: Vec<&str> = check(&read(file)).iter().map(|finding| finding.code).collect();
        codes.dedup();
        codes
    };
    for file in ["auction-os.xml", "bakery-os.xml", "house-os.xml", "jojOS.xml", "jojSS.xml", "wp-os.xml"] {
        assert_eq!(codes(file), [""; 0], "{file}");
    }
    // It has missions, but no norms.
    assert_eq!(codes("jojFS.xml"), ["mission-without-norm"]);
    // Its only mission has the root goal and none of the goals that are to be carried out.
    assert_eq!(codes("ordered.xml"), ["goal-without-mission"]);
}
