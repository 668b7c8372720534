//! Whether the agents are listened to, with hysteresis.
//!
//! Single false alarms are normal: a novelty test at rate α rings once in 1/α decisions. So the agents are given up after
//! `alarms` of the last `window` decisions rang, and are listened to again only after `calm` decisions without any. With α =
//! 0.01, 3 of 8 ring by chance once in about 20 000 decisions.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When the agents are given up, and when they are listened to again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrustConfig {
    /// Decisions that are looked back on, 1 to 64.
    pub window: u32,
    /// So many alarms among them, and the agents are given up.
    pub alarms: u32,
    /// So many decisions without an alarm, and they are listened to again.
    pub calm: u32,
}

impl Default for TrustConfig {
    fn default() -> Self {
        Self { window: 8, alarms: 3, calm: 20 }
    }
}

/// The alarms of the last decisions, and what follows from them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Trust {
    /// Whether the agents are listened to.
    trusted: bool,
    /// One bit for each decision, the last one lowest: whether there was an alarm.
    rang: u64,
    /// Decisions since the last alarm.
    calm: u32,
}

impl Default for Trust {
    fn default() -> Self {
        Self { trusted: true, rang: 0, calm: 0 }
    }
}

impl Trust {
    /// Whether the agents are listened to.
    pub const fn is_given(&self) -> bool {
        self.trusted
    }

    /// One more decision, with or without an alarm.
    pub fn note(&mut self, alarm: bool, config: TrustConfig) {
        let window = u64::MAX >> (64 - config.window.clamp(1, 64));
        self.rang = (self.rang << 1 | u64::from(alarm)) & window;
        self.calm = if alarm { 0 } else { self.calm.saturating_add(1) };
        if !self.trusted && self.calm >= config.calm {
            *self = Self::default();
        } else if self.rang.count_ones() >= config.alarms.max(1) {
            self.trusted = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn after(alarms: &[bool], config: TrustConfig) -> Trust {
        let mut trust = Trust::default();
        for alarm in alarms {
            trust.note(*alarm, config);
        }
        trust
    }

    #[test]
    fn single_alarms_change_nothing_and_three_of_eight_do() {
        let config = TrustConfig::default();
        let seldom: Vec<bool> = (0..100).map(|number| number % 4 == 0).collect();
        assert!(after(&seldom, config).is_given());
        assert!(!after(&[true, false, true, false, true], config).is_given());
    }

    #[test]
    fn trust_comes_back_after_a_calm_time_and_not_before() {
        let config = TrustConfig::default();
        let mut trust = after(&[true; 3], config);
        for _ in 0..19 {
            trust.note(false, config);
            assert!(!trust.is_given());
        }
        let mut disturbed = trust;
        disturbed.note(true, config);
        disturbed.note(false, config);
        assert!(!disturbed.is_given(), "an alarm begins the calm time anew");
        trust.note(false, config);
        assert!(trust.is_given());
    }

    proptest! {
        /// It never goes back and forth faster than a calm time allows.
        #[test]
        fn two_changes_of_trust_lie_a_calm_time_apart(
            alarms in prop::collection::vec(any::<bool>(), 0..200), calm in 1_u32..30, window in 1_u32..65, needed in 1_u32..5,
        ) {
            let config = TrustConfig { window, alarms: needed, calm };
            let (mut trust, mut since_loss) = (Trust::default(), 0);
            for alarm in alarms {
                let before = trust.is_given();
                trust.note(alarm, config);
                since_loss += 1;
                match (before, trust.is_given()) {
                    (true, false) => since_loss = 0,
                    (false, true) => prop_assert!(since_loss >= calm, "{since_loss} < {calm}"),
                    _ => {}
                }
            }
        }
    }
}
