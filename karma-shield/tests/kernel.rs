//! The kernel by example: who comes first, what is told, and what is refused.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use karma_shield::{
    Amounts, Budget, Cause, Cluster, Decision, Defect, DemandLimits, Growth, LimitParams, Limits, Memory,
    NodeRoom, Pause, Property, Rate, Reading, ServiceLimits, ServiceState, ShapeError, Source, admitted,
    decide,
};

const TICK: u64 = 15_000;

/// Nothing but bounds: every test adds what it is about.
const FREE: ServiceLimits = ServiceLimits {
    max: 20,
    up: Rate::UNLIMITED,
    down: Rate::UNLIMITED,
    stabilize_down_ms: 0,
    ..ServiceLimits::DEFAULT
};

fn limits(services: &[ServiceLimits], budget: Budget) -> Limits {
    LimitParams { services: services.to_vec(), budget }.check().unwrap()
}

fn running(replicas: u32) -> ServiceState {
    ServiceState { replicas, ready: Reading::now(replicas.into()), ..ServiceState::default() }
}

/// A cluster of one service over time.
struct One {
    limits: Limits,
    memory: Memory,
    state: ServiceState,
    now_ms: u64,
    trusted: bool,
    pause: Pause,
    told: String,
    source: Source,
}

impl One {
    fn new(service: ServiceLimits, replicas: u32) -> Self {
        Self {
            limits: limits(&[service], Budget::UNLIMITED),
            memory: Memory::new(1),
            state: running(replicas),
            now_ms: 0,
            trusted: true,
            pause: Pause::default(),
            told: String::new(),
            source: Source::Policy,
        }
    }

    /// Decides, goes on for a tick, and lets all pods be ready.
    fn ask(&mut self, proposal: u32) -> u32 {
        self.read(Reading::now(proposal.into()))
    }

    fn read(&mut self, proposal: Reading) -> u32 {
        let services = [self.state];
        let cluster = Cluster {
            now_ms: self.now_ms,
            services: &services,
            nodes: None,
            trusted: self.trusted,
            pause: self.pause,
        };
        let mut decision = Decision::default();
        decide(&self.limits, &mut self.memory, &cluster, &[proposal], &mut decision).unwrap();
        let cleared = decision.cleared()[0];
        assert_eq!(cleared.before(), self.state.replicas);
        self.told = cleared.reason().to_string();
        self.source = cleared.reason().source();
        self.now_ms += TICK;
        self.state = ServiceState {
            demand: self.state.demand,
            pause: self.state.pause,
            ..running(cleared.replicas())
        };
        cleared.replicas()
    }
}

#[test]
fn p1_replicas_stay_within_their_bounds() {
    let mut one = One::new(ServiceLimits { min: 2, max: 5, share: 2, ..FREE }, 3);
    assert_eq!((one.ask(9), one.told.as_str()), (5, "P1 bounds -4"));
    assert_eq!((one.ask(0), one.told.as_str()), (2, "P1 bounds +2"));
    one.state = running(40);
    assert_eq!(one.ask(40), 5, "whatever someone else did");
}

#[test]
fn p2_within_a_window_replicas_move_by_no_more_than_the_rate() {
    let rate = Rate { pods: 2, percent: 50, window_ms: 2 * TICK };
    let mut one = One::new(ServiceLimits { up: rate, down: rate, ..FREE }, 4);
    assert_eq!((one.ask(20), one.told.as_str()), (6, "P2 rate -14"));
    assert_eq!(one.ask(20), 6, "the window is used up");
    assert_eq!(one.ask(20), 9, "half of six is three");
    one.now_ms += 2 * TICK;
    assert_eq!((one.ask(0), one.told.as_str()), (4, "P2 rate +4"), "half of nine, rounded up, is five");
    assert_eq!(one.ask(0), 4);
}

#[test]
fn p3_nothing_is_removed_while_cooling_down() {
    let mut one = One::new(ServiceLimits { cooldown_ms: 2 * TICK, ..FREE }, 4);
    assert_eq!(one.ask(5), 5);
    assert_eq!((one.ask(4), one.told.as_str()), (5, "P3 stabilization +1"));
    assert_eq!(one.ask(4), 4);
    assert_eq!(one.ask(3), 3, "a scale-down starts no cooldown");
}

#[test]
fn p3_recent_wishes_hold_on_both_sides() {
    let stabilized = ServiceLimits { stabilize_down_ms: 2 * TICK, stabilize_up_ms: 2 * TICK, ..FREE };
    let mut one = One::new(stabilized, 6);
    assert_eq!(one.ask(6), 6);
    assert_eq!(
        (one.ask(2), one.told.as_str()),
        (6, "P3 stabilization +4"),
        "six was wished for a moment ago"
    );
    assert_eq!((one.ask(9), one.told.as_str()), (6, "P3 stabilization -3"), "and two after it");
    assert_eq!(one.ask(9), 9);
}

