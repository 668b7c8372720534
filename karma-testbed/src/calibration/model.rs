//! The parameters, and the simulated cluster that they make.

use karma_core::topology::Topology;
use karma_core::{Id as _, RequestsPerSecond, Seconds, ServiceId};
use karma_mock::sim::{SimulationConfig, SimulationParams, SimulationParamsError};
use serde::{Deserialize, Serialize};

use super::Study;
use super::series::mean;

/// A parameter that may be fitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Parameter {
    /// What the work of every service is multiplied by.
    WorkFactor,
    /// CPU that each visit of a request costs beside its work: HTTP, kernel, runtime. Hard to tell from
    /// [`WorkFactor`](Self::WorkFactor) where all services work alike.
    Overhead,
    /// Seconds that each call spends outside of pods.
    Network,
    /// Share of each node's CPU that others use: the control plane, the load generator.
    Background,
}

/// Values of all parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Model {
    /// [`Parameter::WorkFactor`]; 1.
    pub work_factor: f64,
    /// [`Parameter::Overhead`], core-seconds; 0.
    pub overhead: f64,
    /// [`Parameter::Network`], seconds; 0.001.
    pub network: f64,
    /// [`Parameter::Background`]; 0.
    pub background: f64,
}

impl Default for Model {
    fn default() -> Self {
        Self { work_factor: 1.0, overhead: 0.0, network: 0.001, background: 0.0 }
    }
}

impl Parameter {
    /// Least and greatest value.
    pub const fn bounds(self) -> (f64, f64) {
        match self {
            Self::WorkFactor => (0.25, 4.0),
            Self::Overhead => (0.0, 0.02),
            Self::Network => (0.0, 0.1),
            Self::Background => (0.0, 0.95),
        }
    }

    /// The value at `u` of the unit interval: factors grow geometrically, seconds with the square, so that a step means
    /// about as much everywhere.
    fn value(self, u: f64) -> f64 {
        let (least, most) = self.bounds();
        match self {
            Self::WorkFactor => least * (most / least).powf(u),
            Self::Overhead | Self::Network => least + (most - least) * u * u,
            Self::Background => least + (most - least) * u,
        }
    }

    /// Where in the unit interval a value lies.
    fn position(self, value: f64) -> f64 {
        let (least, most) = self.bounds();
        let u = match self {
            Self::WorkFactor => (value / least).ln() / (most / least).ln(),
            Self::Overhead | Self::Network => ((value - least) / (most - least)).max(0.0).sqrt(),
            Self::Background => (value - least) / (most - least),
        };
        u.clamp(0.0, 1.0)
    }
}

impl Model {
    /// Where the free parameters lie in the unit box.
    pub(super) fn point(&self, free: &[Parameter]) -> Vec<f64> {
        free.iter().map(|parameter| parameter.position(self.get(*parameter))).collect()
    }

    /// The model at a point of the unit box; parameters that are not free keep their values.
    pub(super) fn at(mut self, free: &[Parameter], point: &[f64]) -> Self {
        for (parameter, u) in free.iter().zip(point) {
            *self.get_mut(*parameter) = parameter.value(*u);
        }
        self
    }

    /// The value of a parameter.
    pub const fn get(&self, parameter: Parameter) -> f64 {
        match parameter {
            Parameter::WorkFactor => self.work_factor,
            Parameter::Overhead => self.overhead,
            Parameter::Network => self.network,
            Parameter::Background => self.background,
        }
    }

    const fn get_mut(&mut self, parameter: Parameter) -> &mut f64 {
        match parameter {
            Parameter::WorkFactor => &mut self.work_factor,
            Parameter::Overhead => &mut self.overhead,
            Parameter::Network => &mut self.network,
            Parameter::Background => &mut self.background,
        }
    }

    /// The topology with this model's work, and with start-ups as observed.
    pub(super) fn topology(&self, study: &Study) -> Topology {
        let mut topology = Topology::clone(&study.topology);
        for (index, service) in topology.services.iter_mut().enumerate() {
            let id = ServiceId::from_index(index);
            let work = study.work(id) * self.work_factor + self.overhead;
            service.throughput = RequestsPerSecond(service.cpu.cores() / work);
            service.startup = Seconds(study.startup(id));
        }
        topology
    }

