//! Boxes with lines of text and tags.

use super::metrics::{Style, shortened};
use super::scene::{Anchor, Frame, Ink, at, shelves, text_width};

/// Room between the edge of a card and what is written on it, in pixels.
const PADDING: (f64, f64) = (10.0, 5.0);

/// A card that is being written.
pub(super) struct Card {
    rows: Vec<Row>,
    /// Widest text, in pixels.
    most: f64,
}

enum Row {
    Text(Style, String),
    /// A text, and another one at the right edge.
    Pair(Style, String, String),
    Tags(Vec<Frame>, f64, f64),
}

impl Card {
    /// A card on which no text is wider than `most` pixels.
    pub(super) const fn new(most: f64) -> Self {
        Self { rows: Vec::new(), most }
    }

    pub(super) fn text(mut self, style: Style, text: &str) -> Self {
        self.rows.push(Row::Text(style, shortened(text, style, self.most)));
        self
    }

    pub(super) fn texts(self, style: Style, texts: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        texts.into_iter().fold(self, |card, text| card.text(style, text.as_ref()))
    }

    /// A name, and a note at the right edge.
    pub(super) fn pair(mut self, style: Style, text: &str, note: &str) -> Self {
        let note = shortened(note, Style::Note, self.most / 2.0);
        self.rows.push(Row::Pair(style, shortened(text, style, self.most), note));
        self
    }

    pub(super) fn tags(mut self, tags: Vec<Frame>) -> Self {
        if !tags.is_empty() {
            let (tags, width, height) = shelves(tags, self.most, 4.0);
            self.rows.push(Row::Tags(tags, width, height));
        }
        self
    }

    /// The card as a frame, as wide as what is on it.
    pub(super) fn frame(self) -> Frame {
        self.frame_at_least(0.0)
    }

    /// The card as a frame that is at least so wide.
    pub(super) fn frame_at_least(self, least: f64) -> Frame {
        let inner = self.rows.iter().map(Row::width).fold(0.0, f64::max);
        let mut frame = Frame::sized((inner + 2.0 * PADDING.0).max(least), 0.0);
        let mut y = PADDING.1;
        for row in self.rows {
            y += row.place(&mut frame, y);
        }
        frame.height = y + PADDING.1;
        frame
    }
}

impl Row {
    fn width(&self) -> f64 {
        match self {
            Self::Text(style, text) => text_width(text, *style),
            Self::Pair(style, text, note) => text_width(text, *style) + 14.0 + text_width(note, Style::Note),
            Self::Tags(_, width, _) => *width,
        }
    }

    /// Puts the row on a card and returns its height.
    fn place(self, frame: &mut Frame, y: f64) -> f64 {
        match self {
            Self::Text(style, text) => {
                frame.write(PADDING.0, y + base(style), style, text);
                style.line()
            }
            Self::Pair(style, text, note) => {
                frame.write(PADDING.0, y + base(style), style, text);
                let end = at(frame.width - PADDING.0, y + base(style));
                frame.inks.push(Ink::Text { at: end, anchor: Anchor::End, style: Style::Note, text: note });
                style.line()
            }
            Self::Tags(tags, _, height) => {
                let placed = tags.into_iter().map(|tag| {
                    let (x, above) = (tag.x + PADDING.0, tag.y + y + 3.0);
                    tag.moved(x, above)
                });
                frame.children.extend(placed);
                height + 6.0
            }
        }
    }
}

/// Makes a card higher, with its content still in the middle.
pub(super) fn stretched(mut card: Frame, height: f64) -> Frame {
    let down = (height - card.height).max(0.0) / 2.0;
    card.height += 2.0 * down;
    for ink in &mut card.inks {
        if let Ink::Text { at, .. } = ink {
            at.y += down;
        }
    }
    card.children.iter_mut().for_each(|child| child.y += down);
    card
}

/// From the top of a line of text to its base line.
fn base(style: Style) -> f64 {
    style.line() / 2.0 + 0.36 * style.size()
}

/// A small box with a short text, in one of the colours for missions.
pub(super) fn tag(text: &str, colour: usize, most: f64) -> Frame {
    let text = shortened(text, Style::Tag, most - 18.0);
    let mut tag = Frame::sized(text_width(&text, Style::Tag) + 18.0, 16.0).outlined(pill(colour), 8.0);
    tag.inks.push(Ink::Dot { at: at(8.0, 8.0), radius: 3.0, class: DOTS[colour % DOTS.len()] });
    let middle = at(tag.width / 2.0 + 4.0, 11.5);
    tag.inks.push(Ink::Text { at: middle, anchor: Anchor::Middle, style: Style::Tag, text });
    tag
}

/// Class of the dot of each colour.
const DOTS: [&str; 6] = ["dot c0", "dot c1", "dot c2", "dot c3", "dot c4", "dot c5"];

/// Colours come again after six, with a dashed outline for every other six.
fn pill(colour: usize) -> String {
    let again = if (colour / DOTS.len()) % 2 == 1 { " again" } else { "" };
    format!("pill c{}{again}", colour % DOTS.len())
}
