//! A picture before it is text: boxes in boxes, and what is drawn in them.
//!
//! The layout is kept apart from SVG so that its laws can be tested: boxes of one level do not overlap, and everything
//! lies within its box.

use super::metrics::{Style, width};

/// A place, in pixels from the left and the top of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) x: f64,
    pub(super) y: f64,
}

/// A point.
pub(super) const fn at(x: f64, y: f64) -> Point {
    Point { x, y }
}

/// A box, its place in the box around it, and what it holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Frame {
    pub(super) x: f64,
    pub(super) y: f64,
    pub(super) width: f64,
    pub(super) height: f64,
    /// Classes and radius of the corners, if it has an outline.
    pub(super) outline: Option<(String, f64)>,
    /// What it stands for, for who points at it or cannot see it.
    pub(super) title: Option<String>,
    pub(super) inks: Vec<Ink>,
    pub(super) children: Vec<Self>,
}

/// What is drawn, in the coordinates of its frame.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ink {
    /// One line of text.
    Text { at: Point, anchor: Anchor, style: Style, text: String },
    /// A line, or an area.
    Path { steps: Vec<Step>, class: String, title: Option<String> },
    /// A small circle.
    Dot { at: Point, radius: f64, class: &'static str },
}

/// Which end of a text is at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// A step of a pen. All of a curve is between its points.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Step {
    Move(Point),
    Line(Point),
    /// Around a corner (a quadratic Bézier curve).
    Turn(Point, Point),
    /// From one direction into another (a cubic Bézier curve).
    Curve(Point, Point, Point),
    Close,
}

impl Frame {
    /// A frame of a size, at the origin.
    pub(super) fn sized(width: f64, height: f64) -> Self {
        Self { width, height, ..Self::default() }
    }

    /// With an outline: classes, and the radius of its corners.
    pub(super) fn outlined(mut self, class: impl Into<String>, radius: f64) -> Self {
        self.outline = Some((class.into(), radius));
        self
    }

    pub(super) fn titled(mut self, title: impl Into<String>) -> Self {
        self.title = Some(title.into());
        self
    }

    /// At another place.
    pub(super) fn moved(mut self, x: f64, y: f64) -> Self {
        (self.x, self.y) = (x, y);
        self
    }

    /// Adds a text that begins at a point on its base line.
    pub(super) fn write(&mut self, x: f64, y: f64, style: Style, text: impl Into<String>) {
        self.inks.push(Ink::Text { at: at(x, y), anchor: Anchor::Start, style, text: text.into() });
    }

    /// Adds a line.
    pub(super) fn draw(&mut self, class: impl Into<String>, steps: Vec<Step>) {
        self.inks.push(Ink::Path { steps, class: class.into(), title: None });
    }

    /// Middle of its height, in the coordinates of the frame around it.
    pub(super) fn middle(&self) -> f64 {
        self.y + self.height / 2.0
    }

    /// Its right edge, in the coordinates of the frame around it.
    pub(super) fn right(&self) -> f64 {
        self.x + self.width
    }

