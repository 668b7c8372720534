//! What the kernel refuses, in the operator's words.

use karma_core::PerService;
use karma_core::topology::Service;
use karma_shield::{Amounts, LimitError, LimitParams};

use super::PRICE_SCALE;
use crate::SafetyError;

/// An error with the service by its name.
pub(super) fn named(error: LimitError, params: &LimitParams, services: &PerService<Service>) -> SafetyError {
    let name = |service: usize| {
        services.as_slice().get(service).map_or_else(String::new, |service| service.name.clone())
    };
    match error {
        LimitError::Share { service, share, min, max } => {
            SafetyError::Share { name: name(service), share, min, max }
        }
        LimitError::Peak { service, needed, share } => {
            SafetyError::Peak { name: name(service), needed, share }
        }
        LimitError::Growth { service, needed, allowed } => {
            SafetyError::Growth { name: name(service), needed, allowed }
        }
        LimitError::Budget => over_budget(params).unwrap_or(SafetyError::Kernel(error)),
        LimitError::Bounds { .. } | LimitError::Range { .. } | LimitError::TooManyServices => {
            SafetyError::Kernel(error)
        }
    }
}

/// The first part of the budget that the shares alone exceed.
fn over_budget(params: &LimitParams) -> Option<SafetyError> {
    let taken = |of: fn(Amounts) -> u32| -> u128 {
        params.services.iter().map(|service| u128::from(service.share) * u128::from(of(service.each))).sum()
    };
    let budget = params.budget;
    [
        ("cpu_cores", budget.cpu, taken(|each| each.cpu), 1000.0),
        ("memory_gib", budget.memory, taken(|each| each.memory), 1024.0),
        ("cost_per_hour", budget.price, taken(|each| each.price), PRICE_SCALE),
    ]
    .into_iter()
    .find(|(_, budget, taken, _)| u128::from(*budget) < *taken)
    .map(|(field, budget, taken, scale)| SafetyError::Budget {
        field,
        budget: budget as f64 / scale,
        shares: taken as f64 / scale,
    })
}
