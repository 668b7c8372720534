//! The tree of clusters (dendrogram), from the root at the left to the leaves at the right.
//!
//! Hundreds of leaves cannot be told apart, so only the last merges are drawn; what was merged before them is one leaf
//! with the number of episodes in brackets.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::chart::{Chart, Key, Swatch, short};
use crate::explain::view::TreeView;
use crate::report::svg::{Axis, document, escape, number};

/// Merges that are drawn.
const MOST: usize = 30;
const WIDTH: f64 = 760.0;
/// From the axis of height 0 to the names.
const RIGHT: f64 = 520.0;
const LEFT: f64 = 12.0;
const LINE: f64 = 17.0;

pub(super) fn chart(tree: &TreeView) -> Chart {
    let leaves = leaves(tree);
    let floor = LINE * leaves.len() as f64 + 10.0;
    let most = tree.merges.iter().map(|merge| merge.height).filter(|height| height.is_finite());
    let axis = Axis::new(0.0, 1.02 * most.fold(tree.cut.max(0.0), f64::max), &tree.measure);
    let body =
        [scale(&axis, floor), branches(tree, &leaves, &axis), names(tree, &leaves), cut(tree, &axis, floor)];
    let (title, size) = ("How the episodes were joined into roles", (WIDTH, floor + 34.0));
    Chart {
        file: "roles-tree".to_owned(),
        title: title.to_owned(),
        size,
        svg: document(size.0, size.1, title, &body.concat()),
        keys: vec![Key::new(
            Swatch::Line("cut".to_owned()),
            "the cut: what is joined to the right of it is one role",
        )],
    }
}

/// The first merge that is drawn.
fn first(tree: &TreeView) -> usize {
    tree.merges.len().saturating_sub(MOST)
}

/// What is drawn as a leaf, from the top. Children come before their merge, so that the walk ends on any input.
fn leaves(tree: &TreeView) -> Vec<usize> {
    let (count, first) = (tree.leaves.len(), first(tree));
    let (mut open, mut leaves) = (vec![(count + tree.merges.len()).saturating_sub(1)], Vec::new());
    while let Some(node) = open.pop() {
        match node.checked_sub(count + first).and_then(|_| tree.merges.get(node - count)) {
            Some(merge) => open.extend([merge.right, merge.left].into_iter().filter(|child| *child < node)),
            None if node < count + tree.merges.len() => leaves.push(node),
            None => {}
        }
    }
    leaves
}

fn x(axis: &Axis, height: f64) -> f64 {
    RIGHT - axis.share(height) * (RIGHT - LEFT)
}

fn middle(line: usize) -> f64 {
    LINE * (line as f64 + 0.5) + 4.0
}

fn scale(axis: &Axis, floor: f64) -> String {
    let mut body = String::new();
    for tick in axis.ticks() {
        let (x, y) = (x(axis, *tick), floor + 13.0);
        let _ = write!(
            body,
            r#"<line class="grid" x1="{x:.1}" x2="{x:.1}" y1="2" y2="{floor}"/><text class="tick" x="{x:.1}" y="{y}" text-anchor="middle">{}</text>"#,
            number(*tick)
        );
    }
    let (x, y) = (f64::midpoint(LEFT, RIGHT), floor + 28.0);
    let _ = write!(
        body,
        r#"<text class="label" x="{x}" y="{y}" text-anchor="middle">{}</text>"#,
        escape(axis.label())
    );
    body
}

/// Two lines to the children and one that joins them, for each merge.
fn branches(tree: &TreeView, leaves: &[usize], axis: &Axis) -> String {
    let count = tree.leaves.len();
    let mut places: BTreeMap<usize, (f64, f64)> =
        leaves.iter().enumerate().map(|(line, node)| (*node, (middle(line), 0.0))).collect();
    let mut body = String::new();
    for (index, merge) in tree.merges.iter().enumerate().skip(first(tree)) {
        let children = (places.get(&merge.left).copied(), places.get(&merge.right).copied());
        let (Some((upper, near)), Some((lower, far))) = children else { continue };
        let (at, near, far) = (x(axis, merge.height), x(axis, near), x(axis, far));
        let _ = write!(
            body,
            r#"<path class="branch" d="M{near:.1},{upper:.1}H{at:.1}V{lower:.1}H{far:.1}"><title>{} episodes, {:.3}</title></path>"#,
            merge.size, merge.height
        );
        places.insert(count + index, (f64::midpoint(upper, lower), merge.height));
    }
    body
}

fn names(tree: &TreeView, leaves: &[usize]) -> String {
    let mut body = String::new();
    for (line, node) in leaves.iter().enumerate() {
        let (name, x, y) = (name(tree, *node), RIGHT + 8.0, middle(line) + 4.0);
        let (full, name) = (escape(&name), escape(&short(&name, 36)));
        let _ = write!(body, r#"<text class="tick" x="{x}" y="{y:.1}"><title>{full}</title>{name}</text>"#);
    }
    body
}

/// The name of a leaf; of a branch, the number of its episodes and the first of them.
fn name(tree: &TreeView, node: usize) -> String {
    let mut leaf = node;
    while let Some(merge) = leaf.checked_sub(tree.leaves.len()).and_then(|index| tree.merges.get(index)) {
        if merge.left >= leaf {
            break;
        }
        leaf = merge.left;
    }
    let first = tree.leaves.get(leaf).map_or("", String::as_str);
    match node.checked_sub(tree.leaves.len()).and_then(|index| tree.merges.get(index)) {
        Some(merge) => format!("({}) {first} …", merge.size),
        None => first.to_owned(),
    }
}

fn cut(tree: &TreeView, axis: &Axis, floor: f64) -> String {
    let x = x(axis, tree.cut);
    format!(r#"<line class="cut" x1="{x:.1}" x2="{x:.1}" y1="2" y2="{floor}"/>"#)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::explain::view::MergeView;

    /// Each leaf is joined to all before it.
    fn chain(count: usize) -> TreeView {
        let merge = |index: usize| MergeView {
            left: if index == 0 { 0 } else { count + index - 1 },
            right: index + 1,
            height: (index + 1) as f64,
            size: index + 2,
        };
        TreeView {
            leaves: (0..count).map(|leaf| format!("leaf {leaf}")).collect(),
            merges: (0..count.saturating_sub(1)).map(merge).collect(),
            cut: 1.5,
            measure: "height".to_owned(),
        }
    }

    #[test]
    fn a_small_tree_shows_every_leaf() {
        let tree = chain(4);
        assert_eq!(leaves(&tree), [0, 1, 2, 3]);
        let svg = chart(&tree).svg;
        assert_eq!(svg.matches("<path class=\"branch\"").count(), 3);
        assert!(svg.contains("leaf 3"), "{svg}");
    }

    #[test]
    fn a_large_tree_shows_its_last_merges_and_counts_the_rest() {
        let tree = chain(300);
        let svg = chart(&tree).svg;
        assert_eq!(leaves(&tree).len(), MOST + 1);
        assert_eq!(svg.matches("<path class=\"branch\"").count(), MOST);
        assert!(svg.contains("(270) leaf 0 …"), "{svg}");
    }

    #[test]
    fn a_tree_that_is_none_is_still_a_picture() {
        assert!(chart(&TreeView::default()).svg.ends_with("</svg>"));
        let mut tree = chain(3);
        tree.merges[1].left = 4;
        tree.merges[0].right = 99;
        assert!(chart(&tree).svg.ends_with("</svg>"));
    }
}
