//! From what was read to a snapshot, with a reason for every sample that is not there.

use std::fmt;

use karma_core::{
    Absence, EntryPointSnapshot, Id as _, Metric, MetricRow, PerService, Seconds, ServiceId, ServiceSnapshot,
    Snapshot, Topology,
};

use super::answer::Sample;
use super::queries::{Asked, Queries};
use super::resilience::resilience;
use super::scope::Scope;
use super::workload::Workload;

/// How far a sample may lie in the future, seconds: clocks differ.
const AHEAD: f64 = 5.0;

/// The most that any metric of a Deployment can be, whatever its unit: a million million of cores, or of megabits. What is
/// above comes from a broken query.
const MOST: f64 = 1e15;

/// Why a sample is not there.
#[derive(Clone, Debug, PartialEq)]
pub enum Gap {
    /// Its source did not answer, or answered something else.
    Failed,
    /// No series for this Deployment.
    NoSeries,
    /// More than one series for this Deployment: the template does not aggregate.
    Ambiguous {
        /// How many.
        series: usize,
    },
    /// NaN or infinite.
    NotANumber,
    /// Below 0, which no metric of the schema can be.
    Negative {
        /// The value.
        value: f64,
    },
    /// A share above 1.
    AboveOne {
        /// The value.
        value: f64,
    },
    /// More than there can be of anything.
    TooMuch {
        /// The value.
        value: f64,
    },
    /// Its source's newest sample is too old.
    Stale {
        /// Age in seconds.
        age: f64,
    },
    /// Its source's newest sample lies in the future: clocks disagree.
    Ahead {
        /// Seconds ahead.
        by: f64,
    },
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed => f.write_str("its source did not answer"),
            Self::NoSeries => f.write_str("no series"),
            Self::Ambiguous { series } => write!(f, "{series} series where one is expected"),
            Self::NotANumber => f.write_str("not a number"),
            Self::Negative { value } => write!(f, "{value} is below 0"),
            Self::AboveOne { value } => write!(f, "{value} is a share above 1"),
            Self::TooMuch { value } => write!(f, "{value:e} is more than can be"),
            Self::Stale { age } => write!(f, "{age:.0} s old"),
            Self::Ahead { by } => write!(f, "{by:.0} s in the future"),
        }
    }
}

/// A sample that is not there.
#[derive(Clone, Debug, PartialEq)]
pub struct Missing {
    /// The service.
    pub service: ServiceId,
    /// The metric.
    pub metric: Metric,
    /// Why.
    pub gap: Gap,
}

/// What one question gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    /// Name of the source.
    pub source: String,
    /// What was asked.
    pub asked: Asked,
    /// The samples, or why there are none.
    pub samples: Result<Vec<Sample>, String>,
}

/// One collection.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// What an autoscaler is shown.
    pub snapshot: Snapshot,
    /// What it is not shown, and why.
    pub missing: Vec<Missing>,
    /// Questions that failed, in words.
    pub failed: Vec<String>,
    /// Requests per second of each service that are known to be junk.
    pub junk: PerService<Option<f32>>,
}

/// Everything that was read at one moment.
#[derive(Clone, Debug)]
pub struct Collected<'a> {
    /// The moment, seconds since 1970.
    pub now: Seconds,
    /// The Deployment of each service of the topology, in its order.
    pub workloads: &'a [Workload],
    /// What Prometheus said.
    pub answers: &'a [Answered],
    /// Seconds since the collection before: what counts of an interval are counts of.
    pub interval: Seconds,
}

