use karma_core::{ActionSpace, Seconds, SeedTree, State, StreamRng, Trajectory, Transition, draw};

use super::*;
use crate::agreement::adjusted_rand_index;
use crate::recordings::{Cast, RecordedEpisode};

const SPACE: ActionSpace = ActionSpace::Defender { services: 4, alpha: 3 };
const STEPS: usize = 40;

/// What the role of a number does: its own service and direction, in its own rhythm, and nothing in between.
fn planted(role: usize, step: usize, shift: usize) -> u32 {
    let place = u32::try_from(role).unwrap();
    let (service, change) = (place % 4, if place < 4 { 2 } else { -2 });
    let busy = !(step + shift).is_multiple_of(3 + role % 3);
    let service_hold = service * 7 + 3;
    if busy { service_hold.checked_add_signed(change).unwrap() } else { service_hold }
}

/// A team in which each of `roles` is played by two agents; an action is replaced by any other with probability `noise`.
fn recordings(roles: usize, episodes: usize, noise: f64, seed: u64) -> Recordings {
    let agents: Vec<String> = (0..2 * roles).map(|agent| format!("agent{agent}")).collect();
    let services = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let mut found =
        Recordings::new(Cast { agents: agents.into(), action_space: SPACE, services: services.into() });
    let mut rng = SeedTree::new(seed).rng();
    for episode in 0..episodes {
        let shifts: Vec<usize> = (0..2 * roles).map(|_| draw::below(&mut rng, 5)).collect();
        let act = |step: usize, rng: &mut StreamRng| -> Vec<Action> {
            let letter = |agent: usize, rng: &mut StreamRng| {
                let strange = (draw::below(rng, 1000) as f64) < 1000.0 * noise;
                let strange = strange.then(|| u32::try_from(draw::below(rng, 28)).unwrap());
                strange.unwrap_or_else(|| planted(agent / 2, step, shifts[agent]))
            };
            (0..2 * roles).map(|agent| Action(letter(agent, rng))).collect()
        };
        let transitions = (0..STEPS).map(|step| transition(act(step, &mut rng))).collect();
        let trajectory = Trajectory { seed: episode as u64, transitions };
        found.push(RecordedEpisode { scenario: "planted".to_owned(), success: None, trajectory }).unwrap();
    }
    found
}

fn transition(actions: Vec<Action>) -> Transition {
    let state = State {
        time: Seconds(0.0),
        age: None,
        services: vec![karma_core::MetricRow::default(); 4].into(),
        entry_rates: vec![None].into(),
        resilience: None,
    };
    Transition {
        rewards: vec![0.0; actions.len()].into(),
        actions: actions.into(),
        next_state: state.clone(),
        state,
        terminated: false,
        truncated: false,
    }
}

fn found(recordings: &Recordings) -> Roles {
    let config = RolesParams::default().check().unwrap();
    Roles::find(recordings, &config, NonZeroUsize::new(2).unwrap()).unwrap()
}

/// Agreement with what was planted.
fn agreement(roles: usize, noise: f64, seed: u64) -> f64 {
    let found = found(&recordings(roles, 12, noise, seed));
    let planted = Partition::of_labels(found.items.iter().map(|item| item.agent.index() / 2));
    adjusted_rand_index(&found.partition, &planted).unwrap()
}

#[test]
fn planted_roles_are_found_at_moderate_noise() {
    for roles in 2..=6 {
        for (noise, seed) in [(0.0, 1), (0.1, 2), (0.2, 3), (0.3, 4)] {
            let agreement = agreement(roles, noise, seed);
            assert!(agreement >= 0.9, "{roles} roles at noise {noise}: {agreement}");
        }
    }
}

#[test]
fn with_noise_alone_no_roles_are_found_and_in_between_agreement_falls() {
    let at = |noise| (1..=3).map(|seed| agreement(4, noise, seed)).sum::<f64>() / 3.0;
    let (clear, dim, none) = (at(0.2), at(0.6), at(1.0));
    assert!(clear >= dim && dim >= none - 0.05, "{clear} {dim} {none}");
    assert!(none.abs() < 0.1, "{none}");
    assert_eq!(found(&recordings(4, 12, 1.0, 9)).roles.len(), 1, "no structure to speak of");
}

