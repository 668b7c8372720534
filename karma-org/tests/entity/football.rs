//! What MOISE's `OETest` asserts of a football team.

use karma_org::entity::{GoalState, OrganizationEntity, Violation};

use GoalState::{Enabled, Satisfied, Waiting};

use crate::organizations::{START, football, refusal, start};

/// Two-times world champions.
fn team() -> OrganizationEntity {
    let mut joj = start(football());
    joj.create_group("team", "team", None, START).unwrap();
    joj.create_group("att", "attack", Some("team"), START).unwrap();
    joj.create_group("def", "defense", Some("team"), START).unwrap();
    let players = [
        ("Marcos", "goalkeeper", "def"),
        ("Lucio", "back", "def"),
        ("Edmilson", "back", "def"),
        ("Roque Jr.", "back", "def"),
        ("Cafu", "leader", "att"),
        ("Cafu", "middle", "att"),
        ("Gilberto Silva", "middle", "att"),
        ("Juninho", "middle", "att"),
        ("Ronaldinho", "middle", "att"),
        ("Roberto Carlos", "middle", "att"),
        ("Ronaldo", "attacker", "att"),
        ("Rivaldo", "attacker", "att"),
        ("Scolari", "coach", "team"),
    ];
    for (agent, role, group) in players {
        joj.adopt_role(agent, role, group, START).unwrap();
    }
    joj
}

/// The team on its way to the goal.
fn attack() -> OrganizationEntity {
    let mut joj = team();
    joj.create_scheme("sa", "sideAttack", START).unwrap();
    joj.set_argument("sa", ("g3", "M2Ag"), "Cafu", START).unwrap();
    joj.add_responsible_group("team", "sa", START).unwrap();
    joj.commit("Lucio", "m1", "sa", START).unwrap();
    joj.commit("Roberto Carlos", "m2", "sa", START).unwrap();
    joj.commit("Rivaldo", "m3", "sa", START).unwrap();
    joj
}

fn possible(joj: &OrganizationEntity) -> [Vec<&str>; 3] {
    ["Lucio", "Roberto Carlos", "Rivaldo"]
        .map(|agent| joj.possible_goals(agent).into_iter().map(|(_, goal)| goal).collect())
}

fn states<const N: usize>(joj: &OrganizationEntity, goals: [&str; N]) -> [GoalState; N] {
    goals.map(|goal| joj.goal_state("sa", goal).unwrap())
}

#[test]
fn the_team_is_well_formed() {
    assert_eq!(team().group_faults("team"), Some(Vec::new()));
}

#[test]
fn the_whole_team_has_exactly_one_leader() {
    let mut joj = team();
    assert_eq!(
        refusal(joj.adopt_role("Lucio", "leader", "def", START)),
        ["role_cardinality(leader,team,2,1)"]
    );
    joj.leave_role("Cafu", "leader", "att", START).unwrap();
    let reasons: Vec<_> = joj.group_faults("team").unwrap().iter().map(ToString::to_string).collect();
    assert_eq!(reasons, ["team has 0 of role leader; exactly 1 needed"]);
}

#[test]
fn a_group_in_a_responsible_group_is_responsible_too() {
    let joj = attack();
    assert_eq!(joj.scheme_faults("sa"), Some(Vec::new()));
    assert_eq!(joj.argument("sa", "g3", "M2Ag"), Some("Cafu"));
}

#[test]
fn possible_goals_follow_the_plan() {
    let mut joj = attack();
    assert_eq!(states(&joj, ["g1", "g2", "g7"]), [Enabled, Waiting, Waiting]);
    assert_eq!(possible(&joj), [vec!["g1"], vec![], vec![]]);
    joj.achieve("Lucio", "g1", "sa", START).unwrap();
    assert_eq!(possible(&joj), [vec!["g7"], vec!["g8"], vec!["g9"]]);
    assert_eq!(states(&joj, ["g1", "g2", "g7", "g8", "g9"]), [Satisfied, Waiting, Enabled, Enabled, Enabled]);
    joj.achieve("Lucio", "g7", "sa", START).unwrap();
    assert_eq!(possible(&joj), [vec![], vec!["g8"], vec!["g9"]]);
    joj.achieve("Roberto Carlos", "g8", "sa", START).unwrap();
    joj.achieve("Rivaldo", "g9", "sa", START).unwrap();
    assert_eq!(states(&joj, ["g2"]), [Satisfied]);
    assert_eq!(possible(&joj), [vec!["g3"], vec![], vec![]]);
}

#[test]
fn a_goal_that_becomes_impossible_ends_the_attack_and_frees_its_players() {
    let mut joj = attack();
    assert!(joj.set_impossible("Rivaldo", "g1", "sa", START).is_err());
    joj.set_impossible("Lucio", "g1", "sa", START).unwrap();
    assert_eq!(possible(&joj), [const { Vec::<&str>::new() }; 3]);
    assert_eq!(states(&joj, ["g1", "scoreGoal"]), [GoalState::Impossible; 2]);
    joj.leave_mission("Lucio", "m1", "sa", START).unwrap();
    let again = joj.commit("Lucio", "m1", "sa", START).unwrap_err();
    assert!(matches!(again, Violation::Finished { state: GoalState::Impossible, .. }), "{again}");
}
