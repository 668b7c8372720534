//! Does the twin rank policies as the cluster does? Policies of many kinds play the same windows in both.
//!
//! The windows are those that the twin did not learn from. Their headers name scenario and seed, so that the simulated
//! cluster can be played again from the same start under the same load and disturbances; the twin replays what it did
//! not foresee of them. A policy's return is the mean over windows of the sum of its rewards.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use karma_baseline::{
    Exploration, ExplorationParams, HpaAutoscaler, HpaAutoscalerParams, RandomWalk, StaticReplicas,
    Threshold, ThresholdParams,
};
use karma_core::team::default_roles;
use karma_core::{Autoscaler, Decision, DefenderTeam, SeedTree, Snapshot, State, Topology, parallel};
use karma_mock::{ClusterObserver, Episode, Scenario, Setup, Split};
use karma_twin::TwinEpisode;
use karma_twin::environment::{FaultConfig, Script, TwinSetup};
use karma_twin::fidelity::{self, RankParams, Ranking};
use karma_twin::table::Start;
use karma_twin::trace::TraceWindow;

use super::error::ModelError;
use crate::config::RunConfig;
use crate::load_team;
use crate::topology_json;
use crate::traces::read_traces;
use crate::twin_file::TwinFile;

/// CPU utilisation, in percent, at which the HPA is played.
const HPA_PERCENT: [i32; 4] = [30, 50, 70, 80];
/// Shares of the greatest number of replicas, in tenths, at which fixed replicas are played, beside the fewest, the
/// initial and the most.
const STATIC_TENTHS: [usize; 2] = [4, 6];
/// Root of the randomness of the interval.
const SEED: u64 = 1;
/// How far a value of a recorded start may be from that of the cluster played again, relative to it or to 1.
const TOLERANCE: f32 = 1e-3;

/// Those of the windows of a file of traces in which some transition starts.
pub(super) fn held_out(path: &Path, starts: &[Start]) -> anyhow::Result<Vec<TraceWindow>> {
    let windows = read_traces(path)?.into_windows().into_iter().enumerate();
    let held_out = |window: usize| starts.iter().any(|start| start.window == window);
    Ok(windows.filter(|(window, _)| held_out(*window)).map(|(_, window)| window).collect())
}

/// Plays policies of many kinds, and the teams of some runs, in the twin and in the simulated cluster.
///
/// `config` gives the settings of the cluster that was collected from; the topology and the time between decisions are
/// the twin's. The result does not depend on the number of threads.
pub(super) fn rank(
    file: &TwinFile,
    windows: &[TraceWindow],
    (config, teams): (&RunConfig, &[PathBuf]),
    threads: NonZeroUsize,
) -> anyhow::Result<Ranking> {
    let arena = Arena::new(file, windows, config)?;
    let mut contestants = rules(&arena.cluster)?;
    for run in teams {
        contestants.push(team(run, &arena.cluster)?);
    }
    let bouts = |contestant| arena.bouts.iter().map(move |bout| (contestant, bout));
    let jobs: Vec<_> = contestants.iter().flat_map(bouts).collect();
    let played = parallel::run_all(threads, jobs, |(contestant, bout)| arena.play(contestant, bout));
    let count = arena.bouts.len();
    let returns = contestants.iter().zip(played.chunks(count)).map(|(contestant, played)| {
        let mean = |of: fn(&(f64, f64)) -> f64| played.iter().map(of).sum::<f64>() / count as f64;
        (contestant.name.clone(), mean(|returns| returns.0), mean(|returns| returns.1))
    });
    let returns: Vec<_> = returns.collect();
    Ok(fidelity::rank(&returns, &RankParams::default().check()?, SeedTree::new(SEED)))
}

/// A policy that is made anew for each episode.
struct Contestant {
    name: String,
    make: Box<dyn Fn() -> Box<dyn Autoscaler> + Send + Sync>,
}

impl Contestant {
    fn of<A: Autoscaler + Clone + Sync + 'static>(scaler: A) -> Self {
        Self { name: scaler.name().to_owned(), make: Box::new(move || Box::new(scaler.clone())) }
    }
}

