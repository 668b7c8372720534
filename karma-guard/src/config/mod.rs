//! From what an operator wrote, and a topology, to limits that can all hold.
//!
//! Units change here, and always to the safe side: what a replica carries is rounded down, what demand and prices are is
//! rounded up. Demand is counted in thousandths of a request per second, money in millionths.

mod place;
mod refusal;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use karma_core::topology::{Priority, Service};
use karma_core::{SafeguardFactory, Seconds, Topology};
use karma_shield::{
    Amounts, Budget, DemandLimits, Growth, LimitParams, Limits, MOST_REVERSALS, Rate, ServiceLimits,
};

use place::{LONGEST_SECONDS, Place, ceil, floor, thousandths};
use refusal::named;

use crate::params::{BudgetParams, DemandParams, GrowthParams, RateParams, SafetyParams};
use crate::{SafetyError, Shield};

/// Thousandths of a request per second in one.
pub(crate) const DEMAND_SCALE: u32 = 1000;
/// Units of price in one of the currency.
const PRICE_SCALE: f64 = 1e6;

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
        Self { decision_period: Seconds(15.0), readiness_period: Seconds(10.0), scrape_period: Seconds(5.0) }
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
        let running = timing.check()?;
        let budget = self.budget.check()?;
        let known = || topology.services.iter().map(|service| service.name.clone()).collect();
        if let Some(name) = self.services.keys().find(|name| topology.service_named(name).is_none()) {
            return Err(SafetyError::UnknownService { name: name.clone(), known: known() });
        }
        let nominal = topology.nominal_visits();
        let services = topology.services.iter_enumerated().map(|(id, service)| {
            let means = Means { service, nominal: nominal[id], running };
            let limits = self.limits(&Place("safety"), means)?;
            let Some(exceptions) = self.services.get(&service.name) else { return Ok(limits) };
            self.with(exceptions).limits(&Place(&format!("safety.services.{}", service.name)), means)
        });
        let params = LimitParams { services: services.collect::<Result<_, _>>()?, budget };
        let mut asking = params.clone();
        for service in &mut asking.services {
            (service.stabilize_up_ms, service.stabilize_down_ms) = (0, 0);
        }
        let named = |error| named(error, &params, &topology.services);
        let (limits, asking) = (params.clone().check().map_err(named)?, asking.check().map_err(named)?);
        Ok(SafetyConfig(Arc::new(Checked { limits, asking })))
    }

    /// What holds for one service.
    fn limits(&self, place: &Place<'_>, means: Means<'_>) -> Result<ServiceLimits, SafetyError> {
        let service = means.service;
        let (min, max) = (service.min_replicas.0, service.max_replicas.0);
        let demand = self.demand.check(place, means)?;
        let peak = demand.and_then(|demand| Some(demand.growth?.peak.div_ceil(demand.per_replica)));
        let for_peak = peak.map_or(0, |peak| u32::try_from(peak).unwrap_or(u32::MAX));
        Ok(ServiceLimits {
            min,
            max,
            up: self.up.check(place, "up", u32::MAX)?,
            down: self.down.check(place, "down", 100)?,
            cooldown_ms: place.ms("cooldown_seconds", self.cooldown_seconds)?,
            stabilize_down_ms: place.ms("stabilize_down_seconds", self.stabilize_down_seconds)?,
            stabilize_up_ms: place.ms("stabilize_up_seconds", self.stabilize_up_seconds)?,
            each: self.budget.each(service)?,
            share: self.share.unwrap_or(min.max(for_peak).min(max)),
            rank: rank(service.priority),
            min_available: self.min_available,
            max_unavailable: self
                .max_unavailable
                .map(|most| place.whole("max_unavailable", most, 1, u32::MAX))
                .transpose()?,
            demand,
            stale_after_ms: place.ms("stale_after_seconds", self.stale_after_seconds)?,
            reversals: place.whole("reversals", self.reversals, 2, MOST_REVERSALS)?,
            reversal_window_ms: place.ms("reversal_window_seconds", self.reversal_window_seconds)?,
            target_percent: place.whole("target_percent", self.target_percent, 1, 1000)?,
            tolerance_permille: thousandths(place.number("tolerance", self.tolerance, 0.0, 1.0)?),
        })
    }
}

/// A service and what is known of how it is run.
#[derive(Clone, Copy)]
struct Means<'a> {
    service: &'a Service,
    /// Requests per second that it receives when every entry point receives its nominal rate.
    nominal: f64,
    /// From a decision to a ready pod and the next decision, but for the start-up delay, seconds.
    running: f64,
}

/// Who is served first.
const fn rank(priority: Priority) -> u32 {
    match priority {
        Priority::Critical => 0,
        Priority::Normal => 1,
        Priority::Low => 2,
    }
}

