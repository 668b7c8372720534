//! A graph as a list of instructions with few registers.
//!
//! Nodes are carried out in the order of construction. A register is taken when a node is computed and given back
//! after its last use (linear scan, Poletto and Sarkar 1999, without spilling), so a chunk of all live registers
//! stays in the nearest cache. Cost: linear in nodes and their inputs.

use super::compile::Limits;
use super::graph::{Arithmetic, Graph, Node, NodeId};
use super::program::{Fold, Instruction, Operand, Program, Register, TruthRegister};
use super::syntax::Aggregate;

/// What a node is computed for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Output {
    Truth(usize),
    Value(usize, Limits),
}

/// Instructions that compute `outputs`.
pub(super) fn schedule(graph: &Graph, outputs: &[(NodeId, Output)]) -> Program {
    let mut scheduler = Scheduler::new(graph, outputs);
    for index in 0..graph.len() {
        if scheduler.last_use[index].is_some() {
            scheduler.compute(NodeId(index));
        }
    }
    let truths = outputs.iter().filter(|(_, output)| matches!(output, Output::Truth(_))).count();
    Program {
        instructions: scheduler.instructions,
        registers: scheduler.values.count,
        truth_registers: scheduler.truths.count,
        truths,
        values: outputs.len() - truths,
        patterns: patterns(graph),
    }
}

/// How many rows of matches are read.
fn patterns(graph: &Graph) -> usize {
    let row = |index| match graph.node(NodeId(index)) {
        Node::Matches { pattern, .. } => pattern + 1,
        _ => 0,
    };
    (0..graph.len()).map(row).max().unwrap_or(0)
}

/// Registers of one kind.
#[derive(Default)]
struct Pool {
    free: Vec<usize>,
    count: usize,
}

impl Pool {
    fn take(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.count += 1;
            self.count - 1
        })
    }
}

/// Where the result of a node is.
#[derive(Clone, Copy)]
enum Home {
    Nowhere,
    Value(Operand),
    Truth(usize),
}

struct Scheduler<'g> {
    graph: &'g Graph,
    outputs: Vec<Vec<Output>>,
    /// Index of the last node that needs each node (itself, if only an output does); `None` for dead nodes.
    last_use: Vec<Option<usize>>,
    homes: Vec<Home>,
    values: Pool,
    truths: Pool,
    instructions: Vec<Instruction>,
}

impl<'g> Scheduler<'g> {
    fn new(graph: &'g Graph, wanted: &[(NodeId, Output)]) -> Self {
        let mut outputs = vec![Vec::new(); graph.len()];
        let mut last_use = vec![None; graph.len()];
        for (node, output) in wanted {
            outputs[node.0].push(*output);
            last_use[node.0] = Some(node.0);
        }
        for index in (0..graph.len()).rev() {
            if last_use[index].is_some() {
                for input in graph.node(NodeId(index)).inputs() {
                    last_use[input.0] = last_use[input.0].max(Some(index));
                }
            }
        }
        Self {
            graph,
            outputs,
            last_use,
            homes: vec![Home::Nowhere; graph.len()],
            values: Pool::default(),
            truths: Pool::default(),
            instructions: Vec::new(),
        }
    }

    fn compute(&mut self, id: NodeId) {
        let graph = self.graph;
        let node = graph.node(id);
        self.homes[id.0] = match node {
            Node::Constant(bits) => Home::Value(Operand::Constant(f32::from_bits(*bits))),
            Node::Signal(signal) => Home::Value(Operand::Signal(*signal)),
            Node::Arithmetic(..) | Node::Fold(..) | Node::Count(_) => {
                let into = Register(self.values.take());
                self.number(node, into);
                Home::Value(Operand::Register(into))
            }
            _ => {
                let into = self.truths.take();
                self.truth(node, TruthRegister(into));
                Home::Truth(into)
            }
        };
        self.emit(id);
        let mut done = node.inputs();
        done.push(id);
        done.sort_unstable();
        done.dedup();
        for node in done {
            if self.last_use[node.0] == Some(id.0) {
                self.release(node);
            }
        }
    }

    fn release(&mut self, node: NodeId) {
        match self.homes[node.0] {
            Home::Value(Operand::Register(register)) => self.values.free.push(register.0),
            Home::Truth(register) => self.truths.free.push(register),
            Home::Value(_) | Home::Nowhere => {}
        }
    }