#[test]
fn a_role_is_described_by_what_its_agents_do() {
    let found = found(&recordings(3, 6, 0.05, 5));
    assert_eq!(found.roles.len(), 3);
    let role = &found.roles[found.partition.labels()[0]];
    assert_eq!(role.name, "grow_a");
    assert_eq!(role.agents.iter().map(|agent| agent.index()).collect::<Vec<_>>(), [0, 1]);
    assert!((role.profile.shares()[0].1 - 2.0 / 3.0).abs() < 0.1);
    assert!((found.purity - 0.5).abs() < 0.05, "two agents play each role");
    let drafts = found.drafts();
    assert_eq!(drafts.len(), 3);
    assert!(drafts.iter().all(|draft| draft.agents.len() == 2));
}

#[test]
fn roles_of_one_name_are_numbered_around_a_service_that_is_called_like_a_number() {
    let template = found(&recordings(2, 4, 0.0, 1)).roles[0].clone();
    let named = |name: &str| Role { name: name.to_owned(), ..template.clone() };
    let mut roles = ["grow", "grow_1", "grow", "hold"].map(named);
    name_apart(&mut roles);
    assert_eq!(roles.map(|role| role.name), ["grow_2", "grow_1", "grow_3", "hold"]);
}

/// The least agreement over 2 to 6 roles: of the mean of three trials, or of one.
fn least(trial: impl Fn(usize) -> f64) -> f64 {
    (2..=6).map(trial).fold(f64::INFINITY, f64::min)
}

