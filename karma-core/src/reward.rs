//! The operational resilience of the paper (section III.B) and the reward built on it.
//!
//! ```text
//! or(s) = w1·sr + w2·(1 − pfr) + w3·(1 − lr) + w4·epa + w5·tcr
//! R_d   = or(s) − w_over · over-provisioning − w_churn · churn
//! R_a   = −or(s)
//! ```
//! All five terms lie in [0, 1], and so does `or` when the weights sum to 1. With both extra weights zero
//! `R_d` is the paper's; they are not zero by default, because without a price the best policy is to deploy
//! everything, always.

use serde::{Deserialize, Serialize};

/// The five terms of the paper over one interval. Counts are of **all** traffic, because a live cluster
/// cannot tell a malicious request from a legitimate one.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct OperationalResilience {
    /// `sr`: successful requests over received requests; 1 if none was received.
    pub success_rate: f32,
    /// `pfr`: failed pods over deployed pods.
    pub failed_pod_ratio: f32,
    /// `lr`: min(1, measured mean latency / maximum acceptable latency); 0 if nothing was answered.
    pub latency_ratio: f32,
    /// `epa`: available entry points over all entry points.
    pub entry_point_availability: f32,
    /// `tcr`: min(1, outgoing traffic / expected traffic); 1 if none was expected.
    pub traffic_ratio: f32,
}

impl OperationalResilience {
    /// A system in which nothing is wrong.
    pub const PERFECT: Self = Self {
        success_rate: 1.0,
        failed_pod_ratio: 0.0,
        latency_ratio: 0.0,
        entry_point_availability: 1.0,
        traffic_ratio: 1.0,
    };

    /// `or(s)` for the given weights.
    ///
    /// ```
    /// use karma_core::{OperationalResilience, ResilienceWeights};
    /// let weights = ResilienceWeights::default();
    /// let mut system = OperationalResilience::PERFECT;
    /// assert!((system.weighted(&weights) - 1.0).abs() < 1e-6);
    /// system.entry_point_availability = 0.0;
    /// assert!((system.weighted(&weights) - 0.8).abs() < 1e-6);
    /// ```
    pub fn weighted(&self, weights: &ResilienceWeights) -> f32 {
        weights.success * self.success_rate
            + weights.pods * (1.0 - self.failed_pod_ratio)
            + weights.latency * (1.0 - self.latency_ratio)
            + weights.availability * self.entry_point_availability
            + weights.traffic * self.traffic_ratio
    }

    /// The five terms in the paper's order, as features.
    pub const fn terms(&self) -> [f32; 5] {
        [
            self.success_rate,
            self.failed_pod_ratio,
            self.latency_ratio,
            self.entry_point_availability,
            self.traffic_ratio,
        ]
    }
}

/// The paper's five weights; 0.2 each by default.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResilienceWeights {
    /// `w1`, of the success rate.
    pub success: f32,
    /// `w2`, of the pods that have not failed.
    pub pods: f32,
    /// `w3`, of the latency left.
    pub latency: f32,
    /// `w4`, of the entry points.
    pub availability: f32,
    /// `w5`, of the traffic that comes out.
    pub traffic: f32,
}

impl Default for ResilienceWeights {
    fn default() -> Self {
        Self { success: 0.2, pods: 0.2, latency: 0.2, availability: 0.2, traffic: 0.2 }
    }
}

/// Prices that are added to the paper's defender reward.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RewardParams {
    /// The paper's five weights.
    pub resilience: ResilienceWeights,
    /// `w_over`: price of having every pod deployed, against none; ours, 0.15.
    pub over_provisioning: f32,
    /// `w_churn`: price of moving every service by α in one decision; ours, 0.02.
    pub churn: f32,
}

impl Default for RewardParams {
    fn default() -> Self {
        Self { resilience: ResilienceWeights::default(), over_provisioning: 0.15, churn: 0.02 }
    }
}

impl RewardParams {
    /// `R_d`. `deployed_ratio`: CPU requested by deployed pods over that of full scale-out, in [0, 1].
    /// `churn_ratio`: pods started or stopped over the most that one decision can move, in [0, 1].
    pub fn defender(&self, resilience: &OperationalResilience, deployed_ratio: f32, churn_ratio: f32) -> f32 {
        resilience.weighted(&self.resilience)
            - self.over_provisioning * deployed_ratio
            - self.churn * churn_ratio
    }

    /// `R_a = −or(s)`, exactly.
    pub fn attacker(&self, resilience: &OperationalResilience) -> f32 {
        -resilience.weighted(&self.resilience)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    prop_compose! {
        fn resilience()(t in prop::array::uniform5(0.0f32..=1.0)) -> OperationalResilience {
            OperationalResilience {
                success_rate: t[0], failed_pod_ratio: t[1], latency_ratio: t[2],
                entry_point_availability: t[3], traffic_ratio: t[4],
            }
        }
    }

    proptest! {
        #[test]
        fn resilience_lies_between_zero_and_one(system in resilience()) {
            let or = system.weighted(&ResilienceWeights::default());
            prop_assert!((-1e-6..=1.0 + 1e-6).contains(&or));
        }

        #[test]
        fn without_prices_the_game_is_exactly_zero_sum(system in resilience(), deployed in 0.0f32..1.0, churn in 0.0f32..1.0) {
            let reward = RewardParams { over_provisioning: 0.0, churn: 0.0, ..RewardParams::default() };
            prop_assert_eq!(reward.defender(&system, deployed, churn) + reward.attacker(&system), 0.0);
        }
    }
}
