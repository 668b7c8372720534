//! Programs: flat lists of instructions over columns, carried out for a batch of environments.
//!
//! Environments are taken in chunks of [`CHUNK`]; for each chunk every instruction is one simple loop over at most
//! that many numbers, which the compiler turns into vector instructions. Nothing is allocated.

use super::compile::{Limits, TruthId, ValueId};
use super::graph::Arithmetic;
use super::signals::{Columns, SignalId};
use super::syntax::Comparison;

mod run;

/// Environments that are carried through all instructions at once: one register is 2 KiB, and a dozen of them fit
/// the nearest cache.
pub(super) const CHUNK: usize = 512;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Register(pub(super) usize);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TruthRegister(pub(super) usize);

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Operand {
    Constant(f32),
    Signal(SignalId),
    Register(Register),
}

/// How a number is taken into a register.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Fold {
    /// Added; missing as soon as one is.
    Add,
    /// Added if it is there.
    AddPresent,
    /// One is added if it is there.
    CountPresent,
    /// The greater of those that are there.
    Max,
    /// The lesser of those that are there.
    Min,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Instruction {
    Arithmetic { how: Arithmetic, left: Operand, right: Operand, into: Register },
    Fill { value: f32, into: Register },
    Fold { how: Fold, from: Operand, into: Register },
    Finite { into: Register },
    Count { from: TruthRegister, into: Register },
    SetTruth { truth: bool, into: TruthRegister },
    Compare { how: Comparison, left: Operand, right: Operand, into: TruthRegister },
    Missing { of: Operand, wanted: bool, into: TruthRegister },
    Matches { pattern: usize, wanted: bool, into: TruthRegister },
    Pair { all: bool, left: TruthRegister, right: TruthRegister, into: TruthRegister },
    Join { all: bool, from: TruthRegister, into: TruthRegister },
    EmitTruth { from: TruthRegister, output: usize },
    EmitValue { from: Operand, limits: Limits, output: usize },
}

/// What some conditions and expressions compute together, for one topology.
#[derive(Clone, Debug)]
pub struct Program {
    pub(super) instructions: Vec<Instruction>,
    pub(super) registers: usize,
    pub(super) truth_registers: usize,
    pub(super) truths: usize,
    pub(super) values: usize,
    pub(super) patterns: usize,
}

/// The results of a program for a batch of environments, and the registers it needs on the way.
#[derive(Clone, Debug)]
pub struct Outcome {
    environments: usize,
    truths: Vec<bool>,
    values: Vec<f32>,
    registers: Vec<Vec<f32>>,
    truth_registers: Vec<Vec<bool>>,
}

impl Outcome {
    /// One truth of every environment.
    pub fn truth(&self, id: TruthId) -> &[bool] {
        &self.truths[id.0 * self.environments..][..self.environments]
    }

    /// One number of every environment; always finite.
    pub fn value(&self, id: ValueId) -> &[f32] {
        &self.values[id.0 * self.environments..][..self.environments]
    }
}

impl Program {
    /// Room for the results of `environments` environments, which [`Program::evaluate`] fills without allocating.
    pub fn outcome(&self, environments: usize) -> Outcome {
        let lanes = environments.min(CHUNK);
        Outcome {
            environments,
            truths: vec![false; self.truths * environments],
            values: vec![0.0; self.values * environments],
            registers: vec![vec![0.0; lanes]; self.registers],
            truth_registers: vec![vec![false; lanes]; self.truth_registers],
        }
    }

    /// Number of instructions: the cost of one environment, in loops of one operation.
    pub fn len(&self) -> usize {
        self.instructions.len()
    }

    /// Whether it computes nothing.
    pub fn is_empty(&self) -> bool {
        self.instructions.is_empty()
    }

    /// How many comparisons one environment costs.
    pub fn comparisons(&self) -> usize {
        let is_comparison = |instruction: &&Instruction| matches!(instruction, Instruction::Compare { .. });
        self.instructions.iter().filter(is_comparison).count()
    }

    /// Computes every result for every environment.
    ///
    /// `matches[p * environments + e]`: whether pattern `p` matches in environment `e` (rows as
    /// [`Instance::patterns_from`](super::Instance::patterns_from) counts them).
    ///
    /// # Panics
    /// If `columns` were made before this program was compiled or for other signals, `outcome` is of another program
    /// or batch, or `matches` has too few rows: mistakes of the caller, not of any input.
    pub fn evaluate(&self, columns: &Columns, matches: &[bool], outcome: &mut Outcome) {
        let environments = columns.environments();
        assert_eq!(
            outcome.environments, environments,
            "an outcome is for as many environments as the columns"
        );
        assert!(matches.len() >= self.patterns * environments, "one row of matches for each pattern");
        for start in (0..environments).step_by(CHUNK) {
            let lanes = CHUNK.min(environments - start);
            let mut chunk = run::Chunk { columns, matches, start, lanes, outcome };
            for instruction in &self.instructions {
                chunk.run(*instruction);
            }
        }
    }
}
