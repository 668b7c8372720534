//! Two services under one budget: what each may assume of the other is its share, and nothing else.

use karma_shield::{
    Amounts, Budget, Cluster, Decision, LimitParams, Limits, Memory, Pause, Reading, ServiceLimits, decide,
};

use super::kernel::{proposals, service_limits, told};
use super::model::{Model, State};
use super::{Counterexample, Game, GameError};

/// Two services that never cool down, so that the kernel needs no memory of them.
const MODEL: Model = Model { max: 5, delay: 1, per_replica: 2, growth: 1, peak: 6, up: 2, cooldown: 0 };
/// CPU of a replica, and a pool of one replica beyond both shares of three.
const EACH: u32 = 100;
const BUDGET: u32 = 7 * EACH;

/// What two kernels' worth of services did together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// States of both services.
    pub states: u64,
    /// Questions: a state, two readings and two proposals each.
    pub questions: u64,
}

/// Asks the kernel in every pair of winning states that keeps the promise of the budget, under every pair of proposals:
/// the answers stay winning *for each service by itself*, and keep the promise.
///
/// # Errors
/// The first situation in which they do not.
pub fn together() -> Result<Pair, GameError> {
    let game = super::play(MODEL);
    let each = Amounts { cpu: EACH, ..Amounts::default() };
    let service = ServiceLimits { each, ..service_limits(&MODEL) };
    let budget = Budget { cpu: BUDGET.into(), ..Budget::UNLIMITED };
    let limits = LimitParams { services: vec![service; 2], budget }.check()?;
    let (mut pair, mut decision) = (Pair::default(), Decision::default());
    let states: Vec<State> = game.winning_states().collect();
    for first in &states {
        for second in
            states.iter().filter(|second| keeps_promise(&service, [first.replicas(), second.replicas()]))
        {
            pair.states += 1;
            ask(&game, &limits, [first, second], (&mut pair, &mut decision))?;
        }
    }
    Ok(pair)
}

/// Σ max(replicas, share) · each ≤ budget.
fn keeps_promise(service: &ServiceLimits, replicas: [u8; 2]) -> bool {
    let held: u32 = replicas.iter().map(|replicas| u32::from(*replicas).max(service.share) * EACH).sum();
    held <= BUDGET
}

fn ask(
    game: &Game,
    limits: &Limits,
    states: [&State; 2],
    (pair, decision): (&mut Pair, &mut Decision),
) -> Result<(), Counterexample> {
    let services = states.map(|state| told(state, Reading::now(state.demand.into())));
    let cluster =
        Cluster { now_ms: 0, services: &services, nodes: None, trusted: true, pause: Pause::default() };
    for first in proposals(&MODEL) {
        for second in proposals(&MODEL) {
            let _ = decide(limits, &mut Memory::new(2), &cluster, &[first, second], decision);
            let actions = [0, 1].map(|service: usize| {
                let action = decision.cleared().get(service).map_or(0, karma_shield::Cleared::replicas);
                u8::try_from(action).unwrap_or(u8::MAX)
            });
            pair.questions += 1;
            let stays = states.iter().zip(actions).all(|(state, action)| game.keeps(state, action));
            if !stays || !keeps_promise(&limits.services()[0], actions) {
                let state = format!("{} beside {}", states[0], states[1]);
                return Err(Counterexample { state, reading: first, proposal: second, action: actions[0] });
            }
        }
    }
    Ok(())
}
