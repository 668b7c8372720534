//! Lists of trials, and sweeps that are refused.

use super::*;

fn checked(text: &str) -> Result<SweepConfig, String> {
    let params = toml::from_str(text).unwrap();
    SweepConfig::choosing(params, Path::new("sweep.toml")).map_err(|error| error.to_string())
}

const RANDOM: &str = "[sweep]\nkind = \"random\"\ntrials = 5\nseed = 7\n[space]\n\
    \"learner.learning_rate\" = { log_uniform = [1e-4, 1e-2] }\n\"learner.hidden\" = { values = [[8], [16, 16]] }\n";

#[test]
fn a_grid_is_every_combination_and_the_last_setting_varies_fastest() {
    let text = "[sweep]\nkind = \"grid\"\n[space]\n\"learner.gamma\" = { values = [0.8, 0.9] }\nseed = { integer = [1, 3] }\n";
    let sweep = checked(text).unwrap();
    let shown: Vec<String> = sweep
        .trials
        .iter()
        .map(|trial| {
            trial.settings.iter().map(|(_, value)| settings::show(value)).collect::<Vec<_>>().join(" ")
        })
        .collect();
    assert_eq!(shown, ["0.8 1", "0.8 2", "0.8 3", "0.9 1", "0.9 2", "0.9 3"]);
    assert_eq!(sweep.run(&sweep.trials[5], 0).unwrap().seed, 3);
}

#[test]
fn the_trials_are_a_function_of_the_file_and_more_of_them_change_none() {
    let trials = checked(RANDOM).unwrap().trials;
    assert_eq!(trials, checked(RANDOM).unwrap().trials);
    let more = checked(&RANDOM.replace("trials = 5", "trials = 9")).unwrap().trials;
    assert_eq!(trials[..], more[..5]);
    let other = checked(&RANDOM.replace("seed = 7", "seed = 8")).unwrap().trials;
    assert_ne!(trials, other);
    let fewer = RANDOM.replace("\"learner.hidden\" = { values = [[8], [16, 16]] }\n", "");
    let rate = |trial: &Trial| trial.settings.iter().find(|(path, _)| path.contains("rate")).cloned();
    let alone = checked(&fewer).unwrap().trials;
    assert!(trials.iter().zip(&alone).all(|(a, b)| rate(a).is_some() && rate(a) == rate(b)));
}

#[test]
fn a_sweep_is_compared_on_the_calibration_split_whatever_is_written() {
    let sweep = checked(RANDOM).unwrap();
    assert_eq!(sweep.run(&sweep.trials[0], 0).unwrap().evaluation.split, Split::Calibration);
    let told = checked(&(RANDOM.to_owned() + "[fixed]\nevaluation.split = \"evaluation\"\n")).unwrap_err();
    assert!(told.starts_with("sweep.toml: evaluation.split cannot be chosen: "), "{told}");
}

#[test]
fn a_path_that_is_no_setting_is_answered_with_the_nearest() {
    let told = checked(&RANDOM.replace("learning_rate", "learning_rat")).unwrap_err();
    assert_eq!(
        told,
        "sweep.toml: space.\"learner.learning_rat\": unknown setting `learning_rat`; did you mean `learning_rate`?"
    );
    let told = checked(&RANDOM.replace("[[8], [16, 16]]", "[\"wide\"]")).unwrap_err();
    assert!(told.starts_with("sweep.toml: space.\"learner.hidden\": invalid type: string"), "{told}");
    let told = checked(&(RANDOM.to_owned() + "learner = { values = [{}] }\n")).unwrap_err();
    assert!(told.contains("set the same"), "{told}");
}

#[test]
fn what_a_kind_needs_and_what_it_has_no_use_for_is_told() {
    let refused = |from: &str, to: &str| checked(&RANDOM.replace(from, to)).unwrap_err();
    assert_eq!(
        refused("trials = 5", ""),
        "sweep.toml: sweep.trials is missing; a sweep of kind \"random\" needs it"
    );
    assert_eq!(refused("trials = 5", "trials = 0"), "sweep.toml: sweep.trials is 0; allowed: 1 to 10000");
    assert_eq!(
        refused("seed = 7", "eta = 3"),
        "sweep.toml: sweep.eta is given; a sweep of kind \"random\" has no use for it"
    );
    assert!(refused("kind = \"random\"\ntrials = 5", "kind = \"grid\"").contains("cannot be listed"));
    let halving = "kind = \"halving\"\nmin_budget = 4\nmax_budget = 2";
    assert_eq!(
        refused("kind = \"random\"", halving),
        "sweep.toml: sweep.max_budget is 2; allowed: min_budget, 4, to 1000000000 iterations"
    );
}

#[test]
fn the_rungs_of_a_halving_sweep_set_the_budget() {
    let halving = "kind = \"halving\"\nmin_budget = 2\nmax_budget = 18";
    let sweep = checked(&RANDOM.replace("kind = \"random\"", halving)).unwrap();
    let budget = |rung| sweep.run(&sweep.trials[1], rung).unwrap().budget;
    assert_eq!([0, 1, 2].map(budget), [2, 6, 18].map(Budget::Iterations));
    assert_eq!(sweep.rungs(), 3);
}

#[test]
fn the_example_file_is_a_sweep() {
    let sweep = checked(include_str!("../../../../../docs/sweep.example.toml")).unwrap();
    assert_eq!((sweep.trials.len(), sweep.paths().len(), sweep.rungs()), (12, 4, 1));
}
