//! Sets the simulated cluster up as a textbook queue and measures it.

use std::collections::BTreeMap;
use std::sync::Arc;

use karma_core::{Id as _, Seconds, ServiceId, Topology};
use karma_mock::Timeline;
use karma_mock::sim::{Simulation, SimulationConfig};

/// Time units of the table in a second of simulated time.
const UNITS: f64 = 1000.0;

/// One row of the reference table.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    pub(crate) quantity: String,
    pub(crate) value: f64,
}

type Params = BTreeMap<String, f64>;

fn rows(model: &str) -> Vec<(String, Expected)> {
    let file = include_str!("../data/queue_reference.csv");
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let record = |record: csv::StringRecord| {
        (record[0] == *model).then(|| {
            (
                record[1].to_owned(),
                Expected { quantity: record[2].to_owned(), value: record[3].parse().unwrap() },
            )
        })
    };
    reader.records().filter_map(|r| record(r.unwrap())).collect()
}

fn grouped(model: &str) -> Vec<(String, Vec<Expected>)> {
    let mut groups: Vec<(String, Vec<Expected>)> = Vec::new();
    for (params, row) in rows(model) {
        match groups.last_mut() {
            Some((last, rows)) if *last == params => rows.push(row),
            _ => groups.push((params, vec![row])),
        }
    }
    assert!(!groups.is_empty(), "the table has no model {model}");
    groups
}

/// The cases of one model: parameters as `name=number` and the expected values.
pub(crate) fn reference(model: &str) -> Vec<(Params, Vec<Expected>)> {
    let parse = |text: &str| {
        let pair =
            |word: &str| word.split_once('=').map(|(name, value)| (name.to_owned(), value.parse().unwrap()));
        text.split_whitespace().filter_map(pair).collect()
    };
    grouped(model).into_iter().map(|(params, rows)| (parse(&params), rows)).collect()
}

/// The tandems: service rates, arrival rate, expected values.
pub(crate) fn tandems() -> Vec<(Vec<f64>, f64, Vec<Expected>)> {
    let parse = |text: &str| {
        let (rates, lambda) = text.trim_start_matches("mu=(").split_once(") lam=").unwrap();
        (rates.split(", ").map(|rate| rate.parse().unwrap()).collect(), lambda.parse().unwrap())
    };
    let case = |(params, rows): (String, Vec<Expected>)| {
        let (rates, lambda) = parse(&params);
        (rates, lambda, rows)
    };
    grouped("tandem 4 x M/M/1").into_iter().map(case).collect()
}

/// One service as JSON fields.
#[derive(Clone)]
pub(crate) struct Station {
    cores: f64,
    concurrency: f64,
    queue: f64,
    rate: f64,
    work: String,
}

/// A station with one exponential server of rate 1.
pub(crate) fn station() -> Station {
    Station {
        cores: 1.0,
        concurrency: 1.0,
        queue: 1e7,
        rate: 1.0,
        work: "\"work_distribution\": \"exponential\"".into(),
    }
}

impl Station {
    /// `c` servers, one core each.
    pub(crate) fn servers(self, c: f64) -> Self {
        Self { cores: c, concurrency: c, ..self }
    }

    /// One core, shared by any number of requests.
    pub(crate) fn sharing(self) -> Self {
        Self { cores: 1.0, concurrency: 1e6, ..self }
    }

    pub(crate) fn queue(self, queue: f64) -> Self {
        Self { queue, ..self }
    }

    pub(crate) fn work(self, work: &str) -> Self {
        Self { work: work.to_owned(), ..self }
    }

    fn json(&self, name: &str) -> String {
        let throughput = self.cores * self.rate * UNITS;
        format!(
            r#""{name}": {{ "cpu": {}, "ram": 1000, "computation_throughput": {throughput}, "concurrency": {},
                "queue_capacity": {}, "max_replicas": 1, "blocking": false, "memory_per_request": 0, {} }}"#,
            self.cores * 1000.0,
            self.concurrency,
            self.queue,
            self.work
        )
    }
}

