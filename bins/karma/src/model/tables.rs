//! A fidelity report as tables: the same for a terminal and for a page.

use karma_twin::fidelity::{Coverage, Figures, ModelScore, Ranking, Rows, Score};

use super::judge::{Fidelity, LEVEL};
use super::sheet::Sheet;

/// Every table of a report.
pub(super) fn sheets(fidelity: &Fidelity) -> Vec<Sheet> {
    let mut sheets = vec![one_step(&fidelity.models), steps(&fidelity.models)];
    sheets.extend(columns(&fidelity.models));
    sheets.push(coverage(&fidelity.coverage));
    sheets.extend(fidelity.ranking.as_ref().map(ranking));
    sheets
}

/// What the figures mean, in one paragraph.
pub(super) const LEGEND: &str = "\
All rows, and in brackets the rows whose controls moved. R2 is that of the mean forecast, all else that of the median. R: \
range (P99 − P1) of a column where it was learned. nMAE: mean |error| / R. acc5, acc10: share within 0.05 R, 0.10 R. \
joint10: share of rows of which every column is within 0.10 R. skill: 1 − nMAE / nMAE of persistence.";

/// One step ahead: the headline figures of every model.
pub(super) fn one_step(models: &[ModelScore]) -> Sheet {
    let mut sheet =
        Sheet::new("One step ahead", &["model", "R2", "nMAE %", "acc5", "acc10", "joint10", "skill"]);
    for model in models {
        if let Some(step) = model.steps.iter().find(|step| step.step == 1) {
            let both = |show: &dyn Fn(&Score) -> String| {
                let Rows { all, moved } = &step.rows;
                if moved.rows == 0 { show(all) } else { format!("{} ({})", show(all), show(moved)) }
            };
            sheet.rows.push(vec![
                model.name.clone(),
                both(&|score| fixed(score.mean.r2, 3)),
                both(&|score| fixed(score.mean.nmae.map(|x| 100.0 * x), 2)),
                both(&|score| fixed(score.mean.acc5, 3)),
                both(&|score| fixed(score.mean.acc10, 3)),
                both(&|score| fixed(score.joint10, 3)),
                both(&|score| signed(score.mean.skill)),
            ]);
        }
    }
    sheet
}

/// Many steps ahead: nMAE of every model, and skill.
fn steps(models: &[ModelScore]) -> Sheet {
    let steps: Vec<usize> =
        models.first().map_or_else(Vec::new, |model| model.steps.iter().map(|s| s.step).collect());
    let mut sheet = Sheet::new("Open loop: nMAE % (skill) by steps ahead", &["model"]);
    sheet.head.extend(steps.iter().map(ToString::to_string));
    for model in models {
        let cells = model.steps.iter().map(|step| {
            let Figures { nmae, skill, .. } = step.rows.all.mean;
            format!("{} ({})", fixed(nmae.map(|x| 100.0 * x), 2), signed(skill))
        });
        sheet.rows.push(std::iter::once(model.name.clone()).chain(cells).collect());
    }
    sheet
}

/// Ten steps ahead (or as many as there are): nMAE of every column.
fn columns(models: &[ModelScore]) -> Option<Sheet> {
    let step = models.first()?.steps.iter().map(|step| step.step).rfind(|step| *step <= 10)?;
    let of = |model: &ModelScore| {
        model.steps.iter().find(|score| score.step == step).map(|score| score.rows.all.clone())
    };
    let scores: Vec<Score> = models.iter().filter_map(of).collect();
    let mut sheet = Sheet::new(format!("Open loop, {step} steps ahead: nMAE % of each column"), &["column"]);
    sheet.head.extend(models.iter().map(|model| model.name.clone()));
    for (place, column) in scores.first()?.columns.iter().enumerate() {
        let cells = scores.iter().map(|score| {
            let figures = score.columns.get(place).map(|column| column.figures);
            fixed(figures.and_then(|figures| figures.nmae).map(|x| 100.0 * x), 2)
        });
        sheet.rows.push(std::iter::once(column.column.clone()).chain(cells).collect());
    }
    Some(sheet)
}

/// Coverage of intervals of 90 %: mean over columns, the least and the most covered one.
fn coverage(coverage: &Coverage) -> Sheet {
    let heading = format!("Intervals of {:.0} %: share of truths inside, by steps ahead", 100.0 * LEVEL);
    let mut sheet = Sheet::new(heading, &["steps", "all columns", "least", "most", "width / R"]);
    for step in &coverage.steps {
        let at = |levels: &[karma_twin::fidelity::LevelCoverage]| {
            levels.iter().find(|one| one.level == LEVEL).copied()
        };
        let all = at(&step.rows.all.reliability);
        let columns = step.rows.all.columns.iter().filter_map(|column| at(&column.levels)?.coverage);
        let columns: Vec<f64> = columns.collect();
        sheet.rows.push(vec![
            step.step.to_string(),
            fixed(all.and_then(|all| all.coverage), 3),
            fixed(columns.iter().copied().reduce(f64::min), 3),
            fixed(columns.iter().copied().reduce(f64::max), 3),
            fixed(all.and_then(|all| all.width), 3),
        ]);
    }
    sheet
}

fn ranking(ranking: &Ranking) -> Sheet {
    let spearman = ranking
        .spearman
        .map_or_else(absent, |one| format!("{:.3} [{:.3}, {:.3}]", one.value, one.low, one.high));
    let heading =
        format!("Policies in the twin and in the cluster: Spearman {spearman}, gap {}", percent(ranking.gap));
    let mut sheet = Sheet::new(heading, &["policy", "twin", "cluster", "gap"]);
    let mut policies: Vec<_> = ranking.policies.iter().collect();
    policies.sort_by(|a, b| b.real.total_cmp(&a.real));
    for policy in policies {
        sheet.rows.push(vec![
            policy.policy.clone(),
            fixed(Some(policy.twin), 2),
            fixed(Some(policy.real), 2),
            percent(Some(policy.gap)),
        ]);
    }
    sheet
}

pub(super) fn fixed(value: Option<f64>, digits: usize) -> String {
    value.map_or_else(absent, |value| format!("{value:.digits$}"))
}

pub(super) fn signed(value: Option<f64>) -> String {
    value.map_or_else(absent, |value| format!("{value:+.3}"))
}

pub(super) fn percent(value: Option<f64>) -> String {
    value.map_or_else(absent, |value| format!("{:.1} %", 100.0 * value))
}

fn absent() -> String {
    "–".to_owned()
}
