use super::*;
use serde_json::json;

fn metrics(values: &[f64]) -> Metrics {
    Metrics::from([("return".to_owned(), values.to_vec())])
}

fn run(steps: u64) -> EvalRun {
    let step =
        |n: u64| EvalStep { step_count: 100 * n, elapsed_time: None, metrics: metrics(&[0.1, n as f64]) };
    EvalRun { steps: (0..steps).map(step).collect(), absolute: metrics(&[1.0, 2.0]) }
}

fn name(task: &str, algorithm: &str, seed: u64) -> RunName {
    RunName { environment: "karma".to_owned(), task: task.to_owned(), algorithm: algorithm.to_owned(), seed }
}

fn results(runs: Vec<(RunName, EvalRun)>) -> MarlEval {
    let mut results = MarlEval::default();
    runs.into_iter().try_for_each(|(name, run)| results.insert(name, run)).expect("these runs are good");
    results
}

fn text(results: &MarlEval) -> Result<String, MarlEvalError> {
    let mut out = Vec::new();
    results.write(&mut out)?;
    Ok(String::from_utf8(out).expect("JSON is text"))
}

#[test]
fn a_document_has_the_published_keys() {
    let step = EvalStep { step_count: 100, elapsed_time: Some(2.5), metrics: metrics(&[1.0]) };
    let run = EvalRun { steps: vec![step], absolute: metrics(&[2.0, 3.0]) };
    let document: Value =
        serde_json::from_str(&text(&results(vec![(name("ddos", "mappo", 7), run)])).unwrap()).unwrap();
    let expected = json!({"karma": {"ddos": {"mappo": {"7": {
        "step_0": {"step_count": 100, "elapsed_time": 2.5, "return": [1.0]},
        "absolute_metrics": {"return": [2.0, 3.0]},
    }}}}});
    assert_eq!(document, expected);
}

#[test]
fn entries_are_written_in_the_order_of_training_and_the_absolute_metrics_last() {
    let text = text(&results(vec![(name("ddos", "mappo", 7), run(12))])).unwrap();
    let places: Vec<usize> = (0..12).map(|n| text.find(&format!("\"step_{n}\"")).unwrap()).collect();
    assert!(places.is_sorted());
    assert!(places[11] < text.find("absolute_metrics").unwrap());
}

#[test]
fn a_document_comes_back_as_it_was() {
    let runs = ["ddos", "flash"].into_iter().flat_map(|task| {
        [2, 10].into_iter().flat_map(move |seed| ["hpa", "mappo"].map(|who| (name(task, who, seed), run(12))))
    });
    let results = results(runs.collect());
    assert_eq!(MarlEval::read(text(&results).unwrap().as_bytes()).unwrap(), results);
}

#[test]
fn scores_are_the_means_of_the_absolute_metrics_by_task_and_seed() {
    let of = |value: f64| EvalRun { steps: vec![], absolute: metrics(&[value, value + 1.0]) };
    let runs = vec![
        (name("ddos", "mappo", 10), of(3.0)),
        (name("ddos", "mappo", 2), of(1.0)),
        (name("flash", "mappo", 2), of(5.0)),
        (name("flash", "hpa", 2), of(9.0)),
    ];
    let results = results(runs);
    assert_eq!(results.scores("karma", "mappo", "return").unwrap().strata(), [vec![1.5, 3.5], vec![5.5]]);
    assert_eq!(results.scores("karma", "nobody", "return"), Err(ScoresError::Empty));
    assert_eq!(results.scores("karma", "hpa", "length"), Err(ScoresError::EmptyStratum { stratum: 0 }));
}

#[test]
fn runs_that_are_not_alike_are_not_written() {
    let odd = |other: (RunName, EvalRun)| {
        let runs = vec![(name("ddos", "hpa", 1), run(2)), (name("ddos", "mappo", 1), run(2)), other];
        match text(&results(runs)).unwrap_err() {
            MarlEvalError::Uneven { task, algorithm, .. } => format!("{algorithm} on {task}"),
            other => other.to_string(),
        }
    };
    assert_eq!(odd((name("ddos", "mappo", 2), run(2))), "mappo on ddos", "it has a seed more");
    assert_eq!(odd((name("flash", "hpa", 1), run(2))), "mappo on flash", "it is absent there");
    assert_eq!(odd((name("ddos", "none", 1), run(3))), "none on ddos", "it has a step more");
}

#[test]
fn a_run_that_the_tool_would_misread_is_refused() {
    let refusal =
        |name: RunName, run: EvalRun| MarlEval::default().insert(name, run).unwrap_err().to_string();
    let changed = |change: fn(&mut EvalRun)| {
        let mut run = run(2);
        change(&mut run);
        refusal(name("ddos", "mappo", 1), run)
    };
    assert!(changed(|run| run.steps.reverse()).starts_with("step counts [100, 0] do not rise"));
    assert!(
        changed(|run| run.absolute = metrics(&[]))
            .starts_with("metric return in absolute_metrics has the values []")
    );
    assert!(
        changed(|run| run.steps[1].metrics = metrics(&[f64::NAN])).contains("in step_1 has the values [NaN]")
    );
    assert!(changed(|run| run.absolute = Metrics::default()).contains("step_0 has the metrics [\"return\"]"));
    let reserved = changed(|run| drop(run.absolute.insert("elapsed_time".to_owned(), vec![1.0])));
    assert!(reserved.contains("called elapsed_time"), "{reserved}");
    assert!(refusal(name("ddos", "a,b", 1), run(1)).contains("without a comma"));
}

#[test]
fn a_run_is_added_once() {
    let mut results = results(vec![(name("ddos", "mappo", 1), run(1))]);
    let refused = results.insert(name("ddos", "mappo", 1), run(2)).unwrap_err();
    assert!(matches!(refused, MarlEvalError::Twice(_)), "{refused}");
}

#[test]
fn a_document_of_another_kind_is_refused() {
    let reason = |text: &str| match MarlEval::read(text.as_bytes()).unwrap_err() {
        MarlEvalError::Json(error) => error.to_string(),
        other => other.to_string(),
    };
    let run = |run: &str| format!(r#"{{"e": {{"t": {{"a": {{"1": {run}}}}}}}}}"#);
    assert!(reason(&run("{}")).starts_with("missing field `absolute_metrics`"));
    assert!(
        reason(&run(r#"{"one": {}, "absolute_metrics": {}}"#)).starts_with("one is neither step_<n> nor")
    );
    assert!(
        reason(&run(r#"{"absolute_metrics": {"return": []}}"#))
            .starts_with("metric return in absolute_metrics")
    );
}