    /// The settings of the simulation.
    pub(super) fn config(&self, study: &Study) -> Result<SimulationConfig, SimulationParamsError> {
        SimulationConfig::try_from(SimulationParams {
            cpu_period: study.measurement.cpu_period,
            network: self.network,
            readiness_period: study.measurement.readiness_period,
            startup_sigma: study.startup_sigma(),
            ..SimulationParams::default()
        })
    }
}

impl Study {
    /// What cannot be read off the measurement: time on the network, and the work of requests unless their CPU was measured
    /// for every service.
    pub fn unmeasured(&self) -> Vec<Parameter> {
        let measured = |service: &karma_core::topology::Service| {
            let facts = self.measurement.services.get(&service.name);
            facts.is_some_and(|facts| facts.cpu_per_request.is_some())
        };
        let work = (!self.topology.services.iter().all(measured)).then_some(Parameter::WorkFactor);
        work.into_iter().chain([Parameter::Network]).collect()
    }

    fn starts(&self, id: ServiceId) -> &[f64] {
        let facts = self.measurement.services.get(&self.topology.services[id].name);
        facts.map_or(&[], |facts| &facts.starts)
    }

    /// Core-seconds of a request: measured, or else what the topology says.
    pub(super) fn work(&self, id: ServiceId) -> f64 {
        let service = &self.topology.services[id];
        let facts = self.measurement.services.get(&service.name);
        facts.and_then(|facts| facts.cpu_per_request).unwrap_or_else(|| service.mean_work())
    }

    /// Median start-up without the wait for a probe, which is uniform over its period `p`: the mean of observed starts less
    /// `p / 2`, at least 10 ms, is that of a log-normal, which is `exp(σ² / 2)` times its median. (Kubernetes notes whole
    /// seconds: their mean is right, the middle one of a few is not.) The topology's if no start was observed.
    pub(super) fn startup(&self, id: ServiceId) -> f64 {
        let Some(mean) = mean(self.starts(id)) else { return self.topology.services[id].startup.0 };
        let sigma = self.startup_sigma();
        (mean - self.measurement.readiness_period / 2.0).max(0.01) / (sigma * sigma / 2.0).exp()
    }

    /// Sigma of the log-normal start-up, of all services together: of the variance of observed starts, `p² / 12` is that
    /// of the probe, and the rest gives `σ² = ln(1 + rest / mean²)`. The default with fewer than three starts of each service.
    pub(super) fn startup_sigma(&self) -> f64 {
        let estimates: Vec<f64> = self.topology.services.ids().filter_map(|id| self.sigma_of(id)).collect();
        mean(&estimates).unwrap_or(SimulationParams::default().startup_sigma).min(3.0)
    }

    fn sigma_of(&self, id: ServiceId) -> Option<f64> {
        let starts = self.starts(id);
        let probe = self.measurement.readiness_period;
        let centre = mean(starts).filter(|_| starts.len() >= 3)?;
        let squares: f64 = starts.iter().map(|start| (start - centre).powi(2)).sum();
        let rest = (squares / (starts.len() - 1) as f64 - probe * probe / 12.0).max(0.0);
        let start = (centre - probe / 2.0).max(0.01);
        Some((rest / (start * start)).ln_1p().sqrt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [Parameter; 4] =
        [Parameter::WorkFactor, Parameter::Overhead, Parameter::Network, Parameter::Background];

    proptest! {
        #[test]
        fn every_point_of_the_box_is_a_model_within_bounds_and_back(point in prop::collection::vec(0.0f64..=1.0, 4)) {
            let model = Model::default().at(&ALL, &point);
            for parameter in ALL {
                let (least, most) = parameter.bounds();
                prop_assert!((least..=most * (1.0 + 1e-12)).contains(&model.get(parameter)));
            }
            for (a, b) in model.point(&ALL).iter().zip(&point) {
                prop_assert!((a - b).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn what_is_not_free_stays() {
        let model = Model::default().at(&[Parameter::Network], &[1.0]);
        assert_eq!(model, Model { network: 0.1, ..Model::default() });
    }
}
