//! A policy that collects data to learn a model from: it moves every service's replicas for no reason of the load.
//!
//! Under a rule such as the HPA, replicas follow the load, and a model learned from its traces cannot tell what the
//! replicas did from what the load did. This policy breaks the tie as system identification does, by exciting the
//! inputs itself (Ljung, *System Identification*, 2nd ed., 1999, chapter 13). One of four modes is in force:
//!
//! | mode | drawn when it begins | then, at every decision |
//! |---|---|---|
//! | `hpa` | nothing | what the HPA at 50 % CPU would do |
//! | walk | nothing | every service on its own: with probability `walk_moves` a uniform step |
//! | probe | one service, one step | hold, so that the delayed effect of that one step is seen |
//! | excursion | one level for all, or one for each service | go there and stay |
//!
//! Levels are the minimum, ¼, ½ and ¾ of the topology's ceiling with all services equally busy, and nine tenths of the
//! way to the maximum. The first decision draws a mode; each later one draws anew with probability
//! `1 / mean_decisions`. Every decision keeps to the safe set: within `[min, max]`, changes of at most `alpha`.
//!
//! **Probability.** [`Exploration::last_probability`] is the probability of the joint decision for all services,
//! given the snapshot and the memory *before* the decision: the mode in force with its levels, and the memory of the
//! HPA (a rule, which sees every snapshot whatever the mode). Whether to draw, the mode, and all that the mode draws
//! are summed over. With `h` the probability of drawing (1 at the first decision) and `w` the weights of the modes,
//!
//! `P(d) = (1 − h) · P(d | the mode goes on) + h · Σ_m w_m · P(d | m begins)`,
//!
//! and since the walk's weight and `h` are positive, *every* decision of the safe set has a positive probability at
//! every time, as importance weights require (Precup, Sutton and Singh, *Eligibility Traces for Off-Policy Policy
//! Evaluation*, ICML 2000). A product over more than some 200 services can be too small for an `f64` and is then 0.
//!
//! Cost for each decision: that of the HPA, plus services × levels. Tiny example, with the defaults, at the first
//! decision for one service at 2 of `[1, 3]`, all of whose balanced levels are 1: a step to 3 has 0.4 · 0.4 / 2 = 0.08
//! from the walk, 0.2 / 2 = 0.1 from the probe, 0.2 / 5 = 0.04 from the excursion (one level of five leads there), and
//! 0.2 from the HPA if it would go there too.

mod config;
mod levels;
mod reach;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use karma_core::{
    Autoscaler, Decision, PerService, Replicas, ServiceId, Snapshot, StreamRng, Target, Topology,
};
use rand::RngExt as _;

pub use config::{ExplorationConfig, ExplorationError, ExplorationParams, ModeWeights};

use crate::bounds::Bounds;
use crate::desired::desired;
use crate::{HpaAutoscaler, HpaAutoscalerError, HpaAutoscalerParams};
use config::Mode;
use levels::{Levels, Trip};
use reach::Reach;

/// The policy; `explore` in tables.
#[derive(Clone, Debug)]
pub struct Exploration {
    config: ExplorationConfig,
    bounds: PerService<Bounds>,
    levels: Levels,
    hpa: HpaAutoscaler,
    course: Option<Course>,
    probability: Option<f64>,
}

/// What goes on until the next draw.
#[derive(Clone, Debug)]
enum Course {
    Hpa,
    Walk,
    /// After the one step, which is taken as the mode begins.
    Probe,
    Excursion(Trip),
}

/// What a decision rests on, apart from the memory.
struct Situation {
    reach: PerService<Reach>,
    /// What the HPA would do, within reach.
    hpa: PerService<Target>,
}

impl Exploration {
    /// An exploration of `topology`.
    ///
    /// # Errors
    /// If the topology's bounds are none for an HPA.
    pub fn new(topology: &Topology, config: ExplorationConfig) -> Result<Self, HpaAutoscalerError> {
        let hpa = HpaAutoscalerParams::cpu(config.params().hpa_percent);
        let bounds = Bounds::of(topology);
        Ok(Self {
            config,
            levels: Levels::of(topology, &bounds),
            bounds,
            hpa: HpaAutoscaler::new(topology, &hpa)?,
            course: None,
            probability: None,
        })
    }

    /// The probability with which exactly the last decision was taken, given its snapshot and the memory before it;
    /// `None` before the first.
    pub const fn last_probability(&self) -> Option<f64> {
        self.probability
    }

