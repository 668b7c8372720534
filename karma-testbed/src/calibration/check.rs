//! Measurements, checked.

use std::sync::Arc;

use karma_core::Topology;

use super::{ActionKind, CalibrationError, Measurement, Purpose, Run, VERSION};

/// Checked measurements.
#[derive(Clone, Debug)]
pub struct Study {
    pub(super) measurement: Measurement,
    pub(super) topology: Arc<Topology>,
}

impl Measurement {
    /// Checks everything that a fit relies on.
    ///
    /// # Errors
    /// The first thing that is not as it must be.
    pub fn check(self) -> Result<Study, CalibrationError> {
        if self.version != VERSION {
            return Err(CalibrationError::Version { found: self.version, expected: VERSION });
        }
        let topology = Topology::read(self.topology.to_string().as_bytes())?;
        if topology.entry_points.len() != 1 {
            return Err(CalibrationError::EntryPoints { found: topology.entry_points.len() });
        }
        let study = Study { measurement: self, topology: Arc::new(topology) };
        study.check_facts()?;
        study.measurement.runs.iter().try_for_each(|run| study.check_run(run))?;
        for (purpose, name) in [(Purpose::Fit, "fit"), (Purpose::Predict, "predict")] {
            if study.named(purpose).is_empty() {
                return Err(CalibrationError::NoRun { purpose: name });
            }
        }
        Ok(study)
    }
}

impl Study {
    /// The runs of a purpose, repetitions together, in the order of first mention.
    pub fn named(&self, purpose: Purpose) -> Vec<Vec<&Run>> {
        let mut groups: Vec<Vec<&Run>> = Vec::new();
        for run in self.measurement.runs.iter().filter(|run| run.purpose == purpose) {
            match groups.iter_mut().find(|group| group[0].name == run.name) {
                Some(group) => group.push(run),
                None => groups.push(vec![run]),
            }
        }
        groups
    }

    fn check_facts(&self) -> Result<(), CalibrationError> {
        for (name, facts) in &self.measurement.services {
            self.check_service("services", name)?;
            if let Some(work) = facts.cpu_per_request {
                let place = format!("services.{name}.cpu_per_request");
                number(place, work, work > 0.0 && work < 60.0, "core-seconds above 0 and below 60")?;
            }
            let counted = facts.requests >= 0.0 && facts.requests.is_finite();
            number(format!("services.{name}.requests"), facts.requests, counted, "a number of requests")?;
            for start in &facts.starts {
                let place = format!("services.{name}.starts");
                number(place, *start, *start >= 0.0 && *start < 3600.0, "seconds from 0 to below 3600")?;
            }
        }
        Ok(())
    }

    fn check_run(&self, run: &Run) -> Result<(), CalibrationError> {
        let place = |what: &str| format!("run \"{}\": {what}", run.name);
        let seconds = run.offered.len();
        if run.rows.len() != seconds {
            return Err(CalibrationError::Rows { run: run.name.clone(), rows: run.rows.len(), seconds });
        }
        let warm_up = f64::from(run.warm_up);
        number(place("warm_up"), warm_up, warm_up < seconds as f64, "fewer seconds than the run has")?;
        for rate in &run.offered {
            number(place("offered"), *rate, (0.0..1e6).contains(rate), "requests per second, not negative")?;
        }
        self.check_actions(run)?;
        for (name, replicas) in &run.replicas {
            self.check_replicas(&place("replicas"), name, *replicas)?;
        }
        check_totals(run)?;
        check_seed(run)?;
        match self.measurement.runs.iter().find(|other| other.name == run.name) {
            Some(first) if !repeats(first, run) => {
                Err(CalibrationError::Repetition { run: run.name.clone() })
            }
            _ => Ok(()),
        }
    }

    fn check_actions(&self, run: &Run) -> Result<(), CalibrationError> {
        let mut last = 0.0;
        for action in &run.actions {
            let place = format!("run \"{}\": actions", run.name);
            let within = action.at >= last && action.at < run.offered.len() as f64;
            number(place.clone(), action.at, within, "seconds within the run, in the order of time")?;
            last = action.at;
            match action.kind {
                ActionKind::Scale(replicas) => self.check_replicas(&place, &action.service, replicas)?,
                ActionKind::Kill(_) | ActionKind::Crash(_) => self.check_service(&place, &action.service)?,
            }
        }
        Ok(())
    }

    fn check_replicas(&self, place: &str, name: &str, replicas: u32) -> Result<(), CalibrationError> {
        self.check_service(place, name)?;
        let service = self.topology.service_named(name).map(|id| &self.topology.services[id]);
        let within = service.is_some_and(|s| (s.min_replicas.0..=s.max_replicas.0).contains(&replicas));
        let expected = "replicas within the topology's bounds";
        number(format!("{place}.{name}"), f64::from(replicas), within, expected)
    }

    fn check_service(&self, place: &str, name: &str) -> Result<(), CalibrationError> {
        let unknown = || CalibrationError::UnknownService { place: place.to_owned(), name: name.to_owned() };
        self.topology.service_named(name).map(|_| ()).ok_or_else(unknown)
    }
}

/// Whether two runs offered the same, did the same and are for the same.
fn repeats(a: &Run, b: &Run) -> bool {
    a.offered == b.offered
        && a.actions == b.actions
        && a.replicas == b.replicas
        && (a.warm_up, a.purpose) == (b.warm_up, b.purpose)
}

/// The requests that follow from a seed are those that were counted.
fn check_seed(run: &Run) -> Result<(), CalibrationError> {
    let Some((moments, seed)) = run.moments()?.zip(run.seed) else { return Ok(()) };
    let mut rest = moments.as_slice();
    for (second, row) in run.rows.iter().enumerate() {
        let due = rest.partition_point(|moment| *moment < (second + 1) as f64);
        rest = &rest[due..];
        if due as u64 != row.sent {
            let (run, sent, expected) = (run.name.clone(), row.sent, due as u64);
            return Err(CalibrationError::Seed { run, seed, second, sent, expected });
        }
    }
    Ok(())
}

/// What errors are relative to must not be nothing.
fn check_totals(run: &Run) -> Result<(), CalibrationError> {
    let totals = &run.totals;
    let numbers = [("throughput", totals.throughput), ("mean", totals.mean), ("p95", totals.p95)];
    for (name, value) in numbers {
        let place = format!("run \"{}\": totals.{name}", run.name);
        number(
            place,
            value,
            value > 0.0 && value.is_finite(),
            "a number above 0: errors are relative to it",
        )?;
    }
    Ok(())
}

fn number(place: String, value: f64, allowed: bool, expected: &'static str) -> Result<(), CalibrationError> {
    if allowed { Ok(()) } else { Err(CalibrationError::Number { place, value, expected }) }
}
