//! Small plots as inline SVG: axes with round ticks, lines, bands, shades.

use std::fmt::Write as _;

const LEFT: f64 = 52.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 8.0;
const BOTTOM: f64 = 34.0;

/// A range of numbers with round ticks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    from: f64,
    to: f64,
    ticks: Vec<f64>,
    label: String,
}

impl Axis {
    /// From `from` to `to`, with about five ticks.
    pub(crate) fn new(from: f64, to: f64, label: &str) -> Self {
        let to = if to - from > 1e-9 * from.abs().max(1.0) { to } else { from + 1.0 };
        let step = round_step((to - from) / 5.0);
        let first = (from / step - 1e-9).ceil();
        let count = ((to / step + 1e-9).floor() - first).clamp(0.0, 20.0);
        let ticks =
            (0_u8..=20).map(f64::from).take_while(|i| *i <= count).map(|i| (first + i) * step).collect();
        Self { from, to, ticks, label: label.to_owned() }
    }

    /// Just wide enough for all finite values.
    pub(crate) fn covering(values: impl Iterator<Item = f64>, label: &str) -> Self {
        let finite = values.filter(|value| value.is_finite());
        let (least, most) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), v| (l.min(v), m.max(v)));
        if least > most {
            return Self::new(0.0, 1.0, label);
        }
        let margin = 0.05 * (most - least);
        Self::new(least - margin, most + margin, label)
    }

    /// What it measures.
    #[cfg(feature = "explain")]
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// The round values.
    #[cfg(feature = "explain")]
    pub(crate) fn ticks(&self) -> &[f64] {
        &self.ticks
    }

    /// Where a value lies between the ends: 0 to 1.
    pub(crate) fn share(&self, value: f64) -> f64 {
        ((value - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }
}

/// The next of 1, 2, 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * power)
        .find(|step| *step >= least * (1.0 - 1e-9))
        .unwrap_or(10.0 * power)
}

/// A plot under construction.
#[derive(Debug)]
pub(crate) struct Plot {
    width: f64,
    height: f64,
    x: Axis,
    y: Axis,
    body: String,
}

impl Plot {
    pub(crate) fn new((width, height): (f64, f64), x: Axis, y: Axis) -> Self {
        let mut plot = Self { width, height, x, y, body: String::new() };
        plot.grid();
        plot
    }

    fn x(&self, value: f64) -> f64 {
        LEFT + self.x.share(value) * (self.width - LEFT - RIGHT)
    }

    fn y(&self, value: f64) -> f64 {
        self.height - BOTTOM - self.y.share(value) * (self.height - TOP - BOTTOM)
    }

