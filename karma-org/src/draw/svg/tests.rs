//! Laws of the layout, on real organisations.

use std::fs;
use std::path::Path;

use super::scene::{Frame, Ink};
use super::*;

fn files() -> Vec<(String, Organization)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = ["tests/data/moise", "organizations"].map(|folder| root.join(folder));
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<_> = paths.filter(|path| path.extension().is_some_and(|end| end == "xml")).collect();
    paths.sort();
    assert!(paths.len() >= 9);
    let read = |path: &std::path::PathBuf| {
        let document = crate::xml::read(fs::read(path).unwrap()).unwrap();
        let organization = Organization::new(document.specification).ok()?;
        Some((path.display().to_string(), organization))
    };
    let organizations: Vec<(String, Organization)> = paths.iter().filter_map(read).collect();
    assert!(organizations.len() >= 8, "only one of the files is known to have errors");
    organizations
}

/// What overlaps or leaves its frame, in words.
fn faults(frame: &Frame, place: &str, faults: &mut Vec<String>) {
    let inside = |[left, top, right, bottom]: [f64; 4]| {
        left > -0.6 && top > -0.6 && right < frame.width + 0.6 && bottom < frame.height + 0.6
    };
    let texts: Vec<(String, [f64; 4])> = frame.inks.iter().filter_map(named).collect();
    let boxes = frame.children.iter().map(|child| {
        let name = child.title.clone().unwrap_or_else(|| "a box".to_owned());
        (name, [child.x, child.y, child.right(), child.bottom()])
    });
    let all: Vec<(String, [f64; 4])> = texts.into_iter().chain(boxes).collect();
    for (number, (name, bounds)) in all.iter().enumerate() {
        if !inside(*bounds) {
            faults.push(format!("{place}: {name} at {bounds:?} leaves {}×{}", frame.width, frame.height));
        }
        let meets = all[..number].iter().filter(|(_, other)| overlap(*bounds, *other));
        faults.extend(meets.map(|(other, _)| format!("{place}: {name} is on {other}")));
    }
    for ink in frame.inks.iter().filter(|ink| !inside(ink.bounds())) {
        faults.push(format!("{place}: {ink:?} leaves {}×{}", frame.width, frame.height));
    }
    for child in &frame.children {
        self::faults(child, &format!("{place}/{}", child.title.as_deref().unwrap_or("_")), faults);
    }
}

fn named(ink: &Ink) -> Option<(String, [f64; 4])> {
    match ink {
        Ink::Text { text, .. } => Some((format!("{text:?}"), ink.bounds())),
        _ => None,
    }
}

fn overlap(a: [f64; 4], b: [f64; 4]) -> bool {
    a[0] < b[2] - 0.1 && b[0] < a[2] - 0.1 && a[1] < b[3] - 0.1 && b[1] < a[3] - 0.1
}

#[test]
fn boxes_and_texts_of_one_level_do_not_overlap_and_all_lies_in_its_box() {
    for (file, organization) in files() {
        for part in [Part::All, Part::Structure, Part::Goals, Part::Norms] {
            let page = page(&organization, &Names::new(&organization), part);
            let mut found = Vec::new();
            faults(&page, &file, &mut found);
            assert!(found.is_empty(), "{}", found.join("\n"));
        }
    }
}
