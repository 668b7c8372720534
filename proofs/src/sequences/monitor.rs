//! The monitor: the properties of `docs/safety.md`, checked against the whole exact history of a sequence.
//!
//! Written from that page alone. It shares the kernel's vocabulary of inputs and outputs and nothing else: it keeps every
//! level, wish and reversal that ever was, and reckons in `i128`.

use karma_shield::{
    Cause, Cluster, Defect, DemandLimits, Limits, NodeRoom, Pause, Property, Rate, Reading, ServiceLimits,
    ServiceState, Source,
};

use super::outcome::Outcome;

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

/// What holds for one service at one decision, reckoned from the history.
#[derive(Clone, Copy, Debug)]
struct Terms {
    ready: Result<u64, Defect>,
    demand: Result<Option<(u64, u64)>, Defect>,
    pause: Pause,
    lowest: u32,
    highest: u32,
    up_cap: i128,
    down_floor: i128,
    wishes: Option<(u32, u32)>,
    up_wishes: Option<u32>,
    cooling: bool,
    /// What P10 raises to, before the rate.
    growth: i128,
    /// Reversals within the window.
    turns: usize,
    may_fall: bool,
    exact: bool,
}

fn fresh(reading: Reading, limits: &ServiceLimits, most: u64) -> Result<(u64, u64), Defect> {
    match reading {
        Reading::Missing => Err(Defect::Missing),
        Reading::Invalid => Err(Defect::Invalid),
        Reading::Value { value, .. } if value > most => Err(Defect::Invalid),
        Reading::Value { age_ms, .. } if age_ms > limits.stale_after_ms => Err(Defect::Stale),
        Reading::Value { value, age_ms } => Ok((value, age_ms)),
    }
}

fn ceil(a: i128, b: i128) -> i128 {
    (a + b - 1).div_euclid(b)
}

fn allowance(rate: Rate, level: u32) -> i128 {
    i128::from(rate.pods).max(ceil(i128::from(level) * i128::from(rate.percent), 100))
}

/// Pods that a demand needs `ahead` ms from now.
fn needs(limits: &DemandLimits, (demand, age): (u64, u64), ahead: u64) -> i128 {
    let per_second = limits.growth.map_or(0, |growth| growth.per_second);
    let grown = ceil(i128::from(per_second) * (i128::from(age) + i128::from(ahead)), 1000);
    ceil(i128::from(demand) + grown, i128::from(limits.per_replica))
}

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
            let view = View {
                limits: &limits.services()[service],
                state: &cluster.services[service],
                terms: &terms[service],
                trusted: cluster.trusted,
            };
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

/// One service at one decision.
struct View<'a> {
    limits: &'a ServiceLimits,
    state: &'a ServiceState,
    terms: &'a Terms,
    trusted: bool,
}

type Checked = Result<(), (Property, String)>;

fn expect(property: Property, holds: bool, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err((property, what())) }
}

