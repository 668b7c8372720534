//! The seam of a safety shield: what a team may do, and the last word on what is done.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{
    ActionMask, ActionSpace, Autoscaler, Conduct, Decision, DefenderAction, PerService, Replicas, Snapshot,
    State, StreamRng,
};

/// Stands between whoever decides and a cluster, in training, in evaluation and live.
///
/// It remembers what it let pass, so one is needed for each episode, and every decision of the episode goes through
/// [`Safeguard::review`] once, in order.
pub trait Safeguard: Send + Sync {
    /// Forgets the past: an episode begins.
    fn reset(&mut self);

    /// Its action guide: for each service the replicas that one agent may ask for now. The replicas that are there are
    /// always among them, so that doing nothing is never masked. Changes no memory.
    fn admit(&self, state: &State) -> PerService<RangeInclusive<Replicas>>;

    /// What is to be carried out instead of `decision`, with a reason for each target; and what that took.
    fn review(&mut self, state: &State, decision: Decision) -> Reviewed;

    /// A copy that remembers the same and goes on by itself: what it would do about another decision can be asked of it.
    fn fork(&self) -> Box<dyn Safeguard>;
}

/// A decision that may be carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reviewed {
    /// The targets; where one was changed its reason says by what.
    pub decision: Decision,
    /// The properties that changed it, one entry for each service and property; empty if it passed unchanged.
    pub changed_by: Vec<&'static str>,
}

/// How often a safeguard changed what was decided.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interventions {
    /// Decisions reviewed.
    pub decisions: u64,
    /// Those of them of which any target was changed.
    pub changed: u64,
    /// Targets changed, by the property that did it; a target may count for several.
    pub by_property: BTreeMap<String, u64>,
}

impl Interventions {
    /// Counts one review.
    pub fn count(&mut self, reviewed: &Reviewed) {
        self.decisions += 1;
        self.changed += u64::from(!reviewed.changed_by.is_empty());
        for property in &reviewed.changed_by {
            match self.by_property.get_mut(*property) {
                Some(count) => *count += 1,
                None => drop(self.by_property.insert((*property).to_owned(), 1)),
            }
        }
    }

    /// Share of the decisions that were changed; `None` without decisions.
    pub fn rate(&self) -> Option<f64> {
        (self.decisions > 0).then(|| self.changed as f64 / self.decisions as f64)
    }
}

impl std::ops::AddAssign<&Self> for Interventions {
    fn add_assign(&mut self, other: &Self) {
        self.decisions += other.decisions;
        self.changed += other.changed;
        for (property, count) in &other.by_property {
            *self.by_property.entry(property.clone()).or_default() += count;
        }
    }
}

/// Makes safeguards anew, for each environment or episode.
#[derive(Clone)]
pub struct SafeguardFactory(Arc<dyn Fn() -> Box<dyn Safeguard> + Send + Sync>);

impl SafeguardFactory {
    /// A factory that asks `make`.
    pub fn new(make: impl Fn() -> Box<dyn Safeguard> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// A safeguard that remembers nothing yet.
    pub fn make(&self) -> Box<dyn Safeguard> {
        (self.0)()
    }
}

impl fmt::Debug for SafeguardFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SafeguardFactory").finish_non_exhaustive()
    }
}

/// The safeguard of the episode under way, and how often it intervened.
pub struct RunningSafeguard {
    safeguard: Box<dyn Safeguard>,
    interventions: Interventions,
    corrected: Option<bool>,
}

impl RunningSafeguard {
    /// A safeguard of `factory` at the beginning of an episode.
    pub fn begin(factory: &SafeguardFactory) -> Self {
        let mut safeguard = factory.make();
        safeguard.reset();
        Self { safeguard, interventions: Interventions::default(), corrected: None }
    }

    /// Of the legal moves of a defender those that it admits in `state`. A change of 0 is always admitted.
    pub fn restrict(&self, legal: &ActionMask, space: ActionSpace, state: &State) -> ActionMask {
        let (admitted, desired) = (self.safeguard.admit(state), state.desired());
        ActionMask::from_fn(space, |action| {
            legal.allows(action)
                && space.defender(action).is_none_or(|DefenderAction { service, replica_change }| {
                    let target = i64::from(desired[service].0) + i64::from(replica_change);
                    let (low, high) = (admitted[service].start().0, admitted[service].end().0);
                    replica_change == 0 || (i64::from(low)..=i64::from(high)).contains(&target)
                })
        })
    }

    /// What may be carried out of a decision.
    pub fn review(&mut self, state: &State, decision: Decision) -> Decision {
        let reviewed = self.safeguard.review(state, decision);
        self.interventions.count(&reviewed);
        self.corrected = Some(!reviewed.changed_by.is_empty());
        reviewed.decision
    }

    /// Whether the last decision was changed; `None` before the first.
    pub const fn corrected(&self) -> Option<bool> {
        self.corrected
    }

    /// How often it intervened so far.
    pub const fn interventions(&self) -> &Interventions {
        &self.interventions
    }
}

impl Clone for RunningSafeguard {
    fn clone(&self) -> Self {
        let Self { safeguard, interventions, corrected } = self;
        Self { safeguard: safeguard.fork(), interventions: interventions.clone(), corrected: *corrected }
    }
}

