//! From what an operator wrote, and a topology, to limits that can all hold.
//!
//! Units change here, and always to the safe side: what a replica carries is rounded down, what demand and prices are is
//! rounded up. Demand is counted in thousandths of a request per second, money in millionths.

use std::sync::Arc;

use karma_core::topology::{Priority, Service};
use karma_core::{PerService, SafeguardFactory, Seconds, Topology};
use karma_shield::{
    Amounts, Budget, DemandLimits, Growth, LimitError, LimitParams, Limits, MOST_REVERSALS, Rate,
    ServiceLimits,
};

use crate::params::{BudgetParams, DemandParams, GrowthParams, RateParams, SafetyParams};
use crate::{SafetyError, Shield};

/// Thousandths of a request per second in one.
pub(crate) const DEMAND_SCALE: u32 = 1000;
/// Units of price in one of the currency.
const PRICE_SCALE: f64 = 1e6;
/// The longest time of a setting: 31 years.
const LONGEST_SECONDS: f64 = 1e9;

/// How a cluster is run: what the lead of [`GrowthParams`] is made of, beside the topology's start-up delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timing {
    /// Between two decisions; 15 s.
    pub decision_period: Seconds,
    /// Between two readiness probes: a started pod waits for the next; 10 s, as in Kubernetes.
    pub readiness_period: Seconds,
    /// Between two scrapes: a request rate is a mean over it; 5 s.
    pub scrape_period: Seconds,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            decision_period: Seconds(15.0),
            readiness_period: Seconds(10.0),
            scrape_period: Seconds(5.0),
        }
    }
}

/// Checked limits of a topology. Clones share them.
#[derive(Clone, Debug, PartialEq)]
pub struct SafetyConfig(Arc<Checked>);

#[derive(Debug, PartialEq)]
struct Checked {
    limits: Limits,
    /// What may be asked for: the same limits without the windows of wishes.
    asking: Limits,
}

impl SafetyConfig {
    /// What the kernel holds the services to, in the topology's order.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// The limits that say what an agent may **ask** for: without stabilisation (P3), which compares a wish with earlier
    /// ones. An agent that may only wish what would pass at once could never wish less than it wished before, so that it
    /// would never be let down; the kernel itself goes on to wait until a wish is old enough.
    pub(crate) fn asking(&self) -> &Limits {
        &self.0.asking
    }

    /// Makes shields under these limits, one for each episode.
    pub fn factory(&self) -> SafeguardFactory {
        let config = self.clone();
        SafeguardFactory::new(move || Box::new(Shield::new(config.clone())))
    }
}

impl SafetyParams {
    /// Limits for the services of `topology`.
    ///
    /// # Errors
    /// The first thing that is wrong: a service that is not there, a value outside of its range, or settings that
    /// cannot hold together.
    pub fn check(&self, topology: &Topology, timing: Timing) -> Result<SafetyConfig, SafetyError> {
        let lead = timing.check()?;
        let budget = self.budget.check()?;
        let known = || topology.services.iter().map(|service| service.name.clone()).collect();
        if let Some(name) = self.services.keys().find(|name| topology.service_named(name).is_none()) {
            return Err(SafetyError::UnknownService { name: name.clone(), known: known() });
        }
        let (nominal, mut services) = (topology.nominal_visits(), Vec::new());
        for (id, service) in topology.services.iter_enumerated() {
            let exceptions = self.services.get(&service.name);
            let (place, params) = match exceptions {
                None => ("safety".to_owned(), self),
                Some(exceptions) => {
                    (format!("safety.services.{}", service.name), &self.with(exceptions))
                }
            };
            let each = self.budget.each(service)?;
            let place = Place(&place);
            let limits = params.limits(&place, service, (nominal[id], lead))?;
            services.push(ServiceLimits { each, ..limits });
        }
        let asking = services.iter().map(|service| ServiceLimits {
            stabilize_up_ms: 0,
            stabilize_down_ms: 0,
            ..*service
        });
        let asking = LimitParams { services: asking.collect(), budget };
        let limits = LimitParams { services, budget };
        let named = |error| self.named(error, &limits, &topology.services);
        let asking = asking.check().map_err(named)?;
        let limits = limits.clone().check().map_err(named)?;
        Ok(SafetyConfig(Arc::new(Checked { limits, asking })))
    }
}
