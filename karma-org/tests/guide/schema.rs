//! The JSON Schema of bindings is committed, and says what the reader says.

use std::fs;
use std::path::PathBuf;

use karma_org::guide::Binding;
use karma_org::yaml::document;

use crate::support::SHOP;

/// Written, not compared, if this is set: `UPDATE_SCHEMA=1 cargo test -p karma-org --test guide schema`.
const UPDATE: Option<&str> = option_env!("UPDATE_SCHEMA");

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("schema/guides.schema.json");
    let generated = serde_json::to_string_pretty(&document::schema::<Binding>()).unwrap() + "\n";
    if UPDATE.is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &generated).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap();
    assert_eq!(
        committed,
        generated,
        "set UPDATE_SCHEMA=1 for a run of this test to write {}",
        path.display()
    );
}

#[test]
fn what_is_written_reads_back() {
    let binding = Binding::read(SHOP).unwrap();
    let text = serde_json::to_string(&binding).unwrap();
    assert_eq!(Binding::read(&text).unwrap(), binding, "JSON is YAML");
}
