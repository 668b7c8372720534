//! Tidy trees.

/// Places the nodes of a tree in the direction in which siblings follow each other.
///
/// # What it solves
///
/// Trees drawn so that parents are in the middle of their children, no two nodes of one level overlap, equal subtrees look equal
/// wherever they are, and little room is wasted: E. M. Reingold and J. S. Tilford ("Tidier drawings of trees", IEEE
/// TSE 7(2), 1981) for two children, J. Q. Walker (1990) for any number, and C. Buchheim, M. Jünger and S. Leipert
/// ("Improving Walker's algorithm to run in linear time", GD 2002), which this is.
///
/// # How
///
/// Subtrees are placed bottom-up. Each is pushed away from its left neighbours until the outlines of both, level by
/// level, are at least half the sizes of the two nodes plus `gap` apart. Threads let the walk along an outline skip
/// from a leaf to the next deeper node; shifts between siblings are summed up and spread evenly.
///
/// # Where we differ
///
/// Nodes have sizes of their own (the walk compares sizes, not a constant), and no recursion is used, so that a tree
/// may be as deep as memory allows.
///
/// Cost O(n). The result is the centre of each node; the smallest edge of all is at 0. `parents[0]` is the root's and
/// is none; each other node has a parent, and no node is above itself. Children follow in the order of their numbers.
///
/// Example: sizes 10, 10, 10, gap 2, a root with two children: the children are at 5 and 17, the root at 11.
pub(super) fn tidy(parents: &[Option<usize>], sizes: &[f64], gap: f64) -> Vec<f64> {
    let mut tree = Tree::new(parents, sizes, gap);
    let order = tree.bottom_up();
    for node in &order {
        tree.place(*node);
    }
    tree.centres(&order)
}

/// The numbers that Buchheim, Jünger and Leipert keep for each node.
#[derive(Clone, Default)]
struct Node {
    parent: Option<usize>,
    children: Vec<usize>,
    /// Position among its siblings.
    number: usize,
    left: Option<usize>,
    size: f64,
    /// Place relative to its siblings.
    preliminary: f64,
    /// What is added to all nodes below.
    modifier: f64,
    thread: Option<usize>,
    ancestor: usize,
    change: f64,
    shift: f64,
    /// The child whose subtree the outline of this node's subtree belongs to, unless known better.
    default_ancestor: usize,
}

struct Tree {
    nodes: Vec<Node>,
    gap: f64,
}

impl Tree {
    fn new(parents: &[Option<usize>], sizes: &[f64], gap: f64) -> Self {
        let node = |(ancestor, (parent, size)): (usize, (&Option<usize>, &f64))| Node {
            parent: *parent,
            size: *size,
            ancestor,
            ..Node::default()
        };
        let mut nodes: Vec<Node> = parents.iter().zip(sizes).enumerate().map(node).collect();
        for child in 0..nodes.len() {
            if let Some(parent) = nodes[child].parent {
                nodes[child].number = nodes[parent].children.len();
                nodes[child].left = nodes[parent].children.last().copied();
                nodes[parent].children.push(child);
            }
        }
        for node in &mut nodes {
            node.default_ancestor = node.children.first().copied().unwrap_or_default();
        }
        Self { nodes, gap }
    }

    /// Children before parents, left siblings before right ones.
    fn bottom_up(&self) -> Vec<usize> {
        let mut order = Vec::with_capacity(self.nodes.len());
        let mut open: Vec<usize> =
            (0..self.nodes.len()).filter(|node| self.nodes[*node].parent.is_none()).collect();
        while let Some(node) = open.pop() {
            order.push(node);
            open.extend(&self.nodes[node].children);
        }
        order.reverse();
        order
    }

    /// The first walk at one node, and its distance from the subtrees to its left.
    fn place(&mut self, node: usize) {
        self.execute_shifts(node);
        let middle = match self.nodes[node].children[..] {
            [] => None,
            [first, ..] => {
                let last = self.nodes[node].children[self.nodes[node].children.len() - 1];
                Some(f64::midpoint(self.nodes[first].preliminary, self.nodes[last].preliminary))
            }
        };
        let beside =
            self.nodes[node].left.map(|left| self.nodes[left].preliminary + self.distance(left, node));
        self.nodes[node].preliminary = beside.or(middle).unwrap_or_default();
        if let (Some(beside), Some(middle)) = (beside, middle) {
            self.nodes[node].modifier = beside - middle;
        }
        self.apportion(node);
    }

    fn distance(&self, a: usize, b: usize) -> f64 {
        f64::midpoint(self.nodes[a].size, self.nodes[b].size) + self.gap
    }

    fn next_left(&self, node: usize) -> Option<usize> {
        self.nodes[node].children.first().copied().or(self.nodes[node].thread)
    }

    fn next_right(&self, node: usize) -> Option<usize> {
        self.nodes[node].children.last().copied().or(self.nodes[node].thread)
    }

    /// Pushes a subtree away from those to its left and joins their outlines.
    fn apportion(&mut self, node: usize) {
        let (Some(left), Some(parent)) = (self.nodes[node].left, self.nodes[node].parent) else { return };
        let leftmost = self.nodes[parent].children[0];
        // Outlines: of this subtree on its left (inner) and right (outer), of those before on their right and left.
        let mut outlines = [node, node, left, leftmost];
        let mut sums = outlines.map(|at| self.nodes[at].modifier);
        while let (Some(before), Some(inner)) = (self.next_right(outlines[2]), self.next_left(outlines[0])) {
            let outer = self.next_right(outlines[1]).unwrap_or(inner);
            let outermost = self.next_left(outlines[3]).unwrap_or(before);
            outlines = [inner, outer, before, outermost];
            self.nodes[outer].ancestor = node;
            let there = self.nodes[before].preliminary + sums[2] + self.distance(before, inner);
            let shift = there - (self.nodes[inner].preliminary + sums[0]);
            if shift > 0.0 {
                self.move_subtree(self.ancestor(before, node), node, shift);
                sums[0] += shift;
                sums[1] += shift;
            }
            for (sum, at) in sums.iter_mut().zip(outlines) {
                *sum += self.nodes[at].modifier;
            }
        }
        self.join(node, parent, outlines, sums);
    }