#[test]
fn p4_growth_is_trimmed_to_the_budget_and_told() {
    let each = Amounts { cpu: 100, memory: 0, price: 0 };
    let services = [ServiceLimits { each, ..FREE }, ServiceLimits { each, rank: 1, ..FREE }];
    let limits = limits(&services, Budget { cpu: 1_000, ..Budget::UNLIMITED });
    let states = [running(4), running(4)];
    let cluster =
        Cluster { now_ms: 0, services: &states, nodes: None, trusted: true, pause: Pause::default() };
    let (mut memory, mut decision) = (Memory::new(2), Decision::default());
    decide(&limits, &mut memory, &cluster, &[Reading::now(5), Reading::now(9)], &mut decision).unwrap();
    let [first, second] = decision.cleared() else { panic!("two services") };
    assert_eq!([first, second].map(|cleared| (cleared.service(), cleared.replicas())), [(0, 5), (1, 5)]);
    assert_eq!((second.wish(), second.unforced()), (9, 9), "before the budget");
    assert_eq!(second.reason().to_string(), "P4 budget -4");
    let room = [NodeRoom { cpu: 150, memory: 0, pods: 9 }];
    let cluster = Cluster { nodes: Some(&room), ..cluster };
    decide(&limits, &mut Memory::new(2), &cluster, &[Reading::now(5), Reading::now(5)], &mut decision)
        .unwrap();
    assert_eq!(decision.cleared()[1].replicas(), 4, "one place, and the first is served first");
}

#[test]
fn p5_a_scale_down_leaves_the_pods_that_demand_and_budget_of_disruption_need() {
    let demand = Some(DemandLimits { per_replica: 10, most: 1_000, growth: None });
    let mut one = One::new(ServiceLimits { demand, ..FREE }, 6);
    one.state.demand = Reading::now(31);
    assert_eq!((one.ask(1), one.told.as_str()), (4, "P5 availability +3"));
    one.state = ServiceState { ready: Reading::now(3), ..one.state };
    assert_eq!(one.ask(1), 4, "fewer are ready than needed: none is removed");
    one.state = ServiceState { ready: Reading::now(3), demand: one.state.demand, ..running(6) };
    assert_eq!(one.ask(1), 6, "nor of those that are not ready yet");
    one.state = ServiceState { ready: Reading::now(4), demand: one.state.demand, ..running(6) };
    assert_eq!(one.ask(1), 4, "just enough are ready: the others may go");
    let mut one = One::new(ServiceLimits { min_available: 3, max_unavailable: Some(2), ..FREE }, 6);
    assert_eq!(one.ask(1), 4, "two at once");
    assert_eq!(one.ask(1), 3, "and no fewer than three");
    one.state = ServiceState { ready: Reading::now(4), ..running(6) };
    assert_eq!(one.ask(1), 6, "two are unavailable already");
}

#[test]
fn p6_what_is_not_fresh_is_not_used() {
    let demand = Some(DemandLimits { per_replica: 10, most: 1_000, growth: None });
    let mut one = One::new(ServiceLimits { demand, stale_after_ms: 1_000, ..FREE }, 4);
    one.state.demand = Reading::now(10);
    assert_eq!((one.ask(6), one.source), (6, Source::Policy));
    let value = |value, age_ms| Reading::Value { value, age_ms };
    for (proposal, demand, ready, told) in [
        (value(9, 1_001), value(1, 0), value(6, 0), "held, because the proposal is stale"),
        (Reading::Invalid, value(1, 0), value(6, 0), "held, because the proposal is no plausible number"),
        (value(9, 0), value(1_001, 0), value(6, 0), "held, because the demand is no plausible number"),
        (value(9, 0), Reading::Missing, value(6, 0), "held, because the demand is missing"),
        (value(9, 0), value(1, 0), value(6, 1_001), "held, because the number of ready pods is stale"),
    ] {
        one.state = ServiceState { demand, ready, ..running(6) };
        assert_eq!(one.read(proposal), 6);
        assert!(one.told.starts_with(told), "{}", one.told);
        assert!(one.source != Source::Policy);
    }
    one.trusted = false;
    one.state =
        ServiceState { demand: value(1, 0), usage: value(600, 0), request: value(600, 0), ..running(6) };
    assert_eq!(one.read(value(3, 0)), 8, "the HPA formula: 100 % against 80 %");
    assert_eq!(one.source, Source::Baseline(Cause::Distrusted));
    assert_eq!(one.told, "HPA, because the situation is not one to trust the policy in; P6 freshness +5");
}

