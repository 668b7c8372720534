//! What data cover is told of any CSV file and of traces.

use crate::workplace::Workplace;

const HOTEL: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../karma-twin/tests/data/hotel-reservation/hotel-reservation.csv"
);
const MAPPING: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/mappings/hotel-reservation.toml");

/// The cells of the line that begins with `name`.
fn line<'a>(text: &'a str, name: &str) -> Vec<&'a str> {
    let found = text.lines().find(|line| line.trim_start().starts_with(name));
    found.unwrap_or_else(|| panic!("no line {name} in\n{text}")).split_whitespace().collect()
}

#[test]
fn any_csv_file_is_looked_at_with_a_mapping() {
    let here = Workplace::new();
    let text = here.done(&format!("inspect {HOTEL} --mapping {MAPPING} --svg map.svg --html page.html"));
    let first = text.lines().next().unwrap();
    assert_eq!(first, "hotel-reservation.csv: 211 windows, 3785 rows, 3574 transitions, 30.0 h");
    assert_eq!(line(&text, "ucbopt ")[1..5], ["209", "1314", "1105", "428"]);
    assert!(text.contains("alloc_frontend") && text.contains("Never seen"), "{text}");
    assert!(here.read("map.svg").starts_with("<svg xmlns="));
    let page = here.read("page.html");
    assert!(
        page.contains("<h2>Changes by values</h2>") && !page.contains("http://") && !page.contains("NaN"),
        "{page}"
    );
}

#[test]
fn traces_tell_what_was_never_tried() {
    let here = Workplace::new();
    here.collect("traces.db", 2);
    let text = here.done("inspect traces.db");
    assert!(text.starts_with("traces.db: 2 windows, 14 rows, 12 transitions, 3 min\n"), "{text}");
    assert_eq!(line(&text, "short / explore")[..6], ["short", "/", "explore", "2", "14", "12"]);
    assert!(text.contains("possible pairs of a value and a change were seen"), "{text}");
    assert!(text.contains(" was never at "), "{text}");
}

#[test]
fn a_csv_file_that_needs_a_mapping_is_told_so() {
    let here = Workplace::new();
    here.write("log.csv", "time,load\n0,1\n");
    let told = here.refused("inspect log.csv", 1);
    assert!(told.contains("with --mapping or --predict say which columns are what"), "{told}");
    assert_eq!(
        here.refused("inspect log.csv --predict laod", 1),
        "error: log.csv: predict.0.columns: no column of the file is \"laod\" (did you mean \"load\"?); its columns are \
         \"time\", \"load\"\n"
    );
}
