//! A team of policies as an autoscaler: observers in front, the rules of the team behind.
//!
//! An agent moves one service at a time, so a team of `n` moves `n` at most, however many there are. Where services outnumber
//! agents, a decision goes in **rounds**: whoever has acted acts again on what it saw, among the services that nobody has moved yet,
//! until all hold still or the rounds are over. A service is moved once, by what one round makes of it, so a decision stays within
//! α of what the Deployments ask for, as in training; and what a role may do is drawn once for a decision. Cost: one pass of the networks for each agent and round.

use std::num::NonZeroUsize;
use std::sync::Arc;

use karma_core::{
    ActionMask, Adviser, AdviserFactory, AgentId, Autoscaler, Conduct, Decision, DefenderTeam, Guidance,
    Guide, GuideFactory, History, Interventions, JointAction, Memory, Observation, Observer, PerAgent,
    PerService, Policy, Replicas, RunningSafeguard, SafeguardFactory, Snapshot, State, StreamRng,
};

use crate::error::TeamError;

/// Policies that decide together, behind the same seam as every rule-based autoscaler.
///
/// At each decision the snapshot becomes a [`State`], the [`History`] goes on, each agent observes it and acts under
/// the mask that the replica bounds and its guide leave, and the [`DefenderTeam`] turns the joint action into replicas.
/// This is what the environment does in training, so a policy meets the inputs that it was trained on.
///
/// A decision has at most ⌈services / agents⌉ rounds, so many that the agents have as many moves as there are services, unless
/// [`TeamAutoscaler::with_rounds`] says otherwise. Agents that want the same spend several moves on one service.
///
/// The history, and what a guide is told, hold the first round: time goes on once for a decision.
pub struct TeamAutoscaler<P> {
    name: String,
    team: DefenderTeam,
    rounds: NonZeroUsize,
    observer: Arc<dyn Observer>,
    depth: usize,
    policies: PerAgent<P>,
    guides: Option<GuideFactory>,
    advisers: Option<AdviserFactory>,
    adviser: Option<Box<dyn Adviser>>,
    safeguards: Option<SafeguardFactory>,
    running: Option<RunningSafeguard>,
    course: Option<Course>,
    /// What each agent remembers by itself.
    memories: PerAgent<Memory>,
    conduct: Conduct,
}

/// A decision with what it was taken on, for whoever records or explains it.
#[derive(Clone, Debug, PartialEq)]
pub struct Deliberation {
    /// What each agent saw.
    pub observations: PerAgent<Observation>,
    /// The actions among which each chose: within the replica bounds, its guide, and what the safeguard admits.
    pub masks: PerAgent<ActionMask>,
    /// What each chose.
    pub joint: JointAction,
    /// What each chose after it, in further rounds; empty where there was one.
    pub later: Vec<JointAction>,
    /// What all that asks of the cluster.
    pub asked: Decision,
    /// What became of it: the same, unless an adviser or a safeguard changed it.
    pub decision: Decision,
}

/// What was seen and done in this episode.
struct Course {
    history: History,
    last: JointAction,
    guide: Option<Box<dyn Guide>>,
}

/// What the agents decide on.
struct Situation {
    history: History,
    guide: Option<Box<dyn Guide>>,
    asks: Option<Guidance>,
    desired: PerService<Replicas>,
    /// The moves within the replica bounds that the safeguard admits.
    legal: ActionMask,
    observations: PerAgent<Observation>,
}

impl<P: Policy> TeamAutoscaler<P> {
    /// A team called `name`. `depth` is how many states the observer shows.
    ///
    /// # Errors
    /// If there is not one policy for each role.
    pub fn new(
        name: impl Into<String>,
        team: DefenderTeam,
        (observer, depth): (Arc<dyn Observer>, usize),
        policies: PerAgent<P>,
    ) -> Result<Self, TeamError> {
        let (found, expected) = (policies.len(), team.roles().len());
        if found != expected {
            return Err(TeamError { found, expected });
        }
        let (name, conduct) = (name.into(), Conduct::default());
        let memories = policies.map(|_| Memory::default());
        let rounds = team.topology().services.len().div_ceil(expected.max(1));
        Ok(Self {
            name,
            team,
            rounds: NonZeroUsize::new(rounds).unwrap_or(NonZeroUsize::MIN),
            observer,
            depth,
            policies,
            guides: None,
            advisers: None,
            adviser: None,
            safeguards: None,
            running: None,
            course: None,
            memories,
            conduct,
        })
    }

