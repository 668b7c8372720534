//! The blend: an ensemble of networks, two forests, and the two forecasts that need no fit, weighed.
//!
//! **Whose errors decide the weights.** A member that was fitted on a row knows it, so weights are found on rows that
//! members did not see. There are two ways of not seeing a row, and they disagree:
//!
//! * *held out within*: stretches of time left out of a run that is otherwise known (out-of-fold and out-of-bag
//!   forecasts). What comes next in a run is much like this.
//! * *strangers*: whole runs left out, or whole quarters of a single one. A new run, or a system that drifts, is like
//!   this; models that learned levels by heart do badly here, and increments travel well.
//!
//! Strangers count half: a twin is asked about its own system more often than about another. With the first kind alone, a forest of levels gets much weight on resting rows and loses it all
//! on a run that is new; with the second alone, little of what a known run teaches is used.
//!
//! Cost: the members once on everything, and smaller ones once for each group of strangers.

use super::learned::{LearnError, Learned};
use super::params::{ModelKind, TwinParams};
use crate::network::{Fitted, Fitting};
use crate::table::Start;
use crate::{Forecaster as _, Forecasts, Forest, ForestParams, Network, Samples, Stack, Stay, View};

/// Most groups that are left out one after the other.
const GROUPS: usize = 4;
/// Of strangers, one row in so many counts.
const STRANGERS_COUNT: usize = 2;
/// A forest that only has to say how good it is may have this share of the trees.
const FEWER_TREES: usize = 3;

/// Members with their forecasts of samples that they were not fitted on.
type Parts = Vec<(Learned, Forecasts)>;

/// Fits the members that the settings ask for and weighs them; `before` is a network to go on from.
pub(super) fn fit(
    fitting: &Fitting<'_>,
    samples: &Samples,
    params: &TwinParams,
    before: Option<&Network>,
) -> Result<Stack<Learned>, LearnError> {
    let parts = within(fitting, samples, params, before)?;
    let (members, mut forecasts): (Vec<Learned>, Vec<Forecasts>) = parts.into_iter().unzip();
    let mut judged = samples.clone();
    for group in groups(fitting) {
        let (strangers, said) = strangers(fitting, samples, params, &group)?;
        judged.extend(&strangers);
        forecasts.iter_mut().zip(&said).for_each(|(all, said)| all.extend(said));
    }
    let columns = fitting.encoder.schema().predicted().len();
    Ok(Stack::fit(members, &forecasts, &judged, columns))
}

/// The members, fitted on all samples, each with its forecasts of stretches that it did not see.
fn within(
    fitting: &Fitting<'_>,
    samples: &Samples,
    params: &TwinParams,
    before: Option<&Network>,
) -> Result<Parts, LearnError> {
    let mut parts = Parts::new();
    if params.model == ModelKind::Blend {
        let config = params.network.check()?;
        let Fitted { network, out_of_fold } = match before {
            Some(network) => network.refit(fitting, &config)?,
            None => Network::fit(fitting, &config)?,
        };
        parts.push((Learned::Network(network), out_of_fold));
    }
    let (config, columns) = (params.forest.check()?, fitting.encoder.schema().predicted().len());
    for (view, name) in [(View::Increments, "increments"), (View::Levels, "levels")] {
        let randomness = (fitting.seed.child(name), fitting.threads);
        let forest = Forest::fit(samples, columns, view, &config, randomness);
        let held_out = forest.out_of_bag(samples);
        parts.push((Learned::Forest(forest), held_out));
    }
    for simple in [Learned::Persistence, Learned::Stay(Stay::new(fitting.encoder))] {
        let mut forecasts = Forecasts::default();
        simple.forecast(&samples.inputs(), &mut forecasts);
        parts.push((simple, forecasts));
    }
    Ok(parts)
}

/// The samples of a group, with the forecasts of members that were fitted on all others.
fn strangers(
    fitting: &Fitting<'_>,
    samples: &Samples,
    params: &TwinParams,
    group: &[bool],
) -> Result<(Samples, Vec<Forecasts>), LearnError> {
    let places = |inside: bool| (0..samples.len()).filter(move |row| group[*row] == inside);
    let others = samples.select(&places(false).collect::<Vec<_>>());
    let strangers = samples.select(&places(true).step_by(STRANGERS_COUNT).collect::<Vec<_>>());
    let fitting = Fitting { starts: &others.starts, ..*fitting };
    let trees = params.forest.trees.div_ceil(FEWER_TREES);
    let params = TwinParams { forest: ForestParams { trees, ..params.forest.clone() }, ..params.clone() };
    let said = within(&fitting, &others, &params, None)?.into_iter().map(|(member, _)| {
        let mut forecasts = Forecasts::default();
        member.forecast(&strangers.inputs(), &mut forecasts);
        forecasts
    });
    let said = said.collect();
    Ok((strangers, said))
}

/// For each group whether a sample is in it: the runs, dealt out in turn; or the quarters of the only run.
fn groups(fitting: &Fitting<'_>) -> Vec<Vec<bool>> {
    let run = |start: &Start| fitting.table.windows()[start.window].run();
    let mut runs: Vec<&str> = fitting.starts.iter().map(run).collect();
    runs.dedup();
    let mut names: Vec<&str> = Vec::new();
    for name in runs {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let all = fitting.starts.len();
    let of = |(place, start): (usize, &Start)| {
        let number = names.iter().position(|name| *name == run(start)).unwrap_or(0);
        if names.len() > 1 { number % GROUPS } else { place * GROUPS / all.max(1) }
    };
    let groups: Vec<usize> = fitting.starts.iter().enumerate().map(of).collect();
    let count = if names.len() > 1 { names.len().min(GROUPS) } else { GROUPS };
    (0..count).map(|group| groups.iter().map(|other| *other == group).collect()).collect()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use karma_core::SeedTree;

    use super::*;
    use crate::table::{Column, Part, Schema, Table, Window};
    use crate::{Encoder, EncoderParams, Structure};

    fn groups_of(runs: &[(&str, usize)]) -> Vec<Vec<bool>> {
        let schema = Schema::new(vec![Column::new("x", Part::Predicted)]).unwrap();
        let window = |(run, rows): &(&str, usize)| {
            let mut window = Window::new(*run, 1);
            (0..=*rows).for_each(|row| window.push(row as f64, &[row as f32]));
            window
        };
        let table = Table::new(schema.clone(), runs.iter().map(window));
        let encoder = Encoder::new(schema, EncoderParams::default(), Structure::Bounds).unwrap();
        let starts: Vec<Start> = table.starts().collect();
        let (seed, threads) = (SeedTree::new(1), NonZeroUsize::MIN);
        groups(&Fitting { encoder: &encoder, table: &table, starts: &starts, seed, threads })
    }

    #[test]
    fn strangers_are_whole_runs_or_quarters_of_the_only_one() {
        assert_eq!(
            groups_of(&[("a", 1), ("b", 2), ("a", 1)]),
            [[true, false, false, true], [false, true, true, false]]
        );
        let quarters = groups_of(&[("a", 8)]);
        assert_eq!(quarters.len(), 4);
        assert_eq!(quarters[1], [false, false, true, true, false, false, false, false]);
        let many = groups_of(&[("a", 1), ("b", 1), ("c", 1), ("d", 1), ("e", 1)]);
        assert_eq!(many.len(), 4);
        assert_eq!(many[0], [true, false, false, false, true]);
    }
}
