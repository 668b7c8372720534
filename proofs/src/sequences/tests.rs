//! The kernel passes, and wrong kernels are found out.

use super::*;

const FEW: u64 = 20_000;

#[test]
fn the_kernel_keeps_every_property_and_every_property_is_at_stake() {
    let summary = run(&Real, (1, FEW), 2, &|_| {}).unwrap_or_else(|violation| panic!("{violation}"));
    assert_eq!(summary.sequences, FEW);
    for (property, stake) in Property::ALL.into_iter().zip(summary.stakes) {
        if property != Property::NonBlocking {
            assert!(stake > summary.decisions / 1_000, "{property}: {stake} of {}", summary.decisions);
        }
    }
    assert_eq!(run(&Real, (1, FEW), 1, &|_| {}), Ok(summary), "whatever the number of threads");
}

/// A kernel that is wrong in one way.
#[derive(Clone, Copy, Debug)]
enum Wrong {
    /// One replica more than the bounds allow.
    Beyond,
    /// The memory is lost at a restart.
    Forgetful,
    /// One replica less than safe.
    Meddling,
    /// What is invalid counts as nothing proposed, and nothing as zero.
    Gullible,
    /// A pause is not seen.
    Unpausable,
    /// The budget is not seen.
    Lavish,
    /// Demand is not seen.
    Blind,
    /// The last service gets no answer.
    Silent,
}

impl Kernel for Wrong {
    fn decide(
        &self,
        limits: &Limits,
        memory: &mut Memory,
        (cluster, proposals): (&Cluster<'_>, &[Reading]),
        (decision, outcomes): (&mut Decision, &mut Vec<Outcome>),
    ) -> Result<(), karma_shield::ShapeError> {
        let mut states = cluster.services.to_vec();
        let (mut limits, mut cluster, mut proposals) = (limits.clone(), *cluster, proposals.to_vec());
        match self {
            Self::Gullible => {
                proposals.iter_mut().filter(|p| **p == Reading::Invalid).for_each(|p| *p = Reading::now(0));
            }
            Self::Unpausable => {
                cluster.pause = karma_shield::Pause::default();
                for state in &mut states {
                    state.pause = karma_shield::Pause::default();
                }
            }
            Self::Lavish => limits = changed(&limits, Budget::UNLIMITED, |_| {}),
            Self::Blind => limits = changed(&limits, limits.budget(), |service| service.demand = None),
            Self::Beyond | Self::Forgetful | Self::Meddling | Self::Silent => {}
        }
        cluster.services = &states;
        Real.decide(&limits, memory, (&cluster, &proposals), (decision, outcomes))?;
        for (outcome, service) in outcomes.iter_mut().zip(limits.services()) {
            match self {
                Self::Beyond if outcome.replicas == service.max => outcome.replicas += 1,
                Self::Meddling if outcome.replicas > service.min => outcome.replicas -= 1,
                _ => {}
            }
        }
        if matches!(self, Self::Silent) {
            outcomes.pop();
        }
        Ok(())
    }

    fn restart(&self, memory: &Memory) -> Memory {
        if matches!(self, Self::Forgetful) { Memory::new(memory.len()) } else { memory.clone() }
    }
}

fn changed(limits: &Limits, budget: Budget, change: impl Fn(&mut karma_shield::ServiceLimits)) -> Limits {
    let mut services = limits.services().to_vec();
    services.iter_mut().for_each(change);
    karma_shield::LimitParams { services, budget }.check().unwrap()
}

#[test]
fn wrong_kernels_are_found_out_and_the_right_property_is_named() {
    use Property as P;
    for (wrong, property) in [
        (Wrong::Beyond, vec![P::Bounds, P::Pause]),
        (Wrong::Forgetful, vec![P::Rate, P::Stabilization, P::Oscillation]),
        (Wrong::Meddling, vec![P::MinimalIntervention, P::Pause]),
        (Wrong::Gullible, vec![P::Freshness]),
        (Wrong::Unpausable, vec![P::Pause, P::Bounds]),
        (Wrong::Lavish, vec![P::Budget]),
        (Wrong::Blind, vec![P::Availability, P::Freshness, P::Recoverability]),
        (Wrong::Silent, vec![P::NonBlocking]),
    ] {
        let violation = run(&wrong, (1, FEW), 2, &|_| {}).expect_err("it is wrong");
        assert!(property.contains(&violation.broken.property), "{wrong:?}: {violation}");
    }
}

#[test]
fn a_sequence_can_be_shown_step_by_step() {
    let mut text = String::new();
    replay(7, &mut text).unwrap();
    assert!(text.contains("ServiceLimits") && text.ends_with("every property holds\n"), "{text}");
}
