//! The conformance checks of the smaller seams pass correct implementors and find broken promises.

mod common;

use std::cell::Cell;

use common::{assert_complains, diamond};
use karma_core::{
    Action, ActionMask, ActionSpace, Adviser, AdviserFactory, AgentId, Autoscaler, Decision,
    EntryPointSnapshot, Guidance, Guide, Guided, Hardness, History, JointAction, Metric, MetricRow,
    Observation, Observer, PerAgent, Policy, Prediction, Replicas, RewardFunction, RunningSafeguard, Seconds,
    ServiceSnapshot, Snapshot, Source, State, StreamRng, Target, Trajectory, TrajectorySink, Transition,
    TransitionModel, testing,
};
use rand::Rng as _;

const SPACE: ActionSpace = ActionSpace::Discrete { actions: 4 };

thread_local! {
    static MOOD: Cell<u32> = const { Cell::new(0) };
}

/// A different number at every call: what a function must not depend on.
fn mood() -> u32 {
    MOOD.replace(MOOD.get() + 1)
}

fn snapshots() -> Vec<Snapshot> {
    let at = |time: f64| Snapshot {
        time: Seconds(time),
        scraped_at: (time > 0.0).then_some(Seconds(time - 3.0)),
        services: vec![ServiceSnapshot { desired: Replicas(2), ..ServiceSnapshot::default() }; 4].into(),
        entry_points: vec![EntryPointSnapshot { request_rate: None, available: true }].into(),
        nodes: Vec::new(),
        resilience: None,
    };
    [0.0, 15.0, 30.0].map(at).to_vec()
}

fn states() -> Vec<State> {
    snapshots().iter().map(State::from).collect()
}

fn history() -> History {
    History::starting(states()[0].clone(), 3)
}

fn transitions() -> Vec<Transition> {
    let next = |pair: &[State]| Transition {
        state: pair[0].clone(),
        actions: vec![Action(0), Action(1)].into(),
        rewards: vec![0.5, -0.5].into(),
        next_state: pair[1].clone(),
        terminated: false,
        truncated: false,
    };
    states().windows(2).map(next).collect()
}

/// Decides `replicas` plus what `drift` adds at every decision, for `targets` services.
#[derive(Clone, Copy)]
struct Fixed {
    name: &'static str,
    reason: &'static str,
    replicas: u32,
    targets: usize,
    /// Replicas added at each decision; forgotten by a reset only if `forgets`.
    drift: u32,
    forgets: bool,
    decided: u32,
}

const GOOD: Fixed =
    Fixed { name: "fixed", reason: "always", replicas: 2, targets: 4, drift: 0, forgets: true, decided: 0 };

impl Autoscaler for Fixed {
    fn name(&self) -> &str {
        self.name
    }

    fn reset(&mut self) {
        if self.forgets {
            self.decided = 0;
        }
    }

    fn decide(&mut self, _: &Snapshot, _: &mut StreamRng) -> Decision {
        self.decided += 1;
        let replicas = Replicas(self.replicas + self.drift * u32::from(self.decided > 3));
        Decision { targets: vec![Target::new(replicas, self.reason); self.targets].into() }
    }
}

#[test]
fn autoscalers_decide_within_bounds_and_forget_at_reset() {
    let check = |scaler: Fixed| testing::autoscaler(|| scaler, &diamond(), &snapshots());
    check(GOOD);
    for (broken, complaint) in [
        (Fixed { name: "", ..GOOD }, "an autoscaler has a name for tables"),
        (Fixed { reason: "", ..GOOD }, "a: every target has a reason"),
        (Fixed { targets: 3, ..GOOD }, "a target for each service"),
        (Fixed { replicas: 4, ..GOOD }, "b: 4 lies outside of"),
        (Fixed { replicas: 0, ..GOOD }, "a: 0 lies outside of"),
        (Fixed { drift: 1, forgets: false, ..GOOD }, "reset forgets everything"),
    ] {
        assert_complains(complaint, || check(broken));
    }
}

/// Advises what a function makes of what was asked for.
struct Advise<F>(F);

impl<F: Fn(&mut Vec<Target>) + Send + Sync> Adviser for Advise<F> {
    fn advise(
        &mut self,
        _: &Snapshot,
        asked: Decision,
        _: Option<&RunningSafeguard>,
        _: &mut StreamRng,
    ) -> Decision {
        let mut targets: Vec<_> = asked.targets.iter().cloned().collect();
        (self.0)(&mut targets);
        Decision { targets: targets.into() }
    }
}

