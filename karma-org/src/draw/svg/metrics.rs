//! How wide texts are, at least: there is no font here to ask.
//!
//! A reader's font is unknown, so widths are upper bounds over the usual sans-serif fonts, of which `DejaVu Sans` is the
//! widest. Texts may turn out narrower, by a sixth in most fonts, but do not run out of their boxes.

/// How a text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// The name of the whole.
    Title,
    /// The name of a section, a group, or a scheme.
    Heading,
    /// The name of an element.
    Name,
    /// The name of an abstract role.
    Abstract,
    /// What is said besides.
    Note,
    /// Tags and numbers.
    Tag,
}

impl Style {
    /// Size of the font, in pixels.
    pub(super) const fn size(self) -> f64 {
        match self {
            Self::Title => 20.0,
            Self::Heading => 14.0,
            Self::Name | Self::Abstract => 13.0,
            Self::Note => 11.0,
            Self::Tag => 10.0,
        }
    }

    /// Name of its class in the style sheet.
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Title => "title",
            Self::Heading => "heading",
            Self::Name => "name",
            Self::Abstract => "abstract",
            Self::Note => "note",
            Self::Tag => "tag",
        }
    }

    /// From line to line, in pixels.
    pub(super) const fn line(self) -> f64 {
        match self {
            Self::Title => 28.0,
            Self::Heading => 22.0,
            Self::Name | Self::Abstract => 18.0,
            Self::Note => 15.0,
            Self::Tag => 14.0,
        }
    }

    /// How much wider than regular letters its letters may be.
    const fn stretch(self) -> f64 {
        match self {
            Self::Title | Self::Heading | Self::Name => 1.12,
            Self::Abstract | Self::Note | Self::Tag => 1.0,
        }
    }
}

/// An upper bound of the width of a text, in pixels.
pub(super) fn width(text: &str, style: Style) -> f64 {
    text.chars().map(em).sum::<f64>() * style.size() * style.stretch()
}

/// Width of a letter in units of the font's size.
const fn em(letter: char) -> f64 {
    match letter {
        ' ' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | 'i' | 'j' | 'l' => 0.36,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '\\' | '-' | '`' | 'I' | '·' => 0.46,
        'm' | 'M' | 'W' | '@' | '%' | '…' => 1.05,
        '#' | '&' | '+' | '<' | '=' | '>' | '~' | '^' | 'w' => 0.85,
        'A'..='Z' => 0.80,
        ' '..='~' => 0.66,
        '\u{A0}'..='\u{10FF}' => 1.0,
        _ => 1.4,
    }
}

/// The text if it is not wider than `most` pixels, otherwise as much of its beginning as fits before "…".
pub(super) fn shortened(text: &str, style: Style, most: f64) -> String {
    if width(text, style) <= most {
        return text.to_owned();
    }
    let mut room = most - width("…", style);
    let fits = |letter: &char| {
        room -= em(*letter) * style.size() * style.stretch();
        room >= 0.0
    };
    let begin: String = text.chars().take_while(fits).collect();
    format!("{}…", begin.trim_end())
}

/// A text on at most `lines` lines of at most `most` pixels, broken at spaces where there are any.
pub(super) fn wrapped(text: &str, style: Style, most: f64, lines: usize) -> Vec<String> {
    let mut wrapped: Vec<String> = Vec::new();
    let mut used = 0.0;
    let space = width(" ", style);
    for word in text.split_whitespace() {
        let wide = width(word, style);
        let is_last = wrapped.len() == lines;
        match wrapped.last_mut() {
            Some(line) if used + space + wide <= most || is_last => {
                line.push(' ');
                line.push_str(word);
                used += space + wide;
            }
            _ => {
                wrapped.push(word.to_owned());
                used = wide;
            }
        }
    }
    wrapped.iter().map(|line| shortened(line, style, most)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_fits_stays_and_what_does_not_is_cut() {
        assert_eq!(shortened("role", Style::Name, 100.0), "role");
        let cut = shortened("a role with a very long name", Style::Name, 100.0);
        assert!(cut.ends_with('…') && width(&cut, Style::Name) <= 100.0, "{cut}");
    }

    #[test]
    fn long_texts_are_broken_between_words_and_end_with_the_last_line() {
        let lines = wrapped("complete references and link them to the text", Style::Note, 140.0, 2);
        assert_eq!(lines.len(), 2);
        assert!(
            lines[1].ends_with('…') && lines.iter().all(|line| width(line, Style::Note) <= 140.0),
            "{lines:?}"
        );
        assert!(wrapped(" \n ", Style::Note, 140.0, 2).is_empty());
    }
}
