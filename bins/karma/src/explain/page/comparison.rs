//! The tables of the comparison and the learning curve, drawn as in the report of a run.

use super::chart::{Chart, Key, Swatch};
use crate::evaluation::{Evaluation, RowReport};
use crate::report::html::{captioned, items};
use crate::report::svg::escape;
use crate::report::{grid, notes, plots};
use crate::run_dir::MetricsLine;

pub(super) fn body(evaluation: &Evaluation) -> String {
    let about = |row: &RowReport| format!("<li><b>{}</b>: {}</li>", escape(&row.name), escape(&row.about));
    let notes: String = items(&notes::notes(evaluation));
    let abouts: String = evaluation.rows.iter().map(about).collect();
    [
        captioned("Every policy, interquartile means with intervals", &grid::policies(evaluation)),
        format!("<ul class=\"notes\">{notes}{abouts}</ul>"),
        captioned("Ours minus each of the others", &grid::differences(evaluation)),
        format!("<p>{}</p>", escape(notes::DIFFERENCES)),
        success(evaluation).figure(),
    ]
    .concat()
}

pub(super) fn success(evaluation: &Evaluation) -> Chart {
    let (svg, size) = plots::scenarios(evaluation);
    let title = "Success rate of every policy in every scenario, with intervals";
    Chart { file: "success-by-scenario".to_owned(), title: title.to_owned(), size, svg, keys: Vec::new() }
}

pub(super) fn training(log: &[MetricsLine]) -> Chart {
    let keys = vec![
        Key::new(Swatch::Line("ours".to_owned()), "mean of an iteration’s episodes"),
        Key::new(Swatch::Area("band".to_owned()), "one standard deviation of them"),
    ];
    let title = "Episodic return over the iterations of training";
    Chart {
        file: "training".to_owned(),
        title: title.to_owned(),
        size: plots::TRAINING,
        svg: plots::training(log),
        keys,
    }
}