#[test]
fn p9_the_way_down_is_barred_while_no_way_back_would_be_left() {
    let mut one = One::new(ServiceLimits { reversals: 2, reversal_window_ms: 100 * TICK, ..FREE }, 4);
    assert_eq!([one.ask(5), one.ask(4), one.ask(5)], [5, 4, 5], "up, down, up: two reversals");
    assert_eq!((one.ask(4), one.told.as_str()), (5, "P9 oscillation +1"));
    assert_eq!(one.ask(8), 8, "up is never barred");
    one.now_ms += 100 * TICK;
    assert_eq!(one.ask(4), 4);
}

#[test]
fn p9_what_is_forced_is_no_reversal() {
    let service = ServiceLimits { reversals: 2, reversal_window_ms: 100 * TICK, ..FREE };
    let mut one = One::new(service, 4);
    for _ in 0..5 {
        assert_eq!(one.ask(5), 5);
        one.state = running(25);
        assert_eq!(one.ask(25), 20, "forced down, as often as someone else goes beyond the bounds");
        one.state = running(4);
    }
    assert_eq!([one.ask(5), one.ask(3)], [5, 3], "still the first reversal");
}

#[test]
fn p9_what_was_not_wished_for_or_not_done_is_no_reversal() {
    let service = ServiceLimits { min: 3, share: 3, reversals: 2, reversal_window_ms: 100 * TICK, ..FREE };
    let mut raised = One::new(service, 5);
    assert_eq!(raised.ask(4), 4);
    raised.state = running(2);
    assert_eq!(raised.ask(2), 3, "raised by the bounds");
    assert_eq!([raised.ask(3), raised.ask(2)], [3, 3]);
    raised.state = running(6);
    assert_eq!(raised.ask(5), 5, "down as before");
    let mut held = One::new(service, 4);
    assert_eq!(held.ask(5), 5);
    held.pause.down = true;
    assert_eq!(held.ask(4), 5);
    held.pause.down = false;
    assert_eq!([held.ask(6), held.ask(5)], [6, 5], "the first reversal");
}

#[test]
fn p10_what_demand_may_grow_to_is_asked_for_in_time() {
    let growth = Some(Growth { per_second: 2, lead_ms: 30_000, peak: 150 });
    let demand = Some(DemandLimits { per_replica: 10, most: 1_000, growth });
    let up = Rate { pods: 7, percent: 0, window_ms: TICK };
    let mut one = One::new(ServiceLimits { demand, up, share: 15, ..FREE }, 4);
    one.state.demand = Reading::now(20);
    assert_eq!((one.ask(1), one.told.as_str()), (8, "P5 availability +1, P10 recoverability +6"));
    one.state.demand = Reading::Value { value: 20, age_ms: 5_000 };
    assert_eq!(one.ask(1), 9, "and for what it may have grown since it was measured");
    one.state.demand = Reading::now(500);
    assert_eq!(one.ask(1), 15, "but not beyond the peak that is promised for");
    one.state = ServiceState { demand: Reading::now(500), ..running(2) };
    assert_eq!(
        (one.ask(1), one.told.as_str()),
        (9, "P2 rate -6, P5 availability +1, P10 recoverability +13")
    );
}

#[test]
fn p11_a_pause_beats_everything() {
    let service = ServiceLimits { min: 2, max: 5, share: 2, ..FREE };
    for (pause, replicas, proposal, action) in [
        (Pause::ALL, 9, 4, 9),
        (Pause::ALL, 1, 4, 1),
        (Pause { up: true, down: false }, 1, 4, 1),
        (Pause { up: true, down: false }, 4, 3, 3),
        (Pause { up: true, down: false }, 9, 9, 5),
        (Pause { up: false, down: true }, 9, 3, 9),
        (Pause { up: false, down: true }, 4, 3, 4),
        (Pause { up: false, down: true }, 1, 0, 2),
    ] {
        let mut of_service = One::new(service, replicas);
        of_service.state.pause = pause;
        assert_eq!(of_service.ask(proposal), action, "{pause:?} with {replicas}, {proposal} proposed");
        let mut of_all = One::new(service, replicas);
        of_all.pause = pause;
        assert_eq!(of_all.ask(proposal), action, "{pause:?} for all");
    }
}

#[test]
fn a_safe_proposal_passes_and_says_so() {
    let mut one = One::new(FREE, 4);
    assert_eq!((one.ask(5), one.told.as_str()), (5, "safe as proposed"));
}

