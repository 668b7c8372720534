//! Every path of `docs/paper-map.md` leads to a file, and every item after `::` stands in it.

use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The four cells of each row below a header `| paper | what | code | test |`.
fn rows(text: &str) -> Vec<[String; 4]> {
    let cells = |line: &str| -> Option<[String; 4]> {
        let inner = line.strip_prefix("| ")?.strip_suffix(" |")?;
        inner.split(" | ").map(str::to_owned).collect::<Vec<_>>().try_into().ok()
    };
    let header = "| paper | what | code | test |";
    let table_lines = text.lines().filter(|line| line.starts_with("| ") && *line != header);
    table_lines.map(|line| cells(line).unwrap_or_else(|| panic!("not four cells: {line}"))).collect()
}

/// Why `` `file::item` `` does not lead anywhere, if so.
fn broken(cell: &str) -> Option<String> {
    let Some(path) = cell.strip_prefix('`').and_then(|rest| rest.strip_suffix('`')) else {
        return Some(format!("{cell} is no path in backticks"));
    };
    let (file, item) = path.split_once("::").map_or((path, None), |(file, item)| (file, Some(item)));
    let Ok(source) = std::fs::read_to_string(root().join(file)) else {
        return Some(format!("{file} is not there"));
    };
    let item = item?;
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let mut words = code.flat_map(|line| line.split(|c: char| !c.is_alphanumeric() && c != '_'));
    (!words.any(|word| word == item)).then(|| format!("{item} is not in {file}"))
}

#[test]
fn every_path_of_the_paper_map_exists() {
    let text = std::fs::read_to_string(root().join("docs/paper-map.md")).expect("docs/paper-map.md");
    let rows = rows(&text);
    assert!(rows.len() > 30, "only {} rows were found", rows.len());
    let mapped = rows.iter().filter(|row| !row[2].starts_with("waits ("));
    let broken: Vec<String> =
        mapped.flat_map(|row| row[2..].iter().filter_map(|cell| broken(cell))).collect();
    assert!(broken.is_empty(), "docs/paper-map.md:\n{}", broken.join("\n"));
}

#[test]
fn what_waits_has_no_path() {
    let text = std::fs::read_to_string(root().join("docs/paper-map.md")).expect("docs/paper-map.md");
    for row in rows(&text).iter().filter(|row| row[2].starts_with("waits (")) {
        assert_eq!(row[3], "–", "{} waits, so nothing tests it yet", row[0]);
    }
}

#[test]
fn a_path_that_leads_nowhere_is_told() {
    let this = "bins/karma/tests/paper_map.rs";
    assert_eq!(broken(&format!("`{this}::broken`")), None);
    assert_eq!(broken("`nowhere.rs::x`").as_deref(), Some("nowhere.rs is not there"));
    let missing = ["no", "such", "item"].join("_");
    let told = broken(&format!("`{this}::{missing}`"));
    assert_eq!(told, Some(format!("{missing} is not in {this}")));
    assert!(broken("karma-core/src/lib.rs").is_some(), "a path stands in backticks");
}
