//! MAPPO's settings: as written, and checked.

use karma_nn::{
    Activation, AdamParams, ConfigError, MlpParams, PolicyConfig, PolicyParams, ValueConfig, ValueParams,
};
use serde::{Deserialize, Serialize};

use crate::gae::Discount;
use crate::seats::Sharing;

/// Which of three relatives learns.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Algorithm {
    /// One critic that sees everything (Yu et al., 2022).
    #[default]
    Mappo,
    /// Each actor has a critic that sees what the actor sees (de Witt et al., 2020).
    Ippo,
    /// As MAPPO, but actors learn in turn, each on what those before it have become (Kuba et al., 2022).
    Happo,
}

/// MAPPO's settings as written. "on-policy" is the reference implementation of the paper (Yu et al., 2022).
///
/// There is no coefficient of the value loss: actor and critic have networks and optimisers of their own, and
/// Adam does not change with the scale of a loss. Defaults marked "ours" were chosen on the training and calibration
/// scenarios of chain4.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of a settings file, each with a meaning of its own"
)]
pub struct MappoParams {
    /// Which of MAPPO, IPPO and HAPPO. Default `mappo`. HAPPO needs an actor for each agent.
    pub algorithm: Algorithm,
    /// γ, the weight of a reward one step later, 0 to below 1. Default 0.85 (ours; 0.99 in on-policy and KARMA): a
    /// decision every 15 s has done what it does after a minute or two, and a longer view only adds noise.
    pub gamma: f32,
    /// λ of generalised advantage estimation, 0 to 1. Default 0.9 (ours; 0.95 in on-policy and KARMA).
    pub gae_lambda: f32,
    /// ε of both clipped losses, above 0. Default 0.2 (on-policy, KARMA; larger ones hurt, says the paper).
    pub clip_epsilon: f32,
    /// Weight of the entropy bonus, at least 0. Default 0 (ours; 0.01 in on-policy and KARMA): every move that a
    /// team makes for the sake of variety costs requests.
    pub entropy_coef: f32,
    /// Longest gradient of a network, above 0. Default 10 (on-policy).
    pub max_grad_norm: f32,
    /// Parts into which the rows of an iteration are split, at least 1. Default 4 (ours; 1 in on-policy, whose
    /// environments are cheap: here rows are dear and gradient steps are not).
    pub num_minibatches: usize,
    /// Passes over the rows of an iteration, at least 1. Default 10 (the paper: 15 for easy games, 10 or 5
    /// for hard ones).
    pub update_epochs: usize,
    /// Adam's step size for all networks, above 0. Default 1e-3 (ours; 5e-4 in HARL and on-policy).
    pub learning_rate: f32,
    /// Adam's step size for the critic, above 0; absent: that of the actors.
    pub critic_learning_rate: Option<f32>,
    /// Iterations over which all step sizes fall evenly to a tenth, 0 to 10⁶; later ones stay there. Default 0: they do not
    /// fall. Large steps find the place, small ones hit it.
    pub anneal_iterations: u64,
    /// Widths of the hidden layers of all networks. Default two of 64 (on-policy).
    pub hidden: Vec<usize>,
    /// Their non-linearity. Default tanh (what on-policy's published scripts train with).
    pub activation: Activation,
    /// Layer normalisation of the inputs of all networks. Default false (true in on-policy and HARL): observations of
    /// KARMA are normalised by the environment.
    pub input_norm: bool,
    /// Layer normalisation after each hidden layer. Default false (true in on-policy and HARL).
    pub layer_norm: bool,
    /// A gated recurrent unit before the output of all networks, which then remember what they saw of an episode. Default
    /// false (true in on-policy's `rmappo`).
    pub recurrent: bool,
    /// Rows through which a recurrent network's gradient flows back, at least 1; a divisor of the rollout's length.
    /// Mini-batches are cut from such sequences then, not from rows. Default 10 (on-policy's `data_chunk_length`).
    pub chunk_length: usize,
    /// Environments that are played side by side by all ranks together, at least 1. Default 32: with episodes of 40 steps 1 280 rows
    /// an iteration, and about five episodes of each of six scenarios; smaller batches follow their noise.
    pub num_envs: usize,
    /// Steps that each environment plays in an iteration, a multiple of its horizon; absent: one horizon.
    pub rollout_length: Option<usize>,
    /// Whether the critic predicts normalised returns, each agent's by their own mean and variance. Default true
    /// (the paper's first factor).
    pub value_norm: bool,
    /// δ of the critic's Huber loss, in normalised units, above 0. Default 10 (on-policy).
    pub huber_delta: f32,
    /// One actor for all agents of a side, which is told whom it plays, instead of one for each. Default false: the
    /// roles of KARMA differ.
    pub parameter_sharing: bool,
    /// Whether a shared actor is told whom it plays, by a one-hot code after the observation. Default true: without it,
    /// agents that see the same have to do the same. False in on-policy and HARL: where observations tell agents apart, the
    /// code invites each to a part of its own, whatever the situation (in `simple_spread`, a landmark of its own however far).
    pub agent_identity: bool,
    /// Imitation of one that knows better, where an environment has one. Default: weight 1, which
    /// stays (ours).
    pub imitation: ImitationParams,
    /// Logit that a defender's changes of 0 begin with, 0 to 10. Default 3 (ours): a fresh team mostly holds
    /// still, as an operator would want of one, instead of moving every service at random at every decision.
    pub hold_bias: f32,
}

