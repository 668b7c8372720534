//! An organisation, topologies and a binding like KARMA's own, and states to try them on.

use std::sync::Arc;

use karma_core::{
    Action, ActionSpace, AgentId, DefenderAction, Id as _, JointAction, Metric, MetricRow,
    OperationalResilience, Seconds, ServiceId, State, StreamRng, Topology,
};
use karma_org::Organization;
use karma_org::builder::{OrganizationBuilder, authority, goal, mission, obligation, permission};
use karma_org::guide::{Binding, GuideSetting, Guides};
use rand::Rng as _;

/// The binding of [`organization`], as rich as KARMA's own.
pub(crate) const SHOP: &str = include_str!("shop.guides.yaml");

/// Four managers under an abstract defender; the DDoS manager commands the others.
pub(crate) fn organization() -> Organization {
    let managers = ["bottleneck", "ddos", "failure", "resource"];
    let builder = OrganizationBuilder::new("shop").role("defender");
    let builder = managers.iter().fold(builder, |builder, role| builder.role_extending(*role, ["defender"]));
    let builder = builder.group("team", |group| {
        let group = managers.iter().fold(group, |group, role| group.role(*role, 1..=1));
        let others = ["bottleneck", "failure", "resource"];
        others.iter().fold(group, |group, other| group.link(authority("ddos", *other)))
    });
    let builder = builder.scheme("resilience", |scheme| {
        let goals = ["drain", "calm", "survive", "heal", "save"].map(goal);
        scheme
            .goal(goal("resilience").parallel(goals))
            .mission(mission("m_bottleneck").goals(["drain", "calm"]))
            .mission(mission("m_ddos").goals(["survive"]))
            .mission(mission("m_failure").goals(["heal"]))
            .mission(mission("m_resource").goals(["save", "calm"]))
    });
    let builder = builder
        .norm(obligation("n1", "bottleneck", "m_bottleneck"))
        .norm(obligation("n2", "defender", "m_ddos"))
        .norm(obligation("n3", "failure", "m_failure"))
        .norm(permission("n4", "resource", "m_resource"));
    builder.organization().unwrap()
}

/// The chain of the thesis: API → Auth → Products → Orders; API is critical.
pub(crate) fn chain() -> Topology {
    chain_of(&["API", "Auth", "Products", "Orders"])
}

/// A chain of services; the first is critical and fed by the only entry point.
pub(crate) fn chain_of(names: &[&str]) -> Topology {
    let service = |(index, name): (usize, &&str)| {
        let priority = if index == 0 { "critical" } else { "normal" };
        format!(
            r#""{name}": {{ "cpu": 500, "ram": 256, "computation_throughput": 100, "priority": "{priority}" }}"#
        )
    };
    let call = |pair: &[&str]| format!(r#"{{ "source": "{}", "destination": "{}" }}"#, pair[0], pair[1]);
    let services: Vec<_> = names.iter().enumerate().map(service).collect();
    let calls: Vec<_> =
        [&["INPUT", names[0]], names].into_iter().flat_map(|path| path.windows(2)).map(call).collect();
    let text =
        format!(r#"{{ "services": {{ {} }}, "connections": [ {} ] }}"#, services.join(","), calls.join(","));
    Topology::read(text.as_bytes()).unwrap()
}

/// The guides of a binding of [`organization`] on the [`chain`].
pub(crate) fn guides(binding: &str) -> Arc<Guides> {
    compile(binding, GuideSetting::default()).map_or_else(|findings| panic!("{findings}"), Arc::new)
}

/// Compiles a binding of [`organization`] on the [`chain`].
pub(crate) fn compile(binding: &str, setting: GuideSetting) -> Result<Guides, karma_org::Findings> {
    Guides::compile(&organization(), &Binding::read(binding)?, &chain(), setting)
}

/// The action that changes a service by some replicas.
pub(crate) fn scale(space: ActionSpace, service: usize, replica_change: i32) -> Action {
    let action = DefenderAction { service: ServiceId::from_index(service), replica_change };
    space.encode_defender(action).unwrap()
}

/// Agent number `index`.
pub(crate) fn agent(index: usize) -> AgentId {
    AgentId::from_index(index)
}

/// A state at `time` in which every metric of all services is 0.
pub(crate) fn idle(services: usize, time: f64) -> State {
    let mut row = MetricRow::default();
    for metric in Metric::ALL {
        row.set(*metric, 0.0);
    }
    State {
        time: Seconds(time),
        age: Some(Seconds(0.0)),
        services: vec![row; services].into(),
        entry_rates: vec![Some(10.0)].into(),
        resilience: Some(OperationalResilience::PERFECT),
    }
}

/// [`idle`], but with one metric of one service.
pub(crate) fn with(services: usize, time: f64, service: usize, metric: Metric, value: f32) -> State {
    let mut state = idle(services, time);
    state.services[ServiceId::from_index(service)].set(metric, value);
    state
}

/// A number in [0, 1).
pub(crate) fn unit(rng: &mut StreamRng) -> f32 {
    (rng.next_u64() >> 40) as f32 / (1u64 << 24) as f32
}

/// A number below `bound`.
pub(crate) fn below(rng: &mut StreamRng, bound: usize) -> usize {
    usize::try_from(rng.next_u64() % bound as u64).unwrap()
}

/// A state with random samples around the thresholds of [`SHOP`], some of them missing.
pub(crate) fn random_state(services: usize, time: f64, rng: &mut StreamRng) -> State {
    let mut state = idle(services, time);
    for row in &mut state.services {
        for metric in Metric::ALL {
            let scale = match metric {
                Metric::PendingRequests => 60.0,
                Metric::CpuUtilization => 1.2,
                Metric::PodsFailed => 1.3,
                _ => 10.0,
            };
            match below(rng, 12) {
                0 => row.clear(*metric),
                1..4 => row.set(*metric, 0.0),
                _ => row.set(*metric, (unit(rng) * scale * 8.0).round() / 8.0),
            }
        }
        row.set(Metric::PodsFailed, row.get(Metric::PodsFailed).unwrap_or(0.0).floor());
    }
    let rate = unit(rng) * 100.0;
    state.entry_rates = vec![(below(rng, 10) > 0).then_some(rate)].into();
    let success_rate = unit(rng);
    let system = OperationalResilience { success_rate, ..OperationalResilience::PERFECT };
    state.resilience = (below(rng, 10) > 0).then_some(system);
    state
}

/// One action for each agent, any of the space.
pub(crate) fn random_joint(agents: usize, space: ActionSpace, rng: &mut StreamRng) -> JointAction {
    (0..agents).map(|_| Action(u32::try_from(below(rng, space.len())).unwrap())).collect()
}
