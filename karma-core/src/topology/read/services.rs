//! The object `services`: names and what each Deployment is.

use super::super::fields::{Fields, Range, too_many};
use super::super::{
    FanOut, FaultProbabilities, INPUT, OUTPUT, Priority, Service, TopologyError, WorkDistribution,
};
use super::{CPU, MEMORY, RATE};
use crate::json::{Node, quoted};
use crate::{Mebibytes, Millicores, PerService, Replicas, RequestsPerSecond, Seconds};

/// Most services of a topology.
const MAX_SERVICES: usize = 10_000;
/// Most pods of a topology at full scale-out.
const MAX_PODS: u64 = 1_000_000;
/// Kubernetes' longest name, in bytes.
const MAX_NAME: usize = 253;
const REPLICAS: Range<u32> = Range { what: "a whole number of replicas", least: 1, most: 10_000 };
const REQUESTS: Range<u32> = Range { what: "a whole number of requests", least: 1, most: 1_000_000 };
const QUEUE: Range<u32> = Range { what: "a whole number of requests", least: 0, most: 10_000_000 };
const PROBABILITY: Range<f64> = Range { what: "a probability", least: 0.0, most: 1.0 };
const VARIATION: Range<f64> = Range { what: "a coefficient of variation", least: 0.0, most: 20.0 };
const STARTUP: Range<f64> = Range { what: "a number of seconds", least: 0.0, most: 3600.0 };
const FAN_OUT: &[(&str, FanOut)] =
    &[("sequential", FanOut::Sequential), ("parallel", FanOut::Parallel), ("weighted", FanOut::Weighted)];
const PRIORITY: &[(&str, Priority)] =
    &[("critical", Priority::Critical), ("normal", Priority::Normal), ("low", Priority::Low)];
const FIELDS: &[&str] = &[
    "image",
    "cpu",
    "cpu_limit",
    "ram",
    "min_replicas",
    "max_replicas",
    "initial_replicas",
    "computation_throughput",
    "work_distribution",
    "work_cv",
    "concurrency",
    "queue_capacity",
    "blocking",
    "fan_out",
    "priority",
    "startup_seconds",
    "memory_idle",
    "memory_per_request",
    "warning_probability",
    "error_probability",
    "degraded_probability",
    "failure_probability",
];

pub(super) fn read(node: Node) -> Result<PerService<Service>, TopologyError> {
    let entries = Fields::of(node, "services", &[])?.into_entries();
    if entries.is_empty() || entries.len() > MAX_SERVICES {
        let (found, allowed) =
            (format!("{} services", entries.len()), format!("1 to {MAX_SERVICES} services"));
        return Err(too_many("services", found, allowed));
    }
    let services: PerService<Service> =
        entries.into_iter().map(|(name, node)| read_service(name, node)).collect::<Result<_, _>>()?;
    let pods: u64 = services.iter().map(|service| u64::from(service.max_replicas.0)).sum();
    if pods > MAX_PODS {
        let found = format!("a total max_replicas of {pods}");
        return Err(too_many("services", found, format!("at most {MAX_PODS} pods")));
    }
    Ok(services)
}

fn read_service(name: String, node: Node) -> Result<Service, TopologyError> {
    check_name(&name)?;
    let mut fields = Fields::of(node, format!("services.{name}"), FIELDS)?;
    let (cpu, cpu_limit) = read_cpu(&mut fields)?;
    let memory = fields.count("ram", MEMORY)?.ok_or_else(|| fields.missing("ram"))?;
    let throughput = fields.number("computation_throughput", RATE)?;
    let throughput = throughput.ok_or_else(|| fields.missing("computation_throughput"))?;
    let (min, max, initial) = read_replicas(&mut fields)?;
    let concurrency = fields.count("concurrency", REQUESTS)?.unwrap_or(32);
    let blocking = fields.flag("blocking")?.unwrap_or(true);
    let held = if blocking { concurrency } else { u32::MAX };
    let (memory_idle, memory_per_request) = read_memory(&mut fields, memory, held)?;
    let service = Service {
        name,
        image: fields.text("image")?,
        cpu: Millicores(cpu),
        cpu_limit: Millicores(cpu_limit),
        memory: Mebibytes(memory),
        min_replicas: Replicas(min),
        max_replicas: Replicas(max),
        initial_replicas: Replicas(initial),
        throughput: RequestsPerSecond(throughput),
        work: read_work(&mut fields)?,
        concurrency,
        queue_capacity: fields.count("queue_capacity", QUEUE)?.unwrap_or(64),
        blocking,
        fan_out: fields.choice("fan_out", FAN_OUT)?.unwrap_or(FanOut::Sequential),
        faults: read_faults(&mut fields)?,
        priority: fields.choice("priority", PRIORITY)?.unwrap_or(Priority::Normal),
        startup: Seconds(fields.number("startup_seconds", STARTUP)?.unwrap_or(8.0)),
        memory_idle,
        memory_per_request,
    };
    fields.finish()?;
    Ok(service)
}