impl Default for MappoParams {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Mappo,
            gamma: 0.85,
            gae_lambda: 0.9,
            clip_epsilon: 0.2,
            entropy_coef: 0.0,
            max_grad_norm: 10.0,
            num_minibatches: 4,
            update_epochs: 10,
            learning_rate: 1e-3,
            critic_learning_rate: None,
            anneal_iterations: 0,
            hidden: vec![64, 64],
            activation: Activation::Tanh,
            input_norm: false,
            layer_norm: false,
            recurrent: false,
            chunk_length: 10,
            num_envs: 32,
            rollout_length: None,
            value_norm: true,
            huber_delta: 10.0,
            parameter_sharing: false,
            agent_identity: true,
            imitation: ImitationParams::default(),
            hold_bias: 3.0,
        }
    }
}

/// How advice is followed: with a weight that falls evenly to a rest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImitationParams {
    /// λ of the first iteration, how much following advice counts beside learning by oneself, 0 to 100. Default 1.
    pub weight: f32,
    /// Iterations until only its rest is left, 0 to 10⁶; 0: no imitation. Default 30.
    pub iterations: u64,
    /// The share of λ that stays for ever, 0 to 1; 1: nothing fades. Default 1 (ours): rewards, whose noise is larger than what lies
    /// between two good decisions, lead a team away again from what it was shown.
    pub rest: f32,
}

impl Default for ImitationParams {
    fn default() -> Self {
        Self { weight: 1.0, iterations: 30, rest: 1.0 }
    }
}

impl ImitationParams {
    /// Nobody is imitated.
    pub const NONE: Self = Self { weight: 0.0, iterations: 0, rest: 0.0 };

    /// λ in the iteration after `finished` ones: weight · (1 − (1 − rest) · finished / iterations), at least weight · rest.
    #[expect(clippy::cast_possible_truncation, reason = "a weight of single precision")]
    pub(crate) fn weight_at(&self, finished: u64) -> f32 {
        if self.is_none() {
            return 0.0;
        }
        let (weight, rest) = (f64::from(self.weight), f64::from(self.rest));
        let left = self.iterations.saturating_sub(finished) as f64 / self.iterations as f64;
        (weight * (rest + (1.0 - rest) * left)) as f32
    }

    /// Whether nothing is imitated.
    pub fn is_none(&self) -> bool {
        self.iterations == 0 || self.weight == 0.0
    }
}

impl MappoParams {
    /// The published settings wherever the defaults are ours: what to start from in games that cost little.
    pub fn published() -> Self {
        Self {
            gamma: 0.99,
            gae_lambda: 0.95,
            entropy_coef: 0.01,
            num_minibatches: 1,
            learning_rate: 5e-4,
            num_envs: 16,
            imitation: ImitationParams::NONE,
            hold_bias: 0.0,
            ..Self::default()
        }
    }

    /// The settings of on-policy's script for `simple_spread`: what its authors' figures were made with.
    pub fn on_policy() -> Self {
        Self {
            learning_rate: 7e-4,
            num_envs: 128,
            input_norm: true,
            layer_norm: true,
            parameter_sharing: true,
            agent_identity: false,
            ..Self::published()
        }
    }

    /// The settings of HARL's tuned configuration for the discrete `simple_spread` (Zhong et al., 2024).
    pub fn harl() -> Self {
        Self {
            update_epochs: 5,
            hidden: vec![128, 128],
            activation: Activation::Relu,
            num_envs: 20,
            rollout_length: Some(200),
            input_norm: true,
            layer_norm: true,
            parameter_sharing: true,
            agent_identity: false,
            ..Self::published()
        }
    }

