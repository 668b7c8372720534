//! When learners may drive.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::error::SettingError;

/// Settings of a [`Lifecycle`] as written.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LifecycleParams {
    /// `T_online`: the mean reward of a decision that makes learners drive again, what the rule earns. 0 or more. Default 0.
    pub online: f64,
    /// `T_serving` as a share of it: below, learners may not drive any more. 0 to 1. Default 0.96.
    pub serving: f64,
    /// Decisions that a mean is taken over, 1 to 1000. Default 8.
    pub window: usize,
}

impl Default for LifecycleParams {
    fn default() -> Self {
        Self { online: 0.0, serving: 0.96, window: 8 }
    }
}

/// Settings of a [`Lifecycle`], checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LifecycleConfig(LifecycleParams);

impl LifecycleParams {
    /// Checks every number.
    ///
    /// # Errors
    /// The first one that is out of its range.
    pub fn check(self) -> Result<LifecycleConfig, SettingError> {
        let level = self.online.is_finite() && self.online >= 0.0;
        let window = (1..=1000).contains(&self.window);
        SettingError::first([
            ("online", self.online, level, "0 or more"),
            ("serving", self.serving, (0.0..=1.0).contains(&self.serving), "0 to 1"),
            ("window", self.window as f64, window, "1 to 1000"),
        ])?;
        Ok(LifecycleConfig(self))
    }
}

/// Where a learner stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It drives.
    Serving,
    /// It would learn again; the rule drives.
    Online,
}

/// Trained learners drive until they earn too little, and the rule until it earns enough.
///
/// ```
/// use karma_baseline::aware::{Lifecycle, LifecycleParams, Phase};
///
/// let params = LifecycleParams { online: 0.8, serving: 0.5, window: 2 };
/// let mut lifecycle = Lifecycle::new(params.check().unwrap());
/// assert_eq!(lifecycle.tell(0.3), Phase::Serving); // one reward is no mean of two
/// assert_eq!(lifecycle.tell(0.3), Phase::Online);
/// assert_eq!(lifecycle.tell(0.9), Phase::Online); // the rule is judged by what it earned itself
/// assert_eq!(lifecycle.tell(0.9), Phase::Serving);
/// ```
#[derive(Clone, Debug)]
pub struct Lifecycle {
    config: LifecycleConfig,
    phase: Phase,
    rewards: VecDeque<f64>,
}

impl Lifecycle {
    /// It begins as [`Phase::Serving`]: bootstrapping and learning are behind it.
    pub fn new(config: LifecycleConfig) -> Self {
        Self { config, phase: Phase::Serving, rewards: VecDeque::with_capacity(config.0.window) }
    }

    /// Where it stands.
    pub const fn phase(&self) -> Phase {
        self.phase
    }

    /// Forgets all rewards and serves.
    pub fn reset(&mut self) {
        self.phase = Phase::Serving;
        self.rewards.clear();
    }

    /// What the last decision earned. A change of phase begins a new mean.
    pub fn tell(&mut self, reward: f64) -> Phase {
        let LifecycleParams { online, serving, window } = self.config.0;
        if self.rewards.len() == window {
            self.rewards.pop_front();
        }
        self.rewards.push_back(reward);
        if self.rewards.len() < window {
            return self.phase;
        }
        let mean = self.rewards.iter().sum::<f64>() / window as f64;
        let next = match self.phase {
            Phase::Serving if mean < serving * online => Phase::Online,
            Phase::Online if mean >= online => Phase::Serving,
            same => same,
        };
        if next != self.phase {
            self.rewards.clear();
            self.phase = next;
        }
        next
    }
}
