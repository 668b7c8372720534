//! A cluster's twin behind the [`TransitionModel`] seam: a history and a joint action give the next state.

use std::sync::Arc;

use karma_core::{
    DefenderTeam, History, Id as _, JointAction, Metric, MetricRow, PerService, Prediction, Replicas,
    Seconds, ServiceId, Source, State, StreamRng, TransitionModel,
};

use super::Twin;
use crate::cluster::{ClusterTable, PREDICTED};
use crate::environment::ReplayError;
use crate::table::Scale;
use crate::{Forecasts, Inputs};

/// A Laplace distribution has √2 times its mean absolute deviation as standard deviation.
const DEVIATION: f32 = std::f32::consts::SQRT_2;

/// A twin that was fitted on a cluster's table, with the team that acts on it.
///
/// It sees all states of the history, and takes the load of the next period to be the last known one. The forecast is
/// deterministic: nothing is drawn. Each metric's spread is half the distance between one standard deviation above the
/// expected value and one below, where the model works with its square root or logarithm; that is the standard deviation
/// times the slope of the scale, except near 0, where a slope would claim certainty. Metrics that follow by rule have no
/// spread of their own.
#[derive(Clone, Debug)]
pub struct ClusterTwin {
    table: ClusterTable,
    twin: Arc<Twin>,
    team: DefenderTeam,
    period: Seconds,
}

impl ClusterTwin {
    /// A twin of the cluster that `table` describes, for decisions of `team` every `period`.
    ///
    /// # Errors
    /// If the twin was fitted on other columns, or the team is over another topology.
    pub fn new(
        table: ClusterTable,
        twin: Arc<Twin>,
        team: DefenderTeam,
        period: Seconds,
    ) -> Result<Self, ReplayError> {
        if twin.schema() != table.schema() {
            return Err(ReplayError::Schema);
        }
        let [found, expected] = [team.topology(), table.topology()].map(|topology| topology.services.len());
        if found != expected {
            return Err(ReplayError::Team { found, expected });
        }
        Ok(Self { table, twin, team, period })
    }

    /// The encoder's memory of a history.
    fn memory(&self, history: &History) -> Vec<f32> {
        let encoder = self.twin.encoder();
        let newest_first: Vec<&State> = (0..).map_while(|ago| history.state(ago)).collect();
        let mut memory = vec![0.0; encoder.memory()];
        for (index, state) in newest_first.into_iter().rev().enumerate() {
            let row = self.table.row_of(state);
            if index == 0 { encoder.begin(&row, &mut memory) } else { encoder.push(&row, &mut memory) }
        }
        memory
    }

    /// Replaces the desired replicas of a row by those that a joint action asks for; what is unknown stays unknown.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of pods")]
    fn decide(&self, joint: &JointAction, row: &mut [f32]) {
        let net = self.team.net_change(joint);
        let services = self.table.topology().services.iter_enumerated().zip(&self.table.layout().services);
        for ((id, service), columns) in services {
            let desired = &mut row[columns.desired];
            if desired.is_finite() {
                let before = Replicas(desired.round() as u32);
                let after = before.moved(net.changes[id], service.min_replicas, service.max_replicas);
                *desired = after.0 as f32;
            }
        }
    }

    /// Uncertainty on the columns' scales as metrics in their units.
    fn spread(&self, row: &[f32], deviation: impl Fn(usize) -> f32) -> PerService<MetricRow> {
        let of_service = |id: ServiceId| {
            let columns = self.table.layout().services[id.index()];
            let rate = columns.rate.map(|rate| (Metric::RequestRate, rate));
            let mut metrics = MetricRow::default();
            for (metric, at) in PREDICTED.into_iter().zip(columns.healthy..).chain(rate) {
                let scale = self.table.schema().columns()[at].scale;
                metrics.set(metric, in_unit(scale, row[at], deviation(at)));
            }
            metrics
        };
        self.table.topology().services.ids().map(of_service).collect()
    }
}

/// Half the distance between the values one deviation above and one below; NaN if one of them is unknown.
fn in_unit(scale: Scale, value: f32, deviation: f32) -> f32 {
    0.5 * (scale.inverse(value + deviation) - scale.inverse(value - deviation))
}

