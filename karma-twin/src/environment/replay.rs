//! A script under way with other decisions: what is asked for, what is replayed, and what it is worth.

use karma_core::{OperationalResilience, PerService, Replicas, Seconds, State};

use super::TwinSetup;
use super::dynamics::Dynamics;
use super::faults::Faults;
use super::script::Script;

/// A replay under way. Its numbers are at a place of a [`Dynamics`].
#[derive(Debug)]
pub(super) struct Replay {
    script: usize,
    step: usize,
    /// Whether every decision so far was the recorded one, and no fault struck: then what follows is the recording.
    pub(super) follows: bool,
    desired: PerService<Replicas>,
    faults: Faults,
    /// Pods that the last decision started or stopped.
    moved: u32,
}

impl Replay {
    /// Begins a script at a place of the batch, with the faults of `seed`.
    pub(super) fn begin(
        setup: &TwinSetup,
        (dynamics, place): (&mut Dynamics, usize),
        index: usize,
        seed: u64,
    ) -> Self {
        let script = &setup.scripts[index];
        let (layout, topology) = (setup.model.table.layout(), setup.model.table.topology());
        dynamics.begin(&setup.model, place, script);
        let sizes = (topology.services.len(), topology.entry_points.len());
        let faults = Faults::draw(&setup.faults, sizes, &script.span(), seed);
        let desired = &dynamics.row(place)[layout.controlled..layout.exogenous];
        let desired = desired.iter().map(|pods| replicas(*pods)).collect();
        Self { script: index, step: 0, follows: true, desired, faults, moved: 0 }
    }

    /// Whether the script is played to its end.
    pub(super) fn is_over(&self, setup: &TwinSetup) -> bool {
        self.step >= self.script(setup).steps()
    }

    /// What every Deployment asks for now.
    pub(super) const fn desired(&self) -> &PerService<Replicas> {
        &self.desired
    }

    fn script<'a>(&self, setup: &'a TwinSetup) -> &'a Script {
        &setup.scripts[self.script]
    }

    /// Carries out a decision: writes the replicas that every Deployment asks for from now on, `targets` kept within the
    /// topology's bounds, and the recorded load with its surges.
    pub(super) fn decide(
        &mut self,
        setup: &TwinSetup,
        targets: impl Iterator<Item = Replicas>,
        given: &mut [f32],
    ) {
        let (layout, script, next) = (setup.model.table.layout(), self.script(setup), self.step + 1);
        let (controls, rates) = given.split_at_mut(layout.exogenous - layout.controlled);
        self.moved = 0;
        let services = &setup.model.table.topology().services;
        for ((before, service), target) in self.desired.iter_mut().zip(services).zip(targets) {
            let after = target.moved(0, service.min_replicas, service.max_replicas);
            self.moved += after.0.abs_diff(before.0);
            *before = after;
        }
        controls.iter_mut().zip(&self.desired).for_each(|(control, desired)| *control = desired.0 as f32);
        let recorded = script.row(next);
        for (entry, (rate, recorded)) in rates.iter_mut().zip(&recorded[layout.exogenous..]).enumerate() {
            // Rates are kept as their square roots.
            *rate = recorded * self.faults.surge(entry, script.time(next)).sqrt();
        }
        self.follows &= *controls == recorded[layout.controlled..layout.exogenous]
            && !self.faults.have_begun(script.time(next));
    }

    /// The services that stall during the step that is decided, with the share of capacity that is left.
    pub(super) fn stalls(&self, setup: &TwinSetup) -> impl Iterator<Item = (usize, f32)> {
        let script = self.script(setup);
        self.faults.stalls(script.time(self.step)..script.time(self.step + 1))
    }

    /// Goes on to the next row, once it is forecast, and gives the defenders' reward for the period.
    pub(super) fn advance(&mut self, setup: &TwinSetup, (dynamics, place): (&mut Dynamics, usize)) -> f32 {
        let (model, script) = (&setup.model, self.script(setup));
        self.step += 1;
        if self.follows {
            dynamics.follow(place, script, self.step);
        } else {
            dynamics.settle(model, place, (script, self.step), &mut self.faults);
        }
        dynamics.push(model, place);
        self.reward(setup, dynamics.known(model, place))
    }

    /// The defenders' reward for the period that ends in a row of known values: a term that was not measured counts as
    /// it was last.
    #[expect(clippy::expect_used, reason = "a script begins where every term is known")]
    #[expect(clippy::cast_possible_truncation, reason = "rewards are single precision")]
    fn reward(&self, setup: &TwinSetup, known: &[f32]) -> f32 {
        let terms: OperationalResilience = setup.model.table.terms(known).expect("every term is known");
        let topology = setup.team.topology();
        let requested = self.desired.iter().zip(&topology.services);
        let requested: f64 = requested.map(|(pods, service)| f64::from(pods.0) * service.cpu.cores()).sum();
        let deployed = requested / topology.full_scale_out_cores();
        let most_moved = topology.services.len() as f64 * f64::from(setup.team.alpha().max(1));
        let churn = (f64::from(self.moved) / most_moved).min(1.0);
        setup.reward.defender(&terms, deployed as f32, churn as f32)
    }

    /// The state that a row says, less the samples that are lost.
    pub(super) fn state(&self, setup: &TwinSetup, row: &[f32]) -> State {
        let script = self.script(setup);
        let time = script.time(self.step);
        let mut state = setup.model.table.state_of(row, Seconds(time), script.age(self.step));
        self.faults.lose(time, &mut state);
        state
    }

    /// Seconds between two decisions: the first two rows of the script.
    pub(super) fn period(&self, setup: &TwinSetup) -> Seconds {
        let script = self.script(setup);
        Seconds(script.time(1) - script.time(0))
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of pods, as a sample")]
fn replicas(pods: f32) -> Replicas {
    Replicas(pods.round() as u32)
}
