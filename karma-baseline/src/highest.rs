//! Several rules at once: of each service the highest that any of them asks for, as the HPA does with several metrics.
//!
//! A rule that goes by what is there and one that goes by what is coming fail in different places: the first is late, the second
//! does not know what it cannot see. The higher of the two is late only where nothing announced the load, and short only where
//! neither noticed.
//!
//! ```
//! use karma_baseline::{Highest, StaticReplicas};
//! use karma_core::{Autoscaler, Id as _, PerEntryPoint, Replicas, Seconds, SeedTree, ServiceId, ServiceSnapshot, Snapshot, Topology};
//!
//! let topology = Topology::read(
//!     r#"{ "services": { "web": { "cpu": 500, "ram": 256, "computation_throughput": 100 } },
//!          "connections": [ { "source": "INPUT", "destination": "web", "throughput": 50 } ] }"#.as_bytes(),
//! )?;
//! let fixed = |replicas| Box::new(StaticReplicas::new(&topology, Replicas(replicas))) as Box<dyn Autoscaler>;
//! let mut both = Highest::new("both", vec![fixed(2), fixed(3)]);
//! let snapshot = Snapshot {
//!     time: Seconds(0.0),
//!     scraped_at: None,
//!     services: vec![ServiceSnapshot::default()].into(),
//!     entry_points: PerEntryPoint::default(),
//!     nodes: Vec::new(),
//!     resilience: None,
//! };
//! let decision = both.decide(&snapshot, &mut SeedTree::new(1).rng());
//! assert_eq!(decision.targets[ServiceId::from_index(0)].replicas, Replicas(3));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::fmt;

use karma_core::{Autoscaler, Decision, PerService, Snapshot, StreamRng};

/// Rules that are all asked, and of which the highest counts.
pub struct Highest {
    name: &'static str,
    rules: Vec<Box<dyn Autoscaler>>,
}

impl Highest {
    /// The highest that any of `rules` asks for; of equal ones the first gives the reason. Without rules nothing is decided.
    pub fn new(name: &'static str, rules: Vec<Box<dyn Autoscaler>>) -> Self {
        Self { name, rules }
    }
}

impl Autoscaler for Highest {
    fn name(&self) -> &'static str {
        self.name
    }

    fn reset(&mut self) {
        self.rules.iter_mut().for_each(Autoscaler::reset);
    }

    fn decide(&mut self, snapshot: &Snapshot, rng: &mut StreamRng) -> Decision {
        let mut highest = Decision { targets: PerService::default() };
        for rule in &mut self.rules {
            let asked = rule.decide(snapshot, rng);
            if highest.targets.is_empty() {
                highest = asked;
                continue;
            }
            for (target, other) in highest.targets.iter_mut().zip(asked.targets.into_vec()) {
                if other.replicas > target.replicas {
                    *target = other;
                }
            }
        }
        highest
    }
}

impl fmt::Debug for Highest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Highest").field("name", &self.name).field("rules", &self.rules.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use karma_core::{
        Id as _, PerEntryPoint, Replicas, Seconds, SeedTree, ServiceId, ServiceSnapshot, Topology,
    };

    use super::*;
    use crate::{RandomWalk, StaticReplicas};

    fn topology() -> Topology {
        let service = r#"{ "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 9 }"#;
        let text = format!(
            r#"{{ "services": {{ "a": {service}, "b": {service} }}, "connections": [{{ "source": "a", "destination": "b" }}] }}"#
        );
        Topology::read(text.as_bytes()).unwrap()
    }

    fn snapshot() -> Snapshot {
        Snapshot {
            time: Seconds(0.0),
            scraped_at: None,
            services: vec![ServiceSnapshot { desired: Replicas(3), ..ServiceSnapshot::default() }; 2].into(),
            entry_points: PerEntryPoint::default(),
            nodes: Vec::new(),
            resilience: None,
        }
    }

    #[test]
    fn each_service_gets_the_highest_wish_with_its_reason() {
        let topology = topology();
        let fixed =
            |replicas| Box::new(StaticReplicas::new(&topology, Replicas(replicas))) as Box<dyn Autoscaler>;
        let walk = Box::new(RandomWalk::new(&topology, 3));
        let mut rule = Highest::new("all", vec![fixed(2), fixed(5), walk]);
        let mut rng = SeedTree::new(1).rng();
        rule.reset();
        for _ in 0..20 {
            let decision = rule.decide(&snapshot(), &mut rng);
            let of = |index| &decision.targets[ServiceId::from_index(index)];
            assert!(of(0).replicas >= Replicas(5) && of(1).replicas >= Replicas(5));
            assert!(of(0).replicas > Replicas(5) || of(0).reason == "fixed replicas");
        }
        assert_eq!(rule.name(), "all");
        let nobody = Highest::new("nobody", Vec::new()).decide(&snapshot(), &mut rng);
        assert!(nobody.targets.is_empty());
    }
}
