//! What an operator writes of safety; [`SafetyParams::check`] makes limits of it.
//!
//! Fewest and most replicas, requests, throughput, start-up delay and priority are the topology's; nothing of it is
//! written twice. The defaults are those of a careful operator, and do not cripple a team that moves a service by at most
//! three replicas every fifteen seconds: ways up are as the Kubernetes HPA has them, ways down are slower.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How many replicas may be moved in one direction within a window: `pods`, or `percent` of those that were there at its
/// beginning, whichever is more.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateParams {
    /// Replicas in any case.
    pub pods: u32,
    /// Percent, rounded up; at most 100 downwards.
    pub percent: u32,
    /// Length of the window, seconds.
    pub window_seconds: f64,
}

/// What a service's demand holds back and raises. Demand is the service's request rate.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DemandParams {
    /// Whether demand is looked at; true. Without it a scale-down rests on ready pods alone, and a policy is listened to
    /// while nobody knows the request rate.
    pub enabled: bool,
    /// Share of its throughput at which a replica is counted on, 0.01 to 10; 1: a scale-down leaves what carries the
    /// measured rate with its CPU request fully used.
    pub utilization: f64,
    /// Requests per second above which a sample is a broken sensor's, up to a thousand million; a million.
    pub plausible: f64,
    /// How fast demand may grow; absent: the shield adds nothing by itself.
    pub growth: Option<GrowthParams>,
}

impl Default for DemandParams {
    fn default() -> Self {
        Self { enabled: true, utilization: 1.0, plausible: 1e6, growth: None }
    }
}

/// The assumption under which ready pods always carry the demand (P10).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrowthParams {
    /// By how much demand grows in a second at most: a share of the service's nominal rate, 0 to 1000.
    pub per_second: f64,
    /// Demand that is still promised for: a multiple of the nominal rate, 0 to 1000.
    pub peak: f64,
    /// How many times its median a start-up may take, 1 to 100; 2, which covers 99 of 100 starts if their delay is
    /// log-normal with a sigma of 0.3.
    #[serde(default = "startup_factor")]
    pub startup_factor: f64,
}

const fn startup_factor() -> f64 {
    2.0
}

/// What all services together may take; what is absent is not limited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct BudgetParams {
    /// Requested CPU, cores.
    pub cpu_cores: Option<f64>,
    /// Requested memory, gibibytes.
    pub memory_gib: Option<f64>,
    /// The cost cap: what an hour of all replicas may cost, in any currency. It needs a price.
    pub cost_per_hour: Option<f64>,
    /// Price of a requested core for an hour, 0 to 1000; 0.
    pub price_per_core_hour: f64,
    /// Price of a requested gibibyte for an hour, 0 to 1000; 0.
    pub price_per_gib_hour: f64,
}

/// Defines what holds for all services and what may be written for one of them, from one list of fields.
macro_rules! safety_params {
    ($($(#[$doc:meta])* $field:ident: $kind:ty = $default:expr;)+) => {
        /// Safety as written.
        ///
        /// ```
        /// # use karma_guard::SafetyParams;
        /// let params: SafetyParams = toml::from_str(
        ///     r#"
        ///     cooldown_seconds = 60
        ///     down = { pods = 1, percent = 0, window_seconds = 60 }
        ///     demand = { utilization = 0.8 }
        ///     budget = { cpu_cores = 16 }
        ///
        ///     [services.api]
        ///     min_available = 2
        ///     "#,
        /// )?;
        /// assert_eq!(params.services["api"].min_available, Some(2));
        /// assert_eq!(params.stale_after_seconds, 60.0, "what is not written has its default");
        /// # Ok::<(), toml::de::Error>(())
        /// ```
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct SafetyParams {
            $($(#[$doc])* pub $field: $kind,)+
            /// What all services together may take.
            pub budget: BudgetParams,
            /// Exceptions, by the service's name.
            pub services: BTreeMap<String, ServiceSafetyParams>,
        }

        impl Default for SafetyParams {
            fn default() -> Self {
                Self {
                    $($field: $default,)+
                    budget: BudgetParams::default(),
                    services: BTreeMap::new(),
                }
            }
        }

        /// What holds for one service instead: what is written replaces what holds for all, a table as a whole.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct ServiceSafetyParams {
            $($(#[$doc])* #[serde(skip_serializing_if = "Option::is_none")] pub $field: Option<$kind>,)+
        }

        impl SafetyParams {
            /// What holds for a service that these exceptions were written for.
            pub(crate) fn with(&self, exceptions: &ServiceSafetyParams) -> Self {
                Self {
                    $($field: exceptions.$field.unwrap_or(self.$field),)+
                    budget: self.budget,
                    services: BTreeMap::new(),
                }
            }
        }
    };
}

safety_params! {
    /// How many replicas may be added (P2); 4 pods or 100 % in 15 s, as the HPA.
    up: RateParams = RateParams { pods: 4, percent: 100, window_seconds: 15.0 };
    /// How many replicas may be removed (P2); 3 pods or 50 % in 60 s.
    down: RateParams = RateParams { pods: 3, percent: 50, window_seconds: 60.0 };
    /// After replicas were added, none is removed for so long (P3), seconds; 30.
    cooldown_seconds: f64 = 30.0;
    /// A scale-up goes no higher than the lowest wish of so long before (P3), seconds; 0.
    stabilize_up_seconds: f64 = 0.0;
    /// A scale-down goes no lower than the highest wish of so long before (P3), seconds; 0. An agent may ask for less at
    /// any time and is heard once it has asked for so long; with 0 it is heard at once, and cooldown and rate do the work.
    stabilize_down_seconds: f64 = 0.0;
    /// Most changes of direction within the window (P9), 2 to 8; 8.
    reversals: u32 = 8;
    /// That window, seconds; 600.
    reversal_window_seconds: f64 = 600.0;
    /// A sample older than this is of no use (P6), seconds; 60.
    stale_after_seconds: f64 = 60.0;
    /// Ready pods that a scale-down leaves, as a `PodDisruptionBudget`'s `minAvailable` (P5); 0.
    min_available: u32 = 0;
    /// Pods that may be removed or not ready at a decision that removes some, as its `maxUnavailable` (P5), at least 1;
    /// absent: any number.
    max_unavailable: Option<u32> = None;
    /// What demand holds back and raises (P5, P10).
    demand: DemandParams = DemandParams::default();
    /// Replicas that the budget keeps free for the service, whether it uses them or not (P4), between its fewest and its
    /// most; absent: its fewest, or what the peak of `demand.growth` needs if that is more.
    share: Option<u32> = None;
    /// CPU utilisation that the fallback aims at (P6), percent of the request, 1 to 1000; 80.
    target_percent: u32 = 80;
    /// How far from its target the fallback does nothing, as a share of it, 0 to 1; 0.1.
    tolerance: f64 = 0.1;
}
