//! What is refused of a mapping, and that nothing of one is lost.

use super::*;

fn sound() -> MappingParams {
    MappingParams { predict: vec!["x".parse().unwrap()], ..MappingParams::default() }
}

fn refused(change: impl FnOnce(&mut MappingParams)) -> String {
    let mut params = sound();
    change(&mut params);
    params.check().unwrap_err().to_string()
}

#[test]
fn a_setting_out_of_its_range_is_named_with_what_is_allowed() {
    assert_eq!(refused(|p| p.predict.clear()), "predict is an empty list; allowed: at least one column");
    assert_eq!(refused(|p| p.max_gap = Some(0.0)), "max_gap is 0.0; allowed: a finite number above 0");
    assert_eq!(refused(|p| p.moved = f32::NAN), "moved is NaN; allowed: a finite number above 0");
    assert!(refused(|p| p.delimiter = '3').starts_with("delimiter is '3'; allowed: one ASCII character"));
    assert!(refused(|p| p.delimiter = 'ß').starts_with("delimiter is 'ß'"));
    assert_eq!(
        refused(|p| p.drop = vec!["p99".to_owned()]),
        "drop.0 is \"p99\"; allowed: COLUMN OPERATOR NUMBER with one of < <= > >= == !=, such as \"p99 <= 0\""
    );
    assert_eq!(
        refused(|p| p.split = SplitParams::Tail(1.0)),
        "split.tail is 1.0; allowed: a number above 0 and below 1"
    );
    assert!(refused(|p| p.split = SplitParams::Windows(1)).starts_with("split.windows is 1;"));
}

#[test]
fn a_column_that_makes_no_sense_is_named_by_its_place() {
    let column = |text: &str| -> ColumnParams { text.parse().unwrap() };
    assert_eq!(
        refused(|p| p.predict.push(column("y:log10:0"))),
        "predict.1.floor is 0.0; allowed: a number above 0, which log10 needs"
    );
    assert_eq!(
        refused(|p| p.given.push(ColumnParams { floor: Some(1.0), ..column("y") })),
        "given.0.floor is 1.0; allowed: nothing: only log10 has a floor"
    );
    assert_eq!(
        refused(|p| p.given.push(column("y/0"))),
        "given.0.divide is 0.0; allowed: a finite number that is not 0"
    );
    assert_eq!(
        refused(|p| p.predict.push(ColumnParams { min: Some(2.0), max: Some(1.0), ..column("y") })),
        "predict.1.min is 2.0; allowed: a number that is not above max"
    );
    assert_eq!(
        refused(|p| p.control.push("a*b*".parse().unwrap())),
        "control.0.columns is \"a*b*\"; allowed: names with at most one *"
    );
    assert!(refused(|p| p.control.push("*=x".parse().unwrap())).starts_with("control.0.name is \"*\""));
}

#[test]
fn a_mapping_goes_through_a_document_unchanged() {
    let mut params = sound();
    params.max_gap = Some(45.0);
    params.control.push("n of *=alloc_*/2:decided".parse().unwrap());
    params.predict.push(ColumnParams { columns: Names::from(["a", "b"]), ..params.predict[0].clone() });
    params.split = SplitParams::Windows(5);
    let text = serde_json::to_string(&params).unwrap();
    assert!(text.contains(r#""split":{"windows":5}"#), "{text}");
    assert_eq!(serde_json::from_str::<MappingParams>(&text).unwrap(), params);
}

#[test]
fn one_column_may_be_written_as_one() {
    let column: ColumnParams = serde_json::from_str(r#"{"column": "x"}"#).unwrap();
    assert_eq!(column, "x".parse().unwrap());
    assert!(serde_json::from_str::<ColumnParams>(r#"{"columns": 3}"#).is_err());
    assert!(serde_json::from_str::<ColumnParams>(r#"{"columns": "x", "scal": "root"}"#).is_err());
}
