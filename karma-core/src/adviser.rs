//! The seam of advisers: between who decides and who reviews.

use std::fmt;
use std::sync::Arc;

use crate::safeguard::{Interventions, RunningSafeguard, SafeguardFactory};
use crate::seams::Autoscaler;
use crate::snapshot::{Decision, Snapshot};
use crate::{Conduct, State, StreamRng};

/// One who improves what an autoscaler asks for before a safeguard reviews it.
///
/// It is told what stands behind it, so that it can see what would become of its advice.
pub trait Adviser: Send + Sync {
    /// What should be asked for instead of `asked`; the same if it knows nothing better.
    fn advise(
        &mut self,
        snapshot: &Snapshot,
        asked: Decision,
        safeguard: Option<&RunningSafeguard>,
        rng: &mut StreamRng,
    ) -> Decision;
}

/// Makes advisers anew, for each episode.
#[derive(Clone)]
pub struct AdviserFactory(Arc<dyn Fn() -> Box<dyn Adviser> + Send + Sync>);

impl AdviserFactory {
    /// A factory that asks `make`.
    pub fn new(make: impl Fn() -> Box<dyn Adviser> + Send + Sync + 'static) -> Self {
        Self(Arc::new(make))
    }

    /// An adviser that remembers nothing yet.
    pub fn make(&self) -> Box<dyn Adviser> {
        (self.0)()
    }
}

impl fmt::Debug for AdviserFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AdviserFactory").finish_non_exhaustive()
    }
}

/// An autoscaler with an adviser behind it, and behind that a safeguard, if there is one.
pub struct Advised<A> {
    scaler: A,
    advisers: AdviserFactory,
    adviser: Box<dyn Adviser>,
    safeguards: Option<SafeguardFactory>,
    running: Option<RunningSafeguard>,
}

impl<A: Autoscaler> Advised<A> {
    /// `scaler`, advised, and reviewed where there are safeguards.
    pub fn new(scaler: A, advisers: AdviserFactory, safeguards: Option<SafeguardFactory>) -> Self {
        let (adviser, running) = (advisers.make(), safeguards.as_ref().map(RunningSafeguard::begin));
        Self { scaler, advisers, adviser, safeguards, running }
    }
}

impl<A: fmt::Debug> fmt::Debug for Advised<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Advised").field("scaler", &self.scaler).finish_non_exhaustive()
    }
}

/// Behind the seam it is the same autoscaler, under the same name.
impl<A: Autoscaler> Autoscaler for Advised<A> {
    fn name(&self) -> &str {
        self.scaler.name()
    }

    fn reset(&mut self) {
        self.scaler.reset();
        self.adviser = self.advisers.make();
        self.running = self.safeguards.as_ref().map(RunningSafeguard::begin);
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        let asked = self.scaler.decide(snapshot, rng);
        let advised = self.adviser.advise(snapshot, asked, self.running.as_ref(), rng);
        match &mut self.running {
            Some(running) => running.review(&State::from(snapshot), advised),
            None => advised,
        }
    }

    fn conduct(&self) -> Option<Conduct> {
        self.scaler.conduct()
    }

    fn interventions(&self) -> Option<Interventions> {
        self.running.as_ref().map(|running| running.interventions().clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Ceiling;
    use crate::{PerEntryPoint, Replicas, Seconds, SeedTree, ServiceSnapshot, Target};

    /// Asks for one replica.
    #[derive(Clone, Debug)]
    struct Modest;

    impl Autoscaler for Modest {
        fn name(&self) -> &'static str {
            "modest"
        }

        fn reset(&mut self) {}

        fn decide(&mut self, _snapshot: &Snapshot, _rng: &mut StreamRng) -> Decision {
            Decision { targets: vec![Target::new(Replicas(1), "enough")].into() }
        }
    }

    /// Asks for so many more at each decision, and counts whether somebody stands behind it.
    struct More(u32);

    impl Adviser for More {
        fn advise(
            &mut self,
            _snapshot: &Snapshot,
            mut asked: Decision,
            safeguard: Option<&RunningSafeguard>,
            _rng: &mut StreamRng,
        ) -> Decision {
            self.0 += 1;
            let more = if safeguard.is_some() { 10 } else { 0 };
            asked.targets.iter_mut().for_each(|target| target.replicas.0 += self.0 + more);
            asked
        }
    }

    fn replicas(scaler: &mut Advised<Modest>) -> u32 {
        let snapshot = Snapshot {
            time: Seconds(15.0),
            scraped_at: None,
            services: vec![ServiceSnapshot { desired: Replicas(1), ..ServiceSnapshot::default() }].into(),
            entry_points: PerEntryPoint::default(),
            nodes: Vec::new(),
            resilience: None,
        };
        let decision = scaler.decide(&snapshot, &mut SeedTree::new(1).rng());
        decision.targets.iter().map(|target| target.replicas.0).sum()
    }

    #[test]
    fn advice_comes_before_the_review_and_begins_anew_with_an_episode() {
        let factory = || AdviserFactory::new(|| Box::new(More(0)));
        let mut free = Advised::new(Modest, factory(), None);
        assert_eq!([2, 3], [0; 2].map(|_| replicas(&mut free)));
        free.reset();
        assert_eq!((replicas(&mut free), free.name(), free.interventions()), (2, "modest", None));

        let mut guarded = Advised::new(Modest, factory(), Some(Ceiling::factory(2)));
        assert_eq!(replicas(&mut guarded), 2, "12 are too many for the ceiling");
        assert_eq!(guarded.interventions().map(|interventions| interventions.changed), Some(1));
    }
}
