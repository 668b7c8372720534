//! Episodes that other languages are to reproduce bit for bit.
//!
//! `karma-py/tests/golden.json` holds digests of whole episodes under a fixed rule. This test holds the environments to it,
//! and `karma-py/tests/test_golden.py` the Python package. If a change of the game is meant, the file is what this test
//! prints.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::path::Path;

use karma::config::{RunParams, Written};
use karma::core::{Action, Environment, JointAction, Step};
use karma::mock::Split;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// One episode.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Case {
    name: String,
    settings: serde_json::Value,
    split: Split,
    seed: u64,
    steps: usize,
    digest: String,
}

impl Case {
    /// The case with what its episode is today.
    fn played(&self) -> Self {
        let params: RunParams = serde_json::from_value(self.settings.clone()).unwrap();
        let config = Written::from(params).check().unwrap();
        let mut environments = config.environments_in(self.split, 0..1).unwrap();
        let (steps, digest) = play(environments[0].as_mut(), self.seed);
        Self { steps, digest, ..self.clone() }
    }
}

/// Steps of an episode, and the digest of everything that it shows.
fn play(environment: &mut dyn Environment, seed: u64) -> (usize, String) {
    let mut hash = Sha256::new();
    let mut step = environment.reset(seed);
    add(&mut hash, &step);
    let mut steps = 0;
    while !step.is_last() {
        step = environment.step(&rule(&step, steps, seed)).unwrap();
        add(&mut hash, &step);
        steps += 1;
    }
    (steps, format!("{:x}", hash.finalize()))
}

/// Each agent's legal actions in turn.
fn rule(step: &Step, t: usize, seed: u64) -> JointAction {
    let choose = |(agent, mask): (usize, &karma::core::ActionMask)| {
        let turn = 7 * t as u64 + 3 * agent as u64 + seed;
        let nth = usize::try_from(turn % mask.legal_count() as u64).unwrap();
        mask.legal().nth(nth).unwrap_or(Action(0))
    };
    step.masks.iter().enumerate().map(choose).collect()
}

fn add(hash: &mut Sha256, step: &Step) {
    for (observation, mask) in step.observations.iter().zip(&step.masks) {
        add_numbers(hash, &observation.0);
        hash.update(mask.as_slice().iter().map(|flag| u8::from(*flag)).collect::<Vec<_>>());
    }
    add_numbers(hash, &step.global);
    add_numbers(hash, step.rewards.as_slice());
    hash.update([u8::from(step.terminated), u8::from(step.truncated)]);
}

fn add_numbers(hash: &mut Sha256, numbers: &[f32]) {
    for number in numbers {
        hash.update(number.to_le_bytes());
    }
}

#[test]
fn episodes_are_those_that_other_languages_reproduce() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../karma-py/tests/golden.json");
    let written: Vec<Case> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let played: Vec<Case> = written.iter().map(Case::played).collect();
    assert!(!written.is_empty());
    assert_eq!(written, played, "today's file is\n{}", serde_json::to_string_pretty(&played).unwrap());
}
