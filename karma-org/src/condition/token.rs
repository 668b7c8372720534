//! Words, numbers and symbols of a condition.

use std::fmt;

use super::report::Report;
use super::syntax::Place;
use crate::spec::Position;

/// Most tokens of one condition: far more than anyone writes, few enough that every later step is quick.
const MOST: usize = 4096;

/// Symbols, the longer ones before their beginnings.
const SYMBOLS: [&str; 14] = ["<=", ">=", "==", "!=", "<", ">", "(", ")", ",", "+", "-", "*", "/", "%"];

/// What others write for our words and symbols.
const FOREIGN: [(&str, &str); 9] = [
    ("&&", "and"),
    ("||", "or"),
    ("!", "not"),
    ("=", "=="),
    ("≤", "<="),
    ("≥", ">="),
    ("≠", "!="),
    ("×", "*"),
    ("−", "-"),
];

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Number(f64),
    Word(String),
    Quoted(String),
    Symbol(&'static str),
}

#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) place: Place,
    /// Bytes of the text that it covers.
    pub(super) start: usize,
    pub(super) end: usize,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Word(word) => write!(f, "{word:?}"),
            Self::Quoted(name) => write!(f, "the quoted name {name:?}"),
            Self::Symbol(symbol) => write!(f, "{symbol:?}"),
        }
    }
}

/// Splits `text` into tokens; what cannot be read is reported and left out.
pub(super) fn tokens(text: &str, report: &mut Report<'_>) -> Vec<Token> {
    let mut lexer = Lexer { text, at: 0, position: Position { line: 1, column: 1 } };
    let mut found = Vec::new();
    while let Some(next) = lexer.next(report) {
        if found.len() == MOST {
            report.error(
                next.place,
                "condition-syntax",
                format!("a condition has at most {MOST} words and symbols"),
            );
            break;
        }
        found.push(next);
    }
    found
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    position: Position,
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn advance(&mut self, bytes: usize) {
        for c in self.text[self.at..self.at + bytes].chars() {
            if c == '\n' {
                self.position = Position { line: self.position.line.saturating_add(1), column: 1 };
            } else {
                self.position.column = self.position.column.saturating_add(1);
            }
        }
        self.at += bytes;
    }

    fn next(&mut self, report: &mut Report<'_>) -> Option<Token> {
        loop {
            let space = self.rest().len() - self.rest().trim_start().len();
            self.advance(space);
            let (start, place) = (self.at, Place(Some(self.position)));
            let first = self.rest().chars().next()?;
            let kind = match first {
                '\'' | '"' => self.quoted(first, report),
                c if c.is_ascii_digit() || c == '.' => self.number(report),
                c if c.is_alphabetic() || c == '_' => Some(self.word()),
                _ => self.symbol(report),
            };
            if let Some(kind) = kind {
                return Some(Token { kind, place, start, end: self.at });
            }
        }
    }

    fn word(&mut self) -> Kind {
        let length =
            self.rest().find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest().len());
        let word = self.rest()[..length].to_owned();
        self.advance(length);
        Kind::Word(word)
    }

    /// Digits, a point, digits, and an exponent if digits follow its letter.
    fn number(&mut self, report: &mut Report<'_>) -> Option<Kind> {
        let place = Place(Some(self.position));
        let digits = |text: &str| text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let rest = self.rest();
        let mut length = digits(rest);
        if rest[length..].starts_with('.') {
            length += 1 + digits(&rest[length + 1..]);
        }
        if rest[length..].starts_with(['e', 'E']) {
            let sign = usize::from(rest[length + 1..].starts_with(['+', '-']));
            let power = digits(&rest[length + 1 + sign..]);
            length += if power > 0 { 1 + sign + power } else { 0 };
        }
        let written = rest[..length].to_owned();
        self.advance(length);
        let number = written.parse::<f64>().ok().filter(|number| number.is_finite());
        if number.is_none() {
            report.error(place, "condition-syntax", format!("{written:?} is not a finite number"));
        }
        number.map(Kind::Number)
    }

    /// A name in quotes; two quotes stand for one.
    fn quoted(&mut self, quote: char, report: &mut Report<'_>) -> Option<Kind> {
        let place = Place(Some(self.position));
        self.advance(1);
        let mut name = String::new();
        loop {
            let Some(end) = self.rest().find(quote) else {
                let rest = self.rest().len();
                self.advance(rest);
                report.error(
                    place,
                    "condition-syntax",
                    format!("the name that begins with {quote} is not closed"),
                );
                return None;
            };
            name.push_str(&self.rest()[..end]);
            self.advance(end + 1);
            if !self.rest().starts_with(quote) {
                return Some(Kind::Quoted(name));
            }
            name.push(quote);
            self.advance(1);
        }
    }

    fn symbol(&mut self, report: &mut Report<'_>) -> Option<Kind> {
        let place = Place(Some(self.position));
        if let Some(symbol) = SYMBOLS.iter().copied().find(|symbol| self.rest().starts_with(symbol)) {
            self.advance(symbol.len());
            return Some(Kind::Symbol(symbol));
        }
        let foreign = FOREIGN.iter().find(|(foreign, _)| self.rest().starts_with(foreign));
        let first = self.rest().chars().next()?;
        let length = foreign.map_or(first.len_utf8(), |(foreign, _)| foreign.len());
        let hint = foreign.map_or(String::new(), |(_, ours)| format!("; write {ours:?}"));
        let written = self.rest()[..length].to_owned();
        self.advance(length);
        report.error(place, "condition-syntax", format!("{written:?} means nothing in a condition{hint}"));
        None
    }
}
