//! One game: a few decisions of kernel and model side by side.

use karma_shield::{
    Cleared, Cluster, Decision, Limits, Memory, Pause, Reading, ServiceState, Source, admitted, decide,
};

use super::draw::Draw;
use super::model::{Model, Said};
use super::past::{Done, Past};
use super::seen::{NAMES, Seen, numbers, values};
use super::{DECISIONS, Disagreement, unusable};
use crate::smt::machine::Uncomputed;
use crate::smt::program::Program;

type Outcome<T> = Result<T, Box<Disagreement>>;

/// Plays a game of so many services, with what a job of a seed draws.
///
/// # Errors
/// The first difference.
pub(super) fn game(program: &Program, (seed, job): (u64, u64), services: usize) -> Outcome<()> {
    let mut game = Game::new(program, (seed, job), services)?;
    (0..DECISIONS).try_for_each(|_| game.step())
}

/// Kernel and model with what happened to both.
struct Game<'a> {
    job: u64,
    draw: Draw,
    limits: Limits,
    model: Model<'a>,
    memory: Memory,
    pasts: Vec<Past>,
    /// What the outside clock said last, and the time that has passed.
    clock: Option<(u64, u64)>,
    outside: u64,
    decision: Decision,
    /// What the Deployments were asked for last.
    replicas: Vec<u32>,
}

impl<'a> Game<'a> {
    fn new(program: &'a Program, (seed, job): (u64, u64), services: usize) -> Outcome<Self> {
        let mut draw = Draw::new(seed, job, services);
        let limits = draw.limits(services);
        let model =
            Model::new(program, services).map_err(|name| unusable(&format!("`{name}` is not defined")))?;
        let outside = draw.upto(1000);
        let replicas: Vec<u32> =
            limits.services().iter().map(|limits| draw.state(limits, limits.share).replicas).collect();
        let (mut memory, mut pasts, mut clock) =
            (Memory::new(services), vec![Past::default(); services], None);
        if draw.once_in(4) {
            memory = Memory::cautious(&replicas, outside);
            pasts = replicas.iter().map(|replicas| Past::cautious(*replicas)).collect();
            clock = Some((outside, 0));
        }
        let decision = Decision::default();
        Ok(Self { job, draw, limits, model, memory, pasts, clock, outside, decision, replicas })
    }

    /// One decision of both.
    fn step(&mut self) -> Outcome<()> {
        self.outside = self.draw.time(self.outside, &self.limits);
        let Self { draw, limits, replicas, .. } = self;
        let states: Vec<ServiceState> = limits
            .services()
            .iter()
            .zip(replicas.iter())
            .map(|(held, before)| draw.state(held, *before))
            .collect();
        let proposals: Vec<Reading> = limits
            .services()
            .iter()
            .zip(&states)
            .map(|(held, state)| draw.proposal(held, state.replicas))
            .collect();
        let nodes = draw.nodes();
        let (trusted, pause) =
            (!draw.once_in(12), if draw.once_in(6) { draw.pause() } else { Pause::default() });
        let cluster =
            Cluster { now_ms: self.outside, services: &states, nodes: nodes.as_deref(), trusted, pause };
        let mut masks = Vec::new();
        let masked = admitted(&self.limits, &self.memory, &cluster, &mut masks);
        let decided = decide(&self.limits, &mut self.memory, &cluster, &proposals, &mut self.decision);
        masked.and(decided).map_err(|error| unusable(&error.to_string()))?;
        self.replicas = self.decision.cleared().iter().map(Cleared::replicas).collect();

        let now = self.time(self.outside).map_err(|error| unusable(&error.to_string()))?;
        let limits = self.limits.clone();
        let views = limits.services().iter().zip(&self.pasts).zip(states.iter().zip(&proposals));
        let seen: Vec<Seen<'_>> = views
            .map(|((limits, past), (state, proposal))| {
                let remembered = past.remembered(limits, now);
                Seen { limits, remembered, state, cluster: &cluster, proposal: *proposal }
            })
            .collect();
        for (service, seen) in seen.iter().enumerate() {
            self.model.see(service, seen);
        }
        let said = self.model.decide(&limits, &cluster).map_err(|error| unusable(&error.to_string()))?;
        let cleared = self.decision.cleared().to_vec();
        for (service, (cleared, mask)) in cleared.iter().zip(masks).enumerate() {
            let kernel =
                of_kernel(cleared, mask.map(|mask| (i128::from(*mask.start()), i128::from(*mask.end()))));
            let differs = compare(&kernel, &said[service])
                .map_or_else(|| self.broken(service, cleared), |difference| Ok(Some(difference)));
            match differs {
                Ok(None) => self.keep(service, cleared, now).map_err(|error| unusable(&error.to_string()))?,
                Ok(Some((what, kernel, model))) => {
                    return Err(Box::new(Disagreement {
                        job: self.job,
                        what: format!("{what} of service {service}"),
                        kernel,
                        model,
                        inputs: inputs(&limits, &seen, service),
                    }));
                }
                Err(error) => return Err(unusable(&error.to_string())),
            }
        }
        Ok(())
    }

