//! The twin that a team is trained in, if it is not trained in the simulated cluster.

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

use karma_core::{Digest, Environment, Observer};
use karma_twin::environment::{FaultConfig, FaultParams, ReplayError, Script, TwinSetup};
use karma_twin::{TwinBatch, TwinEnvironment};

use super::error::ConfigError;
use super::run_config::RunConfig;
use super::sources::Sources;
use crate::topology_json;
use crate::twin_file::{TWIN, TwinFile};

/// A twin to train in: one world for each member of its ensemble.
#[derive(Clone, Debug)]
pub(crate) struct TrainingTwin {
    /// The file, as it was read.
    pub(crate) bytes: Vec<u8>,
    /// Decisions of its longest window.
    horizon: usize,
    worlds: Vec<Arc<TwinSetup>>,
}

impl TrainingTwin {
    /// Environment number `place`: its world is that of one member of the ensemble.
    pub(super) fn environment(
        &self,
        config: &RunConfig,
        place: usize,
    ) -> Result<Box<dyn Environment>, ReplayError> {
        let environment = TwinEnvironment::new(Arc::clone(&self.worlds[place % self.worlds.len()]))?;
        let environment = match config.charter().in_training() {
            Some(guide) => environment.with_guide(guide),
            None => environment,
        };
        Ok(Box::new(match config.safeguard() {
            Some(safeguard) => environment.with_safeguard(safeguard),
            None => environment,
        }))
    }

    /// Decisions of the longest episode in it.
    pub(super) const fn horizon(&self) -> usize {
        self.horizon
    }

    /// Digest of the file.
    pub(super) fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }
}

/// Reads the twin that the settings name, and checks that it is one of this cluster.
pub(super) fn check(config: &RunConfig, sources: &Sources) -> Result<Option<Arc<TrainingTwin>>, ConfigError> {
    let params = config.params();
    let faults = FaultConfig::try_from(params.faults)
        .map_err(|error| sources.refuse(&format!("faults.{}", error.field), &error))?;
    let Some(name) = &params.twin else {
        let none = params.faults == FaultParams::default();
        let message = "faults are laid over the recordings of a twin; name one with twin, or --twin";
        return if none { Ok(None) } else { Err(sources.refuse("faults", &message)) };
    };
    let refuse = |message: &dyn std::fmt::Display| sources.refuse("twin", &format!("{name}: {message}"));
    let path = Path::new(name);
    let path = if path.is_dir() { path.join(TWIN) } else { path.to_owned() };
    let bytes = sources.read(&path.to_string_lossy()).map_err(|error| refuse(&error))?;
    let file = TwinFile::from_bytes(&bytes).map_err(|error| refuse(&error))?;
    let cluster = file.cluster().map_err(|error| refuse(&error))?;
    let (own, other) = (&config.setup().topology, cluster.table.topology());
    if topology_json::write(own) != topology_json::write(other) {
        return Err(refuse(&"it is the twin of another topology; name that one with --topology"));
    }
    if cluster.period != config.setup().decision_period {
        let (found, expected) = (cluster.period, config.setup().decision_period);
        return Err(refuse(&format!("its decisions are {found} apart, those of this run {expected}")));
    }
    let horizon = NonZeroUsize::new(config.horizon()).unwrap_or(NonZeroUsize::MIN);
    let worlds = file.worlds().map_err(|error| refuse(&error))?;
    let worlds = worlds.into_iter().map(|model| {
        let age = cluster.usual_age();
        let scripts =
            Script::cut_table(&model, file.twin.record(), age, horizon).map_err(|error| refuse(&error))?;
        let observer = config.observer();
        let depth = observer.depth();
        let observer: Arc<dyn Observer> = Arc::new(observer);
        let setup = Arc::new(TwinSetup {
            model,
            scripts,
            team: config.team(),
            observer,
            depth,
            reward: config.setup().reward,
            faults,
        });
        let batch = TwinBatch::new(Arc::clone(&setup), 1).map_err(|error| refuse(&error))?;
        Ok((batch.spec().horizon, setup))
    });
    let worlds = worlds.collect::<Result<Vec<_>, ConfigError>>()?;
    // All members of the ensemble have the same recordings.
    let horizon = worlds.iter().map(|(horizon, _)| *horizon).max().unwrap_or(horizon.get());
    let worlds = worlds.into_iter().map(|(_, setup)| setup).collect();
    Ok(Some(Arc::new(TrainingTwin { bytes, horizon, worlds })))
}

#[cfg(all(test, feature = "transfer"))]
mod tests {
    use karma_mock::ScenarioParams;

    use crate::config::{Choice, RunParams};
    use crate::testing::{checked, tiny, tiny_params, trainable_twin};

    /// What a live cluster gives has the length that it has, and no scenario's.
    #[test]
    fn episodes_are_as_long_as_the_recorded_windows_where_the_scenarios_are_longer() {
        let directory = tempfile::tempdir().unwrap();
        trainable_twin().write(directory.path()).unwrap();
        let twin = Some(directory.path().display().to_string());
        let long: ScenarioParams = toml::from_str(
            "name = \"long\"\nepisode = { warm_up = 5, measured = 300, calm_before = 10, calm_after = 40 }",
        )
        .unwrap();
        let scenarios = vec![Choice::Table(Box::new(long))];
        let params = RunParams { scenarios, ..tiny_params() };
        let recorded = tiny().horizon();
        assert!(checked(params.clone()).horizon() > recorded);
        let config = checked(RunParams { twin, ..params });
        assert_eq!(config.horizon(), recorded);
        let learned = config.environments_at(0..1).unwrap()[0].spec().horizon;
        assert_eq!(learned, recorded, "what the learner is given");
    }
}
