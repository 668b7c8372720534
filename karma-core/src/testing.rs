//! One conformance function for each seam. An implementor's tests call it; it panics with a sentence that says
//! which promise was broken.
//!
//! Stricter than the field's reference checks on one point that matters: an environment that has played before
//! and a new one, with one seed, are compared at **every** step of whole episodes, the first observations
//! included.
#![expect(clippy::missing_panics_doc, reason = "panicking is what these functions are for")]

use std::ops::RangeInclusive;

use crate::topology::Service;
use crate::{
    Action, ActionError, ActionMask, ActionSpace, AdviserFactory, AgentId, Autoscaler, Decision, Environment,
    EnvironmentSpec, Guidance, Guide, History, Id as _, JointAction, Memory, Metric, Observation, Observer,
    PerAgent, PerService, Policy, Prediction, Replicas, Reviewed, RewardFunction, RunningSafeguard,
    Safeguard, SafeguardFactory, SeedTree, ServiceSnapshot, Snapshot, State, Step, StreamRng, Target,
    Topology, TrajectorySink, Transition, TransitionModel,
};
use rand_xoshiro::rand_core::Rng as _;

/// Episodes that [`environment`] plays.
const EPISODES: u64 = 3;

/// An [`Environment`]'s promises: sizes, masks and rewards fit its specification; one seed gives one episode;
/// the horizon truncates; an illegal joint action is refused and changes nothing; nothing goes on after the end.
pub fn environment<E: Environment>(mut make: impl FnMut() -> E) {
    let spec = make().spec().clone();
    assert!(!spec.agents.is_empty() && spec.horizon > 0, "an environment has agents and a horizon");
    let mut first = make();
    for seed in 0..EPISODES {
        let mut second = make();
        let mut rng = SeedTree::new(seed).child("conformance").rng();
        let mut step = first.reset(seed);
        check_step(&spec, &step);
        assert_eq!(step, second.reset(seed), "reset: the same seed gives the same first step");
        let mut over_another = second.reset(seed + 1);
        second.reset_into(seed, &mut over_another);
        assert_eq!(step, over_another, "reset_into: nothing of what stood in the step is left");
        assert!(
            step.rewards.iter().all(|reward| *reward == 0.0),
            "reset: nothing is rewarded before an action"
        );
        assert!(!step.is_last(), "reset: an episode has at least one step");
        let (mut steps, mut reused) = (0, step.clone());
        while !step.is_last() {
            refuses_bad_actions(&mut first, &spec);
            let joint = random_joint(&step.masks, &mut rng);
            let next = first.step(&joint).expect("step: a legal joint action is taken");
            second.step_into(&joint, &mut reused).expect("step_into: a legal joint action is taken");
            check_step(&spec, &next);
            assert_eq!(
                next, reused,
                "step {steps}: the same seed and actions give the same step, old memory or new"
            );
            stays_dead(&step, &next);
            step = next;
            steps += 1;
            assert!(steps <= spec.horizon, "an episode ends at its horizon of {}", spec.horizon);
        }
        assert!(!(step.terminated && step.truncated), "an episode ends for one reason");
        let joint = random_joint(&step.masks, &mut rng);
        assert_eq!(first.step(&joint).err(), Some(ActionError::EpisodeOver), "nothing follows the last step");
    }
    assert_eq!(first.spec(), &spec, "a specification does not change");
}

