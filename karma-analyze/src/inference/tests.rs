//! Planted behaviour is found again, and karma-org takes what was inferred.

use karma_core::{
    Action, ActionSpace, DefenderAction, Id as _, Metric, MetricRow, Seconds, ServiceId, State, Topology,
    Trajectory, Transition,
};
use karma_org::guide::{Binding, GuideSetting, Guides};
use karma_org::{Organization, xml};

use super::*;
use crate::recordings::{Cast, RecordedEpisode};

const SPACE: ActionSpace = ActionSpace::Defender { services: 2, alpha: 3 };

fn topology() -> Topology {
    let text = r#"{ "services": {
        "API": { "cpu": 500, "ram": 256, "computation_throughput": 100 },
        "Auth": { "cpu": 500, "ram": 256, "computation_throughput": 100 } },
        "connections": [ { "source": "API", "destination": "Auth" } ] }"#;
    Topology::read(text.as_bytes()).unwrap()
}

/// The utilisation of a service at a step: it wanders over [0, 1).
fn utilisation(step: usize, service: usize) -> f32 {
    ((step * 37 + service * 53) % 100) as f32 / 100.0
}

fn state(step: usize) -> State {
    let row = |service| {
        let mut row = MetricRow::default();
        row.set(Metric::CpuUtilization, utilisation(step, service));
        row
    };
    State {
        time: Seconds(15.0 * step as f64),
        age: None,
        services: (0..2).map(row).collect(),
        entry_rates: vec![Some(50.0)].into(),
        resilience: None,
    }
}

fn scale(service: usize, replica_change: i32) -> Action {
    SPACE.encode_defender(DefenderAction { service: ServiceId::from_index(service), replica_change }).unwrap()
}

/// One scales a busy service up by two, the other an idle one down by one, but never the first service.
fn joint(step: usize) -> Vec<Action> {
    let busy = (0..2).find(|service| utilisation(step, *service) > 0.6);
    let saver = if utilisation(step, 1) <= 0.25 { scale(1, -1) } else { scale(0, 0) };
    vec![busy.map_or(scale(0, 0), |service| scale(service, 2)), saver]
}

fn recordings() -> Recordings {
    let agents = vec!["grower".to_owned(), "saver".to_owned()].into();
    let services = vec!["API".to_owned(), "Auth".to_owned()].into();
    let mut recordings = Recordings::new(Cast { agents, action_space: SPACE, services });
    for seed in 0..10 {
        let step = |at: usize| Transition {
            state: state(at),
            actions: joint(at).into(),
            rewards: vec![1.0, 1.0].into(),
            next_state: state(at + 1),
            terminated: false,
            truncated: false,
        };
        let from = seed * 41;
        let transitions = (from..from + 40).map(step).collect();
        let trajectory = Trajectory { seed: seed as u64, transitions };
        recordings.push(RecordedEpisode { scenario: "calm".to_owned(), success: None, trajectory }).unwrap();
    }
    recordings
}

fn inferred() -> InferredOrganization {
    let role = |(place, name): (usize, &str)| RoleDraft {
        name: name.to_owned(),
        agents: vec![AgentId::from_index(place)],
        extends: vec![],
    };
    let roles: Vec<RoleDraft> = ["grower", "saver"].into_iter().enumerate().map(role).collect();
    let config = InferenceParams::default().check().unwrap();
    InferredOrganization::of_roles("inferred", &recordings(), &roles, &config)
}

#[test]
fn a_planted_condition_is_found_with_its_threshold_and_its_evidence() {
    let organization = inferred();
    let saver = &organization.roles[1].rules;
    assert_eq!(saver.len(), 1, "{saver:?}");
    assert_eq!((saver[0].direction, saver[0].most), (Direction::Down, 1));
    assert_eq!(saver[0].except, ["API"]);
    assert!(saver[0].recall >= 0.9, "{saver:?}");
    let when = saver[0].when.as_deref().unwrap();
    assert!(when.contains("cpu_utilization <= 0.25"), "{when}");
    let grower = &organization.roles[0].rules;
    assert!(grower.iter().all(|rule| rule.direction == Direction::Up && rule.most == 2), "{grower:?}");
    assert!(
        grower.iter().any(|rule| rule.when.as_deref().unwrap().contains("cpu_utilization > 0.6")),
        "{grower:?}"
    );
    let recall: f64 = grower.iter().map(|rule| rule.recall).sum();
    let exposure: f64 = grower.iter().map(|rule| rule.exposure).sum();
    assert!(recall >= 0.9 && exposure < 0.6, "{grower:?}");
}