impl Collected<'_> {
    /// The snapshot. Its age is that of the oldest sample in it, so that none is older than it says.
    ///
    /// | sample | rule |
    /// |---|---|
    /// | none, several, negative, infinite, above 10¹⁵, a share above 1 | missing, with its [`Gap`] |
    /// | NaN | missing; without a gap where nothing happened that could be measured ([`Absence::Undefined`]) |
    /// | older than [`QueryParams::max_age_seconds`](super::QueryParams), or from the future | missing |
    ///
    /// What Prometheus says of CPU and memory takes the place of what metrics-server says. The cost is that of looking for
    /// each Deployment in each answer once.
    pub fn assemble(&self, topology: &Topology, scope: &Scope, queries: &Queries) -> Observed {
        let longest = f64::from(queries.params().max_age_seconds);
        let (mut oldest, mut missing) = (None, Vec::new());
        let mut services = Vec::with_capacity(self.workloads.len());
        let workloads = scope.deployments().iter().zip(self.workloads);
        for ((id, service), (deployment, workload)) in topology.services.iter_enumerated().zip(workloads) {
            let mut row = workload.metrics(service.max_replicas);
            workload.sampled_at().for_each(|at| note(&mut oldest, at));
            for answer in self.answers {
                let Asked::Metric(metric) = answer.asked else { continue };
                let sampled_at = self.sampled_at(&answer.source, deployment, longest);
                let sample = sampled_at.and_then(|at| Ok((value(answer, deployment, metric)?, at)));
                match sample {
                    Ok((Some(value), at)) => {
                        set(&mut row, metric, value);
                        note(&mut oldest, at);
                    }
                    Ok((None, _)) => {}
                    Err(gap) => missing.push(Missing { service: id, metric, gap }),
                }
            }
            self.count(&mut row);
            services.push(ServiceSnapshot {
                desired: workload.desired,
                metrics: row,
                pods: workload.pods.clone(),
            });
        }
        let of = |service: ServiceId| services.get(service.index());
        let entry_points = topology.entry_points.map(|entry| EntryPointSnapshot {
            request_rate: of(entry.service).and_then(|service| service.metrics.get(Metric::RequestRate)),
            available: self.workloads.get(entry.service.index()).is_some_and(Workload::is_available),
        });
        let rows: Vec<MetricRow> = services.iter().map(|service| service.metrics).collect();
        let snapshot = Snapshot {
            time: self.now,
            scraped_at: oldest.map(Seconds),
            resilience: resilience(topology, &rows, &entry_points),
            services: services.into(),
            entry_points,
            nodes: Vec::new(),
        };
        let junk = scope.deployments().iter().map(|deployment| self.junk(deployment, longest)).collect();
        Observed { snapshot, missing, failed: self.failed().collect(), junk }
    }

    /// A rate of junk that is fresh and can be. Who never blocked anything has no series, and nothing is known of junk.
    #[expect(clippy::cast_possible_truncation, reason = "samples are single precision")]
    fn junk(&self, deployment: &str, longest: f64) -> Option<f32> {
        let answer = self.answers.iter().find(|answer| answer.asked == Asked::Junk)?;
        self.sampled_at(&answer.source, deployment, longest).ok()?;
        value(answer, deployment, Metric::RequestRate).ok().flatten().map(|junk| junk as f32)
    }

    fn failed(&self) -> impl Iterator<Item = String> {
        self.answers.iter().filter_map(|answer| {
            let why = answer.samples.as_ref().err()?;
            let what = match answer.asked {
                Asked::SampledAt => "sampled_at",
                Asked::Metric(metric) => metric.name(),
                Asked::Junk => "junk_rate",
            };
            Some(format!("{}, {what}: {why}", answer.source))
        })
    }

    /// When a source's newest sample of a Deployment was taken, if that is not too long ago.
    fn sampled_at(&self, source: &str, deployment: &str, longest: f64) -> Result<f64, Gap> {
        let told =
            self.answers.iter().find(|answer| answer.source == source && answer.asked == Asked::SampledAt);
        let at = one(told.ok_or(Gap::Failed)?, deployment)?;
        let age = self.now.0 - at;
        if !age.is_finite() {
            Err(Gap::NotANumber)
        } else if age > longest {
            Err(Gap::Stale { age })
        } else if age < -AHEAD {
            Err(Gap::Ahead { by: -age })
        } else {
            Ok(at.min(self.now.0))
        }
    }

    /// Counts of the interval, from rates.
    fn count(&self, row: &mut MetricRow) {
        let Some(rate) = row.get(Metric::RequestRate) else { return };
        let requests = f64::from(rate) * self.interval.0;
        set(row, Metric::RequestsTotal, requests);
        if rate == 0.0 {
            set(row, Metric::RequestsErrors, 0.0);
        } else if let Some(share) = row.get(Metric::ErrorRate) {
            set(row, Metric::RequestsErrors, requests * f64::from(share));
        }
    }
}