    fn look(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Situation {
        let alpha = self.config.params().alpha;
        let reach =
            |(id, bounds): (ServiceId, &Bounds)| Reach::new(desired(snapshot, id, *bounds), *bounds, alpha);
        let reach: PerService<Reach> = self.bounds.iter_enumerated().map(reach).collect();
        let wishes = self.hpa.decide(snapshot, rng).targets;
        let within = |(wish, reach): (&Target, &Reach)| Target {
            replicas: reach.toward(wish.replicas),
            reason: Cow::Owned(format!("hpa: {}", wish.reason)),
        };
        let hpa = wishes.iter().zip(&reach).map(within).collect();
        Situation { reach, hpa }
    }

    fn stays(&self) -> f64 {
        if self.course.is_some() { 1.0 - self.config.change() } else { 0.0 }
    }

    /// Draws a mode, and its first decision.
    fn begin(&self, now: &Situation, rng: &mut StreamRng) -> (Course, PerService<Target>) {
        let course = match self.config.draw(rng) {
            Mode::Probe => return (Course::Probe, probe(&now.reach, rng)),
            Mode::Hpa => Course::Hpa,
            Mode::Walk => Course::Walk,
            Mode::Excursion => Course::Excursion(self.levels.draw(rng)),
        };
        let targets = self.go_on(&course, now, rng);
        (course, targets)
    }

    fn go_on(&self, course: &Course, now: &Situation, rng: &mut StreamRng) -> PerService<Target> {
        match course {
            Course::Hpa => now.hpa.clone(),
            Course::Walk => now
                .reach
                .map(|reach| Target::new(reach.walk(self.config.params().walk_moves, rng), "random walk")),
            Course::Probe => now.reach.map(|reach| Target::new(reach.at, "held after a probe")),
            Course::Excursion(trip) => self.levels.approach(trip, &now.reach),
        }
    }

    /// The probability of `taken`, before any draw of this decision.
    fn probability(&self, now: &Situation, taken: &PerService<Replicas>) -> f64 {
        let begins = Mode::ALL.map(|mode| self.config.weight(mode) * self.if_begins(mode, now, taken));
        let goes_on = self.course.as_ref().map_or(0.0, |course| self.if_goes_on(course, now, taken));
        let sum = self.stays() * goes_on + (1.0 - self.stays()) * begins.iter().sum::<f64>();
        sum.min(1.0)
    }

    fn if_begins(&self, mode: Mode, now: &Situation, taken: &PerService<Replicas>) -> f64 {
        match mode {
            Mode::Hpa => self.if_goes_on(&Course::Hpa, now, taken),
            Mode::Walk => self.if_goes_on(&Course::Walk, now, taken),
            Mode::Probe => probe_probability(&now.reach, taken),
            Mode::Excursion => self.levels.probability(&now.reach, taken),
        }
    }

    fn if_goes_on(&self, course: &Course, now: &Situation, taken: &PerService<Replicas>) -> f64 {
        let certain = |is: bool| f64::from(u8::from(is));
        match course {
            Course::Hpa => {
                certain(now.hpa.iter().zip(taken).all(|(target, taken)| target.replicas == *taken))
            }
            Course::Walk => {
                let steps = now.reach.iter().zip(taken);
                steps
                    .map(|(reach, taken)| reach.walk_probability(self.config.params().walk_moves, *taken))
                    .product()
            }
            Course::Probe => certain(now.reach.iter().zip(taken).all(|(reach, taken)| reach.at == *taken)),
            Course::Excursion(trip) => certain(self.levels.leads_to(trip, &now.reach, taken)),
        }
    }
}

/// One step of one service, among those that can move; all others stay.
fn probe(reach: &PerService<Reach>, rng: &mut StreamRng) -> PerService<Target> {
    let mut targets = reach.map(|reach| Target::new(reach.at, "held beside a probe"));
    let movable: Vec<ServiceId> = reach.ids().filter(|id| reach[*id].steps() > 0).collect();
    if !movable.is_empty() {
        let service = movable[rng.random_range(0..movable.len())];
        let (from, replicas) = (reach[service].at, reach[service].step(rng));
        let change = i64::from(replicas.get()) - i64::from(from.get());
        targets[service] = Target { replicas, reason: Cow::Owned(format!("probe {change:+}")) };
    }
    targets
}

fn probe_probability(reach: &PerService<Reach>, taken: &PerService<Replicas>) -> f64 {
    let movable = reach.iter().filter(|reach| reach.steps() > 0).count();
    let mut moved = reach.iter().zip(taken).filter(|(reach, taken)| reach.at != **taken);
    match (moved.next(), moved.next()) {
        (Some((reach, taken)), None) if reach.allows(*taken) => {
            1.0 / (movable as f64 * f64::from(reach.steps()))
        }
        (None, _) if movable == 0 => 1.0,
        _ => 0.0,
    }
}

impl Autoscaler for Exploration {
    fn name(&self) -> &'static str {
        "explore"
    }

    fn reset(&mut self) {
        self.hpa.reset();
        self.course = None;
        self.probability = None;
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        let now = self.look(snapshot, rng);
        let stays = rng.random::<f64>() < self.stays();
        let (course, targets) = match &self.course {
            Some(course) if stays => (course.clone(), self.go_on(course, &now, rng)),
            _ => self.begin(&now, rng),
        };
        self.probability = Some(self.probability(&now, &targets.map(|target| target.replicas)));
        self.course = Some(course);
        Decision { targets }
    }
}