fn check_step(spec: &EnvironmentSpec, step: &Step) {
    let agents = spec.agents.len();
    let sizes = [step.observations.len(), step.masks.len(), step.rewards.len()];
    assert_eq!(sizes, [agents; 3], "one observation, mask and reward for each agent");
    assert!(step.alive.is_empty() || step.alive.len() == agents, "all are alive, or a flag for each");
    assert!(step.advice.len() <= agents, "advice is for agents that there are");
    assert_eq!(step.global.len(), spec.global_size, "the global features have the promised length");
    assert!(step.global.iter().all(|x| x.is_finite()), "global features are finite");
    assert!(step.rewards.iter().all(|x| x.is_finite()), "rewards are finite");
    for (id, agent) in spec.agents.iter_enumerated() {
        check_observation(&step.observations[id], agent.observation_size);
        let even = |size: usize| agent.parts > 0 && size.is_multiple_of(agent.parts);
        assert!(
            even(agent.observation_size) && even(agent.action_space.len()),
            "parts of {} are alike",
            agent.name
        );
        check_mask(&step.masks[id], agent.action_space.len());
        if let Some(advised) = step.advised(id) {
            let legal = advised.legal().all(|action| step.masks[id].allows(action));
            assert!(legal && advised.as_slice().len() == agent.action_space.len(), "advice is legal");
        }
    }
}

fn stays_dead(before: &Step, after: &Step) {
    let back = before.rewards.ids().find(|agent| !before.is_alive(*agent) && after.is_alive(*agent));
    assert_eq!(back, None, "an agent cannot be revived once dead");
}

fn check_observation(observation: &Observation, size: usize) {
    assert_eq!(observation.0.len(), size, "an observation has the promised length");
    assert!(
        observation.0.iter().all(|x| x.is_finite()),
        "an observation is finite: absence is told by a mask"
    );
}

fn check_mask(mask: &ActionMask, actions: usize) {
    assert_eq!(mask.as_slice().len(), actions, "a mask has a flag for each action");
    assert!(mask.legal_count() > 0, "a mask is never empty");
}

fn refuses_bad_actions(environment: &mut impl Environment, spec: &EnvironmentSpec) {
    let mut joint = vec![Action(0); spec.agents.len()];
    for agents in [joint.len() - 1, joint.len() + 1] {
        let wrong = environment.step(&vec![Action(0); agents].into());
        assert!(
            matches!(wrong, Err(ActionError::WrongAgents { .. })),
            "a joint action of {agents} for {} agents is refused",
            joint.len()
        );
    }
    for (index, agent) in spec.agents.iter().enumerate() {
        joint[index] = Action(u32::try_from(agent.action_space.len()).unwrap_or(u32::MAX));
        let beyond = environment.step(&joint.clone().into());
        assert!(matches!(beyond, Err(ActionError::OutOfRange { .. })), "an action outside is refused");
        joint[index] = Action(0);
    }
}

fn random_joint(masks: &PerAgent<ActionMask>, rng: &mut StreamRng) -> JointAction {
    masks.iter().map(|mask| pick(mask, rng)).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "a remainder below the number of actions")]
fn pick(mask: &ActionMask, rng: &mut StreamRng) -> Action {
    let nth = (rng.next_u64() % mask.legal_count() as u64) as usize;
    mask.legal().nth(nth).expect("a mask is never empty")
}

/// An [`Autoscaler`]'s promises: a target for each service; the same snapshots and seed give the same decisions
/// after a reset; within the topology's bounds, gaps and all.
pub fn autoscaler<A: Autoscaler>(mut make: impl FnMut() -> A, topology: &Topology, snapshots: &[Snapshot]) {
    let mut scaler = make();
    assert!(!scaler.name().is_empty(), "an autoscaler has a name for tables");
    let run = |scaler: &mut A| -> Vec<_> {
        scaler.reset();
        let mut rng = SeedTree::new(5).child("conformance").rng();
        snapshots.iter().map(|snapshot| scaler.decide(snapshot, &mut rng)).collect()
    };
    let decisions = run(&mut scaler);
    assert_eq!(decisions, run(&mut scaler), "reset forgets everything");
    assert_eq!(decisions, run(&mut make()), "the same snapshots and seed give the same decisions");
    for decision in &decisions {
        check_decision(decision, topology);
    }
}

fn check_decision(decision: &Decision, topology: &Topology) {
    assert_eq!(decision.targets.len(), topology.services.len(), "a target for each service");
    for (target, service) in decision.targets.iter().zip(&topology.services) {
        let bounds = service.min_replicas..=service.max_replicas;
        assert!(
            bounds.contains(&target.replicas),
            "{}: {} lies outside of {bounds:?}",
            service.name,
            target.replicas
        );
        assert!(!target.reason.is_empty(), "{}: every target has a reason", service.name);
    }
}

