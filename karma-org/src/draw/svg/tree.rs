//! Boxes in a tree that grows from left to right: a column for each level, tidy from top to bottom.

use super::scene::Frame;
use super::tidy::tidy;

/// Room between two siblings, in pixels.
const SIBLINGS: f64 = 10.0;

/// Boxes with places.
pub(super) struct Placed {
    pub(super) frames: Vec<Frame>,
    /// The column of each box.
    pub(super) level: Vec<usize>,
    /// Left and right edge of each column.
    pub(super) columns: Vec<(f64, f64)>,
    pub(super) width: f64,
    pub(super) height: f64,
}

/// Places boxes, each of which comes after its parent. Several may have none: goals of reports are in no plan, and the
/// trees that begin with them stand below the first one.
pub(super) fn placed(frames: Vec<Frame>, parents: &[Option<usize>], gap: f64) -> Placed {
    let level = levels(parents);
    let mut widths: Vec<f64> = vec![0.0; level.iter().max().map_or(0, |deepest| deepest + 1)];
    for (frame, level) in frames.iter().zip(&level) {
        widths[*level] = widths[*level].max(frame.width);
    }
    let columns = columns(&widths, gap);
    let centres = centres(&frames, parents);
    let place = |(frame, (level, centre)): (Frame, (&usize, f64))| {
        let y = centre - frame.height / 2.0;
        frame.moved(columns[*level].0, y)
    };
    let frames: Vec<Frame> = frames.into_iter().zip(level.iter().zip(centres)).map(place).collect();
    let height = frames.iter().map(Frame::bottom).fold(0.0, f64::max);
    let width = columns.last().map_or(0.0, |(_, right)| *right);
    Placed { frames, level, columns, width, height }
}

/// Middles of the boxes, found by hanging all trees on one root that is not drawn.
fn centres(frames: &[Frame], parents: &[Option<usize>]) -> Vec<f64> {
    let hung = parents.iter().map(|parent| Some(parent.map_or(0, |parent| parent + 1)));
    let hung: Vec<Option<usize>> = std::iter::once(None).chain(hung).collect();
    let heights = frames.iter().map(|frame| frame.height);
    let heights: Vec<f64> = std::iter::once(0.0).chain(heights).collect();
    tidy(&hung, &heights, SIBLINGS).split_off(1)
}

fn levels(parents: &[Option<usize>]) -> Vec<usize> {
    let mut levels: Vec<usize> = Vec::with_capacity(parents.len());
    for parent in parents {
        levels.push(parent.map_or(0, |parent| levels[parent] + 1));
    }
    levels
}

fn columns(widths: &[f64], gap: f64) -> Vec<(f64, f64)> {
    let mut left = 0.0;
    let column = |width: &f64| {
        let column = (left, left + width);
        left += width + gap;
        column
    };
    widths.iter().map(column).collect()
}