impl TransitionModel for ClusterTwin {
    fn predict(&self, history: &History, action: &JointAction, _rng: &mut StreamRng) -> Prediction {
        let (encoder, predicted) = (self.twin.encoder(), self.twin.schema().predicted().len());
        let (now, memory) = (history.now(), self.memory(history));
        let known = encoder.now(&memory);
        let mut row = known.to_vec();
        self.decide(action, &mut row);
        let mut features = vec![0.0; encoder.features()];
        let moved = encoder.encode(&memory, &row[predicted..], &mut features);
        let inputs = Inputs { features: &features, present: &known[..predicted], moved: &[moved] };
        let (mut said, mut sources) = (Forecasts::default(), Vec::new());
        self.twin.forecast_with_sources(&inputs, &mut said, &mut sources);
        row[..predicted].copy_from_slice(&said.mean);
        encoder.structure().constrain(self.twin.schema(), known, &mut row);
        self.table.whole_pods(&mut row);
        let whole = |at: usize| (DEVIATION * said.aleatoric[at]).hypot(said.epistemic[at]);
        Prediction {
            mean: self.table.state_of(&row, Seconds(now.time.0 + self.period.0), now.age),
            spread: self.spread(&row, whole),
            epistemic: self.spread(&row, |at| said.epistemic[at]),
            source: sources.first().copied().unwrap_or(Source::Learned),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroUsize;

    use karma_core::{DefenderAction, Role, SeedTree};

    use super::*;
    use crate::cluster::tests::{table, topology, window};
    use crate::twin::TwinFitting;
    use crate::{ModelKind, NetworkParams, TwinParams};

    fn team() -> DefenderTeam {
        let role = |name: &str| Role { name: name.to_owned(), authority: 1 };
        DefenderTeam::new(topology(), ["front", "back"].map(role).to_vec().into(), 3)
    }

    fn model() -> ClusterTwin {
        let table = table();
        let rows = table.table_of(&[window(600)]).unwrap();
        let network = NetworkParams {
            members: 2,
            hidden: vec![16],
            epochs: 20,
            imagination: 0,
            ..NetworkParams::default()
        };
        let params = TwinParams { model: ModelKind::Network, network, horizon: 5, ..TwinParams::default() };
        let structure = table.structure(Seconds(15.0));
        let threads = NonZeroUsize::MIN;
        let fitting = TwinFitting {
            table: &rows,
            split: None,
            params: &params,
            structure: &structure,
            seed: 1,
            threads,
        };
        let twin = Twin::fit(&fitting).unwrap();
        ClusterTwin::new(table, Arc::new(twin), team(), Seconds(15.0)).unwrap()
    }

    fn joint(moves: [i32; 2]) -> JointAction {
        let encode = |(service, replica_change)| {
            let action = DefenderAction { service: ServiceId::from_index(service), replica_change };
            team().action_space().encode_defender(action).unwrap()
        };
        moves.into_iter().enumerate().map(encode).collect()
    }

    /// The states of a window up to `step`, as far as a history of `length` remembers them.
    fn history(step: usize, length: usize) -> History {
        let states: Vec<State> = window(20).steps.into_iter().map(|step| step.state).collect();
        let mut history = History::starting(states[0].clone(), length);
        states[1..=step].iter().for_each(|state| history.push(joint([0, 0]), state.clone()));
        history
    }

    fn predict(model: &ClusterTwin, history: &History, moves: [i32; 2]) -> Prediction {
        model.predict(history, &joint(moves), &mut SeedTree::new(1).rng())
    }

    #[test]
    fn a_clusters_twin_keeps_every_promise_of_a_transition_model() {
        let cases = [(0, 1, [0, 0]), (5, 4, [1, -1]), (12, 8, [3, 3])]
            .map(|(step, length, moves)| (history(step, length), joint(moves)));
        karma_core::testing::transition_model(&model(), &cases);
    }

    #[test]
    fn the_next_replicas_are_those_that_the_team_asked_for_within_the_bounds() {
        let model = model();
        let next = predict(&model, &history(10, 8), [3, -1]).mean;
        let now = history(10, 8).now().clone();
        let desired = |state: &State, service| {
            state.get(ServiceId::from_index(service), Metric::DesiredReplicas).unwrap()
        };
        assert_eq!(desired(&next, 0), (desired(&now, 0) + 3.0).min(6.0));
        assert_eq!(desired(&next, 1), desired(&now, 1) - 1.0);
        assert_eq!(next.time, Seconds(now.time.0 + 15.0));
        let rate = |state: &State| state.entry_rates.as_slice()[0].unwrap();
        assert!((rate(&next) - rate(&now)).abs() < 1e-3, "the load stays what it was");
    }

    #[test]
    fn what_is_predicted_has_a_spread_and_what_follows_by_rule_has_none() {
        let prediction = predict(&model(), &history(10, 8), [3, -1]);
        let back = &prediction.spread.as_slice()[1];
        for metric in PREDICTED.into_iter().chain([Metric::RequestRate]) {
            assert!(back.get(metric).is_some_and(|spread| spread > 0.0), "{}: {back:?}", metric.name());
        }
        assert_eq!(back.get(Metric::CpuUsage), None);
        assert_eq!(back.get(Metric::DesiredReplicas), None);
        assert_eq!(
            prediction.spread.as_slice()[0].get(Metric::RequestRate),
            None,
            "nobody calls it: the load is given"
        );
    }

    #[test]
    fn what_was_recorded_is_told_and_the_rest_is_learned() {
        let model = model();
        assert_eq!(predict(&model, &history(10, 8), [0, 0]).source, Source::Exact);
        assert_eq!(predict(&model, &history(10, 8), [3, -1]).source, Source::Learned, "nobody ever did that");
    }

    #[test]
    fn a_longer_memory_is_used() {
        let model = model();
        let mean = |length| predict(&model, &history(10, length), [3, -1]).mean;
        assert_ne!(mean(8), mean(1));
    }

    #[test]
    fn a_deviation_is_told_in_the_unit_of_its_metric() {
        assert_eq!(in_unit(Scale::Linear, 3.0, 0.5), 0.5);
        assert_eq!(in_unit(Scale::Root, 3.0, 0.5), 3.0, "the slope of a square is twice its root");
        assert_eq!(in_unit(Scale::Root, 0.0, 2.0), 4.0, "not 0, as the slope would say");
        assert!(in_unit(Scale::Linear, f32::NAN, 0.5).is_nan());
    }

    #[test]
    fn a_team_over_another_cluster_is_refused() {
        let topology = Arc::new(karma_core::Topology::read(
            r#"{ "services": { "a": { "cpu": 500, "ram": 256, "computation_throughput": 100 } }, "connections": [] }"#.as_bytes(),
        ).unwrap());
        let other = DefenderTeam::new(topology, team().roles().clone(), 3);
        let ClusterTwin { table, twin, .. } = model();
        let refused = ClusterTwin::new(table, twin, other, Seconds(15.0)).unwrap_err();
        assert_eq!(refused, ReplayError::Team { found: 1, expected: 2 });
    }
}
