//! The disturbances of a scenario, in real time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use karma_core::{SeedTree, ServiceId, StreamRng, Topology};
use karma_mock::{Event, EventKind, Timeline};
use kube::Client;
use tokio::time::{Instant, sleep_until};

use super::fault::{Faults, Strike, Which};
use super::pods::{self, Target};
use super::strike::hit_all;
use super::{ChaosError, Struck, contention};

/// How often new pods are told what holds for their service, and how often altered data may make a pod crash.
pub const PERIOD: Duration = Duration::from_secs(2);

/// What was done at a moment.
#[derive(Clone, Debug)]
pub struct Played {
    /// Seconds since the beginning.
    pub at: f64,
    /// In words.
    pub what: String,
    /// To whom.
    pub pods: Vec<Struck>,
}

/// Where a scenario is played.
struct Stage<'a> {
    client: &'a Client,
    namespace: &'a str,
    image: &'a str,
    topology: &'a Topology,
    rng: StreamRng,
    /// Speeds that hold now, by service.
    speeds: BTreeMap<String, f64>,
    /// Pods that were told of them.
    told: BTreeSet<String>,
    /// Probability per pod per minute that altered data makes it crash.
    alteration: f64,
}

/// Plays the events of `timeline`, the first second of which is now, and ends with it; then every fault is taken back.
///
/// `place` is the namespace and the image of the pods that stand for other tenants. A pod that cannot be reached is told of
/// in words and does not end the play: it may be crashing because of it.
///
/// # Errors
/// When the API server cannot be asked.
pub async fn play(
    client: &Client,
    place: (&str, &str),
    (topology, timeline): (&Topology, &Timeline),
    seeds: SeedTree,
    mut tell: impl FnMut(Played),
) -> Result<(), ChaosError> {
    let (namespace, image) = place;
    let (rng, begin) = (seeds.child("chaos").rng(), Instant::now());
    let (speeds, told) = (BTreeMap::new(), BTreeSet::new());
    let mut stage = Stage { client, namespace, image, topology, rng, speeds, told, alteration: 0.0 };
    let end = begin + Duration::from_secs(u64::from(timeline.seconds()));
    let mut events = timeline.events.iter().peekable();
    let mut tick = begin;
    while tick < end {
        let next = events.peek().map(|event| begin + Duration::from_secs_f64(event.at.0.max(0.0)));
        let moment = next.map_or(tick + PERIOD, |next| next.min(tick + PERIOD)).min(end);
        sleep_until(moment).await;
        let at = begin.elapsed().as_secs_f64();
        if next.is_some_and(|next| next <= moment)
            && let Some(event) = events.next()
        {
            let (what, pods) = stage.perform(event).await?;
            tell(Played { at, what, pods });
            continue;
        }
        tick = moment;
        for (what, pods) in stage.tick().await? {
            tell(Played { at, what, pods });
        }
    }
    super::clear(client, namespace).await.map(|_| ())
}

type Done = (String, Vec<Struck>);

impl Stage<'_> {
    async fn perform(&mut self, event: &Event) -> Result<Done, ChaosError> {
        match event.kind {
            EventKind::Speed { service, factor } => {
                let name = self.topology.services[service].name.clone();
                let what = format!("{name} computes at {factor:.2} of its speed");
                self.speeds.insert(name.clone(), factor);
                let targets = self.of(&name).await?;
                Ok((what, self.slow(&targets).await))
            }
            EventKind::Background { share } => {
                contention::keep_busy(self.client, self.namespace, self.image, share).await?;
                Ok((format!("other tenants use {:.0} % of each node", 100.0 * share), Vec::new()))
            }
            EventKind::Crash { probability } => {
                let what = format!("each pod crashes with probability {probability}");
                Ok((what, self.crash(probability).await?))
            }
            EventKind::Kill { service, pods } => self.hit_some(service, pods, &Strike::Kill, "deleted").await,
            EventKind::CrashPods { service, pods } => {
                self.hit_some(service, pods, &Strike::Crash, "made to crash").await
            }
            EventKind::Alteration { probability } => {
                self.alteration = probability;
                Ok((format!("altered data: {probability} crashes per pod per minute"), Vec::new()))
            }
            EventKind::MaliciousWork { factor } => {
                Ok((format!("malicious requests cost {factor} times a legitimate one"), Vec::new()))
            }
        }
    }

    async fn hit_some(
        &mut self,
        service: ServiceId,
        pods: u32,
        strike: &Strike,
        done: &str,
    ) -> Result<Done, ChaosError> {
        let name = self.topology.services[service].name.clone();
        let chosen = pods::choose(self.of(&name).await?, Which::Count(pods as usize), &mut self.rng);
        let struck = hit_all(self.client, self.namespace, &chosen, strike).await?;
        Ok((format!("{pods} pods of {name} are {done}"), struck))
    }

    /// New pods learn what holds; altered data does its work.
    async fn tick(&mut self) -> Result<Vec<Done>, ChaosError> {
        let mut done = Vec::new();
        if self.speeds.values().any(|speed| *speed != 1.0) {
            let mut new = pods::running(self.client, self.namespace).await?;
            new.retain(|pod| self.speeds.contains_key(&pod.service) && !self.told.contains(&pod.uid));
            if !new.is_empty() {
                done.push(("new pods learn of it".to_owned(), self.slow(&new).await));
            }
        }
        if self.alteration > 0.0 {
            let pods = self.crash(self.alteration * PERIOD.as_secs_f64() / 60.0).await?;
            done.extend((!pods.is_empty()).then(|| ("altered data".to_owned(), pods)));
        }
        Ok(done)
    }

    async fn of(&self, service: &str) -> Result<Vec<Target>, ChaosError> {
        let mut targets = pods::running(self.client, self.namespace).await?;
        targets.retain(|target| target.service == service);
        Ok(targets)
    }

    /// Tells pods the speed of their service; those that cannot be reached are told at the next tick.
    async fn slow(&mut self, targets: &[Target]) -> Vec<Struck> {
        let mut struck = Vec::new();
        for target in targets {
            let Some(speed) = self.speeds.get(&target.service) else { continue };
            let faults = Strike::Faults(Faults { speed: *speed, ..Faults::default() });
            if let Ok(hit) = pods::hit(self.client, self.namespace, target, &faults).await {
                self.told.insert(target.uid.clone());
                struck.push(hit);
            }
        }
        struck
    }

    async fn crash(&mut self, probability: f64) -> Result<Vec<Struck>, ChaosError> {
        let which = Which::Share(probability.clamp(0.0, 1.0));
        let targets = pods::choose(pods::running(self.client, self.namespace).await?, which, &mut self.rng);
        let mut struck = Vec::new();
        for target in &targets {
            // One that crashes already cannot be told to.
            let hit =
                hit_all(self.client, self.namespace, std::slice::from_ref(target), &Strike::Crash).await;
            struck.extend(hit.unwrap_or_default());
        }
        Ok(struck)
    }
}