    /// The same team, which goes at most so many rounds at a decision.
    #[must_use]
    pub fn with_rounds(self, rounds: NonZeroUsize) -> Self {
        Self { rounds, ..self }
    }

    /// The same team behind a safeguard, as in training: it acts under its mask, and every decision is reviewed.
    #[must_use]
    pub fn with_safeguard(self, safeguards: SafeguardFactory) -> Self {
        let running = Some(RunningSafeguard::begin(&safeguards));
        Self { safeguards: Some(safeguards), running, course: None, ..self }
    }

    /// The same team with an adviser, who may change what it asks for before a safeguard reviews it.
    #[must_use]
    pub fn with_adviser(self, advisers: AdviserFactory) -> Self {
        let adviser = Some(advisers.make());
        Self { advisers: Some(advisers), adviser, course: None, ..self }
    }

    /// The same team under an organisation: its guides restrict what the agents may do, as strictly as they are hard,
    /// and how the team keeps to them is counted ([`Autoscaler::conduct`]). Guides of hardness 0 only count.
    #[must_use]
    pub fn with_guide(self, guides: GuideFactory) -> Self {
        Self { guides: Some(guides), course: None, ..self }
    }

    /// The state that the snapshot shows, added to what is remembered of the episode, and what follows from it.
    fn remember(&mut self, snapshot: &Snapshot) -> Situation {
        let state = State::from(snapshot);
        let (history, guide, asks) = if let Some(Course { mut history, last, mut guide }) = self.course.take()
        {
            let asks = guide.as_mut().map(|guide| guide.advance(&last, &state));
            history.push(last, state);
            (history, guide, asks)
        } else {
            self.memories.iter_mut().for_each(Memory::clear);
            let mut guide = self.guides.as_ref().map(GuideFactory::make);
            let asks = guide.as_mut().map(|guide| guide.begin(&state));
            (History::starting(state, self.depth), guide, asks)
        };
        let desired = snapshot.services.map(|service| service.desired);
        let legal = self.legal(&history, &desired);
        let observations = self.policies.ids().map(|agent| self.observer.observe(&history, agent)).collect();
        Situation { history, guide, asks, desired, legal, observations }
    }

    /// The moves within the bounds that the safeguard admits.
    fn legal(&self, history: &History, desired: &PerService<Replicas>) -> ActionMask {
        let within_bounds = self.team.mask(desired);
        let restrict = |running: &RunningSafeguard| {
            running.restrict(&within_bounds, self.team.action_space(), history.now())
        };
        self.running.as_ref().map_or_else(|| within_bounds.clone(), restrict)
    }

    /// What each agent may do.
    fn bind(&mut self, situation: &Situation, rng: &mut StreamRng) -> PerAgent<ActionMask> {
        let (legal, space) = (&situation.legal, self.team.action_space());
        let Some(asks) = &situation.asks else { return self.policies.map(|_| legal.clone()) };
        let bound = self.policies.ids().map(|agent| {
            let bound = asks.allowed[agent].bind(legal, space, rng);
            self.conduct.relented += u64::from(bound.relented);
            bound.mask
        });
        bound.collect()
    }

    /// Agent by agent: what it does.
    fn round(
        &mut self,
        situation: &Situation,
        masks: &PerAgent<ActionMask>,
        memories: &mut PerAgent<Memory>,
        rng: &mut StreamRng,
    ) -> JointAction {
        let act = |((agent, policy), memory): ((AgentId, &P), &mut Memory)| {
            policy.act_on(memory, &situation.observations[agent], &masks[agent], rng)
        };
        let joint = self.policies.iter_enumerated().zip(memories).map(act).collect();
        self.count(situation.asks.as_ref(), &joint);
        joint
    }

