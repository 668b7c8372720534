//! What the numbers of a log are called.
//!
//! Every number of a line of `metrics.jsonl` becomes a scalar, whatever the learner reports: `losses/<name>` for what the
//! update says of itself, `time/<name>` for what the clock says, and `train/<name>` for the rest. A number that is absent
//! there is absent here. The step is no scalar, it is the axis.

use std::io;

use serde_json::Value;

use super::event::Scalar;
use crate::run_dir::MetricsLine;

const STEPS: &str = "steps";

/// The scalars of an iteration, in the alphabetical order of the log's names.
pub(super) fn of(line: &MetricsLine) -> io::Result<Vec<Scalar>> {
    let Value::Object(numbers) = serde_json::to_value(line)? else { return Ok(Vec::new()) };
    let scalar = |(name, value): (&String, &Value)| Some(Scalar::new(tag(name), value.as_f64()?));
    Ok(numbers.iter().filter(|(name, _)| *name != STEPS).filter_map(scalar).collect())
}

/// A loss is a loss by its group already: `policy_loss` is `losses/policy`.
fn tag(name: &str) -> String {
    match name {
        "steps_per_second" | "train_seconds" => format!("time/{name}"),
        "entropy" | "approx_kl" | "clip_fraction" | "explained_variance" => format!("losses/{name}"),
        name if name.ends_with("_grad_norm") => format!("losses/{name}"),
        name => match name.strip_suffix("_loss") {
            Some(part) => format!("losses/{part}"),
            None => format!("train/{name}"),
        },
    }
}