/// Every kind of rule.
fn rules(cluster: &Setup) -> anyhow::Result<Vec<Contestant>> {
    let topology: &Topology = &cluster.topology;
    let sweep = StaticReplicas::sweep(topology);
    let mut rules: Vec<Contestant> = sweep.first().cloned().map(Contestant::of).into_iter().collect();
    rules.push(Contestant::of(StaticReplicas::initial(topology)));
    let of_tenths = |tenths: usize| sweep.get((sweep.len() * tenths / 10).saturating_sub(1)).cloned();
    rules.extend(STATIC_TENTHS.into_iter().filter_map(of_tenths).map(Contestant::of));
    rules.push(Contestant::of(StaticReplicas::max(topology)));
    for percent in HPA_PERCENT {
        rules.push(Contestant::of(HpaAutoscaler::new(topology, &HpaAutoscalerParams::cpu(percent))?));
    }
    rules.push(Contestant::of(Threshold::new(topology, ThresholdParams::default().check()?)));
    rules.push(Contestant::of(RandomWalk::new(topology, u16::try_from(cluster.alpha).unwrap_or(u16::MAX))));
    let explore = ExplorationParams { alpha: cluster.alpha, ..ExplorationParams::default() };
    rules.push(Contestant::of(Exploration::new(topology, explore.check()?)?));
    Ok(rules)
}

/// The team of a run of karma-train.
fn team(run: &Path, cluster: &Setup) -> anyhow::Result<Contestant> {
    let (team, config) = load_team(run)?;
    let own = config.setup();
    let same = topology_json::write(&own.topology) == topology_json::write(&cluster.topology);
    if !same || own.decision_period != cluster.decision_period {
        let run = run.display();
        let message = format!(
            "--team {run}: it was trained for another topology or time between decisions than the twin's"
        );
        return Err(ModelError::Usage(message).into());
    }
    Ok(Contestant { name: run.display().to_string(), ..Contestant::of(team) })
}

/// One recorded window, to be played again.
struct Bout {
    scenario: Scenario,
    seed: u64,
    script: usize,
    decisions: usize,
}

/// The twin and the cluster, set up for the same windows.
struct Arena {
    twin: Arc<TwinSetup>,
    cluster: Setup,
    bouts: Vec<Bout>,
}

impl Arena {
    fn new(file: &TwinFile, windows: &[TraceWindow], config: &RunConfig) -> anyhow::Result<Self> {
        let card = file.cluster()?;
        let topology = Arc::clone(card.table.topology());
        let cluster = Setup {
            topology: Arc::clone(&topology),
            decision_period: card.period,
            ..Setup::clone(config.setup())
        };
        let team = DefenderTeam::new(Arc::clone(&topology), default_roles(), cluster.alpha);
        let observer = ClusterObserver::new(topology, team.action_space(), 1);
        let (scripts, reward) = (Vec::new(), cluster.reward);
        let mut twin = TwinSetup {
            model: file.model()?,
            scripts,
            team,
            observer: Arc::new(observer),
            depth: 1,
            reward,
            faults: FaultConfig::default(),
        };
        let mut bouts = Vec::new();
        for window in windows {
            bouts.extend(bout(&mut twin, &cluster, window, config)?);
        }
        if bouts.is_empty() {
            let message =
                "no window to play policies on: none has a seed, as those of karma-model collect have";
            return Err(ModelError::Usage(message.to_owned()).into());
        }
        Ok(Self { twin: Arc::new(twin), cluster, bouts })
    }

    /// The returns of a policy in the twin and in the cluster.
    #[expect(clippy::expect_used, reason = "the scripts were cut by the model of this twin")]
    fn play(&self, contestant: &Contestant, bout: &Bout) -> (f64, f64) {
        let twin = TwinEpisode::new(Arc::clone(&self.twin), bout.script, bout.seed);
        let cluster = Episode::new(&self.cluster, &bout.scenario, Split::Train, bout.seed);
        let total = |game: &mut dyn Game| total(game, &mut *(contestant.make)(), bout);
        (total(&mut twin.expect("a script of this twin")), total(&mut { cluster }))
    }
}

/// Prepares a window; a window without a seed or a transition is left out.
fn bout(
    twin: &mut TwinSetup,
    cluster: &Setup,
    window: &TraceWindow,
    config: &RunConfig,
) -> anyhow::Result<Option<Bout>> {
    let (name, steps) = (window.header.scenario.as_str(), NonZeroUsize::new(window.steps.len()));
    let (Some(seed), Some(steps)) = (window.header.seed, steps) else { return Ok(None) };
    let known = config.scenarios().iter().find(|scenario| scenario.name() == name).cloned();
    let scenario = known.map_or_else(|| Scenario::by_name(name), Ok)?;
    check_start(twin, cluster, window, (&scenario, seed))?;
    let scripts = Script::cut(&twin.model, std::slice::from_ref(window), steps)?;
    let Some(script) = scripts.into_iter().next() else { return Ok(None) };
    let (place, decisions) = (twin.scripts.len(), script.steps());
    twin.scripts.push(script);
    Ok(Some(Bout { scenario, seed, script: place, decisions }))
}