/// Keeps the earliest moment.
fn note(oldest: &mut Option<f64>, at: f64) {
    *oldest = Some(oldest.map_or(at, |oldest| oldest.min(at)));
}

#[expect(clippy::cast_possible_truncation, reason = "samples are single precision")]
fn set(row: &mut MetricRow, metric: Metric, value: f64) {
    row.set(metric, value as f32);
}

/// The one sample of a Deployment.
fn one(answer: &Answered, deployment: &str) -> Result<f64, Gap> {
    let samples = answer.samples.as_ref().map_err(|_| Gap::Failed)?;
    let mut own = samples.iter().filter(|sample| sample.deployment == deployment);
    let first = own.next().ok_or(Gap::NoSeries)?;
    match own.count() {
        0 => Ok(first.value),
        more => Err(Gap::Ambiguous { series: more + 1 }),
    }
}

/// A sample that may be shown; `None` if there was nothing to measure.
fn value(answer: &Answered, deployment: &str, metric: Metric) -> Result<Option<f64>, Gap> {
    let undefined = metric.absence() == Absence::Undefined;
    match one(answer, deployment) {
        Ok(value) if value.is_nan() && undefined => Ok(None),
        Err(Gap::NoSeries) if undefined => Ok(None),
        Ok(value) if !value.is_finite() => Err(Gap::NotANumber),
        Ok(value) if value < 0.0 => Err(Gap::Negative { value }),
        Ok(value) if value > 1.0 && metric == Metric::ErrorRate => Err(Gap::AboveOne { value }),
        Ok(value) if value > MOST => Err(Gap::TooMuch { value }),
        Ok(value) => Ok(Some(value)),
        Err(gap) => Err(gap),
    }
}

#[cfg(test)]
mod tests {
    use super::super::queries::{QueryParams, SourceParams};
    use super::*;
    use karma_core::{PodSample, PodSnapshot, Replicas};
    use proptest::prelude::*;

    const NOW: f64 = 1_000_000.0;