    /// Threads from the end of the shorter outline to the rest of the longer one.
    fn join(&mut self, node: usize, parent: usize, outlines: [usize; 4], sums: [f64; 4]) {
        let [inner, outer, before, outermost] = outlines;
        if let (Some(next), None) = (self.next_right(before), self.next_right(outer)) {
            self.nodes[outer].thread = Some(next);
            self.nodes[outer].modifier += sums[2] - sums[1];
        }
        if let (Some(next), None) = (self.next_left(inner), self.next_left(outermost)) {
            self.nodes[outermost].thread = Some(next);
            self.nodes[outermost].modifier += sums[0] - sums[3];
            self.nodes[parent].default_ancestor = node;
        }
    }

    /// The sibling of `node` to whose subtree a node of the outline belongs.
    fn ancestor(&self, outline: usize, node: usize) -> usize {
        let ancestor = self.nodes[outline].ancestor;
        let parent = self.nodes[node].parent;
        if self.nodes[ancestor].parent == parent {
            return ancestor;
        }
        parent.map_or(ancestor, |parent| self.nodes[parent].default_ancestor)
    }

    fn move_subtree(&mut self, from: usize, node: usize, shift: f64) {
        let between = self.nodes[node].number.saturating_sub(self.nodes[from].number).max(1);
        let share = shift / between as f64;
        self.nodes[from].change += share;
        let node = &mut self.nodes[node];
        node.change -= share;
        node.shift += shift;
        node.preliminary += shift;
        node.modifier += shift;
    }

    /// Spreads the shifts among the children of a node.
    fn execute_shifts(&mut self, node: usize) {
        let (mut shift, mut change) = (0.0, 0.0);
        for position in (0..self.nodes[node].children.len()).rev() {
            let child = self.nodes[node].children[position];
            let child = &mut self.nodes[child];
            child.preliminary += shift;
            child.modifier += shift;
            change += child.change;
            shift += child.shift + change;
        }
    }

    /// The second walk: sums up the modifiers from the root on, and moves all so that nothing is below 0.
    fn centres(&self, bottom_up: &[usize]) -> Vec<f64> {
        let mut sums = vec![0.0; self.nodes.len()];
        let mut centres = vec![0.0; self.nodes.len()];
        for node in bottom_up.iter().rev() {
            centres[*node] = self.nodes[*node].preliminary + sums[*node];
            for child in &self.nodes[*node].children {
                sums[*child] = sums[*node] + self.nodes[*node].modifier;
            }
        }
        let edges = centres.iter().zip(&self.nodes).map(|(centre, node)| centre - node.size / 2.0);
        let lowest = edges.fold(f64::INFINITY, f64::min);
        centres.iter().map(|centre| centre - lowest).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Trees in which each node hangs on one before it, with sizes.
    fn trees() -> impl Strategy<Value = (Vec<Option<usize>>, Vec<f64>)> {
        proptest::collection::vec((any::<prop::sample::Index>(), 1_u32..40), 1..60).prop_map(|nodes| {
            let parent = |(node, (index, _)): (usize, &(prop::sample::Index, u32))| {
                (node > 0).then(|| index.index(node))
            };
            let parents = nodes.iter().enumerate().map(parent).collect();
            (parents, nodes.iter().map(|(_, size)| f64::from(*size)).collect())
        })
    }

    fn levels(parents: &[Option<usize>]) -> Vec<usize> {
        let mut levels: Vec<usize> = Vec::new();
        for parent in parents {
            levels.push(parent.map_or(0, |parent| levels[parent] + 1));
        }
        levels
    }

    #[test]
    fn a_parent_is_in_the_middle_of_its_children() {
        assert_eq!(tidy(&[None, Some(0), Some(0)], &[10.0; 3], 2.0), [11.0, 5.0, 17.0]);
    }

    #[test]
    fn a_leaf_stands_beside_the_subtree_of_its_sibling() {
        let parents = [None, Some(0), Some(0), Some(2), Some(2), Some(2)];
        let centres = tidy(&parents, &[10.0; 6], 2.0);
        assert_eq!(centres[2] - centres[1], 12.0);
    }

    proptest! {
        #[test]
        fn nodes_of_a_level_are_apart_and_parents_in_the_middle((parents, sizes) in trees()) {
            let (centres, levels) = (tidy(&parents, &sizes, 2.0), levels(&parents));
            for a in 0..parents.len() {
                prop_assert!(centres[a] - sizes[a] / 2.0 > -1e-6);
                for b in (0..a).filter(|b| levels[*b] == levels[a]) {
                    let apart = (centres[a] - centres[b]).abs();
                    prop_assert!(apart > f64::midpoint(sizes[a], sizes[b]) + 2.0 - 1e-6, "{a} and {b}: {apart}");
                }
                let children: Vec<usize> = (0..parents.len()).filter(|child| parents[*child] == Some(a)).collect();
                if let [first, .., last] = children[..] {
                    prop_assert!((f64::midpoint(centres[first], centres[last]) - centres[a]).abs() < 1e-6);
                }
            }
        }
    }
}
