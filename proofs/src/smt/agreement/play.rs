//! One game: a few decisions of kernel and model side by side.

use karma_shield::{Cleared, Cluster, Decision, Limits, Memory, Source, admitted, decide};

use super::draw::Draw;
use super::model::{Model, Said};
use super::past::{Done, Past};
use super::seen::{NAMES, Seen, numbers, values};
use super::{DECISIONS, Disagreement, unusable};
use crate::smt::machine::Uncomputed;
use crate::smt::program::Program;

/// Plays a game of so many services, with what a job of a seed draws.
///
/// # Errors
/// The first difference.
pub(super) fn game(
    program: &Program,
    (seed, job): (u64, u64),
    services: usize,
) -> Result<(), Box<Disagreement>> {
    let mut draw = Draw::new(seed, job, services);
    let limits = draw.limits(services);
    let model = Model::new(program, services).map_err(|error| unusable(&error))?;
    let mut game = Game::new(&limits, model, draw);
    (0..DECISIONS).try_for_each(|_| game.step(job))
}

/// Kernel and model with what happened to both.
struct Game<'a> {
    limits: &'a Limits,
    model: Model<'a>,
    draw: Draw,
    memory: Memory,
    decision: Decision,
    pasts: Vec<Past>,
    /// What the outside clock said last, and the time that has passed.
    clock: Option<(u64, u64)>,
    /// What the outside clock says.
    outside: u64,
    /// What the Deployments were asked for last.
    replicas: Vec<u32>,
}

/// What differs, what the kernel says of it and what the model.
type Difference = (String, String, String);

impl<'a> Game<'a> {
    fn new(limits: &'a Limits, model: Model<'a>, mut draw: Draw) -> Self {
        let services = limits.services();
        let outside = draw.upto(1000);
        let replicas: Vec<u32> = services.iter().map(|held| draw.state(held, held.share).replicas).collect();
        let cautious = draw.once_in(4);
        let memory =
            if cautious { Memory::cautious(&replicas, outside) } else { Memory::new(services.len()) };
        let past = |replicas: &u32| if cautious { Past::cautious(*replicas) } else { Past::default() };
        let pasts = replicas.iter().map(past).collect();
        let clock = cautious.then_some((outside, 0));
        Self { limits, model, draw, memory, decision: Decision::default(), pasts, clock, outside, replicas }
    }

    /// One decision of both.
    fn step(&mut self, job: u64) -> Result<(), Box<Disagreement>> {
        let limits = self.limits;
        self.outside = self.draw.time(self.outside, limits);
        let scene = self.draw.scene(limits, &self.replicas);
        let cluster = scene.cluster(self.outside);
        let mut masks = Vec::new();
        admitted(limits, &self.memory, &cluster, &mut masks)
            .and_then(|()| decide(limits, &mut self.memory, &cluster, &scene.proposals, &mut self.decision))
            .map_err(|error| unusable(&error))?;
        self.replicas = self.decision.cleared().iter().map(Cleared::replicas).collect();
        let masks = masks.iter().map(|mask| mask.as_ref().map(|mask| (*mask.start(), *mask.end())));
        let answers: Vec<_> = self.decision.cleared().iter().copied().zip(masks).collect();

        let now = self.time().map_err(|error| unusable(&error))?;
        let views = limits.services().iter().zip(&self.pasts).zip(scene.states.iter().zip(&scene.proposals));
        let seen: Vec<Seen<'_>> = views
            .map(|((limits, past), (state, proposal))| {
                let remembered = past.remembered(limits, now);
                Seen { limits, remembered, state, cluster: &cluster, proposal: *proposal }
            })
            .collect();
        let stuck = |error: Uncomputed| Some(("the model".into(), "a number".into(), error.to_string()));
        let difference = self.difference(&seen, &cluster, &answers).unwrap_or_else(stuck);
        if let Some((what, kernel, model)) = difference {
            return Err(Box::new(Disagreement { job, what, kernel, model, inputs: inputs(limits, &seen) }));
        }
        for (past, (cleared, _)) in self.pasts.iter_mut().zip(&answers) {
            past.keep(
                done(&mut self.model, cleared, past.direction(), now).map_err(|error| unusable(&error))?,
            );
        }
        Ok(())
    }

    /// Time that has passed, by the model.
    fn time(&mut self) -> Result<u64, Uncomputed> {
        let (before, elapsed) = self.clock.unwrap_or((0, 0));
        let started = i128::from(self.clock.is_some());
        let ticks = [started, i128::from(before), i128::from(elapsed), i128::from(self.outside)];
        let now = self.model.call(self.model.symbols.clock_at, &ticks)?;
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        self.clock = Some((self.outside, now));
        Ok(now)
    }

