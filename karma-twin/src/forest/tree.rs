//! One tree: how it grows, and which samples it puts beside a new one.

use karma_core::StreamRng;
use karma_core::draw::below;

use super::split::{Cutter, Ground};

/// A place in a tree.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Node {
    /// Features below the threshold go on at `left`, the others at `left + 1`.
    Split { feature: u32, threshold: f32, missing_left: bool, left: u32 },
    /// The members from one place up to, not including, another.
    Leaf { from: u32, to: u32 },
}

/// A tree with the samples of its bag, ordered by leaf.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tree {
    pub(super) nodes: Vec<Node>,
    pub(super) members: Vec<u32>,
}

impl Tree {
    /// Grows a tree on a bag.
    pub(super) fn grow(ground: &Ground<'_>, bag: &[u32], mut rng: StreamRng) -> Self {
        let mut members = bag.to_vec();
        let mut nodes = vec![Node::Leaf { from: 0, to: short(members.len()) }];
        let (mut cutter, mut open) = (Cutter::new(ground), vec![0_usize]);
        while let Some(node) = open.pop() {
            let Node::Leaf { from, to } = nodes[node] else { continue };
            let here = &mut members[from as usize..to as usize];
            let Some(cut) = cutter.best(here, &mut rng) else { continue };
            let codes = ground.bins.codes(cut.feature);
            here.sort_by_key(|sample| !cut.goes_left(codes[*sample as usize]));
            let middle = here.partition_point(|sample| cut.goes_left(codes[*sample as usize]));
            let (left, middle) = (nodes.len(), from + short(middle));
            nodes[node] = Node::Split {
                feature: short(cut.feature),
                threshold: ground.bins.threshold(cut.feature, cut.last),
                missing_left: cut.missing_left,
                left: short(left),
            };
            nodes.extend([Node::Leaf { from, to: middle }, Node::Leaf { from: middle, to }]);
            open.extend([left + 1, left]);
        }
        Self { nodes, members }
    }

    /// The samples of the leaf into which these features fall.
    pub(super) fn neighbours(&self, features: &[f32]) -> &[u32] {
        let mut node = 0;
        loop {
            match self.nodes[node as usize] {
                Node::Leaf { from, to } => return &self.members[from as usize..to as usize],
                Node::Split { feature, threshold, missing_left, left } => {
                    let x = features[feature as usize];
                    let goes_left = if x.is_finite() { x < threshold } else { missing_left };
                    node = left + u32::from(!goes_left);
                }
            }
        }
    }
}

/// Draws stretches of consecutive samples with replacement, round the end, until there are `size`
/// (circular block bootstrap: Politis and Romano, 1992).
pub(super) fn draw_bag(samples: usize, size: usize, stretch: usize, rng: &mut StreamRng) -> Vec<u32> {
    let mut bag = Vec::with_capacity(size);
    while bag.len() < size {
        let start = below(rng, samples);
        let length = stretch.min(size - bag.len()).min(samples);
        bag.extend((start..start + length).map(|place| short(place % samples)));
    }
    bag
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a forest has at most 2²⁴ samples, and fewer nodes than twice that"
)]
pub(super) const fn short(count: usize) -> u32 {
    count as u32
}