#[test]
fn changes_lead_from_the_proposal_to_the_action_and_interventions_are_told() {
    let limits = limits(&[ServiceLimits { max: 5, ..FREE }], Budget::UNLIMITED);
    let states = [running(3)];
    let cluster =
        Cluster { now_ms: 0, services: &states, nodes: None, trusted: true, pause: Pause::default() };
    let mut decision = Decision::default();
    for (proposal, intervened) in
        [(Reading::now(9), true), (Reading::now(4), false), (Reading::Missing, true)]
    {
        decide(&limits, &mut Memory::new(1), &cluster, &[proposal], &mut decision).unwrap();
        let cleared = decision.cleared()[0];
        assert_eq!(cleared.reason().intervened(), intervened);
        let start = if let Reading::Value { value, .. } = proposal { value.cast_signed() } else { 3 };
        let sum: i64 = Property::ALL.into_iter().map(|property| cleared.reason().change(property)).sum();
        assert_eq!(start + sum, i64::from(cleared.replicas()));
    }
    assert_eq!(decision.cleared()[0].reason().source(), Source::Hold(Cause::Proposal(Defect::Missing)));
    assert_eq!(decision.cleared()[0].wish(), 3);
}

#[test]
fn properties_have_their_numbers_and_names() {
    let names: Vec<String> = Property::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(
        names.join(", "),
        "P1 bounds, P2 rate, P3 stabilization, P4 budget, P5 availability, P6 freshness, P7 non-blocking, \
         P8 minimal-intervention, P9 oscillation, P10 recoverability, P11 pause"
    );
}

#[test]
fn slices_that_do_not_fit_are_refused_and_nothing_is_remembered() {
    let limits = limits(&[FREE; 2], Budget::UNLIMITED);
    let (mut memory, mut decision) = (Memory::new(2), Decision::default());
    let states = [running(3), running(3)];
    let cluster =
        Cluster { now_ms: 7, services: &states, nodes: None, trusted: true, pause: Pause::default() };
    let proposals = [Reading::now(3); 2];
    let refused = |what| Err(ShapeError { what, got: 1, expected: 2 });
    assert_eq!(decide(&limits, &mut memory, &cluster, &proposals[..1], &mut decision), refused("proposals"));
    assert_eq!(decide(&limits, &mut Memory::new(1), &cluster, &proposals, &mut decision), refused("memory"));
    let fewer = Cluster { services: &states[..1], ..cluster };
    assert_eq!(decide(&limits, &mut memory, &fewer, &proposals, &mut decision), refused("services"));
    assert_eq!(admitted(&limits, &memory, &fewer, &mut Vec::new()), refused("services"));
    assert_eq!(memory, Memory::new(2));
    let told = ShapeError { what: "proposals", got: 1, expected: 2 }.to_string();
    assert_eq!(told, "proposals: 1 entries for 2 services");
}

#[test]
fn what_is_admitted_is_what_would_pass() {
    let each = Amounts { cpu: 100, memory: 0, price: 0 };
    let service = ServiceLimits { each, ..FREE };
    let limits =
        limits(&[service, ServiceLimits { share: 6, ..service }], Budget { cpu: 1_200, ..Budget::UNLIMITED });
    let states = [running(3), running(2)];
    let cluster =
        Cluster { now_ms: 0, services: &states, nodes: None, trusted: true, pause: Pause::default() };
    let mut intervals = Vec::new();
    admitted(&limits, &Memory::new(2), &cluster, &mut intervals).unwrap();
    assert_eq!(intervals, [Some(1..=6), Some(1..=9)], "a pool of three beyond three and the share of six");
    let stale = [ServiceState { ready: Reading::Missing, ..states[0] }, states[1]];
    admitted(&limits, &Memory::new(2), &Cluster { services: &stale, ..cluster }, &mut intervals).unwrap();
    assert_eq!(intervals, [None, Some(1..=9)]);
}

#[test]
fn a_decision_needs_no_new_room_after_the_first() {
    let limits = limits(&[FREE; 8], Budget::UNLIMITED);
    let (mut memory, mut decision) = (Memory::new(8), Decision::default());
    let (states, rooms) = ([running(3); 8], [NodeRoom { cpu: 9, memory: 9, pods: 9 }; 4]);
    let mut intervals = Vec::new();
    let mut places = Vec::new();
    for tick in 0..50 {
        let cluster = Cluster {
            now_ms: tick * TICK,
            services: &states,
            nodes: Some(&rooms),
            trusted: true,
            pause: Pause::default(),
        };
        decide(&limits, &mut memory, &cluster, &[Reading::now(tick % 9); 8], &mut decision).unwrap();
        admitted(&limits, &memory, &cluster, &mut intervals).unwrap();
        places.push((decision.cleared().as_ptr(), intervals.as_ptr(), intervals.capacity()));
    }
    places.dedup();
    assert_eq!(places.len(), 1);
}
