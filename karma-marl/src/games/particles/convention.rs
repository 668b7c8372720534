//! What "the" multi-particle environments are: six published variants, told apart by six switches.
//!
//! Returns of one task from two papers often cannot be compared, because the physics or the reward differ:
//!
//! | constant | integrates | collides with itself | reward | landmarks within | used by |
//! |---|---|---|---|---|---|
//! | [`ON_POLICY`](Convention::ON_POLICY) | velocity first | yes | sum, shared | ±0.8 | on-policy (Yu et al., 2022) |
//! | [`OPENAI`](Convention::OPENAI) | velocity first | yes | sum, shared | ±1 | openai/multiagent-particle-envs, `EPyMARL` |
//! | [`PETTINGZOO_1_22_3`](Convention::PETTINGZOO_1_22_3) | velocity first | yes | half own, half team | ±1 | `MARLlib` |
//! | [`HARL`](Convention::HARL) | velocity first | yes | to each the team's sum of that | ±1 | HARL (Zhong et al., 2024) |
//! | [`PETTINGZOO_1_22_4`](Convention::PETTINGZOO_1_22_4) | velocity first | no | half own, half team | ±1 | that release alone |
//! | [`MPE2`](Convention::MPE2) | position first | no | half own, half team | ±1 | PettingZoo from 1.23, mpe2 1.1.1, `JaxMARL` |
//!
//! One difference is left out: on-policy and openai number the moves right, left, up, down; here they are always
//! left, right, down, up, as in PettingZoo. A mirrored game is the same game.

use super::Scenario;

/// Which of position and velocity a step of the physics brings up to date first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integration {
    /// The new velocity moves the agent (semi-implicit Euler).
    VelocityFirst,
    /// The old velocity moves the agent (explicit Euler): an action shows in the position one step later.
    PositionFirst,
}

/// How the agents' own rewards become what each is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RewardMix {
    /// Each is paid the sum of all agents' rewards.
    SharedSum,
    /// Each is paid half its own reward and half the team's. The speaker and the listener are paid their own.
    HalfLocal,
}

/// What `simple_reference` charges for an agent that is `d` from its landmark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distance {
    /// `d`.
    Plain,
    /// `d²`.
    Squared,
}

/// One variant of the multi-particle environments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Convention {
    /// Order of integration.
    pub integration: Integration,
    /// Whether `simple_spread` counts an agent as in collision with itself: −1 for each agent in each step.
    pub self_collision: bool,
    /// Who is paid what.
    pub rewards: RewardMix,
    /// Whether each is then paid the sum of that over the team, as HARL's wrapper does.
    pub team_sum: bool,
    /// The cost of a distance in `simple_reference`.
    pub reference_distance: Distance,
    /// Landmarks of `simple_spread` and `simple_reference` start uniformly within ± this, those of
    /// `simple_speaker_listener` and all agents within ±1.
    pub landmark_scale: f64,
}

/// Returns of an episode of 25 steps, as [`Convention::team_return`] counts them: the units of a score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReferenceReturns {
    /// Of uniformly random actions.
    pub random: f64,
    /// Of agents that never act (and a speaker that always says the same).
    pub no_op: f64,
    /// Of a script that knows the goals, assigns agents to landmarks optimally and looks a few steps ahead. It is no
    /// upper bound: a score may lie a little above 1.
    pub oracle: f64,
}

impl ReferenceReturns {
    /// A return in units of what there is to learn: 0 is random, 1 the oracle.
    ///
    /// ```
    /// use karma_marl::games::particles::{Convention, Scenario};
    /// let units = Convention::PETTINGZOO_1_22_3.reference_returns(Scenario::Spread).ok_or("no returns known")?;
    /// assert!((units.score(-58.0) - 0.97).abs() < 0.005, "what HARL's curves of MAPPO show");
    /// # Ok::<(), &str>(())
    /// ```
    pub fn score(&self, team_return: f64) -> f64 {
        (team_return - self.random) / (self.oracle - self.random)
    }
}