    fn grid(&mut self) {
        let (left, right, floor) = (LEFT, self.width - RIGHT, self.height - BOTTOM);
        let mut grid = String::new();
        for tick in &self.y.ticks {
            let y = self.y(*tick);
            let _ = write!(grid, r#"<line class="grid" x1="{left}" x2="{right}" y1="{y:.1}" y2="{y:.1}"/>"#);
            let _ = write!(
                grid,
                r#"<text class="tick" x="{:.1}" y="{:.1}" text-anchor="end">{}</text>"#,
                left - 6.0,
                y + 3.5,
                number(*tick)
            );
        }
        for tick in &self.x.ticks {
            let x = self.x(*tick);
            let _ = write!(
                grid,
                r#"<text class="tick" x="{x:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
                floor + 14.0,
                number(*tick)
            );
        }
        let middle = f64::midpoint(left, right);
        let _ = write!(
            grid,
            r#"<text class="label" x="{middle:.1}" y="{:.1}" text-anchor="middle">{}</text>"#,
            self.height - 4.0,
            escape(&self.x.label)
        );
        let (x, y) = (12.0, f64::midpoint(TOP, floor));
        let _ = write!(
            grid,
            r#"<text class="label" x="{x}" y="{y:.1}" text-anchor="middle" transform="rotate(-90 {x} {y:.1})">{}</text>"#,
            escape(&self.y.label)
        );
        self.body.push_str(&grid);
    }

    fn points(&self, points: impl Iterator<Item = (f64, f64)>) -> String {
        let finite = points.filter(|(x, y)| x.is_finite() && y.is_finite());
        finite.map(|(x, y)| format!("{:.1},{:.1} ", self.x(x), self.y(y))).collect::<Vec<_>>().concat()
    }

    /// A line through points.
    pub(crate) fn line(&mut self, class: &str, points: impl Iterator<Item = (f64, f64)>) {
        let points = self.points(points);
        let _ = write!(self.body, r#"<polyline class="{class}" points="{points}"/>"#);
    }

    /// The area between two lines with the same x, given as (x, lower, upper).
    pub(crate) fn band(&mut self, class: &str, points: &[(f64, f64, f64)]) {
        let upper = points.iter().map(|(x, _, upper)| (*x, *upper));
        let lower = points.iter().rev().map(|(x, lower, _)| (*x, *lower));
        let points = self.points(upper.chain(lower));
        let _ = write!(self.body, r#"<polygon class="{class}" points="{points}"/>"#);
    }

    /// Shades the plot between two values of x.
    pub(crate) fn shade(&mut self, from: f64, to: f64) {
        self.span("shade", (from, to));
    }

    /// Fills the plot between two values of x.
    pub(crate) fn span(&mut self, class: &str, (from, to): (f64, f64)) {
        let (x, width) = (self.x(from), self.x(to) - self.x(from));
        let height = self.height - TOP - BOTTOM;
        let _ = write!(
            self.body,
            r#"<rect class="{class}" x="{x:.1}" y="{TOP}" width="{width:.1}" height="{height:.1}"/>"#
        );
    }

    /// A name at a value of x, in the given line from the top, on the side where there is room.
    #[cfg(feature = "explain")]
    pub(crate) fn name(&mut self, x: f64, line: usize, name: &str) {
        let (x, y, name) = (self.x(x), TOP + 11.0 + 13.0 * line as f64, escape(name));
        let (x, anchor) = if x > 0.8 * self.width { (x - 4.0, "end") } else { (x + 4.0, "start") };
        let _ = write!(
            self.body,
            r#"<text class="name" x="{x:.1}" y="{y:.1}" text-anchor="{anchor}">{name}</text>"#
        );
    }

    /// A vertical line at a value of x, which a script may move: it carries the scales of both axes.
    #[cfg(feature = "explain")]
    pub(crate) fn cursor(&mut self, at: f64) {
        let (x, right, floor) = (self.x(at), self.width - RIGHT, self.height - BOTTOM);
        let Axis { from, to, .. } = &self.x;
        let most = self.y.to;
        let _ = write!(
            self.body,
            r#"<line class="cursor" x1="{x:.1}" x2="{x:.1}" y1="{TOP}" y2="{floor}" data-from="{from}" data-to="{to}" data-left="{LEFT}" data-right="{right}" data-most="{most}"/>"#
        );
    }

    /// A shape around the origin, drawn at a point; `title` is told where the pointer rests.
    #[cfg(feature = "explain")]
    pub(crate) fn mark(&mut self, class: &str, shape: &str, (x, y): (f64, f64), title: &str) {
        if x.is_finite() && y.is_finite() {
            let (x, y, title) = (self.x(x), self.y(y), escape(title));
            let _ = write!(
                self.body,
                r#"<path class="{class}" transform="translate({x:.1} {y:.1})" d="{shape}"><title>{title}</title></path>"#
            );
        }
    }

    /// A dot with its name beside it, on the side where there is room.
    #[cfg(any(feature = "lab", feature = "traces"))]
    pub(crate) fn dot(&mut self, (x, y): (f64, f64), name: &str) {
        if x.is_finite() && y.is_finite() {
            let (x, y) = (self.x(x), self.y(y));
            let (beside, anchor) = if x > 0.75 * self.width { (x - 7.0, "end") } else { (x + 7.0, "start") };
            let (below, name) = (y + 3.5, escape(name));
            let _ = write!(
                self.body,
                r#"<circle class="dot" cx="{x:.1}" cy="{y:.1}" r="4"/><text class="tick" x="{beside:.1}" y="{below:.1}" text-anchor="{anchor}">{name}</text>"#
            );
        }
    }

    /// The picture; `title` is read by screen readers.
    pub(crate) fn finish(self, title: &str) -> String {
        document(self.width, self.height, title, &self.body)
    }
}

/// An SVG element of this size.
pub(crate) fn document(width: f64, height: f64, title: &str, body: &str) -> String {
    let title = escape(title);
    format!(
        r#"<svg viewBox="0 0 {width} {height}" role="img" aria-label="{title}"><title>{title}</title>{body}</svg>"#
    )
}

/// A number without needless digits.
pub(crate) fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Text that is safe inside of elements and attributes.
pub(crate) fn escape(text: &str) -> String {
    text.chars().fold(String::new(), |mut safe, c| {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            _ => safe.push(c),
        }
        safe
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(Axis::new(0.0, 100.0, "").ticks, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!(Axis::new(23.4, 28.1, "").ticks, [24.0, 25.0, 26.0, 27.0, 28.0]);
        assert_eq!(number(0.30), "0.3");
        assert_eq!(number(100.0), "100");
    }

    #[test]
    fn names_from_outside_cannot_become_markup() {
        assert_eq!(
            escape("<script>'x' & \"y\"</script>"),
            "&lt;script&gt;&#39;x&#39; &amp; &quot;y&quot;&lt;/script&gt;"
        );
    }

    #[test]
    fn points_that_are_not_finite_are_left_out() {
        let mut plot = Plot::new((200.0, 100.0), Axis::new(0.0, 1.0, "x"), Axis::new(0.0, 1.0, "y"));
        plot.line("ours", [(0.0, 0.0), (0.5, f64::NAN), (1.0, 1.0)].into_iter());
        assert!(plot.finish("line").contains(r#"<polyline class="ours" points="52.0,66.0 188.0,8.0 "/>"#));
    }

    proptest! {
        #[test]
        fn any_axis_has_a_few_ticks_within_its_range(from in -1e6..1e6_f64, width in 0.0..1e6_f64) {
            let axis = Axis::new(from, from + width, "");
            prop_assert!((2..=21).contains(&axis.ticks.len()), "{axis:?}");
            let slack = 1e-6 * (axis.to - axis.from).max(from.abs());
            prop_assert!(axis.ticks.iter().all(|tick| (axis.from - slack..=axis.to + slack).contains(tick)), "{axis:?}");
        }
    }
}
