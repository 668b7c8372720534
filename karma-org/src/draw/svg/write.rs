//! From a scene to the text of an SVG.

use std::fmt::{self, Write as _};

use crate::draw::text::xml;

use super::scene::{Anchor, Frame, Ink, Step};
use super::style::SHEET;

/// A picture: its title, what it shows in a sentence, and its frame.
pub(super) fn picture(title: &str, description: &str, frame: &Frame) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_picture(&mut text, title, description, frame);
    text
}

fn write_picture(text: &mut String, title: &str, description: &str, frame: &Frame) -> fmt::Result {
    let (width, height) = (Pixels(frame.width.ceil()), Pixels(frame.height.ceil()));
    write!(text, "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"karma-organization\" role=\"img\" ")?;
    writeln!(text, "width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">")?;
    writeln!(text, "<title>{}</title><desc>{}</desc>", xml(title), xml(description))?;
    writeln!(text, "<style>{SHEET}</style>")?;
    writeln!(text, "<rect class=\"paper\" width=\"{width}\" height=\"{height}\"/>")?;
    write_frame(text, frame)?;
    text.write_str("</svg>\n")
}

/// Frames are nested as deep as groups are.
fn write_frame(text: &mut String, frame: &Frame) -> fmt::Result {
    write!(text, "<g")?;
    if let Some((class, _)) = frame.outline.as_ref().filter(|(class, _)| class == "group") {
        write!(text, " class=\"in-{class}\"")?;
    }
    if frame.x != 0.0 || frame.y != 0.0 {
        write!(text, " transform=\"translate({} {})\"", Pixels(frame.x), Pixels(frame.y))?;
    }
    text.write_char('>')?;
    if let Some(title) = &frame.title {
        write!(text, "<title>{}</title>", xml(title))?;
    }
    if let Some((class, radius)) = &frame.outline {
        let (width, height) = (Pixels(frame.width), Pixels(frame.height));
        write!(
            text,
            "<rect class=\"{class}\" width=\"{width}\" height=\"{height}\" rx=\"{}\"/>",
            Pixels(*radius)
        )?;
    }
    frame.inks.iter().try_for_each(|ink| write_ink(text, ink))?;
    frame.children.iter().try_for_each(|child| write_frame(text, child))?;
    writeln!(text, "</g>")
}

fn write_ink(text: &mut String, ink: &Ink) -> fmt::Result {
    match ink {
        Ink::Text { at, anchor, style, text: said } => {
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => " text-anchor=\"middle\"",
                Anchor::End => " text-anchor=\"end\"",
            };
            let (x, y) = (Pixels(at.x), Pixels(at.y));
            write!(text, "<text class=\"{}\" x=\"{x}\" y=\"{y}\"{anchor}>{}</text>", style.class(), xml(said))
        }
        Ink::Dot { at, radius, class } => {
            let (x, y) = (Pixels(at.x), Pixels(at.y));
            write!(text, "<circle class=\"{class}\" cx=\"{x}\" cy=\"{y}\" r=\"{}\"/>", Pixels(*radius))
        }
        Ink::Path { steps, class, title } => {
            write!(text, "<path class=\"{class}\" d=\"")?;
            steps.iter().try_for_each(|step| write_step(text, step))?;
            match title {
                Some(title) => write!(text, "\"><title>{}</title></path>", xml(title)),
                None => text.write_str("\"/>"),
            }
        }
    }
}

fn write_step(text: &mut String, step: &Step) -> fmt::Result {
    let (letter, points) = match step {
        Step::Move(a) => ("M", vec![a]),
        Step::Line(a) => ("L", vec![a]),
        Step::Turn(a, b) => ("Q", vec![a, b]),
        Step::Curve(a, b, c) => ("C", vec![a, b, c]),
        Step::Close => ("Z", Vec::new()),
    };
    text.write_str(letter)?;
    for (number, point) in points.iter().enumerate() {
        let space = if number > 0 { " " } else { "" };
        write!(text, "{space}{} {}", Pixels(point.x), Pixels(point.y))?;
    }
    Ok(())
}

/// A length to a tenth of a pixel.
struct Pixels(f64);

impl fmt::Display for Pixels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding zero turns −0 into 0.
        write!(f, "{}", (self.0 * 10.0).round() / 10.0 + 0.0)
    }
}
