//! From a pattern to a nondeterministic automaton, after Thompson (1968).
//!
//! Every symbol becomes a node that consumes one token; choices and repetitions become nodes that consume
//! nothing and point at several others. Built from the end to the beginning, each part is given the node that
//! follows it. `e(min,max)` is written out: `min` copies in a row, then `max − min` nested optional ones,
//! `e(0,2)` = `[e[e]?]?`; `e(min,*)` is `min` copies of which the last one loops.

use super::Mode;
use super::bits::Bits;
use super::syntax::{Item, Times, What};
use super::vocabulary::Test;

/// The automaton, seen as its tokens only: after which token may which ones come?
#[derive(Debug)]
pub(super) struct Nfa {
    /// What each position asks of a token.
    pub tests: Vec<Test>,
    /// Where one can be after each position: a set of positions, and of the end, which is number `tests.len()`.
    pub follow: Vec<Bits>,
    /// Where one can be before the first token.
    pub start: Bits,
}

enum Node {
    Token { test: Test, position: usize, next: usize },
    Split(Vec<usize>),
    End,
}

impl Nfa {
    pub(super) fn new(pattern: &Item<Test>, mode: Mode) -> Self {
        let mut builder = Builder { nodes: vec![Node::End], positions: 0 };
        let mut start = builder.repeated(pattern, 0);
        if mode == Mode::Search {
            start = builder.anything_before(start);
        }
        builder.finish(start)
    }

    /// The number of the end among the positions.
    pub(super) fn end(&self) -> usize {
        self.tests.len()
    }
}

struct Builder {
    nodes: Vec<Node>,
    positions: usize,
}

impl Builder {
    fn push(&mut self, node: Node) -> usize {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    fn token(&mut self, test: Test, next: usize) -> usize {
        let position = self.positions;
        self.positions += 1;
        self.push(Node::Token { test, position, next })
    }

    fn repeated(&mut self, item: &Item<Test>, next: usize) -> usize {
        let Times { min, max } = item.times;
        let Some(max) = max else { return self.unbounded(item, min, next) };
        let mut entry = next;
        for _ in min..max {
            let once = self.once(item, entry);
            entry = self.push(Node::Split(vec![once, next]));
        }
        (0..min).fold(entry, |entry, _| self.once(item, entry))
    }

    fn unbounded(&mut self, item: &Item<Test>, min: u32, next: usize) -> usize {
        let again = self.push(Node::Split(Vec::new()));
        let last = self.once(item, again);
        self.nodes[again] = Node::Split(vec![last, next]);
        match min {
            0 => again,
            _ => (1..min).fold(last, |entry, _| self.once(item, entry)),
        }
    }

    fn once(&mut self, item: &Item<Test>, next: usize) -> usize {
        match &item.what {
            What::Symbol(test, _) => self.token(*test, next),
            What::Sequence(places) => places.iter().rev().fold(next, |next, place| match place.as_slice() {
                [only] => self.repeated(only, next),
                choices => {
                    let entries = choices.iter().map(|item| self.repeated(item, next)).collect();
                    self.push(Node::Split(entries))
                }
            }),
        }
    }

    fn anything_before(&mut self, start: usize) -> usize {
        let again = self.push(Node::Split(Vec::new()));
        let any = self.token(Test::Any, again);
        self.nodes[again] = Node::Split(vec![any, start]);
        again
    }

    fn finish(&self, start: usize) -> Nfa {
        let mut tests = vec![Test::Any; self.positions];
        let mut follow = vec![Bits::default(); self.positions];
        for node in &self.nodes {
            if let Node::Token { test, position, next } = node {
                tests[*position] = *test;
                follow[*position] = self.closure(*next);
            }
        }
        Nfa { tests, follow, start: self.closure(start) }
    }

    /// The positions that can be reached from a node without a token.
    fn closure(&self, from: usize) -> Bits {
        let mut found = Bits::none(self.positions + 1);
        let mut seen = vec![false; self.nodes.len()];
        let mut open = vec![from];
        while let Some(at) = open.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            match &self.nodes[at] {
                Node::Token { position, .. } => found.insert(*position),
                Node::Split(to) => open.extend(to),
                Node::End => found.insert(self.positions),
            }
        }
        found
    }
}
