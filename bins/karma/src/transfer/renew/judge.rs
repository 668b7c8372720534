//! Is the new team better than the one in service? Both play the same recorded windows in the twin that was just fitted.
//!
//! Windows that the twin did not learn from, if there are any: every fifth of the new ones. The return of a window is the sum of
//! its rewards; the difference is paired, window by window.

use std::path::Path;
use std::sync::Arc;

use karma_core::{Autoscaler, SeedTree};
use karma_twin::TwinEpisode;
use karma_twin::environment::{FaultConfig, Script, TwinSetup};
use karma_twin::trace::TraceWindow;
use serde::{Deserialize, Serialize};

use crate::load_team;
use crate::model::EVERY;
use crate::twin_file::TwinFile;

/// Root of the randomness of teams, which are asked for their best actions and draw nothing.
const SEED: u64 = 1;

/// What the comparison gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Judgement {
    /// Windows that were played.
    pub(super) windows: usize,
    /// Whether the twin had not learned from them.
    pub(super) held_out: bool,
    /// Mean return of the team in service.
    pub(super) before: f64,
    /// Mean return of the new one.
    pub(super) after: f64,
    /// Standard error of the mean difference; none of a single window.
    pub(super) error: Option<f64>,
}

impl Judgement {
    /// Whether the new team may go on: something was played, and its mean return is not lower.
    pub(super) fn passes(&self) -> bool {
        self.windows > 0 && self.after >= self.before
    }

    /// In words.
    pub(super) fn text(&self) -> String {
        let Self { windows, held_out, before, after, error } = self;
        let kind = if *held_out { "windows that the twin did not learn from" } else { "new windows" };
        let error = error.map_or_else(String::new, |error| format!(" ± {error:.2}"));
        let difference = after - before;
        format!(
            "return {after:.2} against {before:.2} of the team in service ({difference:+.2}{error}), on {windows} {kind}"
        )
    }
}

/// Plays both teams.
///
/// # Errors
/// If a run cannot be read, or a window is of another cluster than the twin.
pub(super) fn judge(
    twin: &TwinFile,
    windows: &[TraceWindow],
    (before, after): (&Path, &Path),
) -> anyhow::Result<Judgement> {
    let held: Vec<TraceWindow> = windows.iter().skip(EVERY - 1).step_by(EVERY).cloned().collect();
    let held_out = !held.is_empty();
    let (mut incumbent, _) = load_team(before)?;
    let (mut candidate, config) = load_team(after)?;
    let model = twin.model()?;
    let longest = std::num::NonZeroUsize::MAX;
    let scripts = Script::cut(&model, if held_out { &held } else { windows }, longest)?;
    let observer = config.observer();
    let setup = Arc::new(TwinSetup {
        depth: observer.depth(),
        observer: Arc::new(observer),
        team: config.team(),
        reward: config.setup().reward,
        faults: FaultConfig::default(),
        model,
        scripts,
    });
    let mut pairs = Vec::with_capacity(setup.scripts.len());
    for script in 0..setup.scripts.len() {
        pairs.push((play(&setup, script, &mut incumbent)?, play(&setup, script, &mut candidate)?));
    }
    Ok(compare(&pairs, held_out))
}

fn compare(pairs: &[(f64, f64)], held_out: bool) -> Judgement {
    let count = pairs.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / count.max(1.0);
    let (before, after) = (mean(&|pair| pair.0), mean(&|pair| pair.1));
    let variance = mean(&|pair| (pair.1 - pair.0 - (after - before)).powi(2)) * count / (count - 1.0);
    let error = (pairs.len() > 1).then(|| (variance / count).sqrt());
    Judgement { windows: pairs.len(), held_out, before, after, error }
}

/// The return of one recorded window under `scaler`.
fn play(setup: &Arc<TwinSetup>, script: usize, scaler: &mut dyn Autoscaler) -> anyhow::Result<f64> {
    let mut episode = TwinEpisode::new(Arc::clone(setup), script, SEED)?;
    let mut rng = SeedTree::new(SEED).rng();
    scaler.reset();
    let mut total = 0.0;
    while !episode.is_over() {
        let decision = scaler.decide(&episode.snapshot(), &mut rng);
        total += f64::from(episode.play(&decision));
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_difference_is_paired() {
        let pairs = [(10.0, 11.0), (20.0, 21.0), (30.0, 31.0)];
        let judgement = compare(&pairs, true);
        assert_eq!((judgement.before, judgement.after, judgement.error), (20.0, 21.0, Some(0.0)));
        assert!(judgement.passes());
        assert_eq!(
            judgement.text(),
            "return 21.00 against 20.00 of the team in service (+1.00 ± 0.00), on 3 windows that the twin did not learn from"
        );
        let worse = compare(&[(10.0, 9.0), (10.0, 12.0), (10.0, 6.0)], false);
        assert!(!worse.passes());
        assert!((worse.error.unwrap() - 3.0_f64.sqrt()).abs() < 1e-12, "{worse:?}");
        assert_eq!(compare(&[(1.0, 1.0)], false).error, None);
        assert!(!compare(&[], false).passes(), "nothing was played");
    }
}