    /// The first difference between the kernel's answers and the model's, or between them and what is proved.
    fn difference(
        &mut self,
        seen: &[Seen<'_>],
        cluster: &Cluster<'_>,
        answers: &[(Cleared, Option<(u32, u32)>)],
    ) -> Result<Option<Difference>, Uncomputed> {
        for (service, seen) in seen.iter().enumerate() {
            self.model.see(service, seen);
        }
        let said = self.model.decide(self.limits, cluster)?;
        for (service, ((cleared, mask), said)) in answers.iter().zip(&said).enumerate() {
            let found = match compare(&of_kernel(cleared, *mask), said) {
                None => self.broken(service, cleared)?,
                found => found,
            };
            if let Some((what, kernel, model)) = found {
                return Ok(Some((format!("{what} of service {service}"), kernel, model)));
            }
        }
        Ok(None)
    }

    /// What the proofs assume or claim and does not hold of the kernel's answer.
    fn broken(&mut self, service: usize, cleared: &Cleared) -> Result<Option<Difference>, Uncomputed> {
        let names = self.model.symbols;
        for (name, symbol) in
            [("`checked`", names.checked), ("`remembered`", names.remembered), ("`given`", names.given)]
        {
            if self.model.of(service, symbol)? != 1 {
                return Ok(Some((name.into(), "that it holds".into(), "that it does not".into())));
            }
        }
        let (unforced, action) = (cleared.unforced(), cleared.replicas());
        for (name, symbol, value) in [
            ("P1", names.p1, action),
            ("P2", names.p2, unforced),
            ("P3", names.p3, unforced),
            ("P5", names.p5, unforced),
            ("P9", names.p9, unforced),
            ("P10", names.p10, unforced),
            ("P11", names.p11, action),
        ] {
            if self.model.with(service, symbol, i128::from(value))? != 1 {
                return Ok(Some((name.into(), value.to_string(), "that this breaks it".into())));
            }
        }
        Ok(None)
    }
}

/// What the past must keep of a decision.
fn done(model: &mut Model<'_>, cleared: &Cleared, direction: i128, now: u64) -> Result<Done, Uncomputed> {
    let (before, after) = (cleared.before(), cleared.replicas());
    let turned = model.call(model.symbols.deed, &[before, after, cleared.unforced()].map(i128::from))?;
    let reversal = model.call(model.symbols.is_reversal, &[direction, turned])? == 1;
    let wish = (!matches!(cleared.reason().source(), Source::Hold(_))).then_some(cleared.wish());
    Ok(Done { now, wish, before, after, direction: turned, reversal })
}

fn of_kernel(cleared: &Cleared, mask: Option<(u32, u32)>) -> Said {
    let (source, cause) = numbers(cleared.reason().source());
    Said {
        source,
        cause,
        wish: i128::from(cleared.wish()),
        unforced: i128::from(cleared.unforced()),
        action: i128::from(cleared.replicas()),
        admitted: mask.map(|(lowest, highest)| (i128::from(lowest), i128::from(highest))),
    }
}

fn compare(kernel: &Said, model: &Said) -> Option<Difference> {
    let parts = |said: &Said| {
        let Said { source, cause, wish, unforced, action, admitted } = *said;
        [
            ("the source", Some((source, cause))),
            ("the wish", Some((wish, wish))),
            ("the unforced outcome", Some((unforced, unforced))),
            ("the action", Some((action, action))),
            ("the mask", admitted),
        ]
    };
    let both = parts(kernel).into_iter().zip(parts(model));
    let text = |part: Option<(i128, i128)>| match part {
        None => "none".to_owned(),
        Some((a, b)) if a == b => a.to_string(),
        Some((a, b)) => format!("{a} and {b}"),
    };
    let mut differing = both.filter(|((_, kernel), (_, model))| kernel != model);
    differing.next().map(|((name, kernel), (_, model))| (name.to_owned(), text(kernel), text(model)))
}

/// All that went in: what each service sees by the names of the model, then what they share.
fn inputs(limits: &Limits, seen: &[Seen<'_>]) -> String {
    let own = |(service, seen): (usize, &Seen<'_>)| {
        let named = NAMES.iter().zip(values(seen)).map(|(name, value)| format!("{name}={value}"));
        format!("service {service}: {}", named.collect::<Vec<_>>().join(" "))
    };
    let all: Vec<_> = seen.iter().enumerate().map(own).collect();
    format!("{}\n{limits:#?}\n{:#?}\n", all.join("\n"), seen.first().map(|seen| seen.cluster))
}
