//! Are roles found that are really there, and how much noise do they stand?
//!
//! Plays two agents in each of four roles: everyone adds replicas to a service of its own, in a rhythm of its role, and does
//! something random instead with a growing probability. Prints how well the roles that are found agree with those that were
//! played (adjusted Rand index: 1 is the same grouping, 0 is chance).
#![expect(clippy::print_stdout, reason = "an example answers on the terminal")]

use std::num::NonZeroUsize;

use karma_analyze::agreement::adjusted_rand_index;
use karma_analyze::roles::{Roles, RolesParams};
use karma_analyze::{Cast, Partition, RecordedEpisode, Recordings};
use karma_core::{
    Action, ActionSpace, Id as _, MetricRow, Seconds, SeedTree, State, StreamRng, Trajectory, Transition,
    draw,
};

const SPACE: ActionSpace = ActionSpace::Defender { services: 4, alpha: 3 };
const ROLES: usize = 4;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("noise  roles found  agreement  what the first one does");
    for percent in [0, 20, 40, 60, 80, 100] {
        let recordings = play(percent)?;
        let roles = Roles::find(&recordings, &RolesParams::default().check()?, NonZeroUsize::MIN)?;
        let played = Partition::of_labels(roles.items.iter().map(|item| item.agent.index() / 2));
        let agreement = adjusted_rand_index(&roles.partition, &played)?;
        println!("{percent:>4} %  {:>11}  {agreement:>9.2}  {}", roles.roles.len(), roles.roles[0].name);
    }
    Ok(())
}

/// Ten episodes of forty decisions.
fn play(percent: usize) -> Result<Recordings, Box<dyn std::error::Error>> {
    let names = |name: &str, count: usize| (1..=count).map(|n| format!("{name}-{n}")).collect::<Vec<_>>();
    let cast = Cast {
        agents: names("agent", 2 * ROLES).into(),
        action_space: SPACE,
        services: names("service", 4).into(),
    };
    let (mut recordings, mut rng) = (Recordings::new(cast), SeedTree::new(7).rng());
    for seed in 0..10 {
        let transitions = (0..40).map(|step| transition(step, percent, &mut rng)).collect();
        let trajectory = Trajectory { seed, transitions };
        recordings.push(RecordedEpisode { scenario: "planted".to_owned(), success: None, trajectory })?;
    }
    Ok(recordings)
}

fn transition(step: usize, percent: usize, rng: &mut StreamRng) -> Transition {
    let action = |agent: usize, rng: &mut StreamRng| {
        let (role, strange) = (agent / 2, draw::below(rng, 100) < percent);
        let letter = match (strange, step.is_multiple_of(2 + role)) {
            (true, _) => draw::below(rng, SPACE.len()),
            (false, true) => 7 * role + 5,  // +2 on the service of the role
            (false, false) => 7 * role + 3, // no change
        };
        Action(u32::try_from(letter).unwrap_or_default())
    };
    let actions: Vec<Action> = (0..2 * ROLES).map(|agent| action(agent, rng)).collect();
    let state = State {
        time: Seconds(15.0 * step as f64),
        age: None,
        services: vec![MetricRow::default(); 4].into(),
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
