//! Reads conditions.

use super::{Comparison, Formula, Term};

/// Most parts of a condition, and most levels.
const MAX_PARTS: usize = 64;
const MAX_DEPTH: usize = 32;

/// Reads a condition. The error says what was expected, what was found, and at which character.
pub(crate) fn formula(text: &str) -> Result<Formula, String> {
    let mut parser = Parser::new(text);
    let formula = parser.any(0)?;
    parser.end()?;
    Ok(formula)
}

/// Reads a term.
pub(crate) fn term(text: &str) -> Result<Term, String> {
    let mut parser = Parser::new(text);
    let term = parser.term(0)?;
    parser.end()?;
    Ok(term)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    parts: usize,
    anonymous: usize,
}

impl<'a> Parser<'a> {
    const fn new(text: &'a str) -> Self {
        Self { text, at: 0, parts: 0, anonymous: 0 }
    }

    fn rest(&mut self) -> &'a str {
        let rest = &self.text[self.at..];
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed
    }

    fn eat(&mut self, token: &str) -> bool {
        let found = self.rest().starts_with(token);
        if found {
            self.at += token.len();
        }
        found
    }

    fn expect(&mut self, token: &str) -> Result<(), String> {
        if self.eat(token) { Ok(()) } else { Err(self.wrong(&format!("'{token}'"))) }
    }

    fn wrong(&mut self, expected: &str) -> String {
        let rest = self.rest();
        let character = self.text[..self.at].chars().count() + 1;
        let found: String = rest.chars().take(20).collect();
        let found = if found.is_empty() { "the end".to_owned() } else { format!("'{found}'") };
        format!("expected {expected} at character {character}, found {found}")
    }

    fn end(&mut self) -> Result<(), String> {
        if self.rest().is_empty() { Ok(()) } else { Err(self.wrong("'&', '|' or the end")) }
    }

    fn word(&mut self) -> Option<&'a str> {
        let rest = self.rest();
        let length = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let word = &rest[..length];
        let is_name = word.starts_with(|c: char| c.is_alphabetic() || c == '_');
        is_name.then(|| {
            self.at += length;
            word
        })
    }

    fn keyword(&mut self, keyword: &str) -> bool {
        let before = self.at;
        let found = self.word() == Some(keyword);
        if !found {
            self.at = before;
        }
        found
    }

    fn any(&mut self, depth: usize) -> Result<Formula, String> {
        let mut parts = vec![self.all(depth)?];
        while self.eat("|") {
            parts.push(self.all(depth)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Formula::Any(parts) })
    }

    fn all(&mut self, depth: usize) -> Result<Formula, String> {
        let mut parts = vec![self.literal(depth)?];
        while self.eat("&") {
            parts.push(self.literal(depth)?);
        }
        Ok(if parts.len() == 1 { parts.swap_remove(0) } else { Formula::All(parts) })
    }

    fn literal(&mut self, depth: usize) -> Result<Formula, String> {
        self.parts += 1;
        if depth > MAX_DEPTH || self.parts > MAX_PARTS {
            return Err(format!("a condition has at most {MAX_PARTS} parts and {MAX_DEPTH} levels"));
        }
        if self.keyword("not") {
            return Ok(Formula::Not(Box::new(self.literal(depth + 1)?)));
        }
        if self.eat("(") {
            let inside = self.any(depth + 1)?;
            self.expect(")")?;
            return Ok(inside);
        }
        if self.eat("#") {
            let property = self.word().map(str::to_owned);
            return property.map(Formula::Breached).ok_or_else(|| self.wrong("a regimented property"));
        }
        if self.eat(".") {
            return self.built_in(depth);
        }
        self.comparison_or_call(depth)
    }

    fn built_in(&mut self, depth: usize) -> Result<Formula, String> {
        let Some(name) = self.word() else { return Err(self.wrong("member, length or count")) };
        let name = format!(".{name}");
        let arguments = self.arguments(depth)?;
        Ok(Formula::Call(name, arguments))
    }

    fn comparison_or_call(&mut self, depth: usize) -> Result<Formula, String> {
        let left = self.term(depth)?;
        if let Some(comparison) = self.comparison() {
            return Ok(Formula::Compare(comparison, left, self.term(depth)?));
        }
        match left {
            Term::Atom(name) if name == "true" => Ok(Formula::TRUE),
            Term::Atom(name) if name == "false" => Ok(Formula::Any(Vec::new())),
            Term::Atom(name) => Ok(Formula::Call(name, Vec::new())),
            Term::Compound(name, arguments) => Ok(Formula::Call(name, arguments)),
            Term::Number(_) | Term::Variable(_) | Term::List(_) => Err(self.wrong("a comparison")),
        }
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let table = [
            ("<=", Comparison::LessOrEqual),
            (">=", Comparison::GreaterOrEqual),
            ("==", Comparison::Same),
            ("\\==", Comparison::Different),
            ("<", Comparison::Less),
            (">", Comparison::Greater),
            ("=", Comparison::Unifies),
        ];
        table.iter().find(|(token, _)| self.eat(token)).map(|(_, comparison)| *comparison)
    }

    fn term(&mut self, depth: usize) -> Result<Term, String> {
        if depth > MAX_DEPTH {
            return Err(format!("a term has at most {MAX_DEPTH} levels"));
        }
        if self.eat("[") {
            return Ok(Term::List(self.terms(depth, "]")?));
        }
        if self.eat("\"") {
            return self.quoted();
        }
        if let Some(number) = self.number() {
            return Ok(Term::Number(number));
        }
        let Some(word) = self.word() else { return Err(self.wrong("a term")) };
        self.named(word, depth)
    }

    fn named(&mut self, word: &str, depth: usize) -> Result<Term, String> {
        if word == "_" {
            self.anonymous += 1;
            return Ok(Term::Variable(format!("_{}", self.anonymous)));
        }
        if word.starts_with(|c: char| c.is_uppercase() || c == '_') {
            return Ok(Term::Variable(word.to_owned()));
        }
        if self.text[self.at..].starts_with('(') {
            return Ok(Term::compound(word, self.arguments(depth)?));
        }
        Ok(Term::atom(word))
    }

    fn arguments(&mut self, depth: usize) -> Result<Vec<Term>, String> {
        self.expect("(")?;
        self.terms(depth, ")")
    }

    fn terms(&mut self, depth: usize, close: &str) -> Result<Vec<Term>, String> {
        let mut terms = Vec::new();
        if self.eat(close) {
            return Ok(terms);
        }
        loop {
            terms.push(self.term(depth + 1)?);
            if self.eat(close) {
                return Ok(terms);
            }
            self.expect(",")?;
        }
    }

    fn quoted(&mut self) -> Result<Term, String> {
        let rest = &self.text[self.at..];
        let Some(length) = rest.find('"') else { return Err(self.wrong("a closing '\"'")) };
        self.at += length + 1;
        Ok(Term::atom(&rest[..length]))
    }

    fn number(&mut self) -> Option<f64> {
        let rest = self.rest();
        let digits = |c: char| c.is_ascii_digit() || c == '.';
        let sign = usize::from(rest.starts_with('-'));
        let length = rest[sign..].find(|c| !digits(c)).unwrap_or(rest.len() - sign) + sign;
        let value = rest[..length]
            .parse()
            .ok()
            .filter(|_: &f64| rest[sign..].starts_with(|c: char| c.is_ascii_digit()));
        if value.is_some() {
            self.at += length;
        }
        value
    }
}
