//! The monitor: the properties of `docs/safety.md`, checked against the whole exact history of a sequence.
//!
//! Written from that page alone. It shares the kernel's vocabulary of inputs and outputs and nothing else: it keeps every
//! level, wish and reversal that ever was, and reckons in `i128`.

mod terms;
mod together;
mod view;

use karma_shield::{Cluster, Limits, Pause, Property, Reading, ServiceLimits, ServiceState, Source};

use super::outcome::Outcome;
use terms::{Terms, allowance, ceil, fresh, needs};
use together::{check_budget, check_nodes, check_passes, view};

/// With more different values than this, the kernel may be stricter than the history asks.
const EXACT: usize = 16;

/// What happened to one service so far. Times are sums of the clock's steps.
#[derive(Clone, Debug, Default)]
struct History {
    levels: Vec<(u128, u32)>,
    wishes: Vec<(u128, u32)>,
    last_up: Option<u128>,
    /// Whether the last move that was wished for went up.
    up: Option<bool>,
    reversals: Vec<u128>,
    different_levels: Vec<u32>,
    different_wishes: Vec<u32>,
}

impl History {
    fn is_exact(&self) -> bool {
        self.different_levels.len() <= EXACT && self.different_wishes.len() <= EXACT
    }
}

fn add(values: &mut Vec<u32>, value: u32) {
    if !values.contains(&value) {
        values.push(value);
    }
}

/// What a sequence was so far.
#[derive(Clone, Debug)]
pub(super) struct Monitor {
    clock: Option<u64>,
    time: u128,
    services: Vec<History>,
}

/// A property that does not hold, of a service (the last one for those of all services).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The property.
    pub property: Property,
    /// The service.
    pub service: usize,
    /// What was expected and what was found.
    pub what: String,
}

/// How often a property had to say something: it changed a wish, or was the reason for a choice.
pub(super) type Stakes = [u64; Property::ALL.len()];

impl Monitor {
    pub(super) fn new(services: usize) -> Self {
        Self { clock: None, time: 0, services: vec![History::default(); services] }
    }

    /// Goes on to the moment at which the clock says `now_ms`.
    pub(super) fn tick(&mut self, now_ms: u64) {
        self.time += u128::from(self.clock.map_or(0, |before| now_ms.saturating_sub(before)));
        self.clock = Some(now_ms);
    }

    fn young<T>(&self, of: &[(u128, T)], window_ms: u64) -> usize {
        of.iter().rev().take_while(|(time, _)| self.time - time < u128::from(window_ms)).count()
    }

    fn terms(&self, service: usize, limits: &ServiceLimits, state: &ServiceState, pause: Pause) -> Terms {
        let history = &self.services[service];
        let r = state.replicas;
        let window = |window_ms: u64| {
            let young = self.young(&history.levels, window_ms);
            &history.levels[history.levels.len() - young..]
        };
        let (ups, downs) = (window(limits.up.window_ms), window(limits.down.window_ms));
        let lowest = ups.iter().map(|(_, level)| *level).min().unwrap_or(r).min(r);
        let highest = downs.iter().map(|(_, level)| *level).max().unwrap_or(r).max(r);
        let wished = |window_ms: u64| {
            let young = self.young(&history.wishes, window_ms);
            &history.wishes[history.wishes.len() - young..]
        };
        let (down_wishes, up_wishes) = (wished(limits.stabilize_down_ms), wished(limits.stabilize_up_ms));
        let most = |wishes: &[(u128, u32)]| wishes.iter().map(|(_, wish)| *wish).max();
        let demand = match &limits.demand {
            None => Ok(None),
            Some(demand) => fresh(state.demand, limits, demand.most).map(Some),
        };
        let growth = limits.demand.and_then(|of| {
            let growth = of.growth?;
            let now = needs(&of, demand.ok()??, growth.lead_ms);
            Some(now.min(ceil(i128::from(growth.peak), i128::from(of.per_replica))))
        });
        let window = u128::from(limits.reversal_window_ms);
        let turns = history.reversals.iter().filter(|time| self.time - **time < window).count();
        Terms {
            ready: fresh(state.ready, limits, u64::from(u32::MAX)).map(|(ready, _)| ready),
            demand,
            pause: Pause { up: pause.up || state.pause.up, down: pause.down || state.pause.down },
            lowest,
            highest,
            up_cap: i128::from(lowest) + allowance(limits.up, lowest),
            down_floor: i128::from(highest) - allowance(limits.down, highest),
            wishes: most(down_wishes).map(|most| (most, most)),
            up_wishes: up_wishes.iter().map(|(_, wish)| *wish).min(),
            cooling: history.last_up.is_some_and(|up| self.time - up < u128::from(limits.cooldown_ms)),
            growth: growth.unwrap_or(0),
            turns,
            may_fall: history.up != Some(true) || turns + 2 <= limits.reversals as usize,
            exact: history.is_exact(),
        }
    }

