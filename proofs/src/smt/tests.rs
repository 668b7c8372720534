use std::path::Path;
use std::time::Duration;

use super::program::Program;
use super::*;

#[test]
fn every_file_of_the_model_can_be_computed_with() {
    for obligation in obligations() {
        assert!(Program::compile(obligation.model).is_ok(), "{}", obligation.file);
    }
}

#[test]
fn every_property_is_proved() {
    let z3 = Path::new("z3");
    for obligation in obligations() {
        match prove(obligation, z3, Duration::from_secs(30)) {
            Err(missing @ SmtError::Missing(_)) => {
                eprintln!("nothing is proved here: {missing}");
                return;
            }
            proved => {
                let proved = proved.unwrap();
                assert!(proved.claims > 0 && proved.assumptions > 0, "{} {proved:?}", obligation.file);
            }
        }
    }
}

#[test]
fn what_is_not_in_the_subset_is_told_with_its_line() {
    for (text, said) in [
        ("(assert true)", "allowed are"),
        ("\n(define-fun a () Real 1)", "line 2: a sort is Int or Bool"),
        ("(define-fun a () Int (b 1))", "`b` is not defined before"),
        ("(define-fun a () Int a)", "`a` is not a number, nor defined before"),
        ("(define-fun a () Bool 1)", "Bool expected, Int found"),
        ("(define-fun a () Int (ite 1 2 3))", "Bool expected, Int found"),
        ("(define-fun a () Int (- 1 2 3))", "`-` cannot take 3 values"),
        (
            "(define-fun a ((x Int)) Int x)\n(define-fun b () Int (a 1 2))",
            "line 2: `a` takes 1 values, 2 are given",
        ),
        ("(declare-const a Int)\n(declare-const a Int)", "line 2: `a` is defined twice"),
    ] {
        let error = Program::compile(&[("a.smt2", text)]).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_missing_solver_is_named_with_what_brings_it() {
    let error = prove(&obligations()[0], Path::new("no-such-z3"), Duration::from_secs(1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "no SMT solver at no-such-z3; `apt-get install z3` or `pip install z3-solver` brings one"
    );
}
