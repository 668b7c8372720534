//! How many requests are to be sent, second by second.

use karma_core::resilience::Traffic;
use karma_core::{EntryPointId, RequestsPerSecond, SeedTree};

use super::error::LoadError;
use super::schedule::{Pacing, Schedule};
use crate::workload::{SettingError, within};
use crate::{EventKind, Split, Timeline, Workload};

/// Most requests per second of a plan, both kinds together.
pub const MOST_RATE: f64 = 100_000.0;
/// Most seconds of a plan: one day.
pub const MOST_SECONDS: usize = 86_400;
/// Most work of a malicious request, as a multiple of a legitimate one's.
const MOST_WORK: f64 = 1e6;

/// The rates of a load, checked: legitimate and malicious requests apart.
///
/// ```
/// use karma_mock::load::{LoadPlan, Pacing};
///
/// let plan = LoadPlan::steps(&[50.0, 100.0], 10)?.paced(Pacing::Uniform);
/// assert_eq!((plan.seconds(), plan.expected()), (20, 1500.0));
/// assert_eq!(plan.schedule().count(), 1500);
///
/// let error = LoadPlan::constant(250_000.0, 60).unwrap_err();
/// assert_eq!(error.to_string(), "rate: 250000 is not allowed; expected a number from 0 to 100000");
/// # Ok::<(), karma_mock::load::LoadError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct LoadPlan {
    legitimate: Vec<f64>,
    malicious: Vec<f64>,
    /// From when on a malicious request asks for how much work; in the order of time.
    work: Vec<(f64, f64)>,
    pacing: Pacing,
    seed: u64,
    warm_up: u32,
}

impl LoadPlan {
    /// Requests per second in each second; Poisson, seed 1.
    ///
    /// # Errors
    /// [`LoadError::Setting`] if there are no seconds or more than [`MOST_SECONDS`], if the two differ in length,
    /// or if a rate is negative, no number, or above [`MOST_RATE`] together with the other.
    pub fn new(legitimate: Vec<f64>, malicious: Vec<f64>) -> Result<Self, LoadError> {
        check_seconds(legitimate.len())?;
        if malicious.len() != legitimate.len() {
            let wanted = format!("as many seconds as of legitimate load, {}", legitimate.len());
            return Err(SettingError::new("malicious", &malicious.len(), wanted).into());
        }
        for (legitimate, malicious) in legitimate.iter().zip(&malicious) {
            within("rate", *legitimate, (0.0, MOST_RATE))?;
            within("attack rate", *malicious, (0.0, MOST_RATE))?;
            within("rate", legitimate + malicious, (0.0, MOST_RATE))?;
        }
        Ok(Self { legitimate, malicious, work: Vec::new(), pacing: Pacing::default(), seed: 1, warm_up: 0 })
    }

    /// Always the same rate.
    ///
    /// # Errors
    /// As [`LoadPlan::new`].
    pub fn constant(rate: f64, seconds: u32) -> Result<Self, LoadError> {
        Self::steps(&[rate], seconds)
    }

    /// One rate after the other, each for `seconds`.
    ///
    /// # Errors
    /// As [`LoadPlan::new`].
    pub fn steps(rates: &[f64], seconds: u32) -> Result<Self, LoadError> {
        check_seconds(rates.len().saturating_mul(seconds as usize))?;
        let legitimate: Vec<f64> =
            rates.iter().flat_map(|rate| std::iter::repeat_n(*rate, seconds as usize)).collect();
        let none = vec![0.0; legitimate.len()];
        Self::new(legitimate, none)
    }

    /// A workload about its nominal rate: the rates of episode `seed` of the evaluation split. The plan has the same
    /// seed.
    ///
    /// # Errors
    /// As [`LoadPlan::new`].
    pub fn play(
        workload: &Workload,
        nominal: RequestsPerSecond,
        seconds: u32,
        seed: u64,
    ) -> Result<Self, LoadError> {
        check_seconds(seconds as usize)?;
        within("rate", nominal.0, (0.0, MOST_RATE))?;
        let rates = workload.rates(nominal, seconds, Split::Evaluation, seed);
        let none = vec![0.0; rates.len()];
        Ok(Self::new(rates, none)?.seeded(seed))
    }

    /// What a timeline sends into one entry point, from the start of its warm-up: both kinds of traffic, and the work
    /// of malicious requests.
    ///
    /// # Errors
    /// As [`LoadPlan::new`]; also if the timeline has no such entry point.
    pub fn of(timeline: &Timeline, entry: EntryPointId) -> Result<Self, LoadError> {
        let rates = timeline.legitimate.get(entry).zip(timeline.malicious.get(entry));
        let Some((legitimate, malicious)) = rates else {
            let wanted = format!("one of the {} entry points of the timeline", timeline.legitimate.len());
            return Err(SettingError::new("entry point", &entry, wanted).into());
        };
        let mut plan = Self::new(legitimate.clone(), malicious.clone())?;
        for event in &timeline.events {
            if let EventKind::MaliciousWork { factor } = event.kind {
                within("malicious work", factor, (0.0, MOST_WORK))?;
                plan.work.push((event.at.0, factor));
            }
        }
        Ok(plan)
    }