    /// Checks the answers to one decision, then remembers it.
    pub(super) fn watch(
        &mut self,
        limits: &Limits,
        cluster: &Cluster<'_>,
        (proposals, outcomes): (&[Reading], &[Outcome]),
        stakes: &mut Stakes,
    ) -> Result<(), Broken> {
        if outcomes.len() != cluster.services.len() {
            let what = format!("{} answers for {} services", outcomes.len(), cluster.services.len());
            return Err(Broken { property: Property::NonBlocking, service: 0, what });
        }
        let terms = |service: usize| {
            self.terms(service, &limits.services()[service], &cluster.services[service], cluster.pause)
        };
        let terms: Vec<Terms> = (0..outcomes.len()).map(terms).collect();
        let mut all_safe = true;
        for (service, outcome) in outcomes.iter().enumerate() {
            let view = view((limits, cluster, &terms), service);
            let broken = |(property, what)| Broken { property, service, what };
            view.check(outcome).map_err(broken)?;
            view.check_source(outcome, proposals[service]).map_err(broken)?;
            all_safe &= view.check_proposal(outcome, proposals[service]).map_err(broken)?;
            for (stake, change) in stakes.iter_mut().zip(outcome.changes) {
                *stake += u64::from(change != 0);
            }
        }
        let last = outcomes.len() - 1;
        let broken = |(property, what)| Broken { property, service: last, what };
        let views = (limits, cluster, &terms[..]);
        check_budget(views, |service| outcomes[service].replicas).map_err(broken)?;
        check_nodes(views, |service| outcomes[service].replicas).map_err(broken)?;
        if all_safe {
            check_passes(views, proposals, outcomes, stakes).map_err(broken)?;
        }
        self.remember(cluster, outcomes);
        self.check_turns(limits)
    }

    fn remember(&mut self, cluster: &Cluster<'_>, outcomes: &[Outcome]) {
        let time = self.time;
        for ((history, state), outcome) in self.services.iter_mut().zip(cluster.services).zip(outcomes) {
            let (r, a, v) = (state.replicas, outcome.replicas, outcome.unforced);
            history.levels.extend([(time, r), (time, a)]);
            add(&mut history.different_levels, r);
            add(&mut history.different_levels, a);
            if !matches!(outcome.source, Source::Hold(_)) {
                history.wishes.push((time, outcome.wish));
                add(&mut history.different_wishes, outcome.wish);
            }
            if a > r {
                history.last_up = Some(time);
            }
            let up = if a > r && v > r {
                true
            } else if a < r && v < r {
                false
            } else {
                continue;
            };
            if history.up.is_some_and(|before| before != up) {
                history.reversals.push(time);
            }
            history.up = Some(up);
        }
    }

    /// P9, once the decision is remembered: a fall leaves one reversal for the way back up.
    fn check_turns(&self, limits: &Limits) -> Result<(), Broken> {
        for (service, (history, limits)) in self.services.iter().zip(limits.services()).enumerate() {
            let window = u128::from(limits.reversal_window_ms);
            let turns = history.reversals.iter().filter(|time| self.time - **time < window).count();
            let most = limits.reversals as usize - usize::from(history.up == Some(false));
            if turns > most {
                let what = format!("{turns} reversals in the window, at most {most} now");
                return Err(Broken { property: Property::Oscillation, service, what });
            }
        }
        Ok(())
    }
}
