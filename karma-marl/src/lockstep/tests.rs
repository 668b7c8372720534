use super::*;
use crate::games::{Alternation, Signals};

/// Arrays of a lockstep, owned.
#[derive(Clone, Debug, Default, PartialEq)]
struct Owned {
    floats: [Vec<f32>; 5],
    flags: [Vec<u8>; 3],
}

impl Owned {
    fn of(lockstep: &Lockstep) -> Self {
        let Layout { environments: n, agents, features, actions, globals } = *lockstep.layout();
        let seen = vec![9.0; n * agents * features];
        let global = vec![9.0; n * globals];
        let floats = [seen.clone(), global.clone(), vec![9.0; n * agents], seen, global];
        Self { floats, flags: [vec![9; n * agents * actions], vec![9; n], vec![9; n]] }
    }

    fn arrays(&mut self) -> Arrays<'_> {
        let [observations, globals, rewards, final_observations, final_globals] = &mut self.floats;
        let [masks, terminated, truncated] = &mut self.flags;
        Arrays {
            observations,
            masks,
            globals,
            rewards,
            terminated,
            truncated,
            final_observations,
            final_globals,
        }
    }
}

fn lockstep<E: Environment + Clone + 'static>(game: &E, count: usize, threads: usize) -> Lockstep {
    let copies = (0..count).map(|_| Box::new(game.clone()) as Box<dyn Environment>).collect();
    Lockstep::new(copies, NonZeroUsize::new(threads).unwrap()).unwrap()
}

/// The action that is legal first, for every agent of every environment.
fn first_legal(shown: &Owned, layout: &Layout) -> Vec<u32> {
    let masks = shown.flags[0].chunks(layout.actions);
    masks.map(|mask| u32::try_from(mask.iter().position(|flag| *flag == 1).unwrap()).unwrap()).collect()
}

/// Everything that is shown in the course of `steps` steps.
fn played<E: Environment + Clone + 'static>(game: &E, threads: usize, steps: usize) -> Vec<Owned> {
    let mut lockstep = lockstep(game, 7, threads);
    let mut shown = Owned::of(&lockstep);
    lockstep.reset(5, shown.arrays()).unwrap();
    let mut all = vec![shown.clone()];
    for _ in 0..steps {
        let actions = first_legal(&shown, lockstep.layout());
        lockstep.step(&actions, shown.arrays()).unwrap();
        all.push(shown.clone());
    }
    all
}

#[test]
fn what_is_shown_does_not_depend_on_the_number_of_threads() {
    assert_eq!(played(&Signals::new(4), 1, 9), played(&Signals::new(4), 3, 9));
}

#[test]
fn an_environment_shows_what_it_shows_alone_and_begins_anew_in_the_step_that_ends() {
    let (game, steps) = (Signals::new(4), 9);
    let all = played(&game, 2, steps);
    let mut alone = game;
    let seeds = episode_seeds(SeedTree::new(5), 3);
    let mut step = alone.reset(seeds.index(0).seed());
    let (mut episodes, width) = (1, step.global.len());
    let row = |array: &[f32]| array[3 * width..][..width].to_vec();
    for shown in &all[1..] {
        let joint: JointAction = step.masks.iter().map(|mask| mask.legal().next().unwrap()).collect();
        step = alone.step(&joint).unwrap();
        assert_eq!(shown.floats[2][6..8], *step.rewards.as_slice());
        assert_eq!((shown.flags[1][3], shown.flags[2][3]), (0, u8::from(step.truncated)));
        if step.is_last() {
            assert_eq!(row(&shown.floats[4]), step.global);
            step = alone.reset(seeds.index(episodes).seed());
            episodes += 1;
        }
        assert_eq!(row(&shown.floats[1]), step.global);
    }
    assert_eq!(episodes, 3);
}

#[test]
fn the_seeds_are_those_of_the_episodes_under_way() {
    let mut lockstep = lockstep(&Signals::new(4), 2, 1);
    assert_eq!(lockstep.seeds(), None);
    let mut shown = Owned::of(&lockstep);
    lockstep.reset(5, shown.arrays()).unwrap();
    let seed = |place, episode| episode_seeds(SeedTree::new(5), place).index(episode).seed();
    assert_eq!(lockstep.seeds(), Some(vec![seed(0, 0), seed(1, 0)]));
    for _ in 0..4 {
        lockstep.step(&[0; 4], shown.arrays()).unwrap();
    }
    assert_eq!(lockstep.seeds(), Some(vec![seed(0, 1), seed(1, 1)]));
}

#[test]
fn what_is_wrong_is_refused_and_changes_nothing() {
    let mut lockstep = lockstep(&Signals::new(4), 2, 1);
    let mut shown = Owned::of(&lockstep);
    assert_eq!(lockstep.step(&[0; 4], shown.arrays()), Err(LockstepError::NotBegun));
    lockstep.reset(5, shown.arrays()).unwrap();
    let before = shown.clone();
    let told = |lockstep: &mut Lockstep, actions: &[u32], shown: &mut Owned| {
        lockstep.step(actions, shown.arrays()).map_err(|error| error.to_string())
    };
    assert_eq!(
        told(&mut lockstep, &[0; 3], &mut shown),
        Err("actions holds 3 numbers; 4 are needed".to_owned())
    );
    let beyond = told(&mut lockstep, &[0, 0, 0, 77], &mut shown).unwrap_err();
    assert!(beyond.starts_with("environment 1: agent 1 has actions 0 to "), "{beyond}");
    let mut small = shown.clone();
    small.floats[1].pop();
    assert!(told(&mut lockstep, &[0; 4], &mut small).unwrap_err().starts_with("globals holds "));
    assert_eq!(shown, before);
    assert!(matches!(Lockstep::new(Vec::new(), NonZeroUsize::MIN), Err(SetupError::Environments { .. })));
}

#[test]
fn an_action_that_a_mask_forbids_is_found() {
    let mut lockstep = lockstep(&Alternation::new(6), 2, 1);
    let mut shown = Owned::of(&lockstep);
    lockstep.reset(5, shown.arrays()).unwrap();
    assert_eq!(lockstep.masked(&[3, 2, 3, 2]), None);
    lockstep.step(&[3, 2, 3, 2], shown.arrays()).unwrap();
    // Nobody may play the same action twice.
    assert_eq!(lockstep.masked(&[2, 3, 2, 3]), None);
    assert_eq!(lockstep.masked(&[2, 3, 2, 2]), Some((1, AgentId::from_index(1))));
}
