//! Computes with a [`Program`].

use super::program::{Expr, Op, Program, Symbol};

/// Why something could not be computed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Uncomputed {
    /// A number left the 128 bits.
    #[error("`{0}`: a number needs more than 128 bits")]
    Overflow(String),
    /// A division by zero.
    #[error("`{0}`: a division by zero")]
    Zero(String),
    /// A constant that was given no value.
    #[error("`{0}` has no value")]
    Unset(String),
}

/// What went wrong, before it is known in which definition.
enum Fault {
    Overflow,
    Zero,
    In(Uncomputed),
}

/// Values of a program's constants, and of what was computed of them: each definition without parameters only when it is
/// asked for, and only once.
#[derive(Clone, Debug)]
pub(crate) struct Machine<'a> {
    program: &'a Program,
    values: Vec<Option<i128>>,
    stack: Vec<i128>,
}

impl<'a> Machine<'a> {
    /// One in which nothing has a value.
    pub(crate) fn new(program: &'a Program) -> Self {
        Self { program, values: vec![None; program.definitions.len()], stack: Vec::new() }
    }

    /// Forgets all values.
    pub(crate) fn clear(&mut self) {
        self.values.fill(None);
    }

    /// Gives a constant its value, before anything that depends on it is asked for.
    pub(crate) fn set(&mut self, constant: Symbol, value: i128) {
        self.values[constant.0] = Some(value);
    }

    /// The value of a definition without parameters.
    pub(crate) fn get(&mut self, symbol: Symbol) -> Result<i128, Uncomputed> {
        if let Some(value) = self.values[symbol.0] {
            return Ok(value);
        }
        let value = self.call(symbol, &[])?;
        self.values[symbol.0] = Some(value);
        Ok(value)
    }

    /// The value of a function.
    pub(crate) fn call(&mut self, symbol: Symbol, arguments: &[i128]) -> Result<i128, Uncomputed> {
        let base = self.enter(symbol);
        self.stack[base..base + arguments.len()].copy_from_slice(arguments);
        self.run(symbol, base)
    }

    /// Makes room for a frame and says where it begins.
    fn enter(&mut self, symbol: Symbol) -> usize {
        let base = self.stack.len();
        self.stack.resize(base + self.program.definitions[symbol.0].frame, 0);
        base
    }

    /// Computes a body whose frame is in place, and takes the frame away.
    fn run(&mut self, symbol: Symbol, base: usize) -> Result<i128, Uncomputed> {
        let program = self.program;
        let definition = &program.definitions[symbol.0];
        let name = || definition.name.clone();
        let body = definition.body.as_ref().ok_or_else(|| Uncomputed::Unset(name()))?;
        let value = self.eval(body, base);
        self.stack.truncate(base);
        value.map_err(|fault| match fault {
            Fault::Overflow => Uncomputed::Overflow(name()),
            Fault::Zero => Uncomputed::Zero(name()),
            Fault::In(deeper) => deeper,
        })
    }

    fn eval(&mut self, expr: &Expr, base: usize) -> Result<i128, Fault> {
        match expr {
            Expr::Number(number) => Ok(*number),
            Expr::Local(place) => Ok(self.stack[base + place]),
            Expr::Global(symbol) => self.get(*symbol).map_err(Fault::In),
            Expr::Call(symbol, arguments) => {
                let frame = self.enter(*symbol);
                for (place, argument) in (frame..).zip(arguments) {
                    self.stack[place] = self.eval(argument, base)?;
                }
                self.run(*symbol, frame).map_err(Fault::In)
            }
            Expr::If(parts) => {
                let [condition, yes, no] = &**parts;
                if self.eval(condition, base)? != 0 { self.eval(yes, base) } else { self.eval(no, base) }
            }
            Expr::Let(first, values, body) => {
                for (place, value) in (base + first..).zip(values) {
                    self.stack[place] = self.eval(value, base)?;
                }
                self.eval(body, base)
            }
            Expr::Op(op, operands) => self.operate(*op, operands, base),
        }
    }

