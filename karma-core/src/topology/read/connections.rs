//! The list `connections`: calls between services, and what enters from outside.

use std::collections::BTreeMap;

use super::super::fields::{Fields, Range, number, too_many, wrong};
use super::super::{Connection, INPUT, OUTPUT, Service, TopologyError};
use super::RATE;
use crate::json::Node;
use crate::topology::error::nearest;
use crate::{PerService, RequestsPerSecond, ServiceId};

/// Most connections of a topology.
const MAX_CONNECTIONS: usize = 100_000;
const CALLS: Range<f64> = Range { what: "a mean number of calls", least: 0.0, most: 1000.0 };
const WEIGHT: Range<f64> = Range { what: "a weight", least: 0.0, most: 1e6 };
const FIELDS: &[&str] = &["source", "destination", "throughput", "calls", "weight"];

/// Connections between services, and the services that `INPUT` feeds with their rates.
pub(super) struct Calls {
    pub(super) connections: Vec<Connection>,
    pub(super) inputs: Vec<(ServiceId, Option<f64>)>,
}

/// A service, or `None` for the outside world.
type End = Option<ServiceId>;

type Names<'a> = BTreeMap<&'a str, ServiceId>;

pub(super) fn read(items: Vec<Node>, services: &PerService<Service>) -> Result<Calls, TopologyError> {
    if items.len() > MAX_CONNECTIONS {
        let found = format!("{} connections", items.len());
        return Err(too_many("connections", found, format!("at most {MAX_CONNECTIONS}")));
    }
    let names = services.iter_enumerated().map(|(id, service)| (service.name.as_str(), id)).collect();
    let mut calls = Calls { connections: Vec::new(), inputs: Vec::new() };
    let mut seen = BTreeMap::new();
    for (index, item) in items.into_iter().enumerate() {
        let fields = Fields::of(item, format!("connections[{index}]"), FIELDS)?;
        let ends = read_connection(fields, &names, &mut calls)?;
        if let Some(earlier) = seen.insert(ends, index) {
            return Err(TopologyError::Contradiction {
                place: format!("connections[{index}]"),
                message: format!("the same source and destination as connections[{earlier}]"),
            });
        }
    }
    Ok(calls)
}

fn read_connection(
    mut fields: Fields,
    names: &Names<'_>,
    calls: &mut Calls,
) -> Result<(End, End), TopologyError> {
    let source = end(&mut fields, "source", INPUT, names)?;
    let destination = end(&mut fields, "destination", OUTPUT, names)?;
    let throughput = read_throughput(&mut fields)?;
    let mean_calls = fields.number("calls", CALLS)?.unwrap_or(1.0);
    let weight = fields.number("weight", WEIGHT)?.unwrap_or(1.0);
    match (source, destination) {
        (Some(source), Some(destination)) => calls.connections.push(Connection {
            source,
            destination,
            throughput: throughput.map(RequestsPerSecond),
            calls: mean_calls,
            weight,
        }),
        (None, Some(service)) => calls.inputs.push((service, throughput)),
        (Some(_), None) => {}
        (None, None) => {
            return Err(fields.contradiction("INPUT leads to OUTPUT with no service between".to_owned()));
        }
    }
    fields.finish().map(|()| (source, destination))
}

fn end(
    fields: &mut Fields,
    field: &'static str,
    outside: &'static str,
    names: &Names<'_>,
) -> Result<End, TopologyError> {
    let place = fields.path(field);
    let name = fields.text(field)?.ok_or_else(|| fields.missing(field))?;
    if name == outside {
        return Ok(None);
    }
    if name == INPUT || name == OUTPUT {
        return Err(wrong(&place, &Node::String(name), &format!("a service or \"{outside}\"")));
    }
    names.get(name.as_str()).map(|id| Some(*id)).ok_or_else(|| TopologyError::Unknown {
        nearest: nearest(&name, names.keys().copied().chain([outside])),
        place,
        kind: "service",
        name,
    })
}

/// A positive rate; −1 or absent means no limit.
fn read_throughput(fields: &mut Fields) -> Result<Option<f64>, TopologyError> {
    let place = fields.path("throughput");
    match fields.take("throughput") {
        None | Some(Node::Number(-1.0)) => Ok(None),
        Some(node) => number(&place, &node, RATE)
            .map(Some)
            .map_err(|_| wrong(&place, &node, &format!("{RATE}, or -1 for no limit"))),
    }
}
