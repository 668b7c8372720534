//! Definitions of an SMT-LIB 2 text, compiled once and then computed with: the model of the kernel as a program.
//!
//! The subset is that of the model: `declare-const` and `define-fun` over `Int` and `Bool`; `ite`, `let`, `and`, `or`,
//! `not`, `=>`, `+`, `-`, `*`, `div`, `mod`, `=`, `<`, `<=`, `>`, `>=`. Integers are `i128` and every operation is
//! checked: what leaves them is an error, never a wrong number. `div` and `mod` are Euclidean, as SMT-LIB says; dividing
//! by zero is an error.

use std::collections::BTreeMap;

use super::ModelError;
use super::read::{Sexp, read};

/// `Int` or `Bool`; the latter is computed as 0 and 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Int,
    Bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    And,
    Or,
    Not,
    Implies,
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Equal,
    Less,
    LessEqual,
    More,
    MoreEqual,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expr {
    Number(i128),
    /// A parameter or a name of a `let`: its place in the definition's frame.
    Local(usize),
    /// A definition without parameters.
    Global(Symbol),
    Call(Symbol, Vec<Self>),
    If(Box<[Self; 3]>),
    /// Values for the places from the first on, and what they are used in.
    Let(usize, Vec<Self>, Box<Self>),
    Op(Op, Vec<Self>),
}

/// A definition of a [`Program`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Symbol(pub(super) usize);

#[derive(Clone, Debug)]
pub(super) struct Definition {
    pub(super) name: String,
    params: Vec<Sort>,
    result: Sort,
    /// Places that its parameters and all names of its `let`s take.
    pub(super) frame: usize,
    /// `None` for a constant that is only declared.
    pub(super) body: Option<Expr>,
}

/// A compiled text.
#[derive(Clone, Debug, Default)]
pub(crate) struct Program {
    pub(super) definitions: Vec<Definition>,
    names: BTreeMap<String, Symbol>,
}

impl Program {
    /// Compiles files, each a name for messages and a text. A definition may use what stands before it.
    ///
    /// # Errors
    /// The first thing that is not of the subset, with its line.
    pub(crate) fn compile(files: &[(&'static str, &str)]) -> Result<Self, ModelError> {
        let mut program = Self::default();
        for (file, text) in files {
            for command in read(file, text)? {
                let line = command.line();
                program.command(&command).map_err(|what| ModelError { file, line, what })?;
            }
        }
        Ok(program)
    }

    /// The definition of that name.
    pub(crate) fn find(&self, name: &str) -> Option<Symbol> {
        self.names.get(name).copied()
    }

    fn command(&mut self, command: &Sexp<'_>) -> Result<(), String> {
        let (name, params, result, body) = match command.command() {
            Some(("declare-const", [name, result])) => (name, &[][..], result, None),
            Some(("define-fun", [name, params, result, body])) => {
                (name, params.list().ok_or("parameters are a list")?, result, Some(body))
            }
            _ => {
                return Err(
                    "allowed are `declare-const name sort` and `define-fun name (…) sort body`".into()
                );
            }
        };
        let name = name.atom().ok_or("a name is missing")?.to_owned();
        if self.names.contains_key(&name) {
            return Err(format!("`{name}` is defined twice"));
        }
        let result = sort(result)?;
        let params = params.iter().map(param).collect::<Result<Vec<_>, _>>()?;
        let locals =
            params.iter().cloned().enumerate().map(|(place, (name, sort))| Local { name, sort, place });
        let mut scope = Scope { program: self, locals: locals.collect(), frame: params.len() };
        let body = body.map(|body| scope.expect(body, result)).transpose()?;
        let frame = scope.frame;
        self.names.insert(name.clone(), Symbol(self.definitions.len()));
        let params = params.into_iter().map(|(_, sort)| sort).collect();
        self.definitions.push(Definition { name, params, result, frame, body });
        Ok(())
    }
}

fn sort(written: &Sexp<'_>) -> Result<Sort, String> {
    match written.atom() {
        Some("Int") => Ok(Sort::Int),
        Some("Bool") => Ok(Sort::Bool),
        _ => Err("a sort is Int or Bool".into()),
    }
}

fn param(written: &Sexp<'_>) -> Result<(String, Sort), String> {
    match written.list() {
        Some([Sexp::Atom(name, _), of]) => Ok(((*name).to_owned(), sort(of)?)),
        _ => Err("a parameter is `(name sort)`".into()),
    }
}

/// What names mean where an expression stands.
struct Scope<'a> {
    program: &'a Program,
    locals: Vec<Local>,
    /// Places in use or used before.
    frame: usize,
}

struct Local {
    name: String,
    sort: Sort,
    place: usize,
}

impl Scope<'_> {
    fn expect(&mut self, written: &Sexp<'_>, wanted: Sort) -> Result<Expr, String> {
        let (expr, got) = self.expr(written)?;
        if got == wanted { Ok(expr) } else { Err(format!("{wanted:?} expected, {got:?} found")) }
    }