/// Whether the cluster, played again, starts as it was recorded: otherwise its settings are others.
fn check_start(
    twin: &TwinSetup,
    cluster: &Setup,
    window: &TraceWindow,
    (scenario, seed): (&Scenario, u64),
) -> Result<(), ModelError> {
    let Some(first) = window.steps.first() else { return Ok(()) };
    let again = State::from(&Episode::new(cluster, scenario, Split::Train, seed).snapshot());
    let [recorded, again] = [&first.state, &again].map(|state| twin.model.table().row_of(state));
    let near =
        |(a, b): (&f32, &f32)| (a.is_nan() && b.is_nan()) || (a - b).abs() <= TOLERANCE * b.abs().max(1.0);
    if recorded.iter().zip(&again).all(near) {
        return Ok(());
    }
    Err(ModelError::Usage(format!(
        "the simulated cluster does not start as in the recorded window of {} with seed {seed}: give the settings \
         that the traces were collected with, by --config and --workload",
        scenario.name()
    )))
}

/// What an autoscaler plays in.
trait Game {
    fn snapshot(&self) -> Snapshot;
    fn play(&mut self, decision: &Decision) -> f32;
}

impl Game for TwinEpisode {
    fn snapshot(&self) -> Snapshot {
        self.snapshot()
    }

    fn play(&mut self, decision: &Decision) -> f32 {
        self.play(decision)
    }
}

impl Game for Episode {
    fn snapshot(&self) -> Snapshot {
        self.snapshot()
    }

    fn play(&mut self, decision: &Decision) -> f32 {
        self.play(decision)
    }
}

/// The sum of rewards over the decisions of a bout. What a policy draws is the same in both games.
fn total(game: &mut dyn Game, scaler: &mut dyn Autoscaler, bout: &Bout) -> f64 {
    scaler.reset();
    let mut rng = SeedTree::new(bout.seed).child("autoscaler").child(scaler.name()).rng();
    let mut play = |_| {
        let decision = scaler.decide(&game.snapshot(), &mut rng);
        f64::from(game.play(&decision))
    };
    (0..bout.decisions).map(&mut play).sum()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::sync::LazyLock;

    use super::*;
    use crate::config::{Choice, RunParams};
    use crate::testing::{checked, tiny, tiny_params, tiny_twin, tiny_windows};

    /// Windows of the tiny settings, and a quick twin of them.
    static LEARNED: LazyLock<(Vec<TraceWindow>, TwinFile)> = LazyLock::new(|| {
        let windows = tiny_windows();
        let file = tiny_twin(&windows);
        (windows, file)
    });

    #[test]
    fn twelve_kinds_of_policies_are_ranked_alike_on_any_number_of_threads() {
        let (windows, file) = &*LEARNED;
        let (config, played) = (tiny(), &windows[..2]);
        let rank = |threads| rank(file, played, (&config, &[]), NonZeroUsize::new(threads).unwrap()).unwrap();
        let ranking = rank(1);
        let names: BTreeSet<_> = ranking.policies.iter().map(|policy| policy.policy.as_str()).collect();
        assert_eq!((names.len(), ranking.policies.len()), (12, 12), "{names:?}");
        assert_eq!(ranking, rank(3));
        assert!(ranking.policies.iter().all(|policy| policy.twin.is_finite() && policy.real > 0.0));
    }

    #[test]
    fn a_cluster_of_other_settings_than_the_recorded_one_is_refused() {
        let (windows, file) = &*LEARNED;
        let other = checked(RunParams { workload: Choice::named("worldcup98"), ..tiny_params() });
        let refused = rank(file, &windows[..1], (&other, &[]), NonZeroUsize::MIN).unwrap_err().to_string();
        assert!(
            refused.contains("does not start as in the recorded window of short with seed 1"),
            "{refused}"
        );
        let mut live = windows[..1].to_vec();
        live[0].header.seed = None;
        let refused = rank(file, &live, (&tiny(), &[]), NonZeroUsize::MIN).unwrap_err().to_string();
        assert!(refused.contains("none has a seed"), "{refused}");
    }
}