#[test]
fn advisers_stay_within_bounds_whatever_is_asked_for_and_remember_nothing_of_another_episode() {
    let check = |change: fn(&mut Vec<Target>)| {
        let advisers = AdviserFactory::new(move || Box::new(Advise(change)));
        testing::adviser(&advisers, &diamond(), &snapshots());
    };
    check(|_| ());
    for (broken, complaint) in [
        ((|targets| drop(targets.pop())) as fn(&mut Vec<Target>), "a target for each service"),
        (|targets| targets[0].replicas.0 += 1, "a: 6 lies outside of"),
        (|targets| targets[0].replicas.0 -= 1, "a: 0 lies outside of"),
        (|targets| targets[1] = Target::new(targets[1].replicas, ""), "b: every target has a reason"),
        (
            |targets| targets[0] = Target::new(Replicas(1 + mood() % 2), "mood"),
            "made anew, the same snapshots",
        ),
    ] {
        assert_complains(complaint, || check(broken));
    }
}

struct Act<F>(F);

impl<F: Fn(&ActionMask, &mut StreamRng) -> Action + Send + Sync> Policy for Act<F> {
    fn act(&self, _: &Observation, mask: &ActionMask, rng: &mut StreamRng) -> Action {
        self.0(mask, rng)
    }
}

#[test]
fn policies_respect_the_mask_and_draw_from_the_stream_only() {
    let cases: Vec<(Observation, ActionMask)> = (1..4)
        .map(|odd| (Observation(vec![0.0]), ActionMask::from_fn(SPACE, |action| action.0 % odd == odd - 1)))
        .collect();
    let legal = |mask: &ActionMask, n: u32| mask.legal().nth(n as usize % mask.legal_count()).unwrap();
    testing::policy(&Act(|mask: &ActionMask, rng: &mut StreamRng| legal(mask, rng.next_u32())), &cases);
    assert_complains("is not allowed", || {
        testing::policy(&Act(|_: &ActionMask, _: &mut StreamRng| Action(0)), &cases);
    });
    assert_complains("the same stream gives the same action", || {
        testing::policy(&Act(|mask: &ActionMask, _: &mut StreamRng| legal(mask, mood())), &cases);
    });
}

struct See<F>(F);

impl<F: Fn() -> Vec<f32> + Send + Sync> Observer for See<F> {
    fn observation_size(&self, _: AgentId) -> usize {
        2
    }

    fn observe(&self, _: &History, _: AgentId) -> Observation {
        Observation(self.0())
    }
}

/// Shows agents nothing, and a critic what it likes.
struct Critic<F>(F);

impl<F: Fn() -> Vec<f32> + Send + Sync> Observer for Critic<F> {
    fn observation_size(&self, _: AgentId) -> usize {
        0
    }

    fn observe(&self, _: &History, _: AgentId) -> Observation {
        Observation(Vec::new())
    }

    fn global_size(&self) -> usize {
        2
    }

    fn global(&self, _: &History) -> Vec<f32> {
        self.0()
    }
}

#[test]
fn global_features_are_finite_and_of_one_length() {
    testing::observer(&Critic(|| vec![0.0, 1.0]), &[history()], 2);
    assert_complains("the promised length", || testing::observer(&Critic(|| vec![0.0]), &[history()], 2));
    assert_complains("are finite", || testing::observer(&Critic(|| vec![0.0, f32::NAN]), &[history()], 2));
    let moody = Critic(|| vec![0.0, mood() as f32]);
    assert_complains("a function of the history", || testing::observer(&moody, &[history()], 2));
}

#[test]
fn observers_see_finite_features_of_one_length() {
    testing::observer(&See(|| vec![0.0, 1.0]), &[history()], 2);
    assert_complains("the promised length", || testing::observer(&See(|| vec![0.0]), &[history()], 2));
    assert_complains("is finite", || testing::observer(&See(|| vec![0.0, f32::NAN]), &[history()], 2));
    let moody = See(|| vec![0.0, mood() as f32]);
    assert_complains("a function of the history", || testing::observer(&moody, &[history()], 2));
}

struct Reward<F>(F);

impl<F: Fn() -> Vec<f32> + Send + Sync> RewardFunction for Reward<F> {
    fn reward(&self, _: &Transition) -> PerAgent<f32> {
        self.0().into()
    }
}