    /// The settings to run with.
    ///
    /// # Errors
    /// The first setting that is outside its range, with its value and what is allowed.
    pub fn check(&self) -> Result<MappoConfig, ConfigError> {
        unless((0.0..1.0).contains(&self.gamma), "gamma", &self.gamma, "0 to below 1")?;
        unless((0.0..=1.0).contains(&self.gae_lambda), "gae_lambda", &self.gae_lambda, "0 to 1")?;
        unless((0.0..=10.0).contains(&self.hold_bias), "hold_bias", &self.hold_bias, "0 to 10")?;
        let ImitationParams { weight, iterations, rest } = self.imitation;
        unless((0.0..=100.0).contains(&weight), "imitation.weight", &weight, "0 to 100")?;
        unless(iterations <= 1_000_000, "imitation.iterations", &iterations, "0 to 1000000")?;
        unless((0.0..=1.0).contains(&rest), "imitation.rest", &rest, "0 to 1")?;
        let anneal = self.anneal_iterations;
        unless(anneal <= 1_000_000, "anneal_iterations", &anneal, "0 to 1000000")?;
        let counts = [
            ("num_minibatches", self.num_minibatches),
            ("update_epochs", self.update_epochs),
            ("chunk_length", self.chunk_length),
            ("num_envs", self.num_envs),
            ("rollout_length", self.rollout_length.unwrap_or(1)),
        ];
        for (field, count) in counts {
            unless(count > 0, field, &count, "at least 1")?;
        }
        let unshared = self.algorithm != Algorithm::Happo || !self.parameter_sharing;
        unless(
            unshared,
            "parameter_sharing",
            &self.parameter_sharing,
            "false with happo, whose actors learn in turn",
        )?;
        self.critic_learning_rate.map_or(Ok(()), |rate| {
            let ok = rate.is_finite() && rate > 0.0;
            unless(ok, "critic_learning_rate", &rate, "a finite number above 0")
        })?;
        self.actor((1, 1), 1).check()?;
        let (policy, value) = (self.policy().check()?, self.value().check()?);
        Ok(MappoConfig { params: self.clone(), policy, value })
    }

    /// Step sizes of (actors, critics) in the iteration after `finished` ones.
    #[expect(clippy::cast_possible_truncation, reason = "step sizes of single precision")]
    pub(crate) fn learning_rates(&self, finished: u64) -> (f32, f32) {
        let done = match self.anneal_iterations {
            0 => 0.0,
            iterations => finished.min(iterations) as f64 / iterations as f64,
        };
        let at = |rate: f32| (f64::from(rate) * (1.0 - 0.9 * done)) as f32;
        (at(self.learning_rate), at(self.critic_learning_rate.unwrap_or(self.learning_rate)))
    }

    /// Who shares an actor.
    pub(crate) fn sharing(&self) -> Sharing {
        if self.parameter_sharing {
            Sharing::Side { identity: self.agent_identity }
        } else {
            Sharing::Separate
        }
    }

    /// An actor's network, on rows of `parts` parts.
    pub(crate) fn actor(&self, (inputs, actions): (usize, usize), parts: usize) -> MlpParams {
        self.body(&MlpParams { parts, ..MlpParams::actor(inputs, actions) })
    }

    /// A critic's network: a head for each agent that it values.
    pub(crate) fn critic(&self, inputs: usize, heads: usize) -> MlpParams {
        self.body(&MlpParams { output: heads, ..MlpParams::critic(inputs) })
    }

    /// What all networks have in common.
    fn body(&self, ends: &MlpParams) -> MlpParams {
        MlpParams {
            hidden: self.hidden.clone(),
            activation: self.activation,
            input_norm: self.input_norm,
            layer_norm: self.layer_norm,
            recurrent: self.recurrent,
            ..ends.clone()
        }
    }

    fn policy(&self) -> PolicyParams {
        PolicyParams {
            clip_epsilon: self.clip_epsilon,
            entropy_coef: self.entropy_coef,
            max_grad_norm: self.max_grad_norm,
            adam: adam(self.learning_rate),
        }
    }

    fn value(&self) -> ValueParams {
        ValueParams {
            clip_epsilon: Some(self.clip_epsilon),
            huber_delta: self.huber_delta,
            normalise_returns: self.value_norm,
            max_grad_norm: self.max_grad_norm,
            adam: adam(self.critic_learning_rate.unwrap_or(self.learning_rate)),
        }
    }
}

fn adam(learning_rate: f32) -> AdamParams {
    AdamParams { learning_rate, ..AdamParams::default() }
}

fn unless(
    ok: bool,
    field: &'static str,
    value: &impl ToString,
    allowed: &'static str,
) -> Result<(), ConfigError> {
    if ok { Ok(()) } else { Err(ConfigError { field, value: value.to_string(), allowed }) }
}

/// Checked [`MappoParams`].
#[derive(Clone, Debug, PartialEq)]
pub struct MappoConfig {
    params: MappoParams,
    policy: PolicyConfig,
    value: ValueConfig,
}

impl MappoConfig {
    /// The settings as written.
    pub fn params(&self) -> &MappoParams {
        &self.params
    }

    /// Steps that each environment plays in an iteration.
    pub fn rollout_length(&self, horizon: usize) -> usize {
        self.params.rollout_length.unwrap_or(horizon)
    }