impl View<'_> {
    /// What P10 raises to, as far as the rate lets it.
    fn raised(&self) -> i128 {
        self.terms.growth.min(i128::from(self.state.replicas).max(self.terms.up_cap))
    }

    fn check(&self, outcome: &Outcome) -> Checked {
        let (r, a) = (self.state.replicas, outcome.replicas);
        let pause = self.terms.pause;
        expect(Property::Pause, !(pause.up && a > r || pause.down && a < r), || {
            format!("{r} became {a} under {pause:?}")
        })?;
        self.check_bounds(a)?;
        self.check_unforced(outcome.unforced)
    }

    fn check_bounds(&self, a: u32) -> Checked {
        let (r, pause, &ServiceLimits { min, max, .. }) =
            (self.state.replicas, self.terms.pause, self.limits);
        let held = a == r && (pause.down && r > max || pause.up && r < min);
        expect(Property::Bounds, (min..=max).contains(&a) || held, || {
            format!("{a} is outside of {min}..={max}")
        })
    }

    /// P2, P3, P5, P9 and P10 of what came of the wish.
    fn check_unforced(&self, v: u32) -> Checked {
        let (r, terms) = (self.state.replicas, self.terms);
        let (up, down, wide) = (v > r, v < r, i128::from(v));
        expect(Property::Rate, !up || wide <= terms.up_cap, || {
            format!("up to {v} from {} in the window, at most {}", terms.lowest, terms.up_cap)
        })?;
        expect(Property::Rate, !down || wide >= terms.down_floor, || {
            format!("down to {v} from {} in the window, at least {}", terms.highest, terms.down_floor)
        })?;
        expect(Property::Stabilization, !(down && terms.cooling), || format!("down to {v} while cooling"))?;
        expect(Property::Stabilization, !down || terms.wishes.is_none_or(|(most, _)| v >= most), || {
            format!("down to {v} against the wishes {:?}", terms.wishes)
        })?;
        let cap = terms.up_wishes.map_or(i128::from(u32::MAX), i128::from).max(terms.growth);
        expect(Property::Stabilization, !up || wide <= cap, || format!("up to {v} against the wish {cap}"))?;
        if down {
            self.check_availability(v)?;
        }
        expect(Property::Oscillation, !down || terms.may_fall, || {
            format!("down to {v} after {} reversals, {} allowed", terms.turns, self.limits.reversals)
        })?;
        expect(Property::Recoverability, !terms.exact || wide >= self.raised(), || {
            format!("{v} where {} are needed", self.raised())
        })
    }

    fn check_availability(&self, v: u32) -> Checked {
        let (r, of) = (self.state.replicas, |holds, what: &str| {
            expect(Property::Availability, holds, || format!("down to {v}: {what}"))
        });
        let (Ok(ready), Ok(demand)) = (self.terms.ready, self.terms.demand) else {
            return of(false, "ready pods or demand are not known");
        };
        let needed = match (demand, &self.limits.demand) {
            (Some(demand), Some(limits)) => needs(limits, demand, 0),
            _ => 0,
        };
        let floor = needed.max(i128::from(self.limits.min_available));
        of(i128::from(ready) >= floor, "fewer are ready than needed")?;
        of(i128::from(v) >= floor, "fewer would be ready than needed")?;
        let unavailable = (i128::from(r) - i128::from(ready)).max(0) + i128::from(r) - i128::from(v);
        let allowed = self.limits.max_unavailable.is_none_or(|most| unavailable <= i128::from(most));
        of(allowed, "too many would be unavailable")
    }

    /// P6: who is listened to, and what the fallback says; and that the changes add up.
    fn check_source(&self, outcome: &Outcome, proposal: Reading) -> Checked {
        let limits = self.limits;
        let asked = fresh(proposal, limits, u64::from(u32::MAX)).map(|(value, _)| value);
        let cause = match (asked, self.terms.ready, self.terms.demand, self.trusted) {
            (Err(defect), ..) => Some(Cause::Proposal(defect)),
            (_, Err(defect), ..) => Some(Cause::Ready(defect)),
            (_, _, Err(defect), _) => Some(Cause::Demand(defect)),
            (.., false) => Some(Cause::Distrusted),
            _ => None,
        };
        let hpa = self.hpa();
        let (source, wish) = match (cause, hpa) {
            (None, _) => (Source::Policy, asked.map_or(0, i128::from)),
            (Some(cause), Some(desired)) => (Source::Baseline(cause), desired),
            (Some(cause), None) => (Source::Hold(cause), i128::from(self.state.replicas)),
        };
        let right = outcome.source == source && i128::from(outcome.wish) == wish;
        expect(Property::Freshness, right, || {
            format!("{:?} with {}, expected {source:?} with {wish}", outcome.source, outcome.wish)
        })?;
        let start = match proposal {
            Reading::Value { value, .. } if u32::try_from(value).is_ok() => i128::from(value),
            _ => i128::from(self.state.replicas),
        };
        let sum = start + outcome.changes.iter().map(|change| i128::from(*change)).sum::<i128>();
        expect(Property::MinimalIntervention, sum == i128::from(outcome.replicas), || {
            format!("the changes lead from {start} to {sum}, the action is {}", outcome.replicas)
        })
    }

    /// The HPA formula; `None` without its data.
    fn hpa(&self) -> Option<i128> {
        let limits = self.limits;
        let ready = i128::from(self.terms.ready.ok()?);
        let usage = i128::from(fresh(self.state.usage, limits, u64::MAX).ok()?.0);
        let request = i128::from(fresh(self.state.request, limits, u64::MAX).ok()?.0);
        if request == 0 {
            return None;
        }
        let (utilization, target) = (usage * 100 / request, i128::from(limits.target_percent));
        if (utilization - target).abs() * 1000 <= i128::from(limits.tolerance_permille) * target {
            return Some(i128::from(self.state.replicas));
        }
        Some(ceil(ready * utilization, target).min(i128::from(u32::MAX)))
    }

    /// P8 for one service: whether its proposal is safe by itself; if so nothing of the pre-shield changed it.
    fn check_proposal(&self, outcome: &Outcome, proposal: Reading) -> Result<bool, (Property, String)> {
        let Reading::Value { value, .. } = proposal else { return Ok(false) };
        let Ok(proposal) = u32::try_from(value) else { return Ok(false) };
        if outcome.source != Source::Policy || !self.terms.exact {
            return Ok(false);
        }
        let as_it_is = Outcome { replicas: proposal, unforced: proposal, ..*outcome };
        if self.check(&as_it_is).is_err() {
            return Ok(false);
        }
        expect(Property::MinimalIntervention, outcome.unforced == proposal, || {
            format!("{proposal} is safe but became {}", outcome.unforced)
        })?;
        Ok(true)
    }

    /// What bounds and pause insist on.
    fn insisted(&self) -> u32 {
        let (r, min) = (self.state.replicas, self.limits.min);
        if self.terms.pause.down {
            r.max(if self.terms.pause.up { r } else { min })
        } else if self.terms.pause.up {
            min.min(r)
        } else {
            min
        }
    }
}