/// An [`Adviser`](crate::Adviser)'s promises, with and without a safeguard behind it: whatever is asked for within the topology's
/// bounds, it advises a target for each service within them; made anew, it advises the same for the same snapshots and seed.
pub fn adviser(advisers: &AdviserFactory, topology: &Topology, snapshots: &[Snapshot]) {
    let least = |service: &Service, _: Replicas| service.min_replicas;
    let most = |service: &Service, _: Replicas| service.max_replicas;
    let hold = |service: &Service, now: Replicas| now.clamp(service.min_replicas, service.max_replicas);
    let asked: [fn(&Service, Replicas) -> Replicas; 3] = [least, hold, most];
    let safeguards = [None, Some(RunningSafeguard::begin(&Ceiling::factory(2)))];
    for (asked, safeguard) in
        asked.iter().flat_map(|asked| safeguards.iter().map(move |guard| (asked, guard)))
    {
        let advise = || -> Vec<_> {
            let mut adviser = advisers.make();
            let mut rng = SeedTree::new(5).child("conformance").rng();
            let advice = |snapshot: &Snapshot| {
                let target = |(service, shown): (&Service, &ServiceSnapshot)| {
                    Target::new(asked(service, shown.desired), "asked")
                };
                let targets = topology.services.iter().zip(&snapshot.services).map(target).collect();
                adviser.advise(snapshot, Decision { targets }, safeguard.as_ref(), &mut rng)
            };
            snapshots.iter().map(advice).collect()
        };
        let advice = advise();
        for advice in &advice {
            check_decision(advice, topology);
        }
        assert_eq!(advice, advise(), "made anew, the same snapshots and seed give the same advice");
    }
}

/// A [`Policy`]'s promises: it takes legal actions only, the same stream gives the same action, and so does the same
/// episode.
pub fn policy(policy: &dyn Policy, observations: &[(Observation, ActionMask)]) {
    for (index, (observation, mask)) in observations.iter().enumerate() {
        let stream = SeedTree::new(index as u64).child("conformance");
        let action = policy.act(observation, mask, &mut stream.rng());
        assert!(mask.allows(action), "{action:?} is not allowed");
        assert_eq!(
            action,
            policy.act(observation, mask, &mut stream.rng()),
            "the same stream gives the same action"
        );
    }
    let mut memory = Memory::default();
    let mut episode = || -> Vec<_> {
        memory.clear();
        let mut rng = SeedTree::new(5).child("conformance").rng();
        let seen = observations.iter();
        seen.map(|(seen, mask)| policy.act_on(&mut memory, seen, mask, &mut rng)).collect()
    };
    let actions = episode();
    assert_eq!(actions, episode(), "a memory that was cleared remembers nothing");
    for ((_, mask), action) in observations.iter().zip(&actions) {
        assert!(mask.allows(*action), "{action:?} is not allowed");
    }
}

/// An [`Observer`]'s promises: finite features of the promised length, for agents and critic, a function of the
/// history alone.
pub fn observer(observer: &dyn Observer, histories: &[History], agents: usize) {
    for history in histories {
        let global = observer.global(history);
        assert_eq!(global.len(), observer.global_size(), "the global features have the promised length");
        assert!(global.iter().all(|x| x.is_finite()), "global features are finite");
        assert_eq!(global, observer.global(history), "global features are a function of the history");
        for agent in (0..agents).map(AgentId::from_index) {
            let observation = observer.observe(history, agent);
            check_observation(&observation, observer.observation_size(agent));
            assert_eq!(observation.0.len() % observer.parts(), 0, "parts of an observation are alike");
            assert_eq!(
                observation,
                observer.observe(history, agent),
                "an observation is a function of the history"
            );
        }
        let each: PerAgent<_> =
            (0..agents).map(|agent| observer.observe(history, AgentId::from_index(agent))).collect();
        // Over what stands there from before, of whatever length.
        let mut all = (PerAgent::filled(Observation(vec![9.0; 3]), agents), vec![9.0; 3]);
        observer.observe_all(history, &mut all.0, &mut all.1);
        assert_eq!(all, (each, global), "all is what each agent sees, and what a critic sees");
    }
}

