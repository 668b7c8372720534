//! From a text to a tree: YAML's events, gathered without recursion and within limits.

use std::borrow::Cow;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, Span};
use indexmap::IndexMap;
use indexmap::map::Entry as Slot;

use super::node::{Entry, Kind, Node};
use super::words::quoted;
use super::{MAX_BYTES, MAX_DEPTH, MAX_FINDINGS, origin};
use crate::spec::Position;
use crate::{Finding, Findings};

/// Reads the one document of a text.
pub(super) fn parse(text: &str) -> Result<Node, Findings> {
    let start = Position { line: 1, column: 1 };
    if text.len() > MAX_BYTES {
        let message = format!("the text has {} bytes; at most {MAX_BYTES} are read", text.len());
        return Err(Findings(vec![Finding::error("too-large", &origin(start), message)]));
    }
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let proceed = match event {
            Ok((event, span)) => builder.take(event, position(span)),
            Err(error) => builder.refuse_syntax(&error),
        };
        if !proceed || builder.findings.len() >= MAX_FINDINGS {
            break;
        }
    }
    if builder.findings.is_empty() {
        let empty = Node { kind: Kind::Scalar { text: String::new(), plain: true }, position: start };
        Ok(builder.root.unwrap_or(empty))
    } else {
        Err(Findings(builder.findings))
    }
}

/// A list or mapping that is not complete yet.
enum Open {
    List(Vec<Node>),
    Mapping { entries: IndexMap<String, Entry>, name: Option<(String, Position)> },
}

#[derive(Default)]
struct Builder {
    open: Vec<(Open, Position)>,
    root: Option<Node>,
    documents: usize,
    findings: Vec<Finding>,
}

impl Builder {
    /// Takes the next event; false if reading cannot go on.
    fn take(&mut self, event: Event<'_>, position: Position) -> bool {
        match event {
            Event::DocumentStart(..) => return self.start_document(position),
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.refuse("yaml-alias", position, "aliases are not read: write the value again");
                self.place(Node { kind: Kind::Scalar { text: String::new(), plain: true }, position });
            }
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_properties(anchor, tag.is_some(), position);
                self.scalar(text, style, position);
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_properties(anchor, tag.is_some(), position);
                return self.push(Open::List(Vec::new()), position);
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_properties(anchor, tag.is_some(), position);
                return self.push(Open::Mapping { entries: IndexMap::new(), name: None }, position);
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            _ => {}
        }
        true
    }

    fn start_document(&mut self, position: Position) -> bool {
        self.documents += 1;
        if self.documents > 1 {
            self.refuse(
                "yaml-documents",
                position,
                "a second document starts here; one text is one document",
            );
        }
        self.documents == 1
    }

    fn refuse_properties(&mut self, anchor: usize, tagged: bool, position: Position) {
        if anchor != 0 {
            self.refuse("yaml-alias", position, "anchors are not read: write the value where it is needed");
        }
        if tagged {
            self.refuse("yaml-tag", position, "tags are not read: the place says what a value is");
        }
    }

    fn scalar(&mut self, text: Cow<'_, str>, style: ScalarStyle, position: Position) {
        if let Some(character) = text.chars().find(|&c| !is_character(c)) {
            let message = format!("the character U+{:04X} cannot be part of a text", u32::from(character));
            self.refuse("control-character", position, &message);
        }
        let plain = style == ScalarStyle::Plain;
        if self.awaits_name() {
            self.name(text.into_owned(), position);
        } else {
            self.place(Node { kind: Kind::Scalar { text: text.into_owned(), plain }, position });
        }
    }

    fn awaits_name(&self) -> bool {
        matches!(self.open.last(), Some((Open::Mapping { name: None, .. }, _)))
    }

    fn name(&mut self, text: String, position: Position) {
        if let Some((Open::Mapping { name, .. }, _)) = self.open.last_mut() {
            *name = Some((text, position));
        }
    }

    fn push(&mut self, open: Open, position: Position) -> bool {
        if self.open.len() >= MAX_DEPTH {
            self.refuse("too-deep", position, &format!("lists and mappings nest more than {MAX_DEPTH} deep"));
            return false;
        }
        self.open.push((open, position));
        true
    }

    fn close(&mut self) {
        let Some((open, position)) = self.open.pop() else { return };
        let kind = match open {
            Open::List(items) => Kind::List(items),
            Open::Mapping { entries, .. } => Kind::Mapping(entries),
        };
        if self.awaits_name() {
            self.refuse("yaml-name", position, "a list or mapping cannot be a name; names are texts");
            self.name(String::new(), position);
        } else {
            self.place(Node { kind, position });
        }
    }

    /// Puts a complete node where it belongs.
    fn place(&mut self, node: Node) {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some((Open::List(items), _)) => items.push(node),
            Some((Open::Mapping { entries, name }, _)) => match name.take() {
                Some((text, name_position)) => {
                    self.findings.extend(insert(entries, text, Entry { name_position, node }));
                }
                // An alias in the place of a name; it was reported.
                None => *name = Some((String::new(), node.position)),
            },
        }
    }

    fn refuse(&mut self, code: &'static str, position: Position, message: &str) {
        self.findings.push(Finding::error(code, &origin(position), message));
    }

    /// A syntax error ends the reading: what follows it would be guessed.
    fn refuse_syntax(&mut self, error: &ScanError) -> bool {
        let mark = error.marker();
        self.refuse("yaml-syntax", place(mark.line(), mark.col()), &error.info());
        false
    }
}

fn insert(entries: &mut IndexMap<String, Entry>, name: String, entry: Entry) -> Option<Finding> {
    match entries.entry(name) {
        Slot::Vacant(slot) => {
            slot.insert(entry);
            None
        }
        Slot::Occupied(slot) => {
            let first = slot.get().name_position;
            let message = format!("{} is here a second time; the first is at {first}", quoted(slot.key()));
            Some(Finding::error("duplicate-field", &origin(entry.name_position), message))
        }
    }
}

/// The characters that a text of XML 1.0 can carry too; others would be lost on the way.
pub(in crate::yaml) const fn is_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

fn position(span: Span) -> Position {
    place(span.start.line(), span.start.col())
}

fn place(line: usize, column_from_zero: usize) -> Position {
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    Position { line: count(line.max(1)), column: count(column_from_zero).saturating_add(1) }
}
