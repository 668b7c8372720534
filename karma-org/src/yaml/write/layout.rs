//! From a tree to text, laid out as a person would: short things on one line, long things one below the other.

use super::scalar;

/// Widest line, unless a single text is wider.
const WIDTH: usize = 100;

/// Most entries of a mapping on one line.
const MOST_ENTRIES: usize = 5;

/// A YAML value to be written.
#[derive(Clone, Debug)]
pub(super) enum Out {
    /// Something that is written as it stands: a number, a range, a truth value.
    Plain(String),
    /// A text, quoted if it must be.
    Text(String),
    List(Vec<Self>),
    Mapping {
        entries: Vec<(String, Self)>,
        /// Always one entry to a line, even if all would fit on one.
        block: bool,
    },
}

impl Out {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.to_owned())
    }

    pub(super) const fn is_empty(&self) -> bool {
        match self {
            Self::Plain(_) | Self::Text(_) => false,
            Self::List(items) => items.is_empty(),
            Self::Mapping { entries, .. } => entries.is_empty(),
        }
    }

    const fn is_scalar(&self) -> bool {
        matches!(self, Self::Plain(_) | Self::Text(_))
    }

    /// How deep lists and mappings nest in it.
    pub(super) fn depth(&self) -> usize {
        match self {
            Self::Plain(_) | Self::Text(_) => 0,
            Self::List(items) => 1 + items.iter().map(Self::depth).max().unwrap_or(0),
            Self::Mapping { entries, .. } => {
                1 + entries.iter().map(|(_, value)| value.depth()).max().unwrap_or(0)
            }
        }
    }

    /// The value on one line; nothing, if it is not to be there. Mappings may hold mappings and lists of scalars, no more.
    fn on_one_line(&self, depth: usize) -> Option<String> {
        match self {
            Self::Plain(text) => Some(text.clone()),
            Self::Text(text) => Some(scalar::in_flow(text)),
            Self::List(items) if items.iter().all(Self::is_scalar) => {
                let items: Option<Vec<_>> = items.iter().map(|item| item.on_one_line(depth)).collect();
                items.map(|items| format!("[{}]", items.join(", ")))
            }
            Self::Mapping { entries, .. } if entries.is_empty() => Some("{}".to_owned()),
            Self::Mapping { entries, block: false } if depth < 2 && entries.len() <= MOST_ENTRIES => {
                let entry = |(name, value): &(String, Self)| {
                    Some(format!("{}: {}", scalar::in_flow(name), value.on_one_line(depth + 1)?))
                };
                let entries: Option<Vec<_>> = entries.iter().map(entry).collect();
                entries.map(|entries| format!("{{ {} }}", entries.join(", ")))
            }
            Self::List(_) | Self::Mapping { .. } => None,
        }
    }

    /// The value on what is left of a line, of which `used` columns are full.
    fn fits(&self, used: usize) -> Option<String> {
        if let Self::Text(text) = self {
            return (!text.contains('\n')).then(|| scalar::in_block(text));
        }
        let line = self.on_one_line(0)?;
        (self.is_scalar() || self.is_empty() || used + line.chars().count() <= WIDTH).then_some(line)
    }
}

/// Writes a whole document; names of the outermost mapping that have more than a line are set apart.
pub(super) fn document(root: &Out) -> String {
    let mut text = String::new();
    let Out::Mapping { entries, .. } = root else { return text };
    let mut apart = false;
    for (name, value) in entries {
        let mut section = String::new();
        entry(&mut section, 0, name, value);
        let long = section.lines().count() > 1;
        if !text.is_empty() && (long || apart) {
            text.push('\n');
        }
        apart = long;
        text.push_str(&section);
    }
    if text.is_empty() { "{}\n".to_owned() } else { text }
}

/// `name: value`, beginning where the line is.
fn entry(text: &mut String, indent: usize, name: &str, value: &Out) {
    let name = scalar::in_block(name);
    if name.chars().count() > scalar::LONGEST_NAME {
        text.extend(["? ", &name, "\n", &" ".repeat(indent), ":"]);
    } else {
        text.push_str(&name);
        text.push(':');
    }
    match value.fits(indent + name.chars().count() + 2) {
        Some(line) => text.extend([" ", &line, "\n"]),
        None => below(text, indent + 2, value),
    }
}

/// A value that begins below its name.
fn below(text: &mut String, indent: usize, value: &Out) {
    match value {
        Out::Plain(_) => {}
        Out::Text(lines) => {
            text.push(' ');
            text.push_str(&scalar::lines(lines, indent));
        }
        Out::List(_) | Out::Mapping { .. } => {
            text.push('\n');
            text.push_str(&" ".repeat(indent));
            block(text, indent, value);
        }
    }
}

/// A list or mapping of several lines, beginning where the line is.
fn block(text: &mut String, indent: usize, value: &Out) {
    match value {
        Out::Plain(_) | Out::Text(_) => {}
        Out::List(items) => separated(text, indent, items, |text, value| item(text, indent, value)),
        Out::Mapping { entries, .. } => {
            separated(text, indent, entries, |text, (name, value)| entry(text, indent, name, value));
        }
    }
}

fn separated<T>(text: &mut String, indent: usize, parts: &[T], mut write: impl FnMut(&mut String, &T)) {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            text.push_str(&" ".repeat(indent));
        }
        write(text, part);
    }
}

/// `- value`, beginning where the line is.
fn item(text: &mut String, indent: usize, value: &Out) {
    text.push_str("- ");
    match (value.fits(indent + 2), value) {
        (_, Out::Mapping { entries, .. }) if entries.len() == 1 => block(text, indent + 2, value),
        (Some(line), _) => {
            text.push_str(&line);
            text.push('\n');
        }
        (None, Out::Text(lines)) => text.push_str(&scalar::lines(lines, indent + 2)),
        (None, _) => block(text, indent + 2, value),
    }
}