/// A [`RewardFunction`]'s promises: one finite reward for each agent, a function of the transition alone.
pub fn reward_function(function: &dyn RewardFunction, transitions: &[Transition]) {
    for transition in transitions {
        let rewards = function.reward(transition);
        assert_eq!(rewards.len(), transition.actions.len(), "one reward for each agent");
        assert!(rewards.iter().all(|reward| reward.is_finite()), "rewards are finite");
        assert_eq!(rewards, function.reward(transition), "a reward is a function of the transition");
    }
}

/// A [`Safeguard`]'s promises over an episode that shows `states`: the replicas that are there are always admitted;
/// what is reviewed has the shape and a reason for each target; holding still while nothing else was decided gives the
/// same answers whenever an episode begins anew, and admitting changes no memory.
pub fn safeguard(make: impl Fn() -> Box<dyn Safeguard>, states: &[State]) {
    let (mut used, mut fresh) = (make(), make());
    used.reset();
    let first: Vec<_> = states.iter().map(|state| review(&mut *used, state)).collect();
    used.reset();
    fresh.reset();
    for (state, answer) in states.iter().zip(&first) {
        assert_eq!(fresh.admit(state), fresh.admit(state), "admitting is a function of memory and state");
        assert_eq!(&review(&mut *used, state), answer, "a new episode forgets the one before");
        let mut copy = fresh.fork();
        assert_eq!(copy.admit(state), fresh.admit(state), "a copy remembers the same");
        assert_eq!(&review(&mut *copy, state), answer, "a copy answers the same");
        assert_eq!(
            &review(&mut *fresh, state),
            answer,
            "the same decisions, the same answers, whatever a copy did"
        );
    }
}

/// Reviews a decision that adds one replica to every service.
fn review(safeguard: &mut dyn Safeguard, state: &State) -> Reviewed {
    let desired = state.desired();
    let admitted = safeguard.admit(state);
    assert_eq!(admitted.len(), desired.len(), "an interval for each service");
    let held = admitted.iter().zip(&desired).all(|(admitted, desired)| admitted.contains(desired));
    assert!(held, "the replicas that are there are admitted: {admitted:?}, {desired:?}");
    let more = desired.map(|replicas| Target::new(Replicas(replicas.0.saturating_add(1)), "one more"));
    let reviewed = safeguard.review(state, Decision { targets: more });
    assert_eq!(reviewed.decision.targets.len(), desired.len(), "a target for each service");
    assert!(
        reviewed.decision.targets.iter().all(|target| !target.reason.is_empty()),
        "every target has a reason"
    );
    reviewed
}

/// A safeguard for tests: no service has more than so many replicas. Its reasons count the decisions of the episode.
#[derive(Clone, Copy, Debug)]
pub struct Ceiling {
    most: Replicas,
    decisions: u64,
}

impl Ceiling {
    /// At most `most` replicas.
    pub const fn new(most: u32) -> Self {
        Self { most: Replicas(most), decisions: 0 }
    }

    /// Makes such safeguards.
    pub fn factory(most: u32) -> SafeguardFactory {
        SafeguardFactory::new(move || Box::new(Self::new(most)))
    }
}

impl Safeguard for Ceiling {
    fn reset(&mut self) {
        self.decisions = 0;
    }

    fn admit(&self, state: &State) -> PerService<RangeInclusive<Replicas>> {
        state.desired().map(|desired| Replicas(0)..=self.most.max(*desired))
    }

    fn review(&mut self, _state: &State, mut decision: Decision) -> Reviewed {
        self.decisions += 1;
        let mut changed_by = Vec::new();
        for target in decision.targets.iter_mut().filter(|target| target.replicas > self.most) {
            let reason = format!("at most {}, decision {}", self.most.0, self.decisions);
            *target = Target { replicas: self.most, reason: reason.into() };
            changed_by.push("ceiling");
        }
        Reviewed { decision, changed_by }
    }

