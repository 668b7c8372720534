//! A forest in a checkpoint.
//!
//! A checkpoint holds finite floats only. So missing targets are told by a tensor of their own, and places are whole
//! numbers below 2²⁴, which `f32` holds exactly. Reading checks every place: a damaged forest is refused, not walked.

use karma_nn::{Checkpoint, CheckpointError, Tensor};

use super::tree::{Node, Tree};
use super::{Forest, MOST_SAMPLES, View};

/// Stands for the feature of a leaf.
const LEAF: f32 = -1.0;

impl Forest {
    /// Puts the forest into a checkpoint.
    pub fn save(&self, checkpoint: &mut Checkpoint, name: &str) {
        let samples = self.values.len().checked_div(self.columns).unwrap_or(0);
        let mut put = |part: &str, shape: Vec<usize>, values: Vec<f32>| {
            checkpoint.put_tensor(&format!("{name}.{part}"), Tensor::F32 { shape, values });
        };
        let known = |value: &f32| f32::from(u8::from(value.is_finite()));
        let there = |value: &f32| if value.is_finite() { *value } else { 0.0 };
        put("values", vec![samples, self.columns], self.values.iter().map(there).collect());
        put("known", vec![samples, self.columns], self.values.iter().map(known).collect());
        let sizes = self.trees.iter().flat_map(|tree| [tree.nodes.len(), tree.members.len()]);
        put("sizes", vec![self.trees.len(), 2], sizes.map(|size| size as f32).collect());
        let nodes: Vec<f32> = self.trees.iter().flat_map(|tree| &tree.nodes).flat_map(written).collect();
        put("nodes", vec![nodes.len() / 4, 4], nodes);
        let members: Vec<f32> =
            self.trees.iter().flat_map(|tree| &tree.members).map(|sample| *sample as f32).collect();
        put("members", vec![members.len()], members);
        checkpoint.put_counter(&format!("{name}.trees_per_bag"), self.trees_per_bag as u64);
        checkpoint.put_note(&format!("{name}.view"), serde_json::json!(self.view));
    }

    /// Takes a forest for rows of `features` features and `columns` predicted columns out of a checkpoint.
    ///
    /// # Errors
    /// If a part is missing, has another shape, or names a place that does not exist.
    pub fn load(
        checkpoint: &Checkpoint,
        name: &str,
        (features, columns): (usize, usize),
    ) -> Result<Self, CheckpointError> {
        let part = |part: &str, width: Option<usize>| {
            let name = format!("{name}.{part}");
            let length = checkpoint.tensor(&name)?.shape().first().copied().unwrap_or(0);
            let shape: Vec<usize> = std::iter::once(length).chain(width).collect();
            checkpoint.f32_tensor(&name, &shape)
        };
        let view = checkpoint.note(&format!("{name}.view")).cloned().unwrap_or_default();
        let view: View =
            serde_json::from_value(view).map_err(|_| refused(name, "says neither increments nor levels"))?;
        let known = part("known", Some(columns))?;
        let values = part("values", Some(columns))?;
        if values.len() != known.len() || values.len() > MOST_SAMPLES * columns {
            return Err(refused(name, "does not say of each target whether it is known"));
        }
        let values =
            values.iter().zip(known).map(|(value, known)| if *known > 0.0 { *value } else { f32::NAN });
        let values: Vec<f32> = values.collect();
        let per_bag = checkpoint.counter(&format!("{name}.trees_per_bag"))?;
        let reader = Reader { name, features, samples: values.len().checked_div(columns).unwrap_or(0) };
        let trees = reader.trees(part("sizes", Some(2))?, part("nodes", Some(4))?, part("members", None)?)?;
        match usize::try_from(per_bag) {
            Ok(trees_per_bag) if trees_per_bag > 0 && trees.len().is_multiple_of(trees_per_bag) => {
                Ok(Self { view, features, columns, values, trees_per_bag, trees })
            }
            _ => Err(refused(name, "has bags that are not full")),
        }
    }
}

fn refused(name: &str, reason: &str) -> CheckpointError {
    CheckpointError::Malformed { reason: format!("the forest `{name}` {reason}") }
}

fn written(node: &Node) -> [f32; 4] {
    match *node {
        Node::Leaf { from, to } => [LEAF, from as f32, to as f32, 0.0],
        Node::Split { feature, threshold, missing_left, left } => {
            [feature as f32, threshold, f32::from(u8::from(missing_left)), left as f32]
        }
    }
}

/// What the places in a stored forest must lie below.
struct Reader<'a> {
    name: &'a str,
    features: usize,
    samples: usize,
}

impl Reader<'_> {
    fn trees(&self, sizes: &[f32], nodes: &[f32], members: &[f32]) -> Result<Vec<Tree>, CheckpointError> {
        let (mut nodes, mut members) = (nodes, members);
        let trees = sizes.chunks_exact(2).map(|sizes| {
            let of_tree = self.take(&mut nodes, sizes[0], 4)?;
            let samples = self.take(&mut members, sizes[1], 1)?;
            let count = of_tree.len() / 4;
            let rows = of_tree.chunks_exact(4).enumerate();
            let nodes =
                rows.map(|(at, row)| self.node((at, count), row, samples.len())).collect::<Result<_, _>>()?;
            let members = samples.iter().map(|sample| self.place(*sample, self.samples));
            Ok(Tree { nodes, members: members.collect::<Result<_, _>>()? })
        });
        let trees: Vec<Tree> = trees.collect::<Result<_, _>>()?;
        let empty = trees.iter().any(|tree| tree.nodes.is_empty());
        if empty { Err(refused(self.name, "has a tree without a root")) } else { Ok(trees) }
    }

    /// The next `count` rows of `width` values.
    fn take<'a>(&self, rest: &mut &'a [f32], count: f32, width: usize) -> Result<&'a [f32], CheckpointError> {
        let count = self.place(count, rest.len() / width + 1)?;
        let (taken, left) = rest.split_at(count as usize * width);
        *rest = left;
        Ok(taken)
    }

    /// A node, whose children come after it and whose leaf is not empty: so every walk ends beside a sample.
    fn node(
        &self,
        (at, count): (usize, usize),
        row: &[f32],
        members: usize,
    ) -> Result<Node, CheckpointError> {
        if row[0] == LEAF {
            let (from, to) = (self.place(row[1], members)?, self.place(row[2], members + 1)?);
            return if from < to {
                Ok(Node::Leaf { from, to })
            } else {
                Err(refused(self.name, "has an empty leaf"))
            };
        }
        let (feature, left) =
            (self.place(row[0], self.features)?, self.place(row[3], count.saturating_sub(1))?);
        if left as usize <= at {
            return Err(refused(self.name, "has a branch that leads back"));
        }
        Ok(Node::Split { feature, threshold: row[1], missing_left: row[2] > 0.0, left })
    }

    /// A whole number below `end`.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "checked to be whole and below 2²⁵"
    )]
    fn place(&self, value: f32, end: usize) -> Result<u32, CheckpointError> {
        let whole = value.fract() == 0.0 && (0.0..2.0 * MOST_SAMPLES as f32).contains(&value);
        if whole && (value as usize) < end {
            Ok(value as u32)
        } else {
            Err(refused(self.name, &format!("names the place {value}, but there are {end}")))
        }
    }
}