#[test]
fn karma_org_loads_checks_and_compiles_what_was_inferred() {
    let mut organization = inferred();
    organization.links.push(InferredLink { from: 0, to: 1, kind: "authority".to_owned() });
    organization.goals.push(InferredGoal {
        name: "calm".to_owned(),
        description: "little \"waits\"".to_owned(),
        value: "-(max(cpu_utilization) - 0.3) * (max(cpu_utilization) - 0.3)".to_owned(),
        roles: vec![1],
    });
    let text = xml::write(&organization.specification()).unwrap();
    let read = Organization::new(xml::read(text.as_bytes()).unwrap().specification).unwrap();
    let (grower, saver) = (read.role("grower").unwrap(), read.role("saver").unwrap());
    assert!(read.commands(grower, saver));
    assert_eq!(read.missions_of(saver).len(), 1);
    let binding = Binding::read(&organization.guides(1.0, 0.0)).unwrap();
    let guides = Guides::compile(&read, &binding, &topology(), GuideSetting::default()).unwrap();
    assert_eq!(guides.team().len(), 2);
    assert!(guides.warnings().is_empty(), "{:?}", guides.warnings());
}

/// Alignment of the recorded actions with the guides that were inferred from them.
#[test]
fn what_was_done_mostly_lies_within_the_inferred_guides_and_most_else_does_not() {
    let organization = inferred();
    let read = Organization::new(organization.specification()).unwrap();
    let binding = Binding::read(&organization.guides(1.0, 0.0)).unwrap();
    let guides = Guides::compile(&read, &binding, &topology(), GuideSetting::default()).unwrap();
    let factory = std::sync::Arc::new(guides).factory();
    let (mut aligned, mut moves, mut allowed, mut possible) = (0, 0, 0, 0);
    for episode in recordings().episodes() {
        let mut guide = factory.make();
        let mut asks = guide.begin(&episode.trajectory.transitions[0].state);
        for step in &episode.trajectory.transitions {
            for (guided, action) in asks.allowed.iter().zip(&step.actions) {
                let moved = !SPACE.is_no_op(*action);
                moves += usize::from(moved);
                aligned += usize::from(moved && guided.mask.allows(*action));
                allowed += guided.mask.legal_count() - 2;
                possible += SPACE.len() - 2;
            }
            asks = guide.advance(&step.actions, &step.next_state);
        }
    }
    assert!(aligned as f64 >= 0.85 * moves as f64, "{aligned} of {moves}");
    assert!((allowed as f64) < 0.3 * possible as f64, "{allowed} of {possible}");
}

#[test]
fn a_goal_that_no_role_leads_to_needs_no_mission() {
    let mut organization = inferred();
    organization.goals.push(InferredGoal {
        name: "calm".to_owned(),
        description: "calm".to_owned(),
        value: "-max(cpu_utilization)".to_owned(),
        roles: vec![],
    });
    let read = Organization::new(organization.specification()).unwrap();
    let binding = Binding::read(&organization.guides(1.0, 0.0)).unwrap();
    Guides::compile(&read, &binding, &topology(), GuideSetting::default()).unwrap();
}

#[test]
fn a_role_that_never_moved_anything_may_only_hold() {
    let idle = RoleDraft { name: "idle".to_owned(), agents: vec![AgentId::from_index(1)], extends: vec![] };
    let config = InferenceParams { min_actions: 100_000, ..InferenceParams::default() }.check().unwrap();
    let organization = InferredOrganization::of_roles("idle", &recordings(), &[idle], &config);
    assert!(organization.roles[0].rules.is_empty());
    let read = Organization::new(organization.specification()).unwrap();
    let binding = Binding::read(&organization.guides(1.0, 0.0)).unwrap();
    Guides::compile(&read, &binding, &topology(), GuideSetting::default()).unwrap();
}