    /// (rows of a sequence, numbers that a network remembers): (1, 0) if networks remember nothing.
    pub(crate) fn recurrence(&self) -> (usize, usize) {
        let MappoParams { recurrent, chunk_length, hidden, .. } = &self.params;
        if *recurrent { (*chunk_length, hidden.last().copied().unwrap_or(0)) } else { (1, 0) }
    }

    pub(crate) fn discount(&self) -> Discount {
        Discount { gamma: self.params.gamma, lambda: self.params.gae_lambda }
    }

    pub(crate) fn policy(&self) -> PolicyConfig {
        self.policy.clone()
    }

    pub(crate) fn value(&self) -> ValueConfig {
        self.value.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_the_default_and_the_default_is_valid() {
        let params: MappoParams = serde_json::from_str("{}").unwrap();
        assert_eq!(params, MappoParams::default());
        assert_eq!(params.check().unwrap().rollout_length(40), 40);
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let refused = serde_json::from_str::<MappoParams>(r#"{ "lr": 1 }"#).unwrap_err();
        assert!(refused.to_string().contains("unknown field `lr`"), "{refused}");
    }

    #[test]
    fn a_setting_out_of_range_is_named_with_its_value_and_what_is_allowed() {
        let refused = |edit: fn(&mut MappoParams)| {
            let mut params = MappoParams::default();
            edit(&mut params);
            params.check().unwrap_err().to_string()
        };
        assert_eq!(refused(|p| p.gamma = 1.0), "gamma is 1; allowed: 0 to below 1");
        assert_eq!(refused(|p| p.gae_lambda = f32::NAN), "gae_lambda is NaN; allowed: 0 to 1");
        assert_eq!(refused(|p| p.num_envs = 0), "num_envs is 0; allowed: at least 1");
        assert_eq!(refused(|p| p.chunk_length = 0), "chunk_length is 0; allowed: at least 1");
        assert!(refused(|p| (p.recurrent, p.hidden) = (true, vec![])).starts_with("recurrent is true"));
        assert_eq!(refused(|p| p.rollout_length = Some(0)), "rollout_length is 0; allowed: at least 1");
        assert_eq!(refused(|p| p.hidden = vec![64, 0]), "hidden is 0; allowed: 1 to 16384");
        let allowed = "a finite number above 0";
        assert_eq!(refused(|p| p.learning_rate = 0.0), format!("learning_rate is 0; allowed: {allowed}"));
        assert_eq!(refused(|p| p.huber_delta = -1.0), format!("huber_delta is -1; allowed: {allowed}"));
        assert!(refused(|p| p.entropy_coef = -0.1).starts_with("entropy_coef is -0.1"));
        assert_eq!(refused(|p| p.imitation.weight = -1.0), "imitation.weight is -1; allowed: 0 to 100");
        assert_eq!(refused(|p| p.imitation.rest = 1.5), "imitation.rest is 1.5; allowed: 0 to 1");
        let endless = refused(|p| p.imitation.iterations = u64::MAX);
        assert!(endless.starts_with("imitation.iterations is 18446744073709551615"), "{endless}");
    }

    #[test]
    fn step_sizes_fall_to_a_tenth_and_stay_there() {
        let params = MappoParams { learning_rate: 1e-3, anneal_iterations: 4, ..MappoParams::default() };
        let rates: Vec<f32> = [0, 2, 4, 9].map(|finished| params.learning_rates(finished).0).to_vec();
        for (found, expected) in rates.iter().zip([1e-3, 5.5e-4, 1e-4, 1e-4]) {
            assert!((found - expected).abs() < 1e-9, "{rates:?}");
        }
        let steady = MappoParams { critic_learning_rate: Some(2e-3), anneal_iterations: 0, ..params };
        assert_eq!(steady.learning_rates(7), (1e-3, 2e-3));
    }

    #[test]
    fn imitation_fades_evenly_to_its_rest() {
        let longer: ImitationParams = serde_json::from_str("{\"iterations\": 100}").unwrap();
        assert_eq!(
            longer,
            ImitationParams { iterations: 100, ..ImitationParams::default() },
            "not weightless"
        );
        assert!(ImitationParams::NONE.is_none() && !longer.is_none());
        let imitation = ImitationParams { weight: 2.0, iterations: 4, rest: 0.0 };
        let weights =
            |imitation: ImitationParams| [0, 1, 2, 3, 4, 9].map(|finished| imitation.weight_at(finished));
        assert_eq!(weights(imitation), [2.0, 1.5, 1.0, 0.5, 0.0, 0.0]);
        assert_eq!(weights(ImitationParams { rest: 0.5, ..imitation }), [2.0, 1.75, 1.5, 1.25, 1.0, 1.0]);
        assert_eq!(ImitationParams { iterations: 0, ..imitation }.weight_at(0), 0.0);
    }
}
