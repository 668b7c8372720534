//! One instruction for one chunk of environments.

use super::{Arithmetic, Comparison, Fold, Instruction, Limits, Operand, Outcome, Register, TruthRegister};
use crate::condition::graph::finite;
use crate::condition::signals::Columns;

pub(super) struct Chunk<'a> {
    pub(super) columns: &'a Columns,
    pub(super) matches: &'a [bool],
    pub(super) start: usize,
    pub(super) lanes: usize,
    pub(super) outcome: &'a mut Outcome,
}

/// Numbers of a chunk: one for each lane, or the same for all.
enum Numbers<'a> {
    Lanes(&'a [f32]),
    Same(f32),
}

impl Chunk<'_> {
    pub(super) fn run(&mut self, instruction: Instruction) {
        match instruction {
            Instruction::Arithmetic { how, left, right, into } => self.arithmetic(how, (left, right), into),
            Instruction::Fill { value, into } => self.number(into, |_, lanes| lanes.fill(value)),
            Instruction::Fold { how, from, into } => self.fold(how, from, into),
            Instruction::Finite { into } => self.number(into, |_, lanes| map(lanes, finite)),
            Instruction::Count { from, into } => self.number(into, |chunk, lanes| {
                let from = chunk.truth_lanes(from);
                lanes.iter_mut().zip(from).for_each(|(count, truth)| *count += f32::from(u8::from(*truth)));
            }),
            Instruction::SetTruth { truth, into } => self.truth(into, |_, lanes| lanes.fill(truth)),
            Instruction::Compare { how, left, right, into } => self.compare(how, (left, right), into),
            Instruction::Missing { of, wanted, into } => self.truth(into, |chunk, lanes| {
                test(lanes, &chunk.numbers(of), |value| value.is_nan() == wanted);
            }),
            Instruction::Matches { pattern, wanted, into } => self.truth(into, |chunk, lanes| {
                let row = &chunk.matches[pattern * chunk.columns.environments() + chunk.start..];
                lanes.iter_mut().zip(row).for_each(|(lane, matches)| *lane = *matches == wanted);
            }),
            Instruction::Pair { all, left, right, into } => self.truth(into, |chunk, lanes| {
                let pairs = chunk.truth_lanes(left).iter().zip(chunk.truth_lanes(right));
                let lanes = lanes.iter_mut().zip(pairs);
                if all {
                    lanes.for_each(|(lane, (left, right))| *lane = left & right);
                } else {
                    lanes.for_each(|(lane, (left, right))| *lane = left | right);
                }
            }),
            Instruction::Join { all, from, into } => self.truth(into, |chunk, lanes| {
                let pairs = lanes.iter_mut().zip(chunk.truth_lanes(from));
                if all {
                    pairs.for_each(|(lane, from)| *lane &= *from);
                } else {
                    pairs.for_each(|(lane, from)| *lane |= *from);
                }
            }),
            Instruction::EmitTruth { from, output } => self.emit_truth(from, output),
            Instruction::EmitValue { from, limits, output } => self.emit_value(from, limits, output),
        }
    }

    fn arithmetic(&mut self, how: Arithmetic, operands: (Operand, Operand), into: Register) {
        self.number(into, |chunk, lanes| {
            let (left, right) = (chunk.numbers(operands.0), chunk.numbers(operands.1));
            match how {
                Arithmetic::Add => combine(lanes, &left, &right, |a, b| finite(a + b)),
                Arithmetic::Subtract => combine(lanes, &left, &right, |a, b| finite(a - b)),
                Arithmetic::Multiply => combine(lanes, &left, &right, |a, b| finite(a * b)),
                Arithmetic::Divide => combine(lanes, &left, &right, |a, b| finite(a / b)),
            }
        });
    }

    fn fold(&mut self, how: Fold, from: Operand, into: Register) {
        self.number(into, |chunk, lanes| {
            let from = chunk.numbers(from);
            match how {
                Fold::Add => take(lanes, &from, |sum, value| sum + value),
                Fold::AddPresent => {
                    take(lanes, &from, |sum, value| if value.is_nan() { sum } else { sum + value });
                }
                Fold::CountPresent => {
                    take(lanes, &from, |count, value| if value.is_nan() { count } else { count + 1.0 });
                }
                Fold::Max => take(lanes, &from, f32::max),
                Fold::Min => take(lanes, &from, f32::min),
            }
        });
    }

    fn compare(&mut self, how: Comparison, operands: (Operand, Operand), into: TruthRegister) {
        self.truth(into, |chunk, lanes| {
            let (left, right) = (chunk.numbers(operands.0), chunk.numbers(operands.1));
            match how {
                Comparison::Less => relate(lanes, &left, &right, |a, b| a < b),
                Comparison::LessOrEqual => relate(lanes, &left, &right, |a, b| a <= b),
                Comparison::Greater => relate(lanes, &left, &right, |a, b| a > b),
                Comparison::GreaterOrEqual => relate(lanes, &left, &right, |a, b| a >= b),
                Comparison::Equal => relate(lanes, &left, &right, |a, b| a == b),
                Comparison::NotEqual => {
                    relate(lanes, &left, &right, |a, b| (a != b) & !a.is_nan() & !b.is_nan());
                }
            }
        });
    }

    fn emit_truth(&mut self, from: TruthRegister, output: usize) {
        let Outcome { environments, truths, truth_registers, .. } = &mut *self.outcome;
        let at = output * *environments + self.start;
        truths[at..at + self.lanes].copy_from_slice(&truth_registers[from.0][..self.lanes]);
    }

    fn emit_value(&mut self, from: Operand, limits: Limits, output: usize) {
        let at = output * self.outcome.environments + self.start;
        let mut values = std::mem::take(&mut self.outcome.values);
        let lanes = &mut values[at..at + self.lanes];
        match self.numbers(from) {
            Numbers::Lanes(from) => lanes.copy_from_slice(from),
            Numbers::Same(value) => lanes.fill(value),
        }
        map(lanes, |value| limits.apply(value));
        self.outcome.values = values;
    }

    /// Lets `work` fill one register while it reads the others; taking a vector out and putting it back costs nothing.
    fn number(&mut self, into: Register, work: impl FnOnce(&Self, &mut [f32])) {
        let mut lanes = std::mem::take(&mut self.outcome.registers[into.0]);
        work(self, &mut lanes[..self.lanes]);
        self.outcome.registers[into.0] = lanes;
    }

    fn truth(&mut self, into: TruthRegister, work: impl FnOnce(&Self, &mut [bool])) {
        let mut lanes = std::mem::take(&mut self.outcome.truth_registers[into.0]);
        work(self, &mut lanes[..self.lanes]);
        self.outcome.truth_registers[into.0] = lanes;
    }

    fn numbers(&self, operand: Operand) -> Numbers<'_> {
        match operand {
            Operand::Constant(value) => Numbers::Same(value),
            Operand::Signal(signal) => {
                Numbers::Lanes(&self.columns.column(signal)[self.start..][..self.lanes])
            }
            Operand::Register(register) => Numbers::Lanes(&self.outcome.registers[register.0][..self.lanes]),
        }
    }

    fn truth_lanes(&self, register: TruthRegister) -> &[bool] {
        &self.outcome.truth_registers[register.0][..self.lanes]
    }
}