    fn number(&mut self, node: &Node, into: Register) {
        match node {
            Node::Arithmetic(how, left, right) => {
                let (left, right) = (self.operand(*left), self.operand(*right));
                self.instructions.push(Instruction::Arithmetic { how: *how, left, right, into });
            }
            Node::Fold(Aggregate::Mean, parts) => self.mean(parts, into),
            Node::Fold(aggregate, parts) => {
                let how = match aggregate {
                    Aggregate::Max => Fold::Max,
                    Aggregate::Min => Fold::Min,
                    Aggregate::Sum | Aggregate::Mean => Fold::Add,
                };
                self.fold(how, parts, into);
                if *aggregate == Aggregate::Sum {
                    self.instructions.push(Instruction::Finite { into });
                }
            }
            Node::Count(parts) => {
                self.instructions.push(Instruction::Fill { value: 0.0, into });
                for part in parts {
                    let from = self.truth_operand(*part);
                    self.instructions.push(Instruction::Count { from, into });
                }
            }
            _ => {}
        }
    }

    fn fold(&mut self, how: Fold, parts: &[NodeId], into: Register) {
        let start = match how {
            Fold::Max | Fold::Min => f32::NAN,
            Fold::Add | Fold::AddPresent | Fold::CountPresent => 0.0,
        };
        self.instructions.push(Instruction::Fill { value: start, into });
        for part in parts {
            let from = self.operand(*part);
            self.instructions.push(Instruction::Fold { how, from, into });
        }
    }

    /// Sum of what is there over how much is there; 0 / 0 is missing.
    fn mean(&mut self, parts: &[NodeId], into: Register) {
        let (sum, present) = (Register(self.values.take()), Register(self.values.take()));
        self.fold(Fold::AddPresent, parts, sum);
        self.fold(Fold::CountPresent, parts, present);
        let (left, right) = (Operand::Register(sum), Operand::Register(present));
        self.instructions.push(Instruction::Arithmetic { how: Arithmetic::Divide, left, right, into });
        self.values.free.extend([sum.0, present.0]);
    }

    fn truth(&mut self, node: &Node, into: TruthRegister) {
        let instruction = match node {
            Node::Truth(truth) => Instruction::SetTruth { truth: *truth, into },
            Node::Compare(how, left, right) => {
                let (left, right) = (self.operand(*left), self.operand(*right));
                Instruction::Compare { how: *how, left, right, into }
            }
            Node::Missing { of, wanted } => {
                Instruction::Missing { of: self.operand(*of), wanted: *wanted, into }
            }
            Node::Matches { pattern, wanted } => {
                Instruction::Matches { pattern: *pattern, wanted: *wanted, into }
            }
            Node::All(parts) => return self.join(parts, true, into),
            Node::Any(parts) => return self.join(parts, false, into),
            _ => return,
        };
        self.instructions.push(instruction);
    }

    /// Of two parts at least: the graph has no joins of fewer.
    fn join(&mut self, parts: &[NodeId], all: bool, into: TruthRegister) {
        let [first, second, rest @ ..] = parts else { return };
        let (left, right) = (self.truth_operand(*first), self.truth_operand(*second));
        self.instructions.push(Instruction::Pair { all, left, right, into });
        for part in rest {
            let from = self.truth_operand(*part);
            self.instructions.push(Instruction::Join { all, from, into });
        }
    }

    fn emit(&mut self, id: NodeId) {
        for output in std::mem::take(&mut self.outputs[id.0]) {
            let instruction = match output {
                Output::Truth(output) => Instruction::EmitTruth { from: self.truth_operand(id), output },
                Output::Value(output, limits) => {
                    Instruction::EmitValue { from: self.operand(id), limits, output }
                }
            };
            self.instructions.push(instruction);
        }
    }

    /// Where a number is; the compiler puts numbers only where numbers are needed, so nothing is ever missing.
    fn operand(&self, id: NodeId) -> Operand {
        match self.homes[id.0] {
            Home::Value(operand) => operand,
            Home::Truth(_) | Home::Nowhere => Operand::Constant(f32::NAN),
        }
    }

    fn truth_operand(&self, id: NodeId) -> TruthRegister {
        match self.homes[id.0] {
            Home::Truth(register) => TruthRegister(register),
            Home::Value(_) | Home::Nowhere => TruthRegister(0),
        }
    }
}
