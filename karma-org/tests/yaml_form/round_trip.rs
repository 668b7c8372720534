//! Specifications survive YAML, and YAML survives being read and written.

use std::fs;
use std::path::Path;

use karma_org::{xml, yaml};
use proptest::prelude::*;

use crate::support::arbitrary;

proptest! {
    #[test]
    fn what_is_written_is_read_again(specification in arbitrary::specification()) {
        let text = yaml::write(&specification).expect("it can be written");
        let read = yaml::read(&text).unwrap_or_else(|findings| panic!("{findings}\n{text}"));
        prop_assert_eq!(&read.specification, &specification, "{}", text);
        prop_assert_eq!(yaml::write(&read.specification), Ok(text));
    }
}

/// A text with some of its pieces gone, twice, or elsewhere.
fn damaged() -> impl Strategy<Value = String> {
    let edit = (any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0_usize..8, 0_usize..3);
    let texts: Vec<String> = examples().into_iter().map(|(name, text)| as_yaml(&name, &text)).collect();
    (prop::sample::select(texts), prop::collection::vec(edit, 1..4)).prop_map(|(text, edits)| {
        let mut pieces: Vec<char> = text.chars().collect();
        for (from, to, length, kind) in edits {
            let from = from.index(pieces.len());
            let piece: Vec<char> = pieces[from..].iter().take(length).copied().collect();
            if kind > 0 {
                pieces.drain(from..from + piece.len());
            }
            if kind < 2 {
                let to = to.index(pieces.len());
                pieces.splice(to..to, piece);
            }
        }
        pieces.into_iter().collect()
    })
}

proptest! {
    #[test]
    fn a_damaged_text_is_refused_with_places_or_is_another_organisation(text in damaged()) {
        match yaml::read(&text) {
            Ok(document) => {
                let written = yaml::write(&document.specification).expect("what was read can be written");
                let read = yaml::read(&written).unwrap_or_else(|findings| panic!("{findings}\n{written}"));
                prop_assert_eq!(read.specification, document.specification, "{}", written);
            }
            Err(findings) => {
                prop_assert!(!findings.0.is_empty());
                prop_assert!(findings.0.iter().all(|finding| finding.position().is_some()), "{}", findings);
            }
        }
    }
}

fn as_yaml(name: &str, xml: &str) -> String {
    yaml::write(&xml::read(xml).expect(name).specification).expect(name)
}

/// MOISE's example organisations, with their file names.
fn examples() -> Vec<(String, String)> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/moise");
    let files = fs::read_dir(directory).expect("the directory of examples");
    let paths = files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|e| e == "xml"));
    let example = |path: std::path::PathBuf| {
        (path.display().to_string(), fs::read_to_string(path).expect("an example"))
    };
    paths.map(example).collect()
}

#[test]
fn the_organisations_of_moise_survive_the_way_to_yaml_and_back() {
    let examples = examples();
    assert!(examples.len() >= 9, "{}", examples.len());
    for (name, text) in examples {
        let specification = xml::read(&text).expect(&name).specification;
        let yaml = yaml::write(&specification).expect(&name);
        let read = yaml::read(&yaml).unwrap_or_else(|findings| panic!("{name}: {findings}\n{yaml}"));
        assert_eq!(read.specification, specification, "{name}");
        let xml = xml::write(&read.specification).expect(&name);
        assert_eq!(xml::read(xml).expect(&name).specification, specification, "{name}");
    }
}

#[test]
fn the_seeds_of_the_fuzz_target_use_every_field_of_the_form() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/organization_yaml");
    let read = |name: &str| fs::read_to_string(directory.join(name)).expect(name);
    for name in ["paper.yaml", "every_field.yaml"] {
        let document = yaml::read(read(name)).unwrap_or_else(|findings| panic!("{name}: {findings}"));
        let written = yaml::write(&document.specification).expect(name);
        assert_eq!(yaml::read(written).expect(name).specification, document.specification);
    }
    let seed = read("every_field.yaml");
    let schema = yaml::schema();
    let types = schema.get("$defs").and_then(serde_json::Value::as_object).expect("types").values();
    for schema in types.chain([schema.as_value()]) {
        let fields = schema.get("properties").and_then(serde_json::Value::as_object).into_iter().flatten();
        for (name, _) in fields {
            assert!(seed.contains(&format!("{name}:")), "`{name}` is not in the seed");
        }
    }
}
