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
    let service = |replicas| ServiceSnapshot { desired: Replicas(replicas), ..ServiceSnapshot::default() };
    Snapshot {
        time: Seconds(time),
        scraped_at: None,
        services: desired.into_iter().map(service).collect(),
        entry_points: PerEntryPoint::default(),
        nodes: Vec::new(),
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
    assert!(deliberation.masks.iter().zip(&deliberation.joint).all(|(mask, action)| mask.allows(*action)));
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
        let of = |decision: Decision| decision.targets.iter().map(|target| target.replicas.0).sum::<u32>();
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
        let up = mask.legal().find(|action| space.defender(*action).is_some_and(|a| a.replica_change > 0));
        up.unwrap_or(Action(1))
    }
}

/// A team of two eager agents for seven services, of which each starts with one replica.
fn seven() -> (TeamAutoscaler<Eager>, Snapshot) {
    let names = ["a", "b", "c", "d", "e", "f", "g"];
    let service = |name: &&str| {
        format!(r#""{name}": {{ "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 4 }}"#)
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