    /// The rounds after the first, added to what that asks for. In each, agents remember what they did `before` the first:
    /// time has not gone on.
    fn go_round_again(
        &mut self,
        (situation, masks): (&Situation, &PerAgent<ActionMask>),
        before: &PerAgent<Memory>,
        asked: &mut Decision,
        rng: &mut StreamRng,
    ) -> Vec<JointAction> {
        let (desired, space) = (&situation.desired, self.team.action_space());
        let mut later = Vec::new();
        for _ in 1..self.rounds.get() {
            let still = |action| {
                let service = space.defender(action).map(|action| action.service);
                space.is_no_op(action) || service.is_some_and(|id| asked.targets[id].replicas == desired[id])
            };
            let unmoved = ActionMask::from_fn(space, still);
            let left = masks.map(|mask| mask.intersection(&unmoved));
            if left.iter().any(|mask| mask.legal_count() == 0) {
                break;
            }
            let joint = self.round(situation, &left, &mut before.clone(), rng);
            let mut moved = false;
            for (id, target) in self.team.decide_from(desired, &joint).targets.iter_enumerated() {
                if target.replicas != desired[id] {
                    asked.targets[id] = target.clone();
                    moved = true;
                }
            }
            later.push(joint);
            if !moved {
                break;
            }
        }
        later
    }

    /// [`Autoscaler::decide`], with what the decision was taken on.
    pub fn deliberate(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Deliberation {
        let situation = self.remember(snapshot);
        let mut memories = std::mem::take(&mut self.memories);
        let before = (self.rounds > NonZeroUsize::MIN).then(|| memories.clone());
        let masks = self.bind(&situation, rng);
        let joint = self.round(&situation, &masks, &mut memories, rng);
        self.memories = memories;
        let mut asked = self.team.decide_from(&situation.desired, &joint);
        let again = before.map(|before| self.go_round_again((&situation, &masks), &before, &mut asked, rng));
        let Situation { history, guide, observations, .. } = situation;
        let advised = match &mut self.adviser {
            Some(adviser) => adviser.advise(snapshot, asked.clone(), self.running.as_ref(), rng),
            None => asked.clone(),
        };
        let decision = match &mut self.running {
            Some(running) => running.review(history.now(), advised),
            None => advised,
        };
        self.course = Some(Course { history, last: joint.clone(), guide });
        let later = again.unwrap_or_default();
        Deliberation { observations, masks, joint, later, asked, decision }
    }

    fn count(&mut self, asks: Option<&Guidance>, joint: &JointAction) {
        let Some(asks) = asks else { return };
        self.conduct.count_joint(asks, self.team.action_space(), joint);
        self.conduct.conflicts += u64::from(self.team.net_change(joint).conflicts);
    }
}

impl<P: Policy> Autoscaler for TeamAutoscaler<P> {
    fn name(&self) -> &str {
        &self.name
    }

    fn reset(&mut self) {
        self.course = None;
        self.adviser = self.advisers.as_ref().map(AdviserFactory::make);
        self.running = self.safeguards.as_ref().map(RunningSafeguard::begin);
        self.conduct = Conduct::default();
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        self.deliberate(snapshot, rng).decision
    }

    fn conduct(&self) -> Option<Conduct> {
        self.guides.as_ref().map(|_| self.conduct)
    }

    fn interventions(&self) -> Option<Interventions> {
        self.running.as_ref().map(|running| running.interventions().clone())
    }
}

/// A clone has the same agents and has seen nothing yet.
impl<P: Clone> Clone for TeamAutoscaler<P> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            team: self.team.clone(),
            rounds: self.rounds,
            observer: Arc::clone(&self.observer),
            depth: self.depth,
            policies: self.policies.clone(),
            guides: self.guides.clone(),
            advisers: self.advisers.clone(),
            adviser: self.advisers.as_ref().map(AdviserFactory::make),
            safeguards: self.safeguards.clone(),
            running: self.safeguards.as_ref().map(RunningSafeguard::begin),
            course: None,
            memories: self.memories.map(|_| Memory::default()),
            conduct: Conduct::default(),
        }
    }
}

