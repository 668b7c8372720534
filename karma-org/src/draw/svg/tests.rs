//! Laws of the layout, on real organisations.

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::builder::{
    GoalBuilder, GroupBuilder, OrganizationBuilder, authority, communication, compatible, goal, mission,
    obligation,
};

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

/// Names of all lengths and many scripts.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![4 => "[a-zA-Z_ ]{1,30}", 1 => "\\PC{0,60}", 1 => "[W@%m]{20,80}"]
}

/// Organisations of any shape: what each element hangs on or joins is one of those before it.
fn organizations() -> impl Strategy<Value = Organization> {
    let roles = vec((name(), vec(any::<Index>(), 0..3)), 1..40);
    let links = vec((any::<[Index; 2]>(), 0_u8..4, any::<bool>()), 0..25);
    let goals = vec((name(), any::<Index>(), any::<bool>()), 1..60);
    (roles, links, goals, vec(any::<[Index; 2]>(), 0..20)).prop_map(|(roles, links, goals, norms)| {
        let ids: Vec<String> = roles.iter().enumerate().map(|(n, (name, _))| format!("{name}{n}")).collect();
        let mut builder = OrganizationBuilder::new(&ids[0]);
        for (number, (_, extended)) in roles.iter().enumerate() {
            let extended =
                extended.iter().filter(|_| number > 0).map(|index| ids[index.index(number)].clone());
            builder = builder.role_extending(&ids[number], extended);
        }
        let half = ids.len() / 2;
        let builder = builder
            .group(&ids[0], |group| {
                let group = ids[..half].iter().fold(group, |group, role| group.role(role, 1..=3));
                joined(group, &links, &ids).subgroup("below", |below| below.role(&ids[half], ..))
            })
            .scheme(&ids[0], |scheme| {
                let scheme = scheme.goal(tree(&goals, 0));
                goals.iter().enumerate().fold(scheme, |scheme, (n, (name, ..))| {
                    scheme.mission(mission(format!("{name}{n}")).goals([format!("{name}{n}")]))
                })
            });
        let norms = norms.iter().enumerate().map(|(n, [role, mission])| {
            let mission = mission.index(goals.len());
            obligation(format!("n{n}"), role.get(&ids), format!("{}{mission}", goals[mission].0))
        });
        norms.fold(builder, OrganizationBuilder::norm).organization().unwrap()
    })
}

fn joined(group: GroupBuilder, links: &[([Index; 2], u8, bool)], ids: &[String]) -> GroupBuilder {
    links.iter().fold(group, |group, ([from, to], kind, mark)| match (kind, mark) {
        (0, true) => group.link(authority(from.get(ids), to.get(ids)).in_subgroups()),
        (0, false) => group.link(authority(from.get(ids), to.get(ids))),
        (1, true) => group.link(communication(from.get(ids), to.get(ids)).between_groups().in_subgroups()),
        (1, false) => group.link(communication(from.get(ids), to.get(ids)).both_ways()),
        (_, true) => group.compatibility(compatible(from.get(ids), to.get(ids)).both_ways()),
        (_, false) => group.compatibility(compatible(from.get(ids), to.get(ids))),
    })
}

/// The goals that hang on one, which is the number of another one before them.
fn tree(goals: &[(String, Index, bool)], root: usize) -> GoalBuilder {
    let below = (root + 1..goals.len()).filter(|number| goals[*number].1.index(*number) == root);
    let below: Vec<GoalBuilder> = below.map(|number| tree(goals, number)).collect();
    let (name, _, sequence) = &goals[root];
    let node = goal(format!("{name}{root}")).described(name);
    match (below.is_empty(), sequence) {
        (true, _) => node,
        (false, true) => node.sequence(below),
        (false, false) => node.choice(below),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn boxes_and_texts_of_any_organisation_do_not_overlap(organization in organizations()) {
        let page = page(&organization, &Names::new(&organization), Part::All);
        let mut found = Vec::new();
        faults(&page, "", &mut found);
        prop_assert!(found.is_empty(), "{}", found.join("\n"));
    }
}
