//! How long does one epoch of MAPPO's update take?
//!
//! Three agents of `simple_spread`, 25 steps of 128 environments: 9 600 rows through an actor 18 → H → H → 5 and a critic
//! 54 → H → H → 1, forward, backward, gradient clipped and Adam's step. A case is `HIDDEN ACTIVATION NORM PARTS` on
//! standard input, as in `64 tanh norm 1` (`plain`: without layer normalisation); the answer is in milliseconds of CPU
//! time. With `check FILE CASE` as arguments it writes down [`STEPS`] gradient steps, for `peers/mappo_update.py check FILE`
//! to repeat in `PyTorch`.

use karma_benches::turns::{self, Failure};
use karma_core::draw::{below, shuffle};
use karma_core::{SeedTree, StreamRng};
use karma_nn::{
    Activation, Checkpoint, MaskedCategorical, Mlp, MlpParams, PolicyBatch, PolicyParams, PolicyTrainer,
    Tensor, ValueBatch, ValueParams, ValueTrainer,
};

const ROWS: usize = 25 * 128 * 3;
const OBSERVATION: usize = 18;
const STATE: usize = 3 * OBSERVATION;
const ACTIONS: usize = 5;
/// Gradient steps that are compared: enough for ratios and values to reach the clipped region, and few enough that a
/// rounding on the other side of a rectifier's kink has not grown.
const STEPS: usize = 12;

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["check", file, ref case @ ..] => check(file, &Case::read(case)?),
        _ => turns::answer(|words| measure(&Case::read(words)?)),
    }
}

/// Milliseconds of an epoch.
fn measure(case: &Case) -> Result<f64, Failure> {
    let (mut learner, mut rng) = (Learner::new(case)?, SeedTree::new(7).child("order").rng());
    let (batch, mut part) = (Batch::draw(&learner)?, Batch::default());
    let mut order: Vec<usize> = (0..ROWS).collect();
    let seconds = turns::seconds_per_call(|| {
        if case.parts == 1 {
            return learner.update(&batch).map(drop);
        }
        shuffle(&mut order, &mut rng);
        order.chunks(ROWS.div_ceil(case.parts)).try_for_each(|rows| {
            part.gather(&batch, rows);
            learner.update(&part).map(drop)
        })
    });
    Ok(1e3 * seconds?)
}

/// Writes weights and rows as tensors, and what the steps came to as a note.
fn check(file: &str, case: &Case) -> Result<(), Failure> {
    let mut learner = Learner::new(case)?;
    let batch = Batch::draw(&learner)?;
    let mut checkpoint = Checkpoint::new("mappo_update");
    learner.actor.network().save(&mut checkpoint, "actor");
    learner.critic.network().save(&mut checkpoint, "critic");
    batch.save(&mut checkpoint);
    let steps: Vec<[f32; 4]> = (0..STEPS).map(|_| learner.update(&batch)).collect::<Result<_, _>>()?;
    checkpoint.put_note("steps", serde_json::to_value(steps)?);
    let (hidden, activation, norm) = (case.hidden, case.activation, case.norm);
    let case = serde_json::json!({ "hidden": hidden, "activation": activation, "norm": norm });
    checkpoint.put_note("case", case);
    Ok(std::fs::write(file, checkpoint.to_bytes()?)?)
}

struct Case {
    hidden: usize,
    activation: Activation,
    norm: bool,
    parts: usize,
}

impl Case {
    fn read(words: &[&str]) -> Result<Self, Failure> {
        let [hidden, activation, norm, parts] = words else {
            return Err("a case is HIDDEN ACTIVATION NORM PARTS, as in `64 tanh norm 1`".into());
        };
        let activation = serde_json::from_value((*activation).into())?;
        Ok(Self { hidden: hidden.parse()?, activation, norm: *norm == "norm", parts: parts.parse()? })
    }

    fn network(&self, params: &MlpParams, name: &str) -> Result<Mlp, Failure> {
        let (hidden, activation) = (vec![self.hidden; 2], self.activation);
        let params =
            MlpParams { hidden, activation, input_norm: self.norm, layer_norm: self.norm, ..params.clone() };
        Ok(Mlp::orthogonal(&params.check()?, &mut SeedTree::new(7).child(name).rng()))
    }
}

struct Learner {
    actor: PolicyTrainer,
    critic: ValueTrainer,
}

impl Learner {
    fn new(case: &Case) -> Result<Self, Failure> {
        let actor = case.network(&MlpParams::actor(OBSERVATION, ACTIONS), "actor")?;
        let critic = case.network(&MlpParams::critic(STATE), "critic")?;
        let (policy, value) = (PolicyParams::default().check()?, ValueParams::default().check()?);
        Ok(Self { actor: PolicyTrainer::new(actor, policy), critic: ValueTrainer::new(critic, value) })
    }