    fn topology() -> Topology {
        let text = r#"{ "services": {
            "api": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 4 },
            "auth": { "cpu": 500, "ram": 256, "computation_throughput": 100 } },
            "connections": [{ "source": "INPUT", "destination": "api" }, { "source": "api", "destination": "auth" }] }"#;
        Topology::read(text.as_bytes()).unwrap()
    }

    fn scope() -> Scope {
        Scope::new("shop", ["api", "auth"].map(str::to_owned).to_vec()).unwrap()
    }

    fn queries() -> Queries {
        let metrics =
            [Metric::RequestRate, Metric::ErrorRate, Metric::InFlight].map(|metric| (metric, "x".to_owned()));
        let source =
            SourceParams { sampled_at: "x".into(), metrics: metrics.into(), junk_rate: Some("x".into()) };
        QueryParams { sources: [("app".to_owned(), source)].into(), ..QueryParams::default() }
            .check()
            .unwrap()
    }

    fn answer(asked: Asked, samples: &[(&str, f64)]) -> Answered {
        let samples = samples
            .iter()
            .map(|(deployment, value)| Sample { deployment: (*deployment).to_owned(), value: *value });
        Answered { source: "app".into(), asked, samples: Ok(samples.collect()) }
    }

    fn observed(answers: &[Answered]) -> Observed {
        let workload = |replicas| Workload::of_pods(Replicas(replicas), Vec::new());
        let (now, interval) = (Seconds(NOW), Seconds(15.0));
        let workloads = &[workload(3), workload(1)];
        Collected { now, workloads, answers, interval }.assemble(&topology(), &scope(), &queries())
    }

    fn fresh() -> Answered {
        answer(Asked::SampledAt, &[("api", NOW - 7.0), ("auth", NOW - 12.0)])
    }

    /// What became of a request rate of `api`.
    fn rate(samples: &[(&str, f64)]) -> (Option<f32>, Vec<Gap>) {
        let observed = observed(&[fresh(), answer(Asked::Metric(Metric::RequestRate), samples)]);
        let api = &observed.snapshot.services.as_slice()[0];
        let gaps = observed.missing.into_iter().filter(|missing| missing.service == ServiceId::from_index(0));
        (api.metrics.get(Metric::RequestRate), gaps.map(|missing| missing.gap).collect())
    }

    #[test]
    fn samples_come_to_their_services_with_the_age_of_the_oldest() {
        let rates =
            answer(Asked::Metric(Metric::RequestRate), &[("auth", 3.0), ("api", 20.0), ("other", 9.0)]);
        let errors = answer(Asked::Metric(Metric::ErrorRate), &[("api", 0.25), ("auth", f64::NAN)]);
        let Observed { snapshot, missing, .. } = observed(&[fresh(), rates, errors]);
        assert_eq!(missing, []);
        assert_eq!((snapshot.age(), snapshot.time), (Some(Seconds(12.0)), Seconds(NOW)));
        let [api, auth] = snapshot.services.as_slice() else { panic!("two services") };
        let of = |metric| (api.metrics.get(metric), auth.metrics.get(metric));
        assert_eq!((api.desired, auth.desired), (Replicas(3), Replicas(1)));
        assert_eq!(of(Metric::RequestRate), (Some(20.0), Some(3.0)));
        assert_eq!(of(Metric::RequestsTotal), (Some(300.0), Some(45.0)));
        assert_eq!(of(Metric::RequestsErrors), (Some(75.0), None));
        assert_eq!(snapshot.entry_points.as_slice()[0].request_rate, Some(20.0));
        assert!(!snapshot.entry_points.as_slice()[0].available, "it has no pod");
    }

    #[test]
    fn junk_is_known_only_by_a_fresh_sample_that_can_be() {
        let junk = |samples: &[(&str, f64)], told: Answered| {
            observed(&[told, answer(Asked::Junk, samples)]).junk.as_slice().to_vec()
        };
        assert_eq!(junk(&[("api", 30.0)], fresh()), [Some(30.0), None]);
        assert_eq!(junk(&[("api", -1.0), ("auth", f64::NAN)], fresh()), [None, None]);
        let old = answer(Asked::SampledAt, &[("api", NOW - 1000.0), ("auth", NOW - 1.0)]);
        assert_eq!(junk(&[("api", 30.0), ("auth", 3.0)], old), [None, Some(3.0)]);
        assert_eq!(observed(&[fresh()]).junk.as_slice(), [None, None]);
    }

    #[test]
    fn a_sample_that_cannot_be_is_missing_with_its_reason() {
        assert_eq!(rate(&[("api", 5.0)]), (Some(5.0), vec![]));
        for (samples, gap) in [
            (&[("auth", 5.0)][..], Gap::NoSeries),
            (&[("api", 5.0), ("api", 6.0)], Gap::Ambiguous { series: 2 }),
            (&[("api", f64::NAN)], Gap::NotANumber),
            (&[("api", f64::INFINITY)], Gap::NotANumber),
            (&[("api", -1.0)], Gap::Negative { value: -1.0 }),
            (&[("api", 1e30)], Gap::TooMuch { value: 1e30 }),
            (&[("api", f64::MAX)], Gap::TooMuch { value: f64::MAX }),
        ] {
            assert_eq!(rate(samples), (None, vec![gap]));
        }
        let errors = answer(Asked::Metric(Metric::ErrorRate), &[("api", 1.5), ("auth", 0.0)]);
        let missing = observed(&[fresh(), errors]).missing;
        assert_eq!(missing.len(), 1);
        assert_eq!(missing[0].gap, Gap::AboveOne { value: 1.5 });
    }

    #[test]
    fn a_source_that_is_old_silent_or_ahead_gives_nothing() {
        let rates = || answer(Asked::Metric(Metric::RequestRate), &[("api", 5.0), ("auth", 5.0)]);
        let gaps = |told: Answered| {
            let Observed { snapshot, missing, .. } = observed(&[told, rates()]);
            assert_eq!((snapshot.scraped_at, missing.len()), (None, 2), "nothing is known");
            missing.into_iter().map(|missing| missing.gap).next().unwrap()
        };
        let told = |at: f64| answer(Asked::SampledAt, &[("api", at), ("auth", at)]);
        assert_eq!(gaps(told(NOW - 90.5)), Gap::Stale { age: 90.5 });
        assert_eq!(gaps(told(NOW + 6.0)), Gap::Ahead { by: 6.0 });
        assert_eq!(gaps(told(f64::NAN)), Gap::NotANumber);
        assert_eq!(gaps(Answered { samples: Err("it is gone".into()), ..told(NOW) }), Gap::Failed);
        let failed = Answered { samples: Err("it is gone".into()), ..rates() };
        assert_eq!(observed(&[fresh(), failed]).missing[0].gap, Gap::Failed);
    }

    #[test]
    fn a_clock_that_is_a_little_ahead_does_not_make_a_negative_age() {
        let told = answer(Asked::SampledAt, &[("api", NOW + 3.0), ("auth", NOW + 3.0)]);
        let rates = answer(Asked::Metric(Metric::RequestRate), &[("api", 5.0), ("auth", 5.0)]);
        assert_eq!(observed(&[told, rates]).snapshot.age(), Some(Seconds(0.0)));
    }

    #[test]
    fn pods_that_were_sampled_long_ago_make_the_snapshot_old() {
        let sample = PodSample { value: 1.0, at: Seconds(NOW - 40.0), window: Seconds(15.0) };
        let pod = PodSnapshot {
            id: 1,
            phase: karma_core::PodPhase::Running,
            node: None,
            ready: Some(true),
            started_at: None,
            ready_changed_at: None,
            deleting: false,
            crash_looping: false,
            restarts: 0,
            cpu: Some(sample),
            memory: Some(sample),
        };
        let workload = Workload::of_pods(Replicas(1), vec![(pod, (100.0, 64.0))]);
        let workloads = &[workload.clone(), workload];
        let collected =
            Collected { now: Seconds(NOW), workloads, answers: &[fresh()], interval: Seconds(15.0) };
        let snapshot = collected.assemble(&topology(), &scope(), &queries()).snapshot;
        assert_eq!(snapshot.age(), Some(Seconds(40.0)));
        assert!(snapshot.entry_points.as_slice()[0].available);
    }

    proptest! {
        #[test]
        fn whatever_prometheus_says_a_snapshot_has_no_number_that_cannot_be(
            values in prop::collection::vec((0usize..3, any::<f64>()), 0..6),
            at in prop::num::f64::ANY,
        ) {
            let names = ["api", "auth", "other"];
            let samples: Vec<(&str, f64)> = values.iter().map(|(name, value)| (names[*name], *value)).collect();
            let told = answer(Asked::SampledAt, &[("api", at), ("auth", NOW)]);
            let observed = observed(&[told, answer(Asked::Metric(Metric::InFlight), &samples)]);
            prop_assert!(observed.snapshot.age().is_none_or(|age| (0.0..=90.0).contains(&age.0)));
            for service in observed.snapshot.services.as_slice() {
                prop_assert!(service.metrics.get(Metric::InFlight).is_none_or(|value| value >= 0.0));
            }
        }
    }
}