/// `docs/explanations.md` shows these numbers: by kind of role, at the noises of its table.
#[test]
fn the_table_of_the_documentation_holds() {
    let agreement_of = |recordings: &Recordings| {
        let found = found(recordings);
        let planted = Partition::of_labels(found.items.iter().map(|item| item.agent.index() / 2));
        adjusted_rand_index(&found.partition, &planted).unwrap()
    };
    let mean = |of: &dyn Fn(u64) -> f64| (1..=3).map(of).sum::<f64>() / 3.0;
    let table = [
        (0.0, [1.0, 1.0, 1.0, 1.0]),
        (0.2, [1.0, 0.99, 1.0, 1.0]),
        (0.3, [1.0, 0.92, 1.0, 0.92]),
        (0.4, [0.96, 0.27, 0.96, 0.54]),
        (0.5, [0.99, 0.17, 0.96, 0.0]),
        (0.6, [0.95, 0.0, 0.0, 0.0]),
        (0.8, [0.0, 0.0, 0.0, 0.0]),
    ];
    for (noise, expected) in table {
        let measured = [
            least(|roles| mean(&|seed| agreement_of(&recordings(roles, 12, noise, seed)))),
            least(|roles| mean(&|seed| agreement_of(&sparse(roles, noise, seed)))),
            least(|roles| favourites(SPACE, roles, noise)),
            least(|roles| favourites(ActionSpace::Discrete { actions: 12 }, roles, noise)),
        ];
        let near = |(measured, expected): (&f64, &f64)| (measured - expected).abs() < 0.0051;
        assert!(measured.iter().zip(&expected).all(near), "noise {noise}: {measured:?}, not {expected:?}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let recordings = recordings(3, 4, 0.2, 6);
    let config = RolesParams::default().check().unwrap();
    let one = Roles::find(&recordings, &config, NonZeroUsize::MIN).unwrap();
    assert_eq!(one, found(&recordings));
}

#[test]
fn one_word_alone_has_no_role() {
    let empty = Recordings::new(recordings(2, 0, 0.0, 1).cast().clone());
    let config = RolesParams::default().check().unwrap();
    assert!(matches!(Roles::find(&empty, &config, NonZeroUsize::MIN), Err(RolesError::Cluster(_))));
}

/// Roles that differ in nothing but how often they choose what: each has three favourites, which may be another's too.
fn favourites(space: ActionSpace, roles: usize, noise: f64) -> f64 {
    let agents: Vec<String> = (0..2 * roles).map(|agent| format!("agent{agent}")).collect();
    let services = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let mut recordings =
        Recordings::new(Cast { agents: agents.into(), action_space: space, services: services.into() });
    let mut rng = SeedTree::new(7).rng();
    let any = |rng: &mut StreamRng| Action(u32::try_from(draw::below(rng, space.len())).unwrap());
    let liked: Vec<[Action; 3]> = (0..roles).map(|_| [(); 3].map(|()| any(&mut rng))).collect();
    for episode in 0..12 {
        let act = |agent: usize, rng: &mut StreamRng| {
            let strange = (draw::below(rng, 1000) as f64) < 1000.0 * noise;
            if strange { any(rng) } else { liked[agent / 2][draw::below(rng, 3)] }
        };
        let mut joint = || (0..2 * roles).map(|agent| act(agent, &mut rng)).collect();
        let transitions = (0..STEPS).map(|_| transition(joint())).collect();
        let trajectory = Trajectory { seed: episode, transitions };
        recordings.push(RecordedEpisode { scenario: "liked".to_owned(), success: None, trajectory }).unwrap();
    }
    let found = found(&recordings);
    let planted = Partition::of_labels(found.items.iter().map(|item| item.agent.index() / 2));
    adjusted_rand_index(&found.partition, &planted).unwrap()
}

#[test]
fn roles_that_share_favourites_are_told_apart_at_moderate_noise() {
    for space in [SPACE, ActionSpace::Discrete { actions: 12 }] {
        for roles in 2..=6 {
            for noise in [0.0, 0.1, 0.2, 0.3] {
                let agreement = favourites(space, roles, noise);
                assert!(agreement >= 0.9, "{roles} roles in {space:?} at noise {noise}: {agreement}");
            }
        }
    }
}

/// A team whose agents mostly hold: a role acts in every second step, every third, and so on.
fn sparse(roles: usize, noise: f64, seed: u64) -> Recordings {
    let agents: Vec<String> = (0..2 * roles).map(|agent| format!("agent{agent}")).collect();
    let services = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let mut found =
        Recordings::new(Cast { agents: agents.into(), action_space: SPACE, services: services.into() });
    let mut rng = SeedTree::new(seed).rng();
    for episode in 0..10 {
        let act = |step: usize, agent: usize, rng: &mut StreamRng| {
            let (role, strange) = (agent / 2, (draw::below(rng, 1000) as f64) < 1000.0 * noise);
            let hold = 7 * (role % 4) + 3;
            let letter = match (strange, step.is_multiple_of(2 + role)) {
                (true, _) => draw::below(rng, 28),
                (false, true) => {
                    if role < 4 {
                        hold + 2
                    } else {
                        hold - 2
                    }
                }
                (false, false) => hold,
            };
            Action(u32::try_from(letter).unwrap())
        };
        let mut joint = |step| (0..2 * roles).map(|agent| act(step, agent, &mut rng)).collect();
        let transitions = (0..STEPS).map(|step| transition(joint(step))).collect();
        let trajectory = Trajectory { seed: episode, transitions };
        found.push(RecordedEpisode { scenario: "sparse".to_owned(), success: None, trajectory }).unwrap();
    }
    found
}

#[test]
fn roles_of_agents_that_mostly_hold_are_found_at_moderate_noise() {
    for roles in 2..=6 {
        for (noise, seed) in [(0.0, 1), (0.1, 2), (0.2, 3), (0.2, 4)] {
            let found = found(&sparse(roles, noise, seed));
            let planted = Partition::of_labels(found.items.iter().map(|item| item.agent.index() / 2));
            let agreement = adjusted_rand_index(&found.partition, &planted).unwrap();
            assert!(agreement >= 0.9, "{roles} roles at noise {noise}: {agreement}");
        }
    }
}