    /// One gradient step of both: loss and length of the gradient of the actor, then of the critic.
    fn update(&mut self, batch: &Batch) -> Result<[f32; 4], Failure> {
        let (policy, value) = (self.actor.update(&batch.policy())?, self.critic.update(&batch.value())?);
        Ok([policy.policy_loss, policy.grad_norm, value.value_loss, value.grad_norm])
    }
}

/// Rows to learn from.
#[derive(Default)]
struct Batch {
    observations: Vec<f32>,
    masks: Vec<bool>,
    actions: Vec<usize>,
    old_log_probs: Vec<f32>,
    advantages: Vec<f32>,
    states: Vec<f32>,
    old_values: Vec<f32>,
    returns: Vec<f32>,
}

impl Batch {
    /// Random rows, with the networks' own log-probabilities and values as the old ones.
    fn draw(learner: &Learner) -> Result<Self, Failure> {
        let mut rng = SeedTree::new(7).child("rows").rng();
        let observations = uniform(ROWS * OBSERVATION, (-1.0, 1.0), &mut rng);
        let states = uniform(ROWS * STATE, (-1.0, 1.0), &mut rng);
        let actions: Vec<usize> = (0..ROWS).map(|_| below(&mut rng, ACTIONS)).collect();
        let (masks, logits) = (vec![true; ROWS * ACTIONS], learner.actor.network().forward(&observations)?);
        let rows = logits.chunks_exact(ACTIONS).zip(masks.chunks_exact(ACTIONS)).zip(&actions);
        let log_prob = |((logits, mask), action): ((&[f32], &[bool]), &usize)| {
            let head = MaskedCategorical::new(logits, mask)?;
            head.log_prob(*action).ok_or_else(|| Failure::from("every action is legal here"))
        };
        Ok(Self {
            old_log_probs: rows.map(log_prob).collect::<Result<_, _>>()?,
            advantages: uniform(ROWS, (-1.5, 2.0), &mut rng),
            old_values: learner.critic.network().forward(&states)?,
            returns: uniform(ROWS, (-40.0, -10.0), &mut rng),
            observations,
            states,
            actions,
            masks,
        })
    }

    /// Copies `rows` of `from`.
    fn gather(&mut self, from: &Self, rows: &[usize]) {
        copy(&mut self.observations, &from.observations, OBSERVATION, rows);
        copy(&mut self.masks, &from.masks, ACTIONS, rows);
        copy(&mut self.actions, &from.actions, 1, rows);
        copy(&mut self.old_log_probs, &from.old_log_probs, 1, rows);
        copy(&mut self.advantages, &from.advantages, 1, rows);
        copy(&mut self.states, &from.states, STATE, rows);
        copy(&mut self.old_values, &from.old_values, 1, rows);
        copy(&mut self.returns, &from.returns, 1, rows);
    }

    fn policy(&self) -> PolicyBatch<'_> {
        PolicyBatch {
            observations: &self.observations,
            masks: &self.masks,
            actions: &self.actions,
            old_log_probs: &self.old_log_probs,
            advantages: &self.advantages,
            weights: None,
            sequences: None,
            advice: None,
        }
    }

    fn value(&self) -> ValueBatch<'_> {
        let Self { states, old_values, returns, .. } = self;
        ValueBatch { states, old_values, returns, weights: None, sequences: None }
    }

    fn save(&self, checkpoint: &mut Checkpoint) {
        let actions: Vec<f32> = self.actions.iter().map(|action| *action as f32).collect();
        let columns = [
            ("observations", &self.observations, vec![ROWS, OBSERVATION]),
            ("actions", &actions, vec![ROWS, 1]),
            ("old_log_probs", &self.old_log_probs, vec![ROWS]),
            ("advantages", &self.advantages, vec![ROWS]),
            ("states", &self.states, vec![ROWS, STATE]),
            ("old_values", &self.old_values, vec![ROWS, 1]),
            ("returns", &self.returns, vec![ROWS, 1]),
        ];
        for (name, values, shape) in columns {
            checkpoint.put_tensor(name, Tensor::F32 { shape, values: values.clone() });
        }
    }
}

fn uniform(n: usize, (low, high): (f32, f32), rng: &mut StreamRng) -> Vec<f32> {
    let steps = 1 << 20;
    (0..n).map(|_| low + (high - low) * (below(rng, steps) as f32 / steps as f32)).collect()
}

fn copy<T: Copy>(to: &mut Vec<T>, from: &[T], width: usize, rows: &[usize]) {
    to.clear();
    for row in rows {
        to.extend_from_slice(&from[row * width..][..width]);
    }
}