    /// What cannot change the outcome of `and`, `or` and `=>` any more is not computed.
    fn operate(&mut self, op: Op, operands: &[Expr], base: usize) -> Result<i128, Fault> {
        let first = self.eval(&operands[0], base)?;
        let rest = &operands[1..];
        let fold = |machine: &mut Self, by: fn(i128, i128) -> Option<i128>| {
            rest.iter().try_fold(first, |so_far, operand| {
                by(so_far, machine.eval(operand, base)?).ok_or(Fault::Overflow)
            })
        };
        let until = |machine: &mut Self, end: i128| {
            for operand in rest {
                if machine.eval(operand, base)? == end {
                    return Ok(end);
                }
            }
            Ok(1 - end)
        };
        match op {
            Op::And => return if first == 0 { Ok(0) } else { until(self, 0) },
            Op::Or => return if first == 1 { Ok(1) } else { until(self, 1) },
            Op::Implies => return if first == 0 { Ok(1) } else { until(self, 1) },
            Op::Not => return Ok(1 - first),
            Op::Add => return fold(self, i128::checked_add),
            Op::Mul => return fold(self, i128::checked_mul),
            Op::Sub if rest.is_empty() => return first.checked_neg().ok_or(Fault::Overflow),
            _ => {}
        }
        let second = self.eval(&rest[0], base)?;
        let divided = |by: fn(i128, i128) -> Option<i128>| {
            if second == 0 { Err(Fault::Zero) } else { by(first, second).ok_or(Fault::Overflow) }
        };
        match op {
            Op::Sub => first.checked_sub(second).ok_or(Fault::Overflow),
            Op::Div => divided(i128::checked_div_euclid),
            Op::Mod => divided(i128::checked_rem_euclid),
            Op::Equal => Ok(i128::from(first == second)),
            Op::Less => Ok(i128::from(first < second)),
            Op::LessEqual => Ok(i128::from(first <= second)),
            Op::More => Ok(i128::from(first > second)),
            _ => Ok(i128::from(first >= second)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compute(body: &str) -> Result<i128, Uncomputed> {
        let text = format!(
            "(declare-const a Int)\n(declare-const unset Int)\n\
             (define-fun half ((x Int)) Int (let ((a (div x 2)) (y a)) (+ a (* 100 y))))\n\
             (define-fun chosen ((x Int) (yes Bool)) Int (ite yes x (- x)))\n(define-fun result () Int {body})"
        );
        let program = Program::compile(&[("text", &text)]).unwrap();
        let mut machine = Machine::new(&program);
        machine.set(program.find("a").unwrap(), 7);
        machine.get(program.find("result").unwrap())
    }

    #[test]
    fn numbers_are_computed_as_smt_lib_says() {
        for (body, value) in [
            ("(+ 1 2 a)", 10),
            ("(- a)", -7),
            ("(- (* 2 3 a) 1)", 41),
            ("(div (- a) 2)", -4),
            ("(mod (- a) 2)", 1),
            ("(div a (- 2))", -3),
            ("(ite (and (< 1 2) (not (> 1 2)) (=> false false)) 1 0)", 1),
            ("(ite (or (= 1 2) (>= 1 2) (<= 2 1)) 1 0)", 0),
            ("(ite (= true (= 1 1)) 1 0)", 1),
            ("(ite (=> true false) 1 0)", 0),
        ] {
            assert_eq!(compute(body), Ok(value), "{body}");
        }
    }

    #[test]
    fn calls_and_lets_have_frames_of_their_own() {
        assert_eq!(compute("(half 9)"), Ok(704), "`y` is the `a` outside, `a` the half");
        assert_eq!(
            compute("(chosen (let ((b 1)) (+ b (half (let ((c 8)) c)))) (let ((d 0)) (= d 1)))"),
            Ok(-705)
        );
        assert_eq!(compute("(let ((a 1)) (let ((a (+ a 1)) (b a)) (+ (* 10 a) b)))"), Ok(21));
    }

    #[test]
    fn what_cannot_be_computed_is_an_error_and_what_is_not_needed_is_not_computed() {
        assert_eq!(compute("(div a 0)"), Err(Uncomputed::Zero("result".into())));
        assert_eq!(compute("(+ unset 0)"), Err(Uncomputed::Unset("unset".into())));
        let large = i128::MAX.to_string();
        assert_eq!(compute(&format!("(half (+ 1 {large}))")), Err(Uncomputed::Overflow("result".into())));
        assert_eq!(compute("(ite (or true (= 1 (div 1 0))) 1 (div 1 0))"), Ok(1));
    }
}
