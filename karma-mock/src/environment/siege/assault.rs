//! The attacker's game alone: somebody scales the cluster, as they always do.

use std::sync::Arc;

use karma_core::{
    ActionError, Autoscaler, Environment, EnvironmentSpec, EpisodeReport, Foresight, History, JointAction,
    Observation, Observer as _, PerAgent, SeedTree, State, Step, StreamRng,
};

use super::{Hand, SiegeConfig};
use crate::environment::{ClusterObserver, Episode, Setup};
use crate::scenario::Scenario;
use crate::workload::Split;

/// Makes who is attacked, anew for each episode; only a yardstick may use the foresight.
pub type Defence = Arc<dyn Fn(&Foresight) -> Box<dyn Autoscaler> + Send + Sync>;

/// An attacker against any [`Autoscaler`], a rule or a team: how much can somebody take who has studied it?
///
/// One agent, who sees and does what the attacker of a [`Siege`](super::Siege) does and earns what that one earns. Episodes are
/// of one scenario; the autoscaler decides once each period, on the snapshot of the moment, before the attacker's move shows.
pub struct Assault {
    setup: Arc<Setup>,
    scenario: Scenario,
    split: Split,
    observer: ClusterObserver,
    defence: Defence,
    spec: EnvironmentSpec,
    hand: Hand,
    running: Option<Running>,
}

/// The episode under way.
struct Running {
    episode: Episode,
    defender: Box<dyn Autoscaler>,
    rng: StreamRng,
    history: History,
    steps: usize,
}

impl Assault {
    /// The episodes of `scenario` in a split of seeds and traces, against `defence`. The attacker sees what `observer` shows a
    /// critic.
    pub fn new(
        setup: Arc<Setup>,
        (scenario, split): (Scenario, Split),
        observer: ClusterObserver,
        defence: Defence,
        config: SiegeConfig,
    ) -> Self {
        let hand = Hand::new(&setup.topology, config, setup.decision_period.0);
        let attacker = hand.agent(observer.global_size());
        let horizon = Episode::decisions(scenario.params().episode.measured, setup.decision_period);
        let global_size = attacker.observation_size;
        let spec = EnvironmentSpec { agents: vec![attacker].into(), global_size, horizon };
        Self { setup, scenario, split, observer, defence, spec, hand, running: None }
    }

    /// The report of the episode so far; `None` before the first.
    pub fn report(&self) -> Option<EpisodeReport> {
        self.running.as_ref().map(|running| EpisodeReport {
            conduct: running.defender.conduct(),
            interventions: running.defender.interventions(),
            ..running.episode.report()
        })
    }

    fn view(&self, running: &Running, reward: f32) -> Step {
        let mut global = self.observer.global(&running.history);
        global.extend(self.hand.features());
        Step {
            observations: vec![Observation(global.clone())].into(),
            masks: vec![self.hand.mask()].into(),
            global,
            rewards: vec![reward].into(),
            truncated: running.steps >= self.spec.horizon,
            ..Step::default()
        }
    }
}

impl Environment for Assault {
    fn spec(&self) -> &EnvironmentSpec {
        &self.spec
    }

    fn reset(&mut self, seed: u64) -> Step {
        self.hand.open();
        let episode = Episode::new(&self.setup, &self.scenario, self.split, seed);
        let mut defender = (self.defence)(&episode.foresight());
        defender.reset();
        let rng = SeedTree::new(seed).child("autoscaler").child(defender.name()).rng();
        let history = History::starting(State::from(&episode.snapshot()), self.observer.depth());
        let running = Running { episode, defender, rng, history, steps: 0 };
        let step = self.view(&running, 0.0);
        self.running = Some(running);
        step
    }

    fn step(&mut self, action: &JointAction) -> Result<Step, ActionError> {
        self.spec.check(action)?;
        let over = |running: &Running| running.steps >= self.spec.horizon;
        let Some(mut running) = self.running.take_if(|running| !over(running)) else {
            return Err(ActionError::EpisodeOver);
        };
        let decision = running.defender.decide(&running.episode.snapshot(), &mut running.rng);
        self.hand.press(action.as_slice()[0], running.episode.cluster_mut());
        running.episode.play(&decision);
        running.steps += 1;
        running.history.push(PerAgent::default(), State::from(&running.episode.snapshot()));
        let step = self.view(&running, running.episode.attacker_reward());
        self.running = Some(running);
        Ok(step)
    }

    fn state(&self) -> Option<&State> {
        self.running.as_ref().map(|running| running.history.now())
    }
}

impl std::fmt::Debug for Assault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Assault").field("spec", &self.spec).field("hand", &self.hand).finish_non_exhaustive()
    }
}
