//! All services at one decision: the budget, the nodes, and that what is safe together passes.

use karma_shield::{Cluster, Limits, NodeRoom, Property, Reading, ServiceLimits};

use super::super::outcome::Outcome;
use super::Stakes;
use super::terms::Terms;
use super::view::{Checked, View, expect};

pub(super) type Views<'a> = (&'a Limits, &'a Cluster<'a>, &'a [Terms]);

pub(super) fn view((limits, cluster, terms): Views<'_>, service: usize) -> View<'_> {
    View {
        limits: &limits.services()[service],
        state: &cluster.services[service],
        terms: &terms[service],
        trusted: cluster.trusted,
    }
}

/// P8: if all proposals are safe, also together, they pass.
pub(super) fn check_passes(
    views: Views<'_>,
    proposals: &[Reading],
    outcomes: &[Outcome],
    stakes: &mut Stakes,
) -> Checked {
    let asked = |service: usize| match proposals[service] {
        Reading::Value { value, .. } => u32::try_from(value).unwrap_or(0),
        Reading::Missing | Reading::Invalid => 0,
    };
    if check_budget(views, asked).and_then(|()| check_nodes(views, asked)).is_err() {
        return Ok(());
    }
    stakes[Property::MinimalIntervention as usize] += 1;
    for (service, outcome) in outcomes.iter().enumerate() {
        expect(Property::MinimalIntervention, outcome.replicas == asked(service), || {
            format!("{} is safe but became {}", asked(service), outcome.replicas)
        })?;
    }
    Ok(())
}

/// P4, the budget.
pub(super) fn check_budget(views: Views<'_>, replicas: impl Fn(usize) -> u32) -> Checked {
    let limits = views.0;
    for kind in 0..3 {
        let (mut used, mut reserved) = (0u128, 0u128);
        for (service, of) in limits.services().iter().enumerate() {
            let each = u128::from([of.each.cpu, of.each.memory, of.each.price][kind]);
            let share = of.share.max(view(views, service).insisted());
            used += u128::from(replicas(service).max(share)) * each;
            reserved += u128::from(share) * each;
        }
        let budget = limits.budget();
        let most = u128::from([budget.cpu, budget.memory, budget.price][kind]).max(reserved);
        expect(Property::Budget, used <= most, || format!("{used} of kind {kind}, at most {most}"))?;
    }
    Ok(())
}

/// P4, the nodes: waiting pods and then added ones, by rank, first fit.
pub(super) fn check_nodes(views: Views<'_>, replicas: impl Fn(usize) -> u32) -> Checked {
    let (limits, cluster, _) = views;
    let Some(nodes) = cluster.nodes else { return Ok(()) };
    let mut rooms = nodes.to_vec();
    let mut order: Vec<usize> = (0..limits.services().len()).collect();
    order.sort_by_key(|service| limits.services()[*service].rank);
    for service in &order {
        place(&mut rooms, cluster.services[*service].waiting, &limits.services()[*service]);
    }
    for service in order {
        let (a, r) = (replicas(service), cluster.services[service].replicas);
        let added = a.saturating_sub(r);
        let placed = place(&mut rooms, added, &limits.services()[service]);
        let insisted = view(views, service).insisted();
        expect(Property::Budget, placed == added || a <= insisted, || {
            format!("service {service}: {added} pods are added and {placed} find a place")
        })?;
    }
    Ok(())
}

fn place(rooms: &mut [NodeRoom], pods: u32, limits: &ServiceLimits) -> u32 {
    let (cpu, memory) = (u64::from(limits.each.cpu), u64::from(limits.each.memory));
    let mut placed = 0;
    for room in rooms {
        let fit = |room: u64, each: u64| room.checked_div(each).unwrap_or(u64::MAX);
        let fits = fit(room.cpu, cpu).min(fit(room.memory, memory)).min(u64::from(room.pods));
        let taken = fits.min(u64::from(pods - placed));
        room.cpu -= taken * cpu;
        room.memory -= taken * memory;
        let taken = u32::try_from(taken).unwrap_or(u32::MAX);
        room.pods -= taken;
        placed += taken;
    }
    placed
}