impl fmt::Debug for RunningSafeguard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunningSafeguard").field("interventions", &self.interventions).finish_non_exhaustive()
    }
}

/// An autoscaler whose every decision is reviewed.
#[derive(Debug)]
pub struct Safeguarded<A> {
    scaler: A,
    factory: SafeguardFactory,
    running: RunningSafeguard,
}

impl<A: Autoscaler> Safeguarded<A> {
    /// `scaler` behind a safeguard of `factory`.
    pub fn new(scaler: A, factory: SafeguardFactory) -> Self {
        let running = RunningSafeguard::begin(&factory);
        Self { scaler, factory, running }
    }
}

/// Behind the seam it is the same autoscaler, under the same name.
impl<A: Autoscaler> Autoscaler for Safeguarded<A> {
    fn name(&self) -> &str {
        self.scaler.name()
    }

    fn reset(&mut self) {
        self.scaler.reset();
        self.running = RunningSafeguard::begin(&self.factory);
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        let decision = self.scaler.decide(snapshot, rng);
        self.running.review(&State::from(snapshot), decision)
    }

    fn conduct(&self) -> Option<Conduct> {
        self.scaler.conduct()
    }

    fn interventions(&self) -> Option<Interventions> {
        Some(self.running.interventions().clone())
    }
}

impl<T: Autoscaler + ?Sized> Autoscaler for Box<T> {
    fn name(&self) -> &str {
        (**self).name()
    }

    fn reset(&mut self) {
        (**self).reset();
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        (**self).decide(snapshot, rng)
    }

    fn conduct(&self) -> Option<Conduct> {
        (**self).conduct()
    }

    fn interventions(&self) -> Option<Interventions> {
        (**self).interventions()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Ceiling;
    use crate::{Id as _, Metric, MetricRow, PerEntryPoint, Seconds, ServiceSnapshot, Target};

    fn factory() -> SafeguardFactory {
        Ceiling::factory(2)
    }

    /// Asks for five replicas of service 0 and one of service 1.
    struct Greedy;

    impl Autoscaler for Greedy {
        fn name(&self) -> &'static str {
            "greedy"
        }

        fn reset(&mut self) {}

        fn decide(&mut self, snapshot: &Snapshot, _rng: &mut StreamRng) -> Decision {
            let ask = |(service, _): (crate::ServiceId, &ServiceSnapshot)| {
                Target::new(Replicas(if service.index() == 0 { 5 } else { 1 }), "more")
            };
            Decision { targets: snapshot.services.iter_enumerated().map(ask).collect() }
        }
    }

    fn snapshot() -> Snapshot {
        let service = ServiceSnapshot { desired: Replicas(1), ..ServiceSnapshot::default() };
        Snapshot {
            time: Seconds(0.0),
            scraped_at: None,
            services: vec![service.clone(), service].into(),
            entry_points: PerEntryPoint::default(),
            nodes: Vec::new(),
            resilience: None,
        }
    }

    #[test]
    fn every_decision_is_reviewed_and_interventions_are_counted() {
        let mut scaler = Safeguarded::new(Greedy, factory());
        let mut rng = crate::SeedTree::new(1).rng();
        for review in ["at most 2, decision 1", "at most 2, decision 2"] {
            let decision = scaler.decide(&snapshot(), &mut rng);
            let [first, second] = decision.targets.as_slice() else { panic!("two services") };
            assert_eq!((first.replicas, &*first.reason), (Replicas(2), review));
            assert_eq!((second.replicas, &*second.reason), (Replicas(1), "more"));
        }
        let counted = scaler.interventions().unwrap();
        assert_eq!((counted.decisions, counted.changed, counted.rate()), (2, 2, Some(1.0)));
        assert_eq!(counted.by_property["ceiling"], 2);
        scaler.reset();
        assert_eq!(scaler.interventions(), Some(Interventions::default()));
        let again = scaler.decide(&snapshot(), &mut rng);
        assert_eq!(again.targets.as_slice()[0].reason, "at most 2, decision 1", "the safeguard forgot too");
    }

    #[test]
    fn moves_that_are_not_admitted_are_masked_and_holding_never_is() {
        let running = RunningSafeguard::begin(&factory());
        let space = ActionSpace::Defender { services: 2, alpha: 2 };
        let row = |replicas: f32| {
            let mut row = MetricRow::default();
            row.set(Metric::DesiredReplicas, replicas);
            row
        };
        let mut state = State::from(&snapshot());
        state.services = vec![row(1.0), row(7.0)].into();
        let legal = ActionMask::from_fn(space, |action| action.0 != 0);
        let changes: Vec<_> = running
            .restrict(&legal, space, &state)
            .legal()
            .filter_map(|action| space.defender(action))
            .map(|action| (action.service.index(), action.replica_change))
            .collect();
        assert_eq!(changes, [(0, -1), (0, 0), (0, 1), (1, -2), (1, -1), (1, 0)]);
    }

    #[test]
    fn the_toy_safeguard_keeps_the_promises_of_its_seam() {
        let states = vec![State::from(&snapshot()); 3];
        crate::testing::safeguard(|| Box::new(Ceiling::new(2)), &states);
    }
}