/// A network, its arrival rate and how long it is watched.
pub(crate) struct Case {
    pub(crate) name: String,
    topology: Arc<Topology>,
    /// The station whose waiting is measured.
    station: ServiceId,
    lambda: f64,
    seconds: u32,
}

impl Case {
    pub(crate) fn new(name: String, station: &Station, lambda: f64, requests: f64) -> Self {
        Self::network(&[station.json("s0")], "", 0, lambda, requests).named(name)
    }

    pub(crate) fn tandem(rates: &[f64], lambda: f64, requests: f64) -> Self {
        let stations: Vec<_> = rates
            .iter()
            .enumerate()
            .map(|(i, rate)| Station { rate: *rate, ..station() }.json(&format!("s{i}")))
            .collect();
        let links: Vec<_> = (1..rates.len()).map(|i| link(i - 1, i)).collect();
        let name = format!("tandem {rates:?} lambda={lambda}");
        Self::network(&stations, &links.join(""), 0, lambda, requests).named(name)
    }

    /// A station that does almost nothing and calls two exponential ones in parallel.
    pub(crate) fn fork_join(rho: f64, requests: f64) -> Self {
        let fork = Station { rate: 1e5, concurrency: 1e6, ..station() };
        let fork = fork.json("s0").replace("\"blocking\"", "\"fan_out\": \"parallel\", \"blocking\"");
        let stations = [fork, station().json("s1"), station().json("s2")];
        let links = link(0, 1) + &link(0, 2);
        Self::network(&stations, &links, 1, rho, requests).named(format!("fork-join rho={rho}"))
    }

    fn named(self, name: String) -> Self {
        Self { name, ..self }
    }

    fn network(stations: &[String], links: &str, watched: usize, lambda: f64, requests: f64) -> Self {
        let text = format!(
            r#"{{ "services": {{ {} }}, "timeout_seconds": 86400,
                "connections": [ {{ "source": "INPUT", "destination": "s0", "throughput": {} }} {links} ] }}"#,
            stations.join(","),
            lambda * UNITS
        );
        Self {
            name: String::new(),
            topology: Arc::new(Topology::read(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"))),
            station: ServiceId::from_index(watched),
            lambda,
            seconds: (requests / lambda / UNITS) as u32,
        }
    }

    /// Runs the case after a warm-up of 5 %, and reports in the units of the table.
    pub(crate) fn run(&self) -> BTreeMap<String, f64> {
        let warm_up = self.seconds / 20 + 1;
        let timeline = Timeline::constant(&vec![self.lambda * UNITS].into(), warm_up, self.seconds);
        let mut cluster = Simulation::new(
            Arc::clone(&self.topology),
            SimulationConfig::default(),
            Arc::new(timeline),
            20_261_122,
        );
        cluster.run_until(Seconds(f64::from(warm_up + self.seconds)));
        cluster.check_balance().unwrap();
        let report = cluster.report();
        let waiting = cluster.waiting(self.station);
        let quantile = |q| cluster.latency_quantile(q).unwrap().0 * UNITS;
        let decided = (report.legitimate.answered + report.legitimate.failed) as f64;
        let throughput = report.legitimate.answered as f64 / f64::from(self.seconds) / UNITS;
        let sojourn = report.latency_mean.unwrap().0 * UNITS;
        let loss = report.legitimate.failed as f64 / decided;
        [
            ("P_wait", waiting.queued as f64 / waiting.started as f64),
            ("EW", waiting.seconds / waiting.started as f64 * UNITS),
            ("ET", sojourn),
            ("EN", sojourn * throughput), // Little's law
            ("p50", quantile(0.5)),
            ("p95", quantile(0.95)),
            ("p99", quantile(0.99)),
            ("P_loss", loss),
            ("P_block", loss),
            ("throughput", throughput),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

fn link(from: usize, to: usize) -> String {
    format!(r#", {{ "source": "s{from}", "destination": "s{to}" }}"#)
}
