//! The page in a terminal: the tables without the pictures.

use super::{relations, roles, tables};
use crate::explain::view::View;
use crate::report::grid::Grid;
use crate::report::table::{self, narrow, wrap};

/// What fits into lines of text, section by section; sections without figures are left out.
pub fn summary(view: &View) -> String {
    let parts = [
        Some(view.title.clone()),
        view.evaluation.as_ref().map(|evaluation| table::table(evaluation).trim_end().to_owned()),
        view.roles.as_ref().map(|found| titled("Roles", &roles::table(found))),
        view.relations.as_ref().map(|found| titled("Relations", &relations::table(found))),
        goals(view),
        (!view.rules.is_empty()).then(|| titled("Distilled rules", &tables::rules(&view.rules))),
        view.fit.as_ref().map(|fit| titled("Organisational fit", &tables::fit(fit))),
        view.fidelity.as_ref().map(|fidelity| titled("Fidelity of the twin", &tables::fidelity(fidelity))),
        list("Measured", &view.honesty.measured),
        list("Not measured", &view.honesty.not_measured),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join("\n\n") + "\n"
}

/// That none was found is said, too, where episodes were analysed.
fn goals(view: &View) -> Option<String> {
    if !view.goals.is_empty() {
        return Some(titled("Goals", &tables::goals(&view.goals)));
    }
    let none = "none found: no state sets the best quarter of the episodes apart";
    view.roles.is_some().then(|| format!("Goals\n{}", wrap(&format!("  {none}"))))
}

fn titled(title: &str, grid: &Grid) -> String {
    format!("{title}\n{}", narrow(grid))
}

fn list(title: &str, sentences: &[String]) -> Option<String> {
    let lines = sentences.iter().map(|sentence| wrap(&format!("  {sentence}")));
    (!sentences.is_empty())
        .then(|| std::iter::once(title.to_owned()).chain(lines).collect::<Vec<_>>().join("\n"))
}
