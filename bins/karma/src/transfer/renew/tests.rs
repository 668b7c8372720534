//! A loop on the simulated cluster, from a log to the next team.

use std::path::Path;

use clap::Parser;
use karma_k8s::resource::Mode;

use super::super::tests::{play, trained};
use super::super::{DecisionLog, package};
use super::book::{Book, End};
use super::*;
use crate::testing;

#[derive(Parser)]
struct Parsed {
    #[command(flatten)]
    args: LoopArgs,
}

fn args(directory: &Path, more: &[&str]) -> LoopArgs {
    let at = |name: &str| directory.join(name).display().to_string();
    let (log, dir) = (at("decisions.jsonl"), at("loop"));
    let fixed = ["loop", "--log", &log, "--dir", &dir, "--quiet"];
    Parsed::parse_from(fixed.iter().chain(more)).args
}

fn go(args: &LoopArgs) -> anyhow::Result<Around> {
    let interrupt = Interrupt::default();
    let mut terminal = Terminal::new(true, interrupt.clone());
    let mut book = Book::open(&args.dir, (args.run.as_deref(), args.twin.as_deref()))?;
    Steps { args, book: &mut book, terminal: &mut terminal, interrupt: &interrupt }.go()
}

/// A tiny run, a twin of what it was trained in, and a log of an episode.
fn site(directory: &Path) -> [String; 2] {
    let run = trained(directory, |_| {});
    let twin = directory.join("twin");
    testing::trainable_twin().write(&twin).unwrap();
    let played = play(&package(&run, None).unwrap(), Mode::Shadow);
    let mut log = DecisionLog::create(&directory.join("decisions.jsonl")).unwrap();
    for decision in &played.decisions {
        log.write(decision).unwrap();
    }
    [run, twin].map(|path| path.display().to_string())
}

#[test]
fn it_goes_around_once_and_what_it_has_learned_is_new_no_more() {
    let directory = tempfile::tempdir().unwrap();
    let [run, twin] = site(directory.path());
    let service = [run.as_str(), "--twin", &twin];
    let args_of = |more: &[&str]| args(directory.path(), &[&service, more].concat());

    let ahead = steps::look_ahead(&args_of(&["--dry-run"])).unwrap();
    assert!(ahead.starts_with("39 transitions in 1 windows are new\n"), "{ahead}");
    assert!(!directory.path().join("loop").exists());

    let waits = go(&args_of(&["--force"])).unwrap();
    assert!(matches!(&waits, Around::Waits(text) if text.contains("team.karma is ready")));
    // A process that was killed in the middle left its mark of what was done.
    let begun = std::fs::metadata(directory.path().join("loop/cycle-1/twin/twin.safetensors")).unwrap();
    let around = go(&args_of(&["--force", "--simulated", "nominal", "--canary", "api", "--watch", "60"]));
    assert!(matches!(around.unwrap(), Around::Ended(End::Promoted)));
    let still = std::fs::metadata(directory.path().join("loop/cycle-1/twin/twin.safetensors")).unwrap();
    assert_eq!(begun.modified().unwrap(), still.modified().unwrap(), "what was done is not done again");

    let again = args(directory.path(), &["--simulated", "nominal", "--canary", "api"]);
    let book = Book::open(&again.dir, (None, None)).unwrap();
    assert!(book.service.run.ends_with("loop/cycle-1/run"), "{:?}", book.service);
    drop(book);
    assert!(matches!(go(&again).unwrap(), Around::Ended(End::NoDrift)), "nothing is new");
}

#[test]
fn a_canary_without_services_a_run_without_its_twin_and_two_places_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let [run, twin] = site(directory.path());
    let refused = go(&args(directory.path(), &[&run, "--twin", &twin, "--force", "--simulated", "nominal"]));
    let refused = refused.err().map(|error| error.to_string()).unwrap_or_default();
    assert!(refused.contains("name them with --canary"), "{refused}");
    assert!(Parsed::try_parse_from(["loop", "run", "--log", "x"]).is_err(), "a run without its twin");
    let both = ["loop", "--log", "x", "--simulated", "nominal", "--object", "team"];
    assert!(Parsed::try_parse_from(both).is_err(), "one place");
}