#[test]
fn rewards_are_finite_and_one_for_each_agent() {
    let check = |rewards: fn() -> Vec<f32>| testing::reward_function(&Reward(rewards), &transitions());
    check(|| vec![1.0, -1.0]);
    assert_complains("one reward for each agent", || check(|| vec![1.0]));
    assert_complains("rewards are finite", || check(|| vec![1.0, f32::INFINITY]));
    assert_complains("a function of the transition", || check(|| vec![1.0, mood() as f32]));
}

/// Allows what `0` says, and shapes by what `1` says of the number of steps taken.
struct Asks(fn(Action) -> bool, fn(u32) -> f32, ActionSpace, u32);

impl Asks {
    fn answer(&self) -> Guidance {
        let mask = ActionMask::from_fn(self.2, self.0);
        Guidance {
            allowed: vec![Guided { mask, hardness: Hardness::HARD }].into(),
            shaping: vec![(self.1)(self.3)].into(),
        }
    }
}

impl Guide for Asks {
    fn begin(&mut self, _: &State) -> Guidance {
        self.3 = 0;
        self.answer()
    }

    fn advance(&mut self, _: &JointAction, _: &State) -> Guidance {
        self.3 += 1;
        self.answer()
    }
}

#[test]
fn guides_leave_something_to_do_shape_finitely_and_begin_anew() {
    let check = |allowed: fn(Action) -> bool, shaping: fn(u32) -> f32, space| {
        let joint: JointAction = vec![Action(0)].into();
        testing::guide(&mut Asks(allowed, shaping, space, 9), SPACE, &states(), &[joint.clone(), joint]);
    };
    check(|action| action.0 > 1, |steps| steps as f32, SPACE);
    assert_complains("a mask is never empty", || check(|_| false, |_| 0.0, SPACE));
    let short = ActionSpace::Discrete { actions: 3 };
    assert_complains("a flag for each action", || check(|_| true, |_| 0.0, short));
    assert_complains("shaping is finite", || check(|_| true, |steps| (steps as f32).ln().min(0.0), SPACE));
    assert_complains("nothing is shaped", || check(|_| true, |_| 1.0, SPACE));
    assert_complains("forgets the one before", || {
        check(|action| action.0 == 0 || mood().is_multiple_of(2), |_| 0.0, SPACE);
    });
}

/// Everything stays as it is for `seconds`; `spread` and `epistemic` are the deviations of the pending requests.
struct Still {
    seconds: f64,
    spread: f32,
    epistemic: f32,
    services: usize,
}

impl TransitionModel for Still {
    fn predict(&self, history: &History, _: &JointAction, _: &mut StreamRng) -> Prediction {
        let mut mean = history.now().clone();
        mean.time = mean.time + Seconds(self.seconds);
        let [spread, epistemic] = [self.spread, self.epistemic].map(|deviation| {
            let mut row = MetricRow::default();
            row.set(Metric::PendingRequests, deviation);
            vec![row; self.services].into()
        });
        Prediction { mean, spread, epistemic, source: Source::Learned }
    }
}

#[test]
fn transition_models_keep_the_shape_and_look_ahead() {
    let cases: Vec<(History, JointAction)> =
        states().into_iter().map(|state| (History::starting(state, 2), vec![Action(0)].into())).collect();
    let good = || Still { seconds: 15.0, spread: 1.0, epistemic: 0.5, services: 4 };
    testing::transition_model(&good(), &cases);
    for (broken, complaint) in [
        (Still { seconds: 0.0, ..good() }, "a prediction lies in the future"),
        (Still { spread: -1.0, ..good() }, "a spread is not negative"),
        (Still { epistemic: -1.0, ..good() }, "an epistemic spread is not negative"),
        (Still { epistemic: 2.0, ..good() }, "ignorance is part of the whole spread"),
        (Still { services: 3, ..good() }, "a spread for each service"),
    ] {
        assert_complains(complaint, || testing::transition_model(&broken, &cases));
    }
}

/// Forgets every second transition.
#[derive(Default)]
struct Leaky(Trajectory, usize);

impl TrajectorySink for Leaky {
    fn record(&mut self, transition: &Transition) {
        self.1 += 1;
        if self.1 % 2 == 1 {
            self.0.record(transition);
        }
    }
}

#[test]
fn sinks_keep_everything_in_order() {
    testing::trajectory_sink(&mut Trajectory::default(), &transitions(), |sink| sink.transitions.clone());
    assert_complains("found again, in order", || {
        testing::trajectory_sink(&mut Leaky::default(), &transitions(), |sink| sink.0.transitions.clone());
    });
}
