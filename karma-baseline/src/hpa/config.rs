//! The autoscaler's settings, checked: what the algorithm runs with.

use super::behavior::Behavior;
use super::controller::ControllerConfig;
use super::error::{SpecError, require};
use super::metric_source::{MetricSource, ResourceName};
use super::ratio::Tolerances;
use super::spec::HpaParams;
use super::target::ResourceTarget;

/// A checked specification. Made by [`HpaParams::check`] only.
#[derive(Debug, Clone, PartialEq)]
pub struct HpaConfig {
    pub(super) min_replicas: i32,
    pub(super) max_replicas: i32,
    pub(super) metrics: Vec<MetricSource>,
    pub(super) behavior: Option<Behavior>,
    pub(super) controller: ControllerConfig,
}

impl HpaConfig {
    /// Fewest replicas.
    pub fn min_replicas(&self) -> i32 {
        self.min_replicas
    }

    /// Most replicas.
    pub fn max_replicas(&self) -> i32 {
        self.max_replicas
    }

    /// What to scale on; at least one metric. Readings are given in this order.
    pub fn metrics(&self) -> &[MetricSource] {
        &self.metrics
    }

    /// Rates and stabilisation, if the specification has a `behavior`.
    pub fn behavior(&self) -> Option<&Behavior> {
        self.behavior.as_ref()
    }

    /// The controller's settings.
    pub fn controller(&self) -> &ControllerConfig {
        &self.controller
    }

    /// How far a metric may be from its target without consequence: the behavior's tolerance of each direction,
    /// or else the controller's (KEP-4951).
    pub fn tolerances(&self) -> Tolerances {
        let default = self.controller.tolerance;
        let of = |tolerance: Option<f64>| tolerance.unwrap_or(default);
        match &self.behavior {
            None => Tolerances { scale_down: default, scale_up: default },
            Some(rules) => Tolerances {
                scale_down: of(rules.scale_down.tolerance),
                scale_up: of(rules.scale_up.tolerance),
            },
        }
    }

    /// Whether some metric has a meaning without any pod, so that zero replicas can be left again.
    pub(super) fn can_scale_from_zero(&self) -> bool {
        let without_pods =
            |m: &MetricSource| matches!(m, MetricSource::Object { .. } | MetricSource::External { .. });
        self.metrics.iter().any(without_pods)
    }
}

impl HpaParams {
    /// Checks the specification as the API server would, and fills in its defaults.
    ///
    /// Stricter than the API server in one place: a target's `type` and its value must agree, while Kubernetes
    /// quietly prefers one value or the other, depending on the metric.
    ///
    /// # Errors
    /// The first field that is out of range, missing, or contradicts its `type`.
    ///
    /// ```
    /// use karma_baseline::hpa::{ControllerConfig, HpaParams};
    ///
    /// let manifest = r#"{ "minReplicas": 2, "maxReplicas": 1 }"#;
    /// let params: HpaParams = serde_json::from_str(manifest).unwrap();
    /// let error = params.check(ControllerConfig::default()).unwrap_err();
    /// assert_eq!(error.to_string(), "`maxReplicas` is 1, allowed is minReplicas or more");
    /// ```
    pub fn check(&self, controller: ControllerConfig) -> Result<HpaConfig, SpecError> {
        let at = |field: &'static str| move || field.to_owned();
        let min_replicas = self.min_replicas.unwrap_or(1);
        if controller.scale_to_zero {
            require(min_replicas >= 0, at("minReplicas"), min_replicas, "0 or more")?;
        } else {
            require(
                min_replicas >= 1,
                at("minReplicas"),
                min_replicas,
                "1 or more (0 needs the scale-to-zero gate)",
            )?;
        }
        require(self.max_replicas >= 1, at("maxReplicas"), self.max_replicas, "1 or more")?;
        require(
            self.max_replicas >= min_replicas,
            at("maxReplicas"),
            self.max_replicas,
            "minReplicas or more",
        )?;
        let behavior =
            self.behavior.as_ref().map(|b| b.check(controller.downscale_stabilization)).transpose()?;
        let config = HpaConfig {
            min_replicas,
            max_replicas: self.max_replicas,
            metrics: self.sources()?,
            behavior,
            controller,
        };
        let needed = "1 or more (0 needs an Object or External metric to wake up again)";
        require(min_replicas > 0 || config.can_scale_from_zero(), at("minReplicas"), min_replicas, needed)?;
        Ok(config)
    }

    fn sources(&self) -> Result<Vec<MetricSource>, SpecError> {
        if self.metrics.is_empty() {
            let target = ResourceTarget::Utilization(80);
            return Ok(vec![MetricSource::Resource { resource: ResourceName::Cpu, container: None, target }]);
        }
        self.metrics
            .iter()
            .enumerate()
            .map(|(index, metric)| metric.check(&format!("metrics[{index}]")))
            .collect()
    }
}
