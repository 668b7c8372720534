//! Reading patterns: one pass by recursive descent, with limits, so that no text can exhaust stack or memory.
//!
//! ```text
//! pattern  = sequence
//! sequence = place { [","] place }           the comma may be left out before `[` and after `]`, `)` and `>`
//! place    = item { "|" item }
//! item     = ( symbol | "[" sequence "]" ) [ times ]
//! symbol   = name | "#any" | "#any_obs" | "#any_act" | "#any_seq" | "#obs_" name | "#act_" name
//! times    = "(" count [ "," ( count | "*" ) ] ")"      or the same between "<" and ">"
//! ```
//!
//! A name is made of letters, digits and `_ - . : / + =`, as in `cpu.high` or `scale+1`. Blanks and line breaks
//! may stand between any two of these, and mean nothing.

use std::iter::Peekable;
use std::str::Chars;

use super::error::{PatternError, nearest};
use super::syntax::{Column, Item, Symbol, Times, What};

/// Longest text of a pattern, in characters.
pub const MAX_LENGTH: usize = 16_384;
/// Deepest nesting of brackets.
pub const MAX_DEPTH: u32 = 32;
/// Largest number of repetitions that can be counted; `*` has no limit.
pub const MAX_COUNT: u32 = 1_000;
/// Most tokens of a pattern when every counted repetition is written out.
pub const MAX_POSITIONS: u64 = 2_048;

const ITEM: &str = "a label, a wildcard such as `#any`, or `[`";
const NEXT: &str = "`,`, `|`, a repetition such as `(0,2)` or the end";
const WILDCARDS: [&str; 6] = ["#any", "#any_obs", "#any_act", "#any_seq", "#obs_", "#act_"];

type Places = Vec<Vec<Item<Symbol>>>;

pub(super) fn parse(text: &str) -> Result<Item<Symbol>, PatternError> {
    let characters = text.chars().count();
    if characters > MAX_LENGTH {
        return Err(PatternError::TooLong { characters, max: MAX_LENGTH });
    }
    let mut reader = Reader { rest: text.chars().peekable(), column: 1, depth: 0, last: ' ' };
    let places = reader.sequence()?;
    if reader.peek().is_some() {
        return Err(reader.unexpected(NEXT));
    }
    let root = outermost(places);
    match root.positions() {
        positions if positions > MAX_POSITIONS => {
            Err(PatternError::TooLarge { positions, max: MAX_POSITIONS })
        }
        _ => Ok(root),
    }
}

/// Brackets around the whole may be left out: `a,b` is `[a,b]`.
fn outermost(mut places: Places) -> Item<Symbol> {
    if let [only] = places.as_mut_slice()
        && matches!(only.as_slice(), [Item { what: What::Sequence(_), .. }])
        && let Some(item) = only.pop()
    {
        return item;
    }
    Item { what: What::Sequence(places), times: Times::ONCE }
}

/// Whether a character can be part of a label's name.
pub(super) fn is_name(c: char) -> bool {
    c.is_alphanumeric() || "_-.:/+=".contains(c)
}

struct Reader<'a> {
    rest: Peekable<Chars<'a>>,
    /// Of the next character.
    column: u32,
    depth: u32,
    /// The character read last that is not blank.
    last: char,
}

