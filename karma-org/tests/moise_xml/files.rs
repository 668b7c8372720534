//! Real organisations, from MOISE's own examples and tests.

use std::fs;
use std::path::Path;

use karma_org::xml;

use crate::support::counts::counts;

/// Every file and its `roles/extends/groups/links/compatibilities/schemes/goals/missions/norms`, as counted by
/// an independent script.
const FILES: [(&str, &str); 9] = [
    ("auction-os.xml", "2/0/1/2/0/1/4/2/1p+1o"),
    ("bakery-os.xml", "4/0/1/0/0/1/7/4/0p+4o"),
    ("house-os.xml", "12/10/3/2/1/1/13/10/0p+10o"),
    ("jojFS.xml", "7/5/3/5/2/1/10/3/0p+0o"),
    ("jojOS.xml", "7/5/3/5/2/1/10/3/1p+2o"),
    ("jojSS.xml", "7/5/3/5/2/0/0/0/0p+0o"),
    ("mining-robots-OS.xml", "3/2/1/2/3/1/10/2/1p+1o"),
    ("ordered.xml", "12/6/3/0/0/1/22/1/0p+1o"),
    ("wp-os.xml", "3/2/1/3/1/1/10/3/1p+2o"),
];

fn text(file: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/moise").join(file)).unwrap()
}

#[test]
fn real_files_have_as_many_elements_as_their_table_says() {
    let read = |(file, _): (&'static str, _)| {
        let document = xml::read(text(file)).unwrap();
        assert_eq!(document.warnings, [], "{file}");
        (file, counts(&document.specification).to_string())
    };
    assert_eq!(FILES.map(read), FILES.map(|(file, counts)| (file, counts.to_owned())));
}

#[test]
fn real_files_are_the_same_after_writing_and_reading() {
    for (file, _) in FILES {
        let read = xml::read(text(file)).unwrap().specification;
        let written = xml::write(&read).unwrap();
        assert_eq!(xml::read(&written).unwrap().specification, read, "{file}");
    }
}
