//! Advice is learned from, fades, and leaves no trace where nobody gives it.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::num::NonZeroUsize;

use karma_core::{
    Action, ActionError, ActionMask, Environment, EnvironmentSpec, JointAction, PerAgent, Step,
};
use karma_marl::games::Signals;
use karma_marl::{ImitationParams, Mappo, MappoError, MappoParams};

/// [`Signals`] in which nothing is earned, with one who says what the signal asks for.
#[derive(Clone)]
struct Taught {
    game: Signals,
    /// How many actions are missing of what is said.
    short: usize,
}

impl Taught {
    fn new() -> Self {
        Self { game: Signals::new(8), short: 0 }
    }

    fn say(&self, mut step: Step) -> Step {
        let answer = |observation: &karma_core::Observation| {
            let actions = observation.0.iter().take(observation.0.len() - self.short);
            let signal: Vec<bool> = actions.map(|feature| *feature == 1.0).collect();
            serde_json::from_value::<ActionMask>(serde_json::json!(signal)).unwrap()
        };
        step.advice = step.observations.map(answer);
        step.rewards = PerAgent::filled(0.0, 2);
        step
    }
}

impl Environment for Taught {
    fn spec(&self) -> &EnvironmentSpec {
        self.game.spec()
    }

    fn reset(&mut self, seed: u64) -> Step {
        let step = self.game.reset(seed);
        self.say(step)
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        let step = self.game.step(action)?;
        Ok(self.say(step))
    }
}

fn trainer(
    game: &(impl Environment + Clone + 'static),
    imitation: ImitationParams,
) -> Result<Mappo, MappoError> {
    let params = MappoParams {
        num_envs: 4,
        hidden: vec![16],
        learning_rate: 3e-3,
        imitation,
        ..MappoParams::published()
    };
    let environments = (0..4).map(|_| Box::new(game.clone()) as Box<dyn Environment>).collect();
    Mappo::new(params.check().unwrap(), environments, 3, NonZeroUsize::MIN)
}

/// Share of the signals that are followed in fresh episodes.
fn followed(mappo: &Mappo) -> f64 {
    let policies = mappo.policies(karma_marl::Mode::Greedy);
    let (mut game, mut rng) = (Signals::new(100), karma_core::SeedTree::new(9).rng());
    let (mut step, mut right) = (game.reset(1), 0);
    while !step.is_last() {
        let act = |(policy, seen): (&karma_marl::TrainedPolicy, &karma_core::Observation)| {
            policy.try_act(seen, &step.masks.as_slice()[0], &mut rng).unwrap()
        };
        let joint: JointAction = policies.iter().zip(&step.observations).map(act).collect();
        let signal = step.observations.as_slice()[0].0.iter().position(|feature| *feature == 1.0).unwrap();
        right += usize::from(joint.iter().all(|action| *action == Action(u32::try_from(signal).unwrap())));
        step = game.step(&joint).unwrap();
    }
    right as f64 / 100.0
}

#[test]
fn what_nothing_is_earned_by_is_learned_from_advice_alone() {
    let mut taught =
        trainer(&Taught::new(), ImitationParams { weight: 1.0, iterations: 40, rest: 0.0 }).unwrap();
    let losses: Vec<f64> = (0..40).map(|_| taught.iterate().unwrap().imitation_loss.unwrap()).collect();
    assert!(losses[39] < 0.2 * losses[0], "{losses:?}");
    assert!((losses[0] - 3.0_f64.ln()).abs() < 0.2, "a fresh actor knows nothing: {}", losses[0]);
    assert_eq!(taught.iterate().unwrap().imitation_loss, None, "imitation is over");
    assert_eq!(followed(&taught), 1.0);
    let mut alone = trainer(&Taught::new(), ImitationParams::NONE).unwrap();
    for _ in 0..40 {
        assert_eq!(alone.iterate().unwrap().imitation_loss, None);
    }
    assert!(followed(&alone) < 0.9, "nothing is earned, nothing is learned: {}", followed(&alone));
}

/// A learner that would imitate, where nobody says anything, is the learner that would not.
#[test]
fn where_nobody_advises_a_listener_learns_as_everybody_else() {
    let weights = |imitation| {
        let mut mappo = trainer(&Signals::new(8), imitation).unwrap();
        mappo.iterate().unwrap();
        mappo.policies(karma_marl::Mode::Greedy).map(|policy| policy.network().parameters().to_vec())
    };
    assert_eq!(
        weights(ImitationParams { weight: 1.0, iterations: 9, rest: 0.0 }),
        weights(ImitationParams::NONE)
    );
}

#[test]
fn a_continued_training_imitates_on_where_it_was() {
    let imitation = ImitationParams { weight: 1.0, iterations: 6, rest: 0.0 };
    let mut whole = trainer(&Taught::new(), imitation).unwrap();
    let mut first = trainer(&Taught::new(), imitation).unwrap();
    for _ in 0..4 {
        whole.iterate().unwrap();
    }
    first.iterate().unwrap();
    first.iterate().unwrap();
    let environments = (0..4).map(|_| Box::new(Taught::new()) as Box<dyn Environment>).collect();
    let mut second = Mappo::restore(&first.checkpoint().unwrap(), environments, NonZeroUsize::MIN).unwrap();
    second.iterate().unwrap();
    second.iterate().unwrap();
    assert_eq!(second.checkpoint().unwrap(), whole.checkpoint().unwrap());
}

#[test]
fn advice_of_the_wrong_length_is_refused() {
    let game = Taught { short: 1, ..Taught::new() };
    let refused = trainer(&game, ImitationParams { weight: 1.0, iterations: 1, rest: 0.0 })
        .unwrap()
        .iterate()
        .unwrap_err();
    let told = std::iter::successors(Some(&refused as &dyn std::error::Error), |error| error.source());
    assert!(
        told.map(ToString::to_string).any(|text| text.contains("advice has 2 values, but 3 are promised"))
    );
}
