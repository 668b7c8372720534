//! Text to syntax tree, by recursive descent.
//!
//! ```text
//! condition  = conjunct ("or" conjunct)*          conjunct = literal ("and" literal)*
//! literal    = "not" literal | comparison         comparison = sum [("<" | "<=" | ">" | ">=" | "==" | "!=") sum]
//! sum        = product (("+" | "-") product)*     product = factor (("*" | "/") factor)*
//! factor     = "-" factor | primary
//! ```
//!
//! Conditions and expressions share the levels, because `(a + b) > c` and `(a > b) and c` begin alike: every level
//! returns either ([`Either`]) and asks for the kind it needs. After an error the parser goes on behind the next
//! `and` or `or`, so that one pass reports one error for each part.

use std::str::FromStr;

use super::report::Report;
use super::syntax::{
    Additive, Comparison, Condition, ConditionKind, Expression, ExpressionKind, Multiplicative, Place,
};
use super::token::{Kind, Token, tokens};
use crate::spec::Origin;
use crate::{Finding, Findings};

mod primary;

/// How deeply parentheses, `not` and `-` may be nested.
pub const MAX_DEPTH: usize = 64;

impl Condition {
    /// Reads a condition that stands alone.
    ///
    /// # Errors
    /// Everything that is wrong with its syntax, with line and column.
    ///
    /// ```
    /// use karma_org::condition::Condition;
    /// let condition = Condition::parse("pending_requests>30requests and not (missing(cpu_usage))").unwrap();
    /// assert_eq!(condition.to_string(), "pending_requests > 30 requests and not missing(cpu_usage)");
    /// let errors = Condition::parse("pending_requests > and cpu_usage < 5 n").unwrap_err();
    /// assert_eq!(errors.0.len(), 2);
    /// ```
    pub fn parse(text: &str) -> Result<Self, Findings> {
        alone(|origin, findings| Self::parse_at(text, origin, findings))
    }

    /// Reads a condition that stands at `origin` in some larger text; adds what is wrong to `findings`.
    pub fn parse_at(text: &str, origin: &Origin, findings: &mut Vec<Finding>) -> Option<Self> {
        Parser::parse(text, Report { origin, findings }, Parser::need_condition)
    }
}

impl Expression {
    /// Reads an expression that stands alone.
    ///
    /// # Errors
    /// Everything that is wrong with its syntax, with line and column.
    ///
    /// ```
    /// use karma_org::condition::Expression;
    /// let expression = Expression::parse("-sum(pending_requests) / (100 requests)").unwrap();
    /// assert_eq!(expression.to_string(), "-sum(pending_requests) / 100 requests");
    /// ```
    pub fn parse(text: &str) -> Result<Self, Findings> {
        alone(|origin, findings| Self::parse_at(text, origin, findings))
    }

    /// Reads an expression that stands at `origin` in some larger text; adds what is wrong to `findings`.
    pub fn parse_at(text: &str, origin: &Origin, findings: &mut Vec<Finding>) -> Option<Self> {
        Parser::parse(text, Report { origin, findings }, Parser::need_expression)
    }
}

fn alone<T>(read: impl FnOnce(&Origin, &mut Vec<Finding>) -> Option<T>) -> Result<T, Findings> {
    let mut findings = Vec::new();
    read(&Origin::default(), &mut findings).ok_or(Findings(findings))
}

impl FromStr for Condition {
    type Err = Findings;
    fn from_str(text: &str) -> Result<Self, Findings> {
        Self::parse(text)
    }
}

impl FromStr for Expression {
    type Err = Findings;
    fn from_str(text: &str) -> Result<Self, Findings> {
        Self::parse(text)
    }
}

/// What a level has read: which of the two is known only afterwards.
#[derive(Debug)]
enum Either {
    Condition(Condition),
    Expression(Expression),
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    report: Report<'a>,
}

impl<'a> Parser<'a> {
    fn parse<T>(
        text: &'a str,
        mut report: Report<'a>,
        need: impl FnOnce(&mut Self, Either) -> Option<T>,
    ) -> Option<T> {
        let before = report.findings.len();
        let tokens = tokens(text, &mut report);
        let mut parser = Self { text, tokens, at: 0, depth: 0, report };
        let read = parser.any_level().and_then(|read| need(&mut parser, read));
        if read.is_some() && parser.peek().is_some() {
            parser.unexpected("\"and\", \"or\", an operator or the end");
        }
        read.filter(|_| parser.report.findings.len() == before)
    }