    fn expr(&mut self, written: &Sexp<'_>) -> Result<(Expr, Sort), String> {
        match written {
            Sexp::Atom(text, _) => self.atom(text),
            Sexp::List(..) => match written.command() {
                Some(("ite", [condition, yes, no])) => {
                    let condition = self.expect(condition, Sort::Bool)?;
                    let (yes, sort) = self.expr(yes)?;
                    let no = self.expect(no, sort)?;
                    Ok((Expr::If(Box::new([condition, yes, no])), sort))
                }
                Some(("let", [bindings, body])) => self.bind(bindings, body),
                Some((head, operands)) => self.application(head, operands),
                None => Err("an expression begins with a name".into()),
            },
        }
    }

    fn atom(&self, text: &str) -> Result<(Expr, Sort), String> {
        if let Some(local) = self.locals.iter().rfind(|local| local.name == text) {
            return Ok((Expr::Local(local.place), local.sort));
        }
        match text {
            "true" => Ok((Expr::Number(1), Sort::Bool)),
            "false" => Ok((Expr::Number(0), Sort::Bool)),
            _ => match (text.parse(), self.program.find(text)) {
                (Ok(number), _) => Ok((Expr::Number(number), Sort::Int)),
                (Err(_), Some(symbol)) if self.program.definitions[symbol.0].params.is_empty() => {
                    Ok((Expr::Global(symbol), self.program.definitions[symbol.0].result))
                }
                _ => Err(format!("`{text}` is not a number, nor defined before")),
            },
        }
    }

    /// All values of a `let` are computed outside of it.
    fn bind(&mut self, bindings: &Sexp<'_>, body: &Sexp<'_>) -> Result<(Expr, Sort), String> {
        let (mut values, mut locals) = (Vec::new(), Vec::new());
        for binding in bindings.list().ok_or("`let` begins with a list")? {
            let Some([Sexp::Atom(name, _), value]) = binding.list() else {
                return Err("`let` binds `(name value)`".into());
            };
            let (value, sort) = self.expr(value)?;
            values.push(value);
            locals.push(((*name).to_owned(), sort));
        }
        let (outside, first) = (self.locals.len(), self.frame);
        self.frame += locals.len();
        let placed = locals.into_iter().zip(first..);
        self.locals.extend(placed.map(|((name, sort), place)| Local { name, sort, place }));
        let body = self.expr(body);
        self.locals.truncate(outside);
        let (body, sort) = body?;
        Ok((Expr::Let(first, values, Box::new(body)), sort))
    }

    fn application(&mut self, head: &str, operands: &[Sexp<'_>]) -> Result<(Expr, Sort), String> {
        if let Some(symbol) = self.program.find(head) {
            let Definition { params, result, .. } = &self.program.definitions[symbol.0];
            if params.len() != operands.len() || params.is_empty() {
                return Err(format!("`{head}` takes {} values, {} are given", params.len(), operands.len()));
            }
            let values = operands.iter().zip(params).map(|(operand, sort)| self.expect(operand, *sort));
            return Ok((Expr::Call(symbol, values.collect::<Result<_, _>>()?), *result));
        }
        let (op, least, most) = operator(head).ok_or_else(|| format!("`{head}` is not defined before"))?;
        if !(least..=most).contains(&operands.len()) {
            return Err(format!("`{head}` cannot take {} values", operands.len()));
        }
        let takes = match op {
            Op::And | Op::Or | Op::Not | Op::Implies => Sort::Bool,
            Op::Equal => self.expr(&operands[0])?.1,
            _ => Sort::Int,
        };
        let gives = match op {
            Op::Add | Op::Sub | Op::Mul | Op::Div | Op::Mod => Sort::Int,
            _ => Sort::Bool,
        };
        let values = operands.iter().map(|operand| self.expect(operand, takes));
        Ok((Expr::Op(op, values.collect::<Result<_, _>>()?), gives))
    }
}

/// An operator, and how many values it takes at least and at most.
fn operator(name: &str) -> Option<(Op, usize, usize)> {
    const ANY: usize = usize::MAX;
    Some(match name {
        "and" => (Op::And, 1, ANY),
        "or" => (Op::Or, 1, ANY),
        "not" => (Op::Not, 1, 1),
        "=>" => (Op::Implies, 2, 2),
        "+" => (Op::Add, 1, ANY),
        "-" => (Op::Sub, 1, 2),
        "*" => (Op::Mul, 2, ANY),
        "div" => (Op::Div, 2, 2),
        "mod" => (Op::Mod, 2, 2),
        "=" => (Op::Equal, 2, 2),
        "<" => (Op::Less, 2, 2),
        "<=" => (Op::LessEqual, 2, 2),
        ">" => (Op::More, 2, 2),
        ">=" => (Op::MoreEqual, 2, 2),
        _ => return None,
    })
}
