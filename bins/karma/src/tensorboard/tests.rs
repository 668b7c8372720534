use super::*;
use karma_marl::IterationStats;
use serde_json::json;

/// The line of an iteration of 100 joint steps.
fn line(iteration: u64) -> MetricsLine {
    let stats = json!({
        "iteration": iteration, "steps": 100 * iteration, "episodes": 2 * iteration, "episodic_return": -1.5,
        "episodic_return_std": null, "policy_loss": 0.25, "value_loss": 2.0, "entropy": 0.5, "approx_kl": 0.0,
        "clip_fraction": 0.125, "policy_grad_norm": 1.0, "value_grad_norm": 4.0, "explained_variance": null,
    });
    let stats: IterationStats = serde_json::from_value(stats).expect("a line of the log");
    MetricsLine { stats, steps_per_second: 50.0, train_seconds: 2.0 * iteration as f64 }
}

/// An events file in a directory of its own, opened with the lines of these iterations; what it holds then.
fn opened(path: &Path, iterations: std::ops::RangeInclusive<u64>) -> Vec<u8> {
    let lines: Vec<MetricsLine> = iterations.map(line).collect();
    EventsFile::open(path, &lines).expect("the directory can be written");
    fs::read(path).expect("the file is there")
}

#[test]
fn what_is_appended_is_what_opening_the_longer_log_writes() {
    let directory = tempfile::tempdir().unwrap();
    let (grown, whole) = (directory.path().join("a/events"), directory.path().join("b/events"));
    let mut events = EventsFile::open(&grown, &[line(1)]).unwrap();
    events.append(&line(2)).unwrap();
    assert_eq!(fs::read(grown).unwrap(), opened(&whole, 1..=2));
}

#[test]
fn a_file_cut_off_anywhere_is_repaired() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events");
    let whole = opened(&path, 1..=2);
    for length in [0, 7, whole.len() / 2, whole.len() - 1] {
        fs::write(&path, &whole[..length]).unwrap();
        assert_eq!(opened(&path, 1..=2), whole, "after {length} bytes");
    }
}

#[test]
fn events_after_the_checkpoint_are_dropped() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("events");
    let first = opened(&path, 1..=1);
    let longer = opened(&path, 1..=3);
    assert!(longer.starts_with(&first) && longer.len() > first.len());
    assert_eq!(opened(&path, 1..=1), first);
}

#[test]
fn every_number_that_is_there_has_its_name() {
    let scalars = scalars::of(&line(3)).unwrap();
    let expected = [
        ("losses/approx_kl", 0.0),
        ("losses/clip_fraction", 0.125),
        ("losses/entropy", 0.5),
        ("train/episodes", 6.0),
        ("train/episodic_return", -1.5),
        ("train/iteration", 3.0),
        ("losses/policy_grad_norm", 1.0),
        ("losses/policy", 0.25),
        ("time/steps_per_second", 50.0),
        ("time/train_seconds", 6.0),
        ("losses/value_grad_norm", 4.0),
        ("losses/value", 2.0),
    ];
    assert_eq!(scalars, expected.map(|(tag, value)| event::Scalar::new(tag.to_owned(), value)));
}