    /// Time that has passed, by the model.
    fn time(&mut self, outside: u64) -> Result<u64, Uncomputed> {
        let (before, elapsed) = self.clock.unwrap_or((0, 0));
        let started = i128::from(self.clock.is_some());
        let ticks = [started, i128::from(before), i128::from(elapsed), i128::from(outside)];
        let now = self.model.call(self.model.symbols.clock_at, &ticks)?;
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        self.clock = Some((outside, now));
        Ok(now)
    }

    /// What the proofs assume or claim and does not hold of the kernel's answer.
    fn broken(&mut self, service: usize, cleared: &Cleared) -> Result<Option<Difference>, Uncomputed> {
        let names = self.model.symbols;
        for (name, symbol) in
            [("checked", names.checked), ("remembered", names.remembered), ("given", names.given)]
        {
            if self.model.of(service, symbol)? != 1 {
                return Ok(Some((name, "that it is so".into(), "that it is not".into())));
            }
        }
        let (unforced, action) = (i128::from(cleared.unforced()), i128::from(cleared.replicas()));
        for (name, symbol, value) in [
            ("P1", names.p1, action),
            ("P2", names.p2, unforced),
            ("P3", names.p3, unforced),
            ("P5", names.p5, unforced),
            ("P9", names.p9, unforced),
            ("P10", names.p10, unforced),
            ("P11", names.p11, action),
        ] {
            if self.model.with(service, symbol, value)? != 1 {
                return Ok(Some((name, value.to_string(), "that it is broken".into())));
            }
        }
        Ok(None)
    }

    fn keep(&mut self, service: usize, cleared: &Cleared, now: u64) -> Result<(), Uncomputed> {
        let names = self.model.symbols;
        let deed = [cleared.before(), cleared.replicas(), cleared.unforced()].map(i128::from);
        let direction = self.model.call(names.deed, &deed)?;
        let turn = [self.pasts[service].direction(), direction];
        let reversal = self.model.call(names.is_reversal, &turn)? == 1;
        let wish = (!matches!(cleared.reason().source(), Source::Hold(_))).then_some(cleared.wish());
        let (before, after) = (cleared.before(), cleared.replicas());
        self.pasts[service].keep(Done { now, wish, before, after, direction, reversal });
        Ok(())
    }
}

fn of_kernel(cleared: &Cleared, admitted: Option<(i128, i128)>) -> Said {
    let (source, cause) = numbers(cleared.reason().source());
    Said {
        source,
        cause,
        wish: i128::from(cleared.wish()),
        unforced: i128::from(cleared.unforced()),
        action: i128::from(cleared.replicas()),
        admitted,
    }
}

/// What differs, what the kernel says of it and what the model.
type Difference = (&'static str, String, String);

fn compare(kernel: &Said, model: &Said) -> Option<Difference> {
    let parts = |said: &Said| [said.source, said.cause, said.wish, said.unforced, said.action];
    let names = ["the source", "the cause", "the wish", "the unforced outcome", "the action"];
    let numbers = parts(kernel).into_iter().zip(parts(model)).zip(names);
    let differing = numbers.filter(|((kernel, model), _)| kernel != model);
    let mut differing =
        differing.map(|((kernel, model), name)| (name, kernel.to_string(), model.to_string()));
    let mask = || ("the mask", format!("{:?}", kernel.admitted), format!("{:?}", model.admitted));
    differing.next().or_else(|| (kernel.admitted != model.admitted).then(mask))
}

/// All that went in: the service's own view by name, and what it shares with the others.
fn inputs(limits: &Limits, seen: &[Seen<'_>], service: usize) -> String {
    let own = NAMES.iter().zip(values(&seen[service])).map(|(name, value)| format!("  {name} = {value}\n"));
    let own: String = own.collect();
    let all: Vec<_> = seen.iter().map(|seen| (seen.remembered, seen.proposal)).collect();
    let cluster = seen.first().map(|seen| seen.cluster);
    format!("{own}{limits:#?}\n{cluster:#?}\nremembered and proposed: {all:#?}\n")
}