impl Reader<'_> {
    fn sequence(&mut self) -> Result<Places, PatternError> {
        let mut places = Vec::new();
        loop {
            let mut place = vec![self.item()?];
            while self.take('|') {
                place.push(self.item()?);
            }
            places.push(place);
            let closed = "])>".contains(self.last);
            match self.peek() {
                Some(',') => self.next(),
                Some('[') => {}
                Some(c) if closed && (c == '#' || is_name(c)) => {}
                _ => return Ok(places),
            }
        }
    }

    fn item(&mut self) -> Result<Item<Symbol>, PatternError> {
        self.skip_blanks();
        let column = self.column;
        let what = match self.peek() {
            Some('[') => What::Sequence(self.group()?),
            Some('#') => What::Symbol(self.wildcard()?, Column(column)),
            Some(c) if is_name(c) => What::Symbol(Symbol::Label(self.word()), Column(column)),
            _ => return Err(self.unexpected(ITEM)),
        };
        Ok(Item { what, times: self.times()? })
    }

    fn group(&mut self) -> Result<Places, PatternError> {
        if self.depth == MAX_DEPTH {
            return Err(PatternError::TooDeep { column: self.column, max: MAX_DEPTH });
        }
        self.depth += 1;
        self.next();
        let places = self.sequence()?;
        self.expect(']', "`,`, `|`, a repetition such as `(0,2)`, or `]`")?;
        self.depth -= 1;
        Ok(places)
    }

    fn wildcard(&mut self) -> Result<Symbol, PatternError> {
        let column = self.column;
        self.next();
        let word = format!("#{}", self.word());
        let name =
            |prefix| word.strip_prefix(prefix).filter(|name: &&str| !name.is_empty()).map(str::to_owned);
        Ok(match word.as_str() {
            "#any" => Symbol::Any,
            "#any_obs" => Symbol::AnyObservation,
            "#any_act" => Symbol::AnyAction,
            "#any_seq" => Symbol::AnySequence,
            _ => match (name("#obs_"), name("#act_")) {
                (Some(name), _) => Symbol::Observation(name),
                (_, Some(name)) => Symbol::Action(name),
                _ => {
                    let nearest = nearest(&word, WILDCARDS).filter(|nearest| *nearest != word);
                    return Err(PatternError::UnknownWildcard { column, word, nearest });
                }
            },
        })
    }

    fn times(&mut self) -> Result<Times, PatternError> {
        let column = self.skip_blanks();
        let close = match self.peek() {
            Some('(') => ')',
            Some('<') => '>',
            _ => return Ok(Times::ONCE),
        };
        self.next();
        let times = self.bounds(close)?;
        let expected = if close == ')' { "`)`" } else { "`>`" };
        self.expect(close, expected)?;
        match times {
            Times { max: Some(0), .. } => Err(PatternError::Nothing { column }),
            Times { min, max: Some(max) } if max < min => Err(PatternError::Range { column, min, max }),
            times => match self.peek() {
                Some('(' | '<') => {
                    Err(self.unexpected("one repetition only; put `[` and `]` around the inner one"))
                }
                _ => Ok(times),
            },
        }
    }

    fn bounds(&mut self, close: char) -> Result<Times, PatternError> {
        if self.peek() == Some('*') {
            return Err(self.unexpected("a number; for any number of times write `(0,*)`"));
        }
        let min = self.count("a number")?;
        self.skip_blanks();
        if self.take(',') {
            self.skip_blanks();
            let max = if self.take('*') { None } else { Some(self.count("a number or `*`")?) };
            return Ok(Times { min, max });
        }
        match self.peek() {
            Some(c) if c == close => Ok(Times { min, max: Some(min) }),
            _ => Err(self.unexpected("`,` and the largest number, or the end of the repetition")),
        }
    }

    fn count(&mut self, expected: &'static str) -> Result<u32, PatternError> {
        let column = self.skip_blanks();
        let mut text = String::new();
        while let Some(digit) = self.rest.peek().copied().filter(char::is_ascii_digit) {
            self.next();
            text.push(digit);
        }
        if text.is_empty() {
            return Err(self.unexpected(expected));
        }
        match text.parse() {
            Ok(count) if count <= MAX_COUNT => Ok(count),
            _ => {
                let text = text.chars().take(20).collect();
                Err(PatternError::Count { column, text, max: MAX_COUNT })
            }
        }
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while let Some(c) = self.rest.peek().copied().filter(|c| is_name(*c)) {
            self.next();
            word.push(c);
        }
        word
    }

    /// The next character that is not blank.
    fn peek(&mut self) -> Option<char> {
        self.skip_blanks();
        self.rest.peek().copied()
    }

    fn next(&mut self) {
        if let Some(c) = self.rest.next() {
            self.column += 1;
            self.last = c;
        }
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.next();
        }
        found
    }

    fn expect(&mut self, wanted: char, expected: &'static str) -> Result<(), PatternError> {
        if self.take(wanted) { Ok(()) } else { Err(self.unexpected(expected)) }
    }

    /// The column of what comes next.
    fn skip_blanks(&mut self) -> u32 {
        while self.rest.next_if(|c| c.is_whitespace()).is_some() {
            self.column += 1;
        }
        self.column
    }

    fn unexpected(&mut self, expected: &'static str) -> PatternError {
        let found = match self.peek() {
            Some(c) if c.is_control() => format!("`{}`", c.escape_unicode()),
            Some(c) => format!("`{c}`"),
            None => "the end".to_owned(),
        };
        PatternError::Syntax { column: self.column, found, expected }
    }
}