    fn fork(&self) -> Box<dyn Safeguard> {
        Box::new(*self)
    }
}

/// A [`Guide`]'s promises over an episode that leads through `states` by `joints` (one fewer than states): one mask
/// of the right length for each agent, never empty; hardness in [0, 1]; shaping that is finite, and 0 at the
/// beginning; and the same answers whenever an episode begins anew.
pub fn guide(guide: &mut dyn Guide, space: ActionSpace, states: &[State], joints: &[JointAction]) {
    let first = play(guide, states, joints);
    for guidance in &first {
        assert_eq!(guidance.allowed.len(), guidance.shaping.len(), "a mask and a shaping for each agent");
        guidance.allowed.iter().for_each(|guided| check_mask(&guided.mask, space.len()));
        assert!(guidance.shaping.iter().all(|shaping| shaping.is_finite()), "shaping is finite");
    }
    let beginning =
        first.first().is_none_or(|guidance| guidance.shaping.iter().all(|shaping| *shaping == 0.0));
    assert!(beginning, "nothing was done before the beginning, so nothing is shaped");
    assert_eq!(first, play(guide, states, joints), "a new episode forgets the one before");
}

fn play(guide: &mut dyn Guide, states: &[State], joints: &[JointAction]) -> Vec<Guidance> {
    let Some((first, rest)) = states.split_first() else { return Vec::new() };
    let mut answers = vec![guide.begin(first)];
    answers.extend(joints.iter().zip(rest).map(|(joint, state)| guide.advance(joint, state)));
    answers
}

/// A [`TransitionModel`]'s promises: the shape of the state is kept, spreads are not negative, ignorance is no more
/// than the whole spread, and the same stream gives the same prediction.
pub fn transition_model(model: &dyn TransitionModel, cases: &[(History, JointAction)]) {
    for (index, (history, joint)) in cases.iter().enumerate() {
        let stream = SeedTree::new(index as u64).child("conformance");
        let prediction = model.predict(history, joint, &mut stream.rng());
        check_prediction(&prediction, history.now());
        assert_eq!(
            prediction,
            model.predict(history, joint, &mut stream.rng()),
            "the same stream, the same prediction"
        );
    }
}

fn check_prediction(prediction: &Prediction, now: &State) {
    let services = now.services.len();
    assert_eq!(prediction.mean.services.len(), services, "a prediction has the state's services");
    assert_eq!(prediction.spread.len(), services, "a spread for each service");
    assert_eq!(prediction.epistemic.len(), services, "an epistemic spread for each service");
    assert!(prediction.mean.time > now.time, "a prediction lies in the future");
    for (spread, epistemic) in prediction.spread.iter().zip(&prediction.epistemic) {
        for metric in Metric::ALL {
            let (spread, epistemic) = (spread.get(*metric), epistemic.get(*metric));
            assert!(spread.is_none_or(|spread| spread >= 0.0), "a spread is not negative");
            assert!(
                epistemic.is_none_or(|epistemic| epistemic >= 0.0),
                "an epistemic spread is not negative"
            );
            let both = spread.zip(epistemic);
            assert!(
                both.is_none_or(|(spread, epistemic)| epistemic <= spread),
                "ignorance is part of the whole spread"
            );
        }
    }
}

/// A [`TrajectorySink`]'s promise: what was recorded is found again, in order. `read` gives back what the sink holds.
pub fn trajectory_sink<S: TrajectorySink>(
    sink: &mut S,
    transitions: &[Transition],
    read: impl Fn(&S) -> Vec<Transition>,
) {
    let before = read(sink);
    for transition in transitions {
        sink.record(transition);
    }
    let after = read(sink);
    assert_eq!(after[..before.len()], before, "recording keeps what was there");
    assert_eq!(&after[before.len()..], transitions, "what was recorded is found again, in order");
}
