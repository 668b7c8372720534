//! The attack guard: replicas are for legitimate requests, and junk may cost a few at most.
//!
//! A policy sees how many requests come, not who sends them, and an attack looks like demand. Where something tells junk
//! (a firewall that blocks, a gateway that limits rates), its rate is a series: `junkRate` of a source in `spec.metrics`.
//! While that is known, a service is raised no further than
//!
//! ```text
//! ⌈ (requests − junk) / (throughput · utilization) ⌉ + junkReplicas
//! ```
//!
//! with the throughput of one replica from the policy's topology. Only raises are held back: nothing is removed because of junk,
//! and a cap below the present replicas leaves them. A rate of junk that is not known, or 0, caps nothing: whoever cannot tell junk
//! must assume that clients are. Before the shield, whose limits hold in any case; an operator's minimum stands above the guard.

use karma_core::Replicas;
use karma_core::topology::Service;

/// What junk may cost, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GuardConfig {
    /// Replicas of each service beyond those that legitimate requests need.
    pub junk_replicas: u32,
    /// Share of a replica's throughput that legitimate requests are to fill.
    pub utilization: f64,
}

impl Default for GuardConfig {
    fn default() -> Self {
        Self { junk_replicas: 1, utilization: 0.5 }
    }
}

impl GuardConfig {
    /// The most replicas to which `service` is raised while it gets `requests` a second of which `junk` are none; `None` if
    /// nothing is held back.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "saturating cast of a number that is not negative"
    )]
    pub fn most(&self, service: &Service, requests: Option<f32>, junk: Option<f32>) -> Option<Replicas> {
        let (requests, junk) = (f64::from(requests?), f64::from(junk.filter(|junk| *junk > 0.0)?));
        let needed = ((requests - junk).max(0.0) / (service.throughput.0 * self.utilization)).ceil() as u32;
        let most = needed.saturating_add(self.junk_replicas);
        Some(Replicas(most.max(service.min_replicas.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use karma_core::Topology;
    use proptest::prelude::*;

    fn service() -> Service {
        let text = r#"{ "services": { "api": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 20 } },
            "connections": [{ "source": "INPUT", "destination": "api" }] }"#;
        Topology::read(text.as_bytes()).unwrap().services.into_vec().remove(0)
    }

    #[test]
    fn legitimate_requests_have_their_replicas_and_junk_has_few() {
        let guard = GuardConfig::default();
        let most = |requests, junk| guard.most(&service(), requests, junk).map(|most| most.0);
        assert_eq!(most(Some(800.0), Some(700.0)), Some(3), "100/s at 50/s each, and one");
        assert_eq!(most(Some(800.0), Some(900.0)), Some(1), "nothing but junk");
        assert_eq!(most(Some(800.0), Some(0.0)), None);
        assert_eq!(most(Some(800.0), None), None, "whoever cannot tell junk holds nothing back");
        assert_eq!(most(None, Some(5.0)), None);
    }

    proptest! {
        /// More junk among as many requests never allows more replicas.
        #[test]
        fn junk_never_buys_replicas(requests in 0.0..1e6f32, one in 0.0..1e6f32, other in 0.0..1e6f32) {
            let (less, more) = (one.min(other), one.max(other));
            prop_assume!(less > 0.0);
            let most = |junk| GuardConfig::default().most(&service(), Some(requests), Some(junk));
            prop_assert!(most(more) <= most(less));
        }
    }
}