    /// One level deeper: `or` and everything that binds more closely.
    fn any_level(&mut self) -> Option<Either> {
        self.deeper(|parser| {
            parser.joined("or", ConditionKind::Or, |parser| {
                parser.joined("and", ConditionKind::And, Self::literal)
            })
        })
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == MAX_DEPTH {
            let message = format!("parentheses, \"not\" and \"-\" may be nested {MAX_DEPTH} deep");
            self.report.error(self.place(), "condition-syntax", message);
            self.at = self.tokens.len();
            return None;
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// `part (word part)*`; a lone part is handed on as it is.
    fn joined(
        &mut self,
        word: &str,
        join: impl FnOnce(Vec<Condition>) -> ConditionKind,
        mut part: impl FnMut(&mut Self) -> Option<Either>,
    ) -> Option<Either> {
        let place = self.place();
        let first = part(self);
        if !self.at_word(word) {
            return first;
        }
        let mut parts = vec![first.and_then(|first| self.need_condition(first))];
        while self.eat_word(word) {
            let next = part(self);
            parts.push(next.and_then(|next| self.need_condition(next)));
        }
        let kind = join(parts.into_iter().collect::<Option<Vec<_>>>()?);
        Some(Either::Condition(Condition { kind, place }))
    }

    /// A comparison or its negation; behind an error, everything up to the next `and`, `or`, `,` or `)` is skipped.
    fn literal(&mut self) -> Option<Either> {
        let place = self.place();
        let read = if self.eat_word("not") {
            let inner = self.deeper(Self::literal).and_then(|inner| self.need_condition(inner));
            inner
                .map(|inner| ConditionKind::Not(Box::new(inner)))
                .map(|kind| Either::Condition(Condition { kind, place }))
        } else {
            self.comparison()
        };
        if read.is_none() {
            self.skip();
        }
        read
    }

    fn skip(&mut self) {
        self.skip_until(|kind| match kind {
            Kind::Symbol(symbol) => matches!(*symbol, ")" | ","),
            Kind::Word(word) => word == "and" || word == "or",
            Kind::Number(_) | Kind::Quoted(_) => false,
        });
    }

    /// Goes to the next token outside of further parentheses that `stop` wants.
    fn skip_until(&mut self, stop: impl Fn(&Kind) -> bool) {
        let mut open = 0_usize;
        while let Some(kind) = self.peek() {
            match kind {
                kind if open == 0 && stop(kind) => return,
                Kind::Symbol("(") => open += 1,
                Kind::Symbol(")") => open = open.saturating_sub(1),
                _ => {}
            }
            self.at += 1;
        }
    }

    fn comparison(&mut self) -> Option<Either> {
        let place = self.place();
        let left = self.sum()?;
        let Some(comparison) = self.eat_comparison() else { return Some(left) };
        let left = self.need_expression(left)?;
        let right = self.sum()?;
        let right = self.need_expression(right)?;
        if self.eat_comparison().is_some() {
            let message = "comparisons do not chain; write \"a < b and b < c\"";
            self.report.error(place, "condition-syntax", message);
            return None;
        }
        Some(Either::Condition(Condition { kind: ConditionKind::Compare(left, comparison, right), place }))
    }

    fn eat_comparison(&mut self) -> Option<Comparison> {
        self.eat_operator(Comparison::named)
    }

    fn sum(&mut self) -> Option<Either> {
        self.chain(Self::product, Additive::named, ExpressionKind::Sum)
    }

    fn product(&mut self) -> Option<Either> {
        self.chain(Self::factor, Multiplicative::named, ExpressionKind::Product)
    }

    /// `part (operator part)*`; a lone part is handed on as it is.
    fn chain<O>(
        &mut self,
        part: fn(&mut Self) -> Option<Either>,
        named: fn(&str) -> Option<O>,
        join: fn(Box<Expression>, Vec<(O, Expression)>) -> ExpressionKind,
    ) -> Option<Either> {
        let place = self.place();
        let first = part(self)?;
        let Some(mut operator) = self.eat_operator(named) else { return Some(first) };
        let first = Box::new(self.need_expression(first)?);
        let mut rest = Vec::new();
        loop {
            let next = part(self)?;
            rest.push((operator, self.need_expression(next)?));
            match self.eat_operator(named) {
                Some(next) => operator = next,
                None => return Some(Either::Expression(Expression { kind: join(first, rest), place })),
            }
        }
    }

    fn factor(&mut self) -> Option<Either> {
        let place = self.place();
        if !self.eat("-") {
            return self.primary();
        }
        let inner = self.deeper(Self::factor)?;
        let kind = ExpressionKind::Negate(Box::new(self.need_expression(inner)?));
        Some(Either::Expression(Expression { kind, place }))
    }

    fn need_condition(&mut self, read: Either) -> Option<Condition> {
        match read {
            Either::Condition(condition) => Some(condition),
            Either::Expression(Expression { place, .. }) => {
                let message = "a number stands where a condition is needed; compare it, as in \"x > 3\"";
                self.report.error(place, "condition-syntax", message);
                None
            }
        }
    }

    fn need_expression(&mut self, read: Either) -> Option<Expression> {
        match read {
            Either::Expression(expression) => Some(expression),
            Either::Condition(Condition { place, .. }) => {
                let message = "a condition stands where a number is needed; count(…) makes a number of it";
                self.report.error(place, "condition-syntax", message);
                None
            }
        }
    }

    fn peek(&self) -> Option<&Kind> {
        self.tokens.get(self.at).map(|token| &token.kind)
    }

    /// The place of the next token, or of the last one at the end.
    fn place(&self) -> Place {
        let token = self.tokens.get(self.at).or(self.tokens.last());
        token.map_or_else(Place::default, |token| token.place)
    }

    fn at_word(&self, word: &str) -> bool {
        matches!(self.peek(), Some(Kind::Word(next)) if next == word)
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.at_word(word);
        self.at += usize::from(found);
        found
    }

    fn at_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek(), Some(Kind::Symbol(next)) if *next == symbol)
    }

    fn eat(&mut self, symbol: &str) -> bool {
        let found = self.at_symbol(symbol);
        self.at += usize::from(found);
        found
    }

    fn eat_operator<O>(&mut self, named: fn(&str) -> Option<O>) -> Option<O> {
        let Some(Kind::Symbol(symbol)) = self.peek() else { return None };
        let operator = named(symbol)?;
        self.at += 1;
        Some(operator)
    }

    fn unexpected(&mut self, expected: &str) {
        let found = self.peek().map_or_else(|| "the end".to_owned(), ToString::to_string);
        let message = format!("expected {expected}, found {found}");
        self.report.error(self.place(), "condition-syntax", message);
    }
}