type Views<'a> = (&'a Limits, &'a Cluster<'a>, &'a [Terms]);

fn view((limits, cluster, terms): Views<'_>, service: usize) -> View<'_> {
    View {
        limits: &limits.services()[service],
        state: &cluster.services[service],
        terms: &terms[service],
        trusted: cluster.trusted,
    }
}

/// P8: if all proposals are safe, also together, they pass.
fn check_passes(
    views: Views<'_>,
    proposals: &[Reading],
    outcomes: &[Outcome],
    stakes: &mut Stakes,
) -> Checked {
    let asked = |service: usize| match proposals[service] {
        Reading::Value { value, .. } => u32::try_from(value).unwrap_or(0),
        Reading::Missing | Reading::Invalid => 0,
    };
    if check_budget(views, asked).and_then(|()| check_nodes(views, asked)).is_err() {
        return Ok(());
    }
    stakes[Property::MinimalIntervention as usize] += 1;
    for (service, outcome) in outcomes.iter().enumerate() {
        expect(Property::MinimalIntervention, outcome.replicas == asked(service), || {
            format!("{} is safe but became {}", asked(service), outcome.replicas)
        })?;
    }
    Ok(())
}

/// P4, the budget.
fn check_budget(views: Views<'_>, replicas: impl Fn(usize) -> u32) -> Checked {
    let limits = views.0;
    for kind in 0..3 {
        let (mut used, mut reserved) = (0u128, 0u128);
        for (service, of) in limits.services().iter().enumerate() {
            let each = u128::from([of.each.cpu, of.each.memory, of.each.price][kind]);
            let share = of.share.max(view(views, service).insisted());
            used += u128::from(replicas(service).max(share)) * each;
            reserved += u128::from(share) * each;
        }
        let budget = limits.budget();
        let most = u128::from([budget.cpu, budget.memory, budget.price][kind]).max(reserved);
        expect(Property::Budget, used <= most, || format!("{used} of kind {kind}, at most {most}"))?;
    }
    Ok(())
}

/// P4, the nodes: waiting pods and then added ones, by rank, first fit.
fn check_nodes(views: Views<'_>, replicas: impl Fn(usize) -> u32) -> Checked {
    let (limits, cluster, _) = views;
    let Some(nodes) = cluster.nodes else { return Ok(()) };
    let mut rooms = nodes.to_vec();
    let mut order: Vec<usize> = (0..limits.services().len()).collect();
    order.sort_by_key(|service| limits.services()[*service].rank);
    for service in &order {
        place(&mut rooms, cluster.services[*service].waiting, &limits.services()[*service]);
    }
    for service in order {
        let (a, r) = (replicas(service), cluster.services[service].replicas);
        let added = a.saturating_sub(r);
        let placed = place(&mut rooms, added, &limits.services()[service]);
        let insisted = view(views, service).insisted();
        expect(Property::Budget, placed == added || a <= insisted, || {
            format!("service {service}: {added} pods are added and {placed} find a place")
        })?;
    }
    Ok(())
}

fn place(rooms: &mut [NodeRoom], pods: u32, limits: &ServiceLimits) -> u32 {
    let (cpu, memory) = (u64::from(limits.each.cpu), u64::from(limits.each.memory));
    let mut placed = 0;
    for room in rooms {
        let fit = |room: u64, each: u64| room.checked_div(each).unwrap_or(u64::MAX);
        let fits = fit(room.cpu, cpu).min(fit(room.memory, memory)).min(u64::from(room.pods));
        let taken = fits.min(u64::from(pods - placed));
        room.cpu -= taken * cpu;
        room.memory -= taken * memory;
        let taken = u32::try_from(taken).unwrap_or(u32::MAX);
        room.pods -= taken;
        placed += taken;
    }
    placed
}