#[inline]
fn map(lanes: &mut [f32], f: impl Fn(f32) -> f32) {
    for lane in lanes {
        *lane = f(*lane);
    }
}

#[inline]
fn take(lanes: &mut [f32], from: &Numbers<'_>, f: impl Fn(f32, f32) -> f32) {
    match from {
        Numbers::Lanes(from) => {
            lanes.iter_mut().zip(*from).for_each(|(lane, value)| *lane = f(*lane, *value));
        }
        Numbers::Same(value) => map(lanes, |lane| f(lane, *value)),
    }
}

#[inline]
fn combine(lanes: &mut [f32], left: &Numbers<'_>, right: &Numbers<'_>, f: impl Fn(f32, f32) -> f32) {
    match (left, right) {
        (Numbers::Lanes(left), Numbers::Lanes(right)) => {
            for ((lane, a), b) in lanes.iter_mut().zip(*left).zip(*right) {
                *lane = f(*a, *b);
            }
        }
        (Numbers::Lanes(left), Numbers::Same(b)) => {
            lanes.iter_mut().zip(*left).for_each(|(lane, a)| *lane = f(*a, *b));
        }
        (Numbers::Same(a), Numbers::Lanes(right)) => {
            lanes.iter_mut().zip(*right).for_each(|(lane, b)| *lane = f(*a, *b));
        }
        (Numbers::Same(a), Numbers::Same(b)) => lanes.fill(f(*a, *b)),
    }
}

#[inline]
fn test(lanes: &mut [bool], of: &Numbers<'_>, f: impl Fn(f32) -> bool) {
    match of {
        Numbers::Lanes(of) => lanes.iter_mut().zip(*of).for_each(|(lane, value)| *lane = f(*value)),
        Numbers::Same(value) => lanes.fill(f(*value)),
    }
}

#[inline]
fn relate(lanes: &mut [bool], left: &Numbers<'_>, right: &Numbers<'_>, f: impl Fn(f32, f32) -> bool) {
    match (left, right) {
        (Numbers::Lanes(left), Numbers::Lanes(right)) => {
            for ((lane, a), b) in lanes.iter_mut().zip(*left).zip(*right) {
                *lane = f(*a, *b);
            }
        }
        (Numbers::Lanes(left), Numbers::Same(b)) => test(lanes, &Numbers::Lanes(left), |a| f(a, *b)),
        (Numbers::Same(a), right) => test(lanes, right, |b| f(*a, b)),
    }
}