impl<P> std::fmt::Debug for TeamAutoscaler<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TeamAutoscaler")
            .field("name", &self.name)
            .field("depth", &self.depth)
            .field("rounds", &self.rounds)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::team::default_roles;
    use karma_core::{
        Action, ActionSpace, DefenderAction, Guided, Hardness, Id as _, Observation, PerEntryPoint, Seconds,
        ServiceId, ServiceSnapshot, Topology,
    };

    /// Shows the number of remembered states and the agent's last action.
    struct Recall;

    impl Observer for Recall {
        fn observation_size(&self, _agent: AgentId) -> usize {
            2
        }

        fn observe(&self, history: &History, agent: AgentId) -> Observation {
            let states = (0..9).take_while(|ago| history.state(*ago).is_some()).count();
            let last = history.action(0).map_or(-1.0, |joint| joint[agent].0 as f32);
            Observation(vec![states as f32, last])
        }
    }

    /// Adds one replica to service 0 while it sees one state only, then takes its last action back.
    #[derive(Clone)]
    struct Probe(DefenderTeam);

    impl Policy for Probe {
        fn act(&self, observation: &Observation, mask: &ActionMask, _rng: &mut StreamRng) -> Action {
            let replica_change = if observation.0[0] == 1.0 { 1 } else { -1 };
            let action = DefenderAction { service: ServiceId::from_index(0), replica_change };
            let action = self.0.action_space().encode_defender(action).unwrap();
            if mask.allows(action) { action } else { Action(3) }
        }
    }

    fn team() -> DefenderTeam {
        let text = r#"{ "services": {
            "a": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 4 },
            "b": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 4 } },
            "connections": [ { "source": "a", "destination": "b" } ] }"#;
        DefenderTeam::new(Arc::new(Topology::read(text.as_bytes()).unwrap()), default_roles(), 3)
    }

    fn scaler() -> TeamAutoscaler<Probe> {
        let policies = (0..4).map(|_| Probe(team())).collect();
        TeamAutoscaler::new("probe", team(), (Arc::new(Recall), 2), policies).unwrap()
    }

    fn snapshot(time: f64, desired: [u32; 2]) -> Snapshot {
        let service =
            |replicas| ServiceSnapshot { desired: Replicas(replicas), ..ServiceSnapshot::default() };
        Snapshot {
            time: Seconds(time),
            scraped_at: None,
            services: desired.into_iter().map(service).collect(),
            entry_points: PerEntryPoint::default(),
            resilience: None,
        }
    }

    #[test]
    fn it_keeps_every_promise_of_an_autoscaler() {
        let snapshots = [snapshot(0.0, [1, 1]), snapshot(15.0, [3, 1]), snapshot(30.0, [4, 4])];
        karma_core::testing::autoscaler(scaler, team().topology(), &snapshots);
    }

    #[test]
    fn a_deliberation_tells_what_was_seen_allowed_asked_and_decided() {
        let mut guarded = scaler().with_safeguard(karma_core::testing::Ceiling::factory(1));
        let mut rng = karma_core::SeedTree::new(1).rng();
        let deliberation = guarded.deliberate(&snapshot(0.0, [1, 1]), &mut rng);
        assert_eq!(deliberation.observations.as_slice(), vec![Observation(vec![1.0, -1.0]); 4]);
        assert!(
            deliberation.masks.iter().zip(&deliberation.joint).all(|(mask, action)| mask.allows(*action))
        );
        assert_eq!(team().decide(&snapshot(0.0, [1, 1]), &deliberation.joint), deliberation.asked);
        guarded.reset();
        assert_eq!(guarded.decide(&snapshot(0.0, [1, 1]), &mut rng), deliberation.decision);
    }

    /// Asks for one replica more of everything at the first decision, two at the second, and so on.
    struct MoreEachTime(u32);

    impl Adviser for MoreEachTime {
        fn advise(
            &mut self,
            _snapshot: &Snapshot,
            mut asked: Decision,
            _safeguard: Option<&RunningSafeguard>,
            _rng: &mut StreamRng,
        ) -> Decision {
            self.0 += 1;
            asked.targets.iter_mut().for_each(|target| target.replicas.0 += self.0);
            asked
        }
    }

    #[test]
    fn an_adviser_changes_what_is_asked_before_the_review_and_begins_anew_with_an_episode() {
        let advised = || scaler().with_adviser(AdviserFactory::new(|| Box::new(MoreEachTime(0))));
        let mut rng = karma_core::SeedTree::new(1).rng();
        let mut more = |scaler: &mut TeamAutoscaler<Probe>| {
            let Deliberation { asked, decision, .. } = scaler.deliberate(&snapshot(0.0, [1, 1]), &mut rng);
            let of =
                |decision: Decision| decision.targets.iter().map(|target| target.replicas.0).sum::<u32>();
            of(decision) - of(asked)
        };
        let mut free = advised();
        assert_eq!((more(&mut free), more(&mut free)), (2, 4), "one more of each of two services, then two");
        assert_eq!(more(&mut free.clone()), 2, "a clone has been advised of nothing");
        free.reset();
        assert_eq!(more(&mut free), 2);
        let mut guarded = advised().with_safeguard(karma_core::testing::Ceiling::factory(1));
        assert_eq!(more(&mut guarded), 0, "the safeguard has the last word");
    }

    #[test]
    fn agents_see_the_history_of_the_episode_and_a_reset_forgets_it() {
        let (mut scaler, mut rng) = (scaler(), karma_core::SeedTree::new(1).rng());
        let mut first = |scaler: &mut TeamAutoscaler<Probe>, time, desired| {
            scaler.decide(&snapshot(time, desired), &mut rng).targets.as_slice()[0].replicas
        };
        assert_eq!(
            first(&mut scaler, 0.0, [1, 1]),
            Replicas(4),
            "four agents add one each, at most alpha together"
        );
        assert_eq!(first(&mut scaler, 15.0, [4, 1]), Replicas(1), "with a history they take them back");
        scaler.reset();
        assert_eq!(first(&mut scaler, 0.0, [1, 1]), Replicas(4));
    }

    /// Adds one replica to service 0 in its first decision, and holds after it.
    #[derive(Clone)]
    struct Once;

    impl Policy for Once {
        fn act(&self, _seen: &Observation, _mask: &ActionMask, _rng: &mut StreamRng) -> Action {
            Action(3)
        }

        fn act_on(
            &self,
            memory: &mut Memory,
            _seen: &Observation,
            _mask: &ActionMask,
            _rng: &mut StreamRng,
        ) -> Action {
            let first = memory.is_empty();
            memory.parts::<()>().0.push(1.0);
            Action(if first { 4 } else { 3 })
        }
    }

    #[test]
    fn agents_keep_a_memory_of_their_own_until_a_reset_or_in_a_clone() {
        let policies = PerAgent::filled(Once, 4);
        let mut scaler = TeamAutoscaler::new("once", team(), (Arc::new(Recall), 2), policies).unwrap();
        let mut rng = karma_core::SeedTree::new(1).rng();
        let mut adds = |scaler: &mut TeamAutoscaler<Once>| {
            scaler.decide(&snapshot(0.0, [1, 1]), &mut rng).targets.as_slice()[0].replicas > Replicas(1)
        };
        assert!(adds(&mut scaler), "an episode begins");
        assert!(!adds(&mut scaler), "they remember");
        assert!(adds(&mut scaler.clone()), "a clone has seen nothing");
        scaler.reset();
        assert!(adds(&mut scaler), "the next episode begins");
    }

    /// Would add one replica to every service, the first one first.
    #[derive(Clone)]
    struct Eager;

    impl Policy for Eager {
        fn act(&self, _seen: &Observation, mask: &ActionMask, _rng: &mut StreamRng) -> Action {
            let space = ActionSpace::Defender { services: 7, alpha: 1 };
            let up =
                mask.legal().find(|action| space.defender(*action).is_some_and(|a| a.replica_change > 0));
            up.unwrap_or(Action(1))
        }
    }

    /// A team of two eager agents for seven services, of which each starts with one replica.
    fn seven() -> (TeamAutoscaler<Eager>, Snapshot) {
        let names = ["a", "b", "c", "d", "e", "f", "g"];
        let service = |name: &&str| {
            format!(
                r#""{name}": {{ "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 4 }}"#
            )
        };
        let services: Vec<String> = names.iter().map(service).collect();
        let calls = names
            .windows(2)
            .map(|pair| format!(r#"{{ "source": "{}", "destination": "{}" }}"#, pair[0], pair[1]));
        let calls: Vec<String> = calls.collect();
        let text = format!(
            r#"{{ "services": {{ {} }}, "connections": [ {} ] }}"#,
            services.join(", "),
            calls.join(", ")
        );
        let topology = Arc::new(Topology::read(text.as_bytes()).unwrap());
        let team = DefenderTeam::new(topology, default_roles().iter().take(2).cloned().collect(), 1);
        let scaler =
            TeamAutoscaler::new("eager", team, (Arc::new(Recall), 2), PerAgent::filled(Eager, 2)).unwrap();
        let start = ServiceSnapshot { desired: Replicas(1), ..ServiceSnapshot::default() };
        (scaler, Snapshot { services: PerService::filled(start, 7), ..snapshot(0.0, [1, 1]) })
    }

    fn counts(deliberation: &Deliberation) -> Vec<u32> {
        deliberation.asked.targets.iter().map(|target| target.replicas.0).collect()
    }

    #[test]
    fn where_services_outnumber_agents_they_go_round_and_a_service_moves_once() {
        // The agents cannot tell each other apart, so a round moves one service: of seven, four rounds move four.
        let (mut scaler, snapshot) = seven();
        let mut rng = karma_core::SeedTree::new(1).rng();
        let first = scaler.deliberate(&snapshot, &mut rng);
        assert_eq!((counts(&first), first.later.len()), (vec![2, 2, 2, 2, 1, 1, 1], 3));
        let mut one = seven().0.with_rounds(NonZeroUsize::MIN);
        let only = one.deliberate(&snapshot, &mut rng);
        assert_eq!((counts(&only), only.later.len()), (vec![2, 1, 1, 1, 1, 1, 1], 0));
        assert_eq!(only.joint, first.joint, "further rounds change nothing in the first");
    }

    #[test]
    fn rounds_end_when_all_hold_still() {
        let (scaler, snapshot) = seven();
        let mut scaler = scaler.with_rounds(NonZeroUsize::new(100).unwrap());
        let all = scaler.deliberate(&snapshot, &mut karma_core::SeedTree::new(1).rng());
        assert_eq!(
            (counts(&all), all.later.len()),
            (vec![2; 7], 7),
            "seven move, and one round says that no more does"
        );
    }

    #[test]
    fn further_rounds_keep_to_the_safeguard_and_leave_memories_alone() {
        let (scaler, snapshot) = seven();
        let mut guarded = scaler.with_safeguard(karma_core::testing::Ceiling::factory(1));
        let held = guarded.deliberate(&snapshot, &mut karma_core::SeedTree::new(1).rng());
        assert_eq!((counts(&held), held.later.len()), (vec![1; 7], 1), "its mask holds in every round");
        let policies = PerAgent::filled(Once, 4);
        let once = TeamAutoscaler::new("once", team(), (Arc::new(Recall), 2), policies).unwrap();
        let mut once = once.with_rounds(NonZeroUsize::new(3).unwrap());
        let mut rng = karma_core::SeedTree::new(1).rng();
        let begun = once.deliberate(&self::snapshot(0.0, [1, 1]), &mut rng);
        assert_eq!(begun.later[0], begun.joint, "they act again from what they knew before the first round");
        once.decide(&self::snapshot(15.0, [2, 1]), &mut rng);
        assert!(
            once.memories.iter().all(|memory| memory.clone().parts::<()>().0.len() == 2),
            "and remember two decisions"
        );
    }

    /// Allows every agent the actions for which `0` holds, with hardness `1`.
    struct Asks(fn(Action) -> bool, f32);

    impl Guide for Asks {
        fn begin(&mut self, _: &State) -> Guidance {
            let mask = ActionMask::from_fn(team().action_space(), self.0);
            let guided = Guided { mask, hardness: Hardness::new(self.1).unwrap() };
            Guidance { allowed: PerAgent::filled(guided, 4), shaping: PerAgent::filled(0.0, 4) }
        }

        fn advance(&mut self, _: &JointAction, next: &State) -> Guidance {
            self.begin(next)
        }
    }

    fn under(allowed: fn(Action) -> bool, hardness: f32) -> TeamAutoscaler<Probe> {
        scaler().with_guide(GuideFactory::new(move || Box::new(Asks(allowed, hardness))))
    }

    #[test]
    fn a_hard_guide_keeps_agents_from_what_their_role_does_not_do() {
        let mut scaler = under(|action| action.0 == 3, 1.0);
        let decision = scaler.decide(&snapshot(0.0, [1, 1]), &mut karma_core::SeedTree::new(1).rng());
        assert_eq!(decision.targets.as_slice()[0].replicas, Replicas(1), "all hold");
        let conduct = scaler.conduct().unwrap();
        assert_eq!((conduct.actions, conduct.aligned, conduct.informative), (4, 4, 0));
    }

    #[test]
    fn a_soft_guide_only_counts_and_a_reset_begins_the_count_anew() {
        let mut scaler = under(|action| action.0 == 5, 0.0);
        let decision = scaler.decide(&snapshot(0.0, [1, 1]), &mut karma_core::SeedTree::new(1).rng());
        assert_eq!(decision.targets.as_slice()[0].replicas, Replicas(4), "every agent adds one");
        let conduct = scaler.conduct().unwrap();
        assert_eq!((conduct.actions, conduct.aligned, conduct.informative), (4, 0, 4));
        scaler.reset();
        assert_eq!(scaler.conduct(), Some(Conduct::default()));
    }

    #[test]
    fn a_guide_that_leaves_nothing_legal_is_counted_and_the_team_holds() {
        let mut scaler = under(|action| action.0 == 0, 1.0);
        let decision = scaler.decide(&snapshot(0.0, [1, 1]), &mut karma_core::SeedTree::new(1).rng());
        assert_eq!(decision.targets.as_slice()[0].replicas, Replicas(1));
        assert_eq!(scaler.conduct().unwrap().relented, 4);
    }

    #[test]
    fn behind_a_safeguard_the_team_asks_for_what_its_mask_admits() {
        let guarded = || scaler().with_safeguard(karma_core::testing::Ceiling::factory(1));
        let snapshots = [snapshot(0.0, [1, 1]), snapshot(15.0, [1, 1])];
        karma_core::testing::autoscaler(guarded, team().topology(), &snapshots);
        let mut scaler = guarded();
        let decision = scaler.decide(&snapshots[0], &mut karma_core::SeedTree::new(1).rng());
        assert_eq!(decision.targets.as_slice()[0].replicas, Replicas(1), "unguarded it asks for more");
        let counted = scaler.interventions().unwrap();
        assert_eq!((counted.decisions, counted.changed), (1, 0), "the mask left nothing to change");
        assert_eq!(self::scaler().interventions(), None);
    }

    #[test]
    fn a_team_needs_one_policy_for_each_role() {
        let refused = TeamAutoscaler::new("short", team(), (Arc::new(Recall), 2), vec![Probe(team())].into());
        assert_eq!(refused.unwrap_err().to_string(), "the team has 4 roles, but 1 policies were given");
    }
}