impl Convention {
    /// The environments that come with on-policy, the reference implementation of MAPPO.
    pub const ON_POLICY: Self = Self { landmark_scale: 0.8, ..Self::OPENAI };
    /// The original environments (Lowe et al., NeurIPS 2017; Mordatch and Abbeel, 2018).
    pub const OPENAI: Self = Self {
        integration: Integration::VelocityFirst,
        self_collision: true,
        rewards: RewardMix::SharedSum,
        team_sum: false,
        reference_distance: Distance::Squared,
        landmark_scale: 1.0,
    };
    /// PettingZoo up to 1.22.3.
    pub const PETTINGZOO_1_22_3: Self =
        Self { rewards: RewardMix::HalfLocal, reference_distance: Distance::Plain, ..Self::OPENAI };
    /// HARL's wrapper of that.
    pub const HARL: Self = Self { team_sum: true, ..Self::PETTINGZOO_1_22_3 };
    /// PettingZoo 1.22.4: agents no longer collide with themselves.
    pub const PETTINGZOO_1_22_4: Self = Self { self_collision: false, ..Self::PETTINGZOO_1_22_3 };
    /// PettingZoo from 1.23 on, mpe2 and `JaxMARL`: positions are integrated first.
    pub const MPE2: Self = Self { integration: Integration::PositionFirst, ..Self::PETTINGZOO_1_22_4 };
    /// All of them with their names.
    pub const ALL: [(&'static str, Self); 6] = [
        ("on-policy", Self::ON_POLICY),
        ("openai", Self::OPENAI),
        ("pettingzoo-1.22.3", Self::PETTINGZOO_1_22_3),
        ("harl", Self::HARL),
        ("pettingzoo-1.22.4", Self::PETTINGZOO_1_22_4),
        ("mpe2", Self::MPE2),
    ];

    /// The return of a team as papers count it: of a shared reward what one agent got, else the sum over the agents.
    pub fn team_return(&self, agents: &[f64]) -> f64 {
        let sum: f64 = agents.iter().sum();
        let shared = self.team_sum || self.rewards == RewardMix::SharedSum;
        if shared { sum / agents.len().max(1) as f64 } else { sum }
    }

    /// The returns that span a normalised score; `None` for a variant or a task for which none were computed.
    ///
    /// Those of `simple_spread` and `simple_speaker_listener` were computed with a restatement of the environments that
    /// agrees with mpe2 1.1.1 to rounding. `tests/particles.rs` reproduces all of them but the oracle of
    /// `simple_spread`, by random play, no play, and a script that looks three steps ahead; those of `simple_reference`
    /// were computed there.
    pub fn reference_returns(&self, scenario: Scenario) -> Option<ReferenceReturns> {
        let returns = |random, no_op, oracle| Some(ReferenceReturns { random, no_op, oracle });
        match (scenario, *self) {
            (Scenario::Spread, Self::ON_POLICY) => returns(-218.7, -203.6, -110.1),
            (Scenario::Spread, Self::OPENAI) => returns(-231.5, -217.5, -112.0),
            (Scenario::Spread, Self::PETTINGZOO_1_22_3 | Self::HARL) => returns(-115.8, -108.8, -56.0),
            (Scenario::Spread, Self::PETTINGZOO_1_22_4) => returns(-78.3, -71.3, -18.5),
            (Scenario::Spread, Self::MPE2) => returns(-79.3, -72.4, -22.1),
            (Scenario::SpeakerListener, known) if Self::ALL.iter().any(|(_, named)| *named == known) => {
                match known.integration {
                    Integration::VelocityFirst => returns(-80.8, -66.6, -12.2),
                    Integration::PositionFirst => returns(-79.5, -66.6, -14.9),
                }
            }
            (Scenario::Reference, Self::ON_POLICY) => returns(-68.6, -54.7, -9.0),
            (Scenario::Reference, Self::OPENAI) => returns(-80.6, -66.7, -11.9),
            (Scenario::Reference, Self::PETTINGZOO_1_22_3 | Self::HARL | Self::PETTINGZOO_1_22_4) => {
                returns(-57.0, -52.1, -12.6)
            }
            (Scenario::Reference, Self::MPE2) => returns(-56.5, -52.1, -14.7),
            _ => None,
        }
    }
}
