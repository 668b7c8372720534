//! The parts of a condition that no operator joins: literals, names, functions, parentheses.

use super::{Either, Parser};
use crate::condition::hint::nearest;
use crate::condition::service_set::ServiceSet;
use crate::condition::syntax::{
    Aggregate, Condition, ConditionKind, Expression, ExpressionKind, Place, Quantifier, Trend,
};
use crate::condition::token::Kind;
use crate::condition::unit::{Quantity, is_unit};
use crate::condition::vocabulary::{FUNCTIONS, RESERVED};

const PRIMARY: &str = "a number, a name or \"(\"";

impl Parser<'_> {
    pub(super) fn primary(&mut self) -> Option<Either> {
        let place = self.place();
        match self.peek().cloned() {
            Some(Kind::Number(number)) => {
                self.at += 1;
                self.literal_quantity(number, place)
            }
            Some(Kind::Symbol("(")) => {
                self.at += 1;
                let inner = self.any_level();
                self.closed(inner)
            }
            Some(Kind::Word(word)) => self.word(&word, place),
            _ => {
                self.unexpected(PRIMARY);
                None
            }
        }
    }

    /// A number and its unit, if one follows.
    fn literal_quantity(&mut self, number: f64, place: Place) -> Option<Either> {
        let unit = self.unit();
        match Quantity::new(number, &unit) {
            Ok(quantity) => expression(ExpressionKind::Literal(quantity), place),
            Err(problem) => {
                self.report.error(place, "unknown-unit", problem);
                None
            }
        }
    }

    /// `requests`, `%`, `Mi/pod`, `1/s`, `/s`, or nothing.
    fn unit(&mut self) -> String {
        if self.eat("%") {
            return "%".to_owned();
        }
        if let Some(Kind::Word(over)) = self.peek().filter(|kind| can_be_unit(kind)).cloned() {
            self.at += 1;
            return self.under().map_or_else(|| over.clone(), |under| format!("{over}/{under}"));
        }
        let one = matches!(self.peek(), Some(Kind::Number(number)) if *number == 1.0);
        self.at += usize::from(one);
        let under = self.under();
        self.at -= usize::from(one && under.is_none());
        under.map_or_else(String::new, |under| format!("1/{under}"))
    }

    /// `/` and a unit, both or neither; `min(` is a function, not minutes.
    fn under(&mut self) -> Option<String> {
        let kind = |ahead: usize| self.tokens.get(self.at + ahead).map(|token| &token.kind);
        let Some(Kind::Word(word)) = kind(1) else { return None };
        let is_function = kind(2) == Some(&Kind::Symbol("("));
        let under = (self.at_symbol("/") && is_unit(word) && !is_function).then(|| word.clone())?;
        self.at += 2;
        Some(under)
    }

    fn word(&mut self, word: &str, place: Place) -> Option<Either> {
        let next = self.tokens.get(self.at + 1).map(|token| &token.kind);
        if next == Some(&Kind::Symbol("(")) && !["and", "or", "not", "of"].contains(&word) {
            self.at += 2;
            let call = self.function(word, place);
            return self.closed(call);
        }
        if let "true" | "false" = word {
            self.at += 1;
            return condition(ConditionKind::Constant(word == "true"), place);
        }
        if RESERVED.contains(&word) || is_unit(word) {
            let what = if is_unit(word) { "a number before its unit" } else { PRIMARY };
            self.unexpected(what);
            return None;
        }
        self.at += 1;
        if self.eat_word("of") && !self.eat_word("self") {
            let service = self.name("the name of a service")?;
            return expression(ExpressionKind::Of(word.to_owned(), service), place);
        }
        expression(ExpressionKind::Name(word.to_owned()), place)
    }

    /// What stands in the parentheses of a function; its `(` has been read and its `)` is left.
    fn function(&mut self, name: &str, place: Place) -> Option<Either> {
        if let Some(aggregate) = Aggregate::named(name) {
            let (of, over) = (self.inner_expression(), self.sets());
            return expression(ExpressionKind::Aggregate(aggregate, Box::new(of?), over?), place);
        }
        if let Some(quantifier) = Quantifier::named(name) {
            let (of, over) = (self.inner_condition(), self.sets());
            return condition(ConditionKind::Each(quantifier, Box::new(of?), over?), place);
        }
        if let Some(trend) = Trend::named(name) {
            let (of, ago) = (self.inner_expression(), self.ago());
            return expression(ExpressionKind::Trend(trend, Box::new(of?), Box::new(ago?)), place);
        }
        match name {
            "count" => {
                let (of, over) = (self.inner_condition(), self.sets());
                expression(ExpressionKind::Count(Box::new(of?), over?), place)
            }
            "missing" => {
                let of = self.inner_expression()?;
                condition(ConditionKind::Missing(of), place)
            }
            "matches" => {
                let pattern = self.name("the name of a pattern")?;
                condition(ConditionKind::Matches(pattern), place)
            }
            _ => {
                let hint = nearest(name, FUNCTIONS);
                self.report.error(place, "condition-syntax", format!("there is no function {name:?}{hint}"));
                None
            }
        }
    }

    fn inner_condition(&mut self) -> Option<Condition> {
        let inner = self.any_level()?;
        self.need_condition(inner)
    }

    fn inner_expression(&mut self) -> Option<Expression> {
        let inner = self.any_level()?;
        self.need_expression(inner)
    }

    fn ago(&mut self) -> Option<Expression> {
        if self.eat(",") {
            return self.inner_expression();
        }
        self.unexpected("\",\" and how long ago, as in \"change(x, 30 s)\"");
        None
    }

    /// `, set, set…` up to the parenthesis; none means all services.
    fn sets(&mut self) -> Option<Vec<ServiceSet>> {
        let mut sets = Vec::new();
        while self.eat(",") {
            let quoted = matches!(self.peek(), Some(Kind::Quoted(_)));
            let name = self.name("a set of services")?;
            let set = if quoted { Ok(ServiceSet::Named(name)) } else { name.parse() };
            sets.extend(set);
        }
        Some(sets)
    }

    /// A quoted name, or words and numbers joined by hyphens without space, as Kubernetes' names are.
    fn name(&mut self, expected: &str) -> Option<String> {
        match self.peek().cloned() {
            Some(Kind::Quoted(name)) => {
                self.at += 1;
                Some(name)
            }
            Some(Kind::Word(word)) => {
                self.at += 1;
                Some(self.joined_name(word))
            }
            _ => {
                self.unexpected(expected);
                None
            }
        }
    }

    fn joined_name(&mut self, mut name: String) -> String {
        loop {
            let hyphen = usize::from(self.at_symbol("-"));
            let part = self.at + hyphen;
            if !self.adjoins(self.at) || !self.adjoins(part) || !self.is_part(part) {
                return name;
            }
            name.push_str(&self.text[self.tokens[self.at].start..self.tokens[part].end]);
            self.at = part + 1;
        }
    }

    /// Whether no space stands before token `index`.
    fn adjoins(&self, index: usize) -> bool {
        let before = index.checked_sub(1).and_then(|before| self.tokens.get(before));
        before.zip(self.tokens.get(index)).is_some_and(|(before, token)| before.end == token.start)
    }

    fn is_part(&self, index: usize) -> bool {
        self.tokens.get(index).is_some_and(|token| matches!(token.kind, Kind::Word(_) | Kind::Number(_)))
    }

    /// Reads the `)` behind `inner`; behind an error, whatever stands before it is skipped without a word.
    fn closed(&mut self, inner: Option<Either>) -> Option<Either> {
        if inner.is_none() {
            self.skip_until(|kind| matches!(kind, Kind::Symbol(")")));
            self.eat(")");
            return None;
        }
        if self.eat(")") {
            return inner;
        }
        self.unexpected("\")\"");
        None
    }
}

fn can_be_unit(kind: &Kind) -> bool {
    matches!(kind, Kind::Word(word) if !["and", "or", "of", "not"].contains(&word.as_str()))
}

#[expect(clippy::unnecessary_wraps, reason = "it ends functions that read something or nothing")]
fn condition(kind: ConditionKind, place: Place) -> Option<Either> {
    Some(Either::Condition(Condition { kind, place }))
}

#[expect(clippy::unnecessary_wraps, reason = "it ends functions that read something or nothing")]
fn expression(kind: ExpressionKind, place: Place) -> Option<Either> {
    Some(Either::Expression(Expression { kind, place }))
}
