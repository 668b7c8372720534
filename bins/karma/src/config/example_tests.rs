//! The documented example is the defaults.

use proptest::prelude::*;

use super::{RunParams, Written};

const EXAMPLE: &str = include_str!("../../../../docs/config.example.toml");

#[test]
fn the_example_file_is_the_defaults_in_full() {
    let params: RunParams = toml::from_str(EXAMPLE).unwrap();
    assert_eq!(params, RunParams::default());
    let (written, defaults) =
        (EXAMPLE.parse().unwrap(), toml::Table::try_from(RunParams::default()).unwrap());
    assert_eq!(paths("", &written), paths("", &defaults), "every setting is written in the example");
}

#[test]
fn settings_without_a_default_value_are_shown_as_comments() {
    for setting in [
        "# threads = ",
        "# hardness = ",
        "# twin = ",
        "# attacker = ",
        "# lookahead = ",
        "# rollout_length = ",
    ] {
        assert!(EXAMPLE.lines().any(|line| line.starts_with(setting)), "{setting}");
    }
}

fn paths(prefix: &str, table: &toml::Table) -> Vec<String> {
    let path = |(key, value): (&String, &toml::Value)| match value {
        toml::Value::Table(inner) => paths(&format!("{prefix}{key}."), inner),
        _ => vec![format!("{prefix}{key}")],
    };
    let mut paths: Vec<String> = table.iter().flat_map(path).collect();
    paths.sort();
    paths
}

const SCENARIO: &str = "\n[[scenarios]]\nname = \"mine\"\nepisode = { measured = 700, calm_after = 90 }\n\
    arrangement = { in_turn = { overlap = [5, 9] } }\n\
    disturbances = [{ ddos = { intensities = [4.0], on_off = { on = [5, 9], off = [1, 2] } } }, { failures = {} }]\n";

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    /// A file with a few slips of the pen is a configuration or one line that says what is wrong; it never panics.
    #[test]
    fn no_damage_to_a_file_panics(
        scenario: bool,
        slips in prop::collection::vec((any::<prop::sample::Index>(), prop::sample::select(b"0-9.x\"[{,= \n\xff".to_vec())), 0..4),
        end in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let example = EXAMPLE.replace("scenarios = [", if scenario { "# [" } else { "scenarios = [" });
        let mut bytes = (example + if scenario { SCENARIO } else { "" }).into_bytes();
        for (place, byte) in slips {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes.truncate(end.map_or(bytes.len(), |end| end.index(bytes.len())));
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.toml");
        std::fs::write(&path, bytes).unwrap();
        if let Err(error) = Written::read(Some(&path)).and_then(|written| written.check()) {
            let told = error.to_string();
            prop_assert!(!told.is_empty() && !told.contains('\n'), "{}", told);
        }
    }
}