impl Timing {
    /// The part of a lead that no start-up delay is in, seconds. A rate that is a mean over a scrape period lags behind
    /// what grows steadily by half of it.
    fn check(self) -> Result<f64, SafetyError> {
        let seconds =
            |field, seconds: Seconds| Place("timing").number(field, seconds.0, 0.0, LONGEST_SECONDS / 10.0);
        Ok(seconds("decision_period", self.decision_period)?
            + seconds("readiness_period", self.readiness_period)?
            + seconds("scrape_period", self.scrape_period)? / 2.0)
    }
}

impl RateParams {
    fn check(self, place: &Place<'_>, way: &str, most_percent: u32) -> Result<Rate, SafetyError> {
        let percent = place.whole(&format!("{way}.percent"), self.percent, 0, most_percent)?;
        let window_ms = place.ms(&format!("{way}.window_seconds"), self.window_seconds)?;
        Ok(Rate { pods: self.pods, percent, window_ms })
    }
}

impl DemandParams {
    fn check(self, place: &Place<'_>, means: Means<'_>) -> Result<Option<DemandLimits>, SafetyError> {
        let utilization = place.number("demand.utilization", self.utilization, 0.01, 10.0)?;
        let most =
            floor(place.number("demand.plausible", self.plausible, 1e-3, 1e9)? * f64::from(DEMAND_SCALE));
        let growth = self.growth.map(|growth| growth.check(place, means)).transpose()?;
        if !self.enabled {
            let useless = || place.refuse("demand.enabled", false, "true beside demand.growth".to_owned());
            return growth.map_or(Ok(None), |_| Err(useless()));
        }
        let (carried, name) = (means.service.throughput.0 * utilization, &means.service.name);
        if carried < 1e-3 {
            let allowed = format!("at least {} for {name}", 1e-3 / means.service.throughput.0);
            return Err(place.refuse("demand.utilization", utilization, allowed));
        }
        Ok(Some(DemandLimits { per_replica: floor(carried * f64::from(DEMAND_SCALE)), most, growth }))
    }
}

impl GrowthParams {
    fn check(self, place: &Place<'_>, means: Means<'_>) -> Result<Growth, SafetyError> {
        let number = |field: &str, value, least, most| {
            place.number(&format!("demand.growth.{field}"), value, least, most)
        };
        let per_second = number("per_second", self.per_second, 0.0, 1000.0)?;
        let peak = number("peak", self.peak, 0.0, 1000.0)?;
        let startup = number("startup_factor", self.startup_factor, 1.0, 100.0)? * means.service.startup.0;
        let thousandths = |multiple: f64| ceil(multiple * means.nominal * f64::from(DEMAND_SCALE));
        Ok(Growth {
            per_second: thousandths(per_second),
            lead_ms: ceil((startup + means.running) * 1000.0),
            peak: thousandths(peak),
        })
    }
}

impl BudgetParams {
    fn check(&self) -> Result<Budget, SafetyError> {
        let place = Place("safety.budget");
        let limit = |field, value: Option<f64>, scale: f64| {
            value.map_or(Ok(u64::MAX), |value| Ok(floor(place.number(field, value, 0.0, 1e12)? * scale)))
        };
        place.number("price_per_core_hour", self.price_per_core_hour, 0.0, 1000.0)?;
        place.number("price_per_gib_hour", self.price_per_gib_hour, 0.0, 1000.0)?;
        if let Some(cap) = self.cost_per_hour
            && self.price_per_core_hour + self.price_per_gib_hour == 0.0
        {
            return Err(place.refuse(
                "cost_per_hour",
                cap,
                "it only beside a price that is not 0".to_owned(),
            ));
        }
        Ok(Budget {
            cpu: limit("cpu_cores", self.cpu_cores, 1000.0)?,
            memory: limit("memory_gib", self.memory_gib, 1024.0)?,
            price: limit("cost_per_hour", self.cost_per_hour, PRICE_SCALE)?,
        })
    }

    /// What one replica takes.
    fn each(&self, service: &Service) -> Result<Amounts, SafetyError> {
        let gib = f64::from(service.memory.0) / 1024.0;
        let price = self.price_per_core_hour * service.cpu.cores() + self.price_per_gib_hour * gib;
        let units = ceil(price * PRICE_SCALE);
        let (cpu, memory) = (service.cpu.0, service.memory.0);
        u32::try_from(units).map(|price| Amounts { cpu, memory, price }).map_err(|_| {
            let most = f64::from(u32::MAX) / PRICE_SCALE;
            let replica = format!("price of a replica of {}", service.name);
            Place("safety.budget").refuse(&replica, price, format!("at most {most} for an hour"))
        })
    }
}
