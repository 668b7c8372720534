//! Tables and pages of a small comparison.

use karma_marl::{Mappo, Mode};

use crate::evaluation::{Evaluation, evaluate, rivals, team_row};
use crate::progress::Silent;
use crate::run_dir::Manifest;
use crate::testing::tiny;

fn evaluation() -> Evaluation {
    let config = tiny();
    let environments = config.environments().unwrap();
    let mappo = Mappo::new(config.learner().clone(), environments, 3, config.threads()).unwrap();
    let mut rows = vec![team_row(&config, mappo.policies(Mode::Greedy)).unwrap()];
    rows.extend(rivals(&config).unwrap());
    evaluate(&config, &rows, &mut Silent).unwrap()
}

#[test]
fn the_table_has_a_row_for_each_policy_and_a_line_for_each_load() {
    let text = super::table(&evaluation());
    for row in ["karma", "hpa", "hpa-50", "static", "static-max", "threshold", "random", "oracle"] {
        assert!(text.contains(&format!("│ {row} ")), "{row} is missing in\n{text}");
    }
    assert!(text.contains("1 scenario × 2 seeds of the evaluation split;"), "{text}");
    assert!(text.contains("  short: load up to 100/s, above the ceiling in 0.0 % of the seconds."), "{text}");
    assert!(text.contains("│ karma −"), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 125 && !line.contains('\u{1b}')), "{text}");
}

#[test]
fn a_measure_without_a_value_shows_as_a_dash_and_is_told() {
    let mut evaluation = evaluation();
    let summary = &mut evaluation.rows[0].summary;
    summary.estimates.insert("latency_compliance".to_owned(), None);
    summary.missing.insert("latency_compliance".to_owned(), 2);
    let text = super::table(&evaluation);
    let row = text.lines().find(|line| line.starts_with("│ karma ")).unwrap();
    assert_eq!(row.split('┆').nth(2).map(str::trim), Some("–"), "{row}");
    assert!(text.contains("Episodes without a value are left out: latency ok of karma in 2."), "{text}");
}

#[test]
fn a_mean_of_recoveries_that_were_cut_off_is_marked_as_a_lower_bound() {
    let mut evaluation = evaluation();
    evaluation.rows[0].summary.recovery_censored = Some(0.25);
    let text = super::table(&evaluation);
    let row = text.lines().find(|line| line.starts_with("│ karma ")).unwrap();
    assert!(row.contains("≥ "), "{row}");
    assert!(text.contains("so that ≥ stands before their mean: karma 25 %"), "{text}");
    assert!(!super::table(&self::evaluation()).contains("karma 25 %"));
}

#[test]
fn the_page_is_self_contained_and_names_cannot_become_markup() {
    let config = tiny();
    let mut evaluation = evaluation();
    evaluation.scenarios[0].name = "<img src=x>".to_owned();
    let page = super::html(&Manifest::new(&config), &evaluation, &[]);
    for part in ["<h2>Comparison</h2>", "<h2>Success by scenario</h2>", "One episode: short, seed 1", "<svg "]
    {
        assert!(page.contains(part), "{part} is missing");
    }
    assert!(page.contains("&lt;img src=x&gt;") && !page.contains("<img"));
    for outside in ["http://", "https://", "<script", "<link", "url(", "NaN", "inf"] {
        assert!(!page.contains(outside), "{outside} is in the page");
    }
    let (opened, closed) = (page.matches("<svg").count(), page.matches("</svg>").count());
    assert_eq!((opened, closed), (5, 5));
}