    /// The same plan with this rate of malicious requests throughout, each asking for `work` times the work of a
    /// legitimate one.
    ///
    /// # Errors
    /// As [`LoadPlan::new`]; also if the work is negative or no number.
    pub fn attacked(self, rate: f64, work: f64) -> Result<Self, LoadError> {
        within("attack work", work, (0.0, MOST_WORK))?;
        let malicious = vec![rate; self.legitimate.len()];
        Ok(Self {
            work: vec![(0.0, work)],
            pacing: self.pacing,
            seed: self.seed,
            warm_up: self.warm_up,
            ..Self::new(self.legitimate, malicious)?
        })
    }

    /// The same plan, spread so over its seconds.
    #[must_use]
    pub fn paced(self, pacing: Pacing) -> Self {
        Self { pacing, ..self }
    }

    /// The same plan with another seed of its send times.
    #[must_use]
    pub fn seeded(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// The same plan, whose first seconds are in the rows of the report but not in its distributions of latency.
    #[must_use]
    pub fn warmed_up(self, warm_up: u32) -> Self {
        Self { warm_up, ..self }
    }

    /// Seconds that are left out of the distributions.
    pub const fn warm_up(&self) -> u32 {
        self.warm_up
    }

    /// Its requests, one after the other.
    pub fn schedule(&self) -> Schedule<'_> {
        Schedule::new(self)
    }

    /// Seconds from the first to the end of the last.
    pub const fn seconds(&self) -> usize {
        self.legitimate.len()
    }

    /// Requests that are to be expected in all.
    pub fn expected(&self) -> f64 {
        self.legitimate.iter().chain(&self.malicious).sum()
    }

    /// Legitimate requests per second.
    pub fn legitimate(&self) -> &[f64] {
        &self.legitimate
    }

    /// Malicious requests per second.
    pub fn malicious(&self) -> &[f64] {
        &self.malicious
    }

    /// How requests are spread over a second.
    pub const fn pacing(&self) -> Pacing {
        self.pacing
    }

    /// The seed of the send times.
    pub const fn seed(&self) -> u64 {
        self.seed
    }

    pub(super) fn seeds(&self) -> SeedTree {
        SeedTree::new(self.seed).child("load")
    }

    /// Work of a request at `time`, as a multiple of a legitimate one's.
    pub(super) fn work_of(&self, traffic: Traffic, time: f64) -> f64 {
        let known = self.work.partition_point(|(from, _)| *from <= time);
        match (traffic, known.checked_sub(1)) {
            (Traffic::Malicious, Some(last)) => self.work[last].1,
            _ => 1.0,
        }
    }
}

fn check_seconds(seconds: usize) -> Result<(), SettingError> {
    if (1..=MOST_SECONDS).contains(&seconds) {
        return Ok(());
    }
    Err(SettingError::new("duration", &seconds, format!("a number of seconds from 1 to {MOST_SECONDS}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Scenario, topologies};

    #[test]
    fn a_timeline_gives_both_kinds_of_traffic_with_its_warm_up_and_the_work_of_an_attack() {
        let topology = topologies::by_name("chain4").unwrap();
        let workload = Workload::by_name("constant").unwrap();
        let ddos = Scenario::by_name("ddos:4").unwrap();
        let mut timeline = ddos.draw(&topology, &workload, Split::Evaluation, 1);
        let entry = topology.entries().next().unwrap().0;
        timeline.events.push(crate::Event {
            at: karma_core::Seconds(5.0),
            kind: EventKind::MaliciousWork { factor: 3.0 },
        });
        let plan = LoadPlan::of(&timeline, entry).unwrap();
        assert_eq!(plan.seconds(), timeline.seconds() as usize);
        assert_eq!(plan.legitimate(), timeline.legitimate[entry]);
        assert!(plan.malicious().iter().any(|rate| *rate > 0.0));
        assert_eq!(plan.work_of(Traffic::Malicious, 1e6), 3.0);
        assert_eq!(plan.work_of(Traffic::Legitimate, 1e6), 1.0);
    }

    #[test]
    fn an_attack_beside_a_load_keeps_pacing_and_seed() {
        let plan = LoadPlan::constant(10.0, 3).unwrap().paced(Pacing::Uniform).seeded(9);
        let plan = plan.attacked(20.0, 2.5).unwrap();
        assert_eq!((plan.pacing(), plan.seed(), plan.expected()), (Pacing::Uniform, 9, 90.0));
        let work: Vec<f64> =
            plan.schedule().filter(|due| due.traffic == Traffic::Malicious).map(|due| due.work).collect();
        assert_eq!(work, [2.5; 60]);
    }

    #[test]
    fn what_no_generator_can_send_is_refused() {
        for plan in [
            LoadPlan::constant(f64::NAN, 1),
            LoadPlan::constant(-1.0, 1),
            LoadPlan::constant(1.0, 0),
            LoadPlan::steps(&[1.0; 100], u32::MAX),
            LoadPlan::new(vec![60_000.0], vec![60_000.0]),
            LoadPlan::new(vec![1.0], vec![]),
            LoadPlan::constant(1.0, 1).unwrap().attacked(1.0, f64::INFINITY),
        ] {
            assert!(matches!(plan, Err(LoadError::Setting(_))), "{plan:?}");
        }
    }
}