fn check_name(name: &str) -> Result<(), TopologyError> {
    let reserved = name == INPUT || name == OUTPUT;
    if !name.is_empty() && name.len() <= MAX_NAME && !reserved && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(TopologyError::Value {
        place: "services".to_owned(),
        value: format!("the name {}", quoted(name)),
        allowed: format!("1 to {MAX_NAME} bytes without control characters, neither {INPUT} nor {OUTPUT}"),
    })
}

fn read_cpu(fields: &mut Fields) -> Result<(u32, u32), TopologyError> {
    let cpu = fields.count("cpu", CPU)?.ok_or_else(|| fields.missing("cpu"))?;
    let limit = fields.count("cpu_limit", CPU)?.unwrap_or(cpu);
    if limit < cpu {
        return Err(fields.contradiction(format!("cpu_limit {limit} is below cpu {cpu}")));
    }
    Ok((cpu, limit))
}

fn read_replicas(fields: &mut Fields) -> Result<(u32, u32, u32), TopologyError> {
    let min = fields.count("min_replicas", REPLICAS)?.unwrap_or(1);
    let max = fields.count("max_replicas", REPLICAS)?.unwrap_or(min.max(8));
    if min > max {
        return Err(fields.contradiction(format!("min_replicas {min} is above max_replicas {max}")));
    }
    let initial = fields.count("initial_replicas", REPLICAS)?.unwrap_or(min);
    if !(min..=max).contains(&initial) {
        let message = format!(
            "initial_replicas {initial} lies outside of {min} to {max}, its min_replicas and max_replicas"
        );
        return Err(fields.contradiction(message));
    }
    Ok((min, max, initial))
}

/// `held`: requests that a pod can hold at once; without a bound, a request costs next to nothing by default.
fn read_memory(fields: &mut Fields, memory: u32, held: u32) -> Result<(f64, f64), TopologyError> {
    let whole = f64::from(memory);
    let range = Range { what: "a number of mebibytes within ram,", least: 0.0, most: whole };
    let idle = fields.number("memory_idle", range)?.unwrap_or(0.4 * whole);
    let per_request = fields.number("memory_per_request", range)?;
    Ok((idle, per_request.unwrap_or(0.5 * whole / f64::from(held))))
}

fn read_work(fields: &mut Fields) -> Result<WorkDistribution, TopologyError> {
    let cv = fields.number("work_cv", VARIATION)?.unwrap_or(0.35);
    let log_normal = WorkDistribution::LogNormal(cv);
    let options = [
        ("deterministic", WorkDistribution::Deterministic),
        ("exponential", WorkDistribution::Exponential),
        ("log_normal", log_normal),
    ];
    Ok(fields.choice("work_distribution", &options)?.unwrap_or(log_normal))
}

fn read_faults(fields: &mut Fields) -> Result<FaultProbabilities, TopologyError> {
    let mut probability = |field| fields.number(field, PROBABILITY).map(|value| value.unwrap_or(0.0));
    Ok(FaultProbabilities {
        warning: probability("warning_probability")?,
        error: probability("error_probability")?,
        degraded: probability("degraded_probability")?,
        failure: probability("failure_probability")?,
    })
}