    /// Its lower edge, in the coordinates of the frame around it.
    pub(super) fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

impl Ink {
    /// Left, top, right and lower bounds.
    #[cfg(test)]
    pub(super) fn bounds(&self) -> [f64; 4] {
        match self {
            Self::Text { at, anchor, style, text } => {
                let wide = width(text, *style);
                let left = match anchor {
                    Anchor::Start => at.x,
                    Anchor::Middle => at.x - wide / 2.0,
                    Anchor::End => at.x - wide,
                };
                [left, at.y - 0.78 * style.size(), left + wide, at.y + 0.24 * style.size()]
            }
            Self::Dot { at, radius, .. } => [at.x - radius, at.y - radius, at.x + radius, at.y + radius],
            Self::Path { steps, .. } => steps.iter().flat_map(Step::points).fold(
                [f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY],
                |[left, top, right, bottom], p| {
                    [left.min(p.x), top.min(p.y), right.max(p.x), bottom.max(p.y)]
                },
            ),
        }
    }
}

impl Step {
    #[cfg(test)]
    fn points(&self) -> Vec<Point> {
        match *self {
            Self::Move(a) | Self::Line(a) => vec![a],
            Self::Turn(a, b) => vec![a, b],
            Self::Curve(a, b, c) => vec![a, b, c],
            Self::Close => Vec::new(),
        }
    }
}

/// A line through points, with round corners of at most `radius`.
pub(super) fn rounded(points: &[Point], radius: f64) -> Vec<Step> {
    let mut steps = Vec::with_capacity(2 * points.len());
    steps.extend(points.first().map(|first| Step::Move(*first)));
    for corner in points.windows(3) {
        let (before, after) = (towards(corner[1], corner[0], radius), towards(corner[1], corner[2], radius));
        steps.extend([Step::Line(before), Step::Turn(corner[1], after)]);
    }
    steps.extend(points.last().filter(|_| points.len() > 1).map(|last| Step::Line(*last)));
    steps
}

/// Lines from a stem over a trunk to several ends at its right, without drawing any part twice.
pub(super) fn branches(frame: &mut Frame, stem: Point, trunk: f64, ends: &[Point]) {
    match ends {
        [] => {}
        [only] => {
            frame.draw("line", rounded(&[stem, at(trunk, stem.y), at(trunk, only.y), *only], 7.0));
        }
        [first, between @ .., last] => {
            frame.draw("line", vec![Step::Move(stem), Step::Line(at(trunk, stem.y))]);
            frame.draw("line", rounded(&[*first, at(trunk, first.y), at(trunk, last.y), *last], 7.0));
            for end in between {
                frame.draw("line", vec![Step::Move(at(trunk, end.y)), Step::Line(*end)]);
            }
        }
    }
}

/// The point at some distance from `from` on the way to `to`, at most half of the way.
fn towards(from: Point, to: Point, distance: f64) -> Point {
    let length = (to.x - from.x).hypot(to.y - from.y);
    if length == 0.0 {
        return from;
    }
    let share = (distance / length).min(0.5);
    at(from.x + share * (to.x - from.x), from.y + share * (to.y - from.y))
}

/// A triangle whose tip is at a point and which comes from the left (`direction` 1) or the right (−1).
pub(super) fn arrowhead(tip: Point, direction: f64, length: f64) -> Vec<Step> {
    let back = tip.x - direction * length;
    let half = length * 0.5;
    vec![Step::Move(tip), Step::Line(at(back, tip.y - half)), Step::Line(at(back, tip.y + half)), Step::Close]
}

/// A diamond around a point.
pub(super) fn diamond(centre: Point, width: f64, height: f64) -> Vec<Step> {
    let (w, h) = (width / 2.0, height / 2.0);
    vec![
        Step::Move(at(centre.x - w, centre.y)),
        Step::Line(at(centre.x, centre.y - h)),
        Step::Line(at(centre.x + w, centre.y)),
        Step::Line(at(centre.x, centre.y + h)),
        Step::Close,
    ]
}

/// Frames in rows from left to right, as many in a row as fit in `most` pixels; with the size of all together.
///
/// First fit in order: what belongs together stays together. One frame may be wider than `most`.
pub(super) fn shelves(frames: Vec<Frame>, most: f64, gap: f64) -> (Vec<Frame>, f64, f64) {
    let (mut x, mut y, mut height, mut wide): (f64, f64, f64, f64) = (0.0, 0.0, 0.0, 0.0);
    let mut placed = Vec::with_capacity(frames.len());
    for frame in frames {
        if x > 0.0 && x + frame.width > most {
            (x, y, height) = (0.0, y + height + gap, 0.0);
        }
        height = height.max(frame.height);
        wide = wide.max(x + frame.width);
        let next = x + frame.width + gap;
        placed.push(frame.moved(x, y));
        x = next;
    }
    (placed, wide, y + height)
}

/// The width of a text, rounded up to whole pixels.
pub(super) fn text_width(text: &str, style: Style) -> f64 {
    width(text, style).ceil()
}
