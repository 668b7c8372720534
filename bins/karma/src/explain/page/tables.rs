//! The sections that are tables and lists: goals, rules, fit, fidelity.

use crate::explain::view::{FidelityView, FitView, GoalView, RulesView};
use crate::report::grid::Grid;
use crate::report::html::{captioned, items};
use crate::report::svg::escape;

fn grid(head: &[&str], rows: Vec<Vec<String>>) -> Grid {
    Grid { head: head.iter().map(|cell| (*cell).to_owned()).collect(), rows }
}

fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

/// A table whose cells are sentences.
fn prose(caption: &str, grid: &Grid) -> String {
    format!("<div class=\"prose\">{}</div>", captioned(caption, grid))
}

pub(super) fn goals(goals: &[GoalView]) -> Grid {
    let row = |goal: &GoalView| {
        vec![goal.name.clone(), goal.description.clone(), percent(goal.support), format!("{:.2}", goal.lift)]
    };
    grid(&["goal", "states", "support", "lift"], goals.iter().map(row).collect())
}

pub(super) fn rules(rules: &[RulesView]) -> Grid {
    let row = |view: &RulesView| {
        vec![
            view.agent.clone(),
            percent(view.fidelity),
            percent(view.baseline),
            view.held_out.to_string(),
            view.rules.len().to_string(),
        ]
    };
    let head = ["agent", "agree with the policy", "most frequent action", "decisions held out", "rules"];
    grid(&head, rules.iter().map(row).collect())
}

pub(super) fn fit(fit: &FitView) -> Grid {
    let rows = fit.rows.iter().map(|row| vec![row.name.clone(), row.value.clone(), row.meaning.clone()]);
    grid(&["measure", "value", "meaning"], rows.collect())
}

pub(super) fn fidelity(fidelity: &FidelityView) -> Grid {
    let rows = fidelity
        .rows
        .iter()
        .map(|row| vec![row.metric.clone(), row.one_step.clone(), row.several_steps.clone()]);
    grid(&["metric", "error of one step", "error of several steps"], rows.collect())
}

pub(super) fn goals_body(view: &[GoalView]) -> String {
    let note = "<p>Support: share of the good episodes that reach these states. Lift: that share over the share among \
                all episodes; 1 tells nothing.</p>";
    prose("Goals found in the episodes", &goals(view)) + note
}

pub(super) fn rules_body(view: &[RulesView]) -> String {
    let list = |rules: &RulesView| {
        format!("<h3>{}</h3><ol class=\"rules\">{}</ol>", escape(&rules.agent), items(&rules.rules))
    };
    let lists: String = view.iter().map(list).collect();
    captioned("How well the rules stand for the policies, on decisions held out", &rules(view)) + &lists
}

pub(super) fn fit_body(view: &FitView) -> String {
    prose("How well what was found fits the organisation", &fit(view))
}

pub(super) fn fidelity_body(view: &FidelityView) -> String {
    captioned("Errors of the twin", &fidelity(view))
}
