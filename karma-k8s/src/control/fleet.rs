//! All custom resources of a controller: who is due, and what was told.
//!
//! Objects are listed every [`FleetConfig::scan`] seconds, each namespace by itself: one that cannot be listed keeps nobody else
//! waiting, and its objects go on. Each object gets a decision when it is due, several at the same time, and each decision reads
//! its object anew. While this process does not lead nothing is decided, and what was remembered is dropped: another process goes
//! on, from the status.
//!
//! Cost for n objects: a list of their names every few seconds, and for each decision the requests of its [`Runner`]. A decision
//! that takes longer than its period delays its own object, and others only once [`FleetConfig::at_once`] are under way.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use karma_core::Seconds;
use kube::api::{ListParams, PartialObjectMeta};
use kube::{Api, Client, ResourceExt as _};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::runner::{Runner, Site, Told};
use crate::apply::{Answer, Call, ask};
use crate::resource::KarmaAutoscaler;

/// The resource, as RBAC names it.
const RESOURCE: &str = "karmaautoscalers.karma.dev";
/// Seconds until an object that could not be read is read again.
const AGAIN: Seconds = Seconds(1.0);

/// Who hears what is told.
pub trait Listener: Send + Sync {
    /// One decision for `object`, which took `seconds`.
    fn told(&self, object: &KarmaAutoscaler, told: &Told, seconds: f64);

    /// One look around, with how many objects there are; or why some could not be listed.
    fn looked(&self, objects: Result<usize, &str>);

    /// An object is there no more, or not this process' any more.
    fn gone(&self, namespace: &str, name: &str);
}

/// How a fleet is run.
#[derive(Clone, Debug)]
pub struct FleetConfig {
    /// Namespaces whose objects are decided for; all of them if there is none.
    pub namespaces: Vec<String>,
    /// Seconds between two looks around.
    pub scan: Seconds,
    /// How many decisions are under way at the same time.
    pub at_once: usize,
}

impl Default for FleetConfig {
    fn default() -> Self {
        Self { namespaces: Vec::new(), scan: Seconds(2.0), at_once: 16 }
    }
}

/// Namespace, name and UID.
type Key = (String, String, String);
/// The objects of a namespace, or of all if none is named.
type Listed = (Option<String>, Result<BTreeSet<Key>, String>);
/// A decision that has ended, and when the next is due.
type Ended = (Key, Runner, Seconds);

/// One object between its decisions.
struct Slot {
    /// Absent while a decision is under way.
    runner: Option<Runner>,
    due: Seconds,
}

/// Decides for all custom resources.
pub struct Fleet {
    site: Site,
    config: FleetConfig,
    clock: Arc<dyn Fn() -> Seconds + Send + Sync>,
    listener: Arc<dyn Listener>,
    slots: BTreeMap<Key, Slot>,
    looking: JoinSet<Vec<Listed>>,
    under_way: JoinSet<Ended>,
    tasks: BTreeMap<Id, Key>,
}

impl std::fmt::Debug for Fleet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fleet").field("config", &self.config).finish_non_exhaustive()
    }
}

impl Fleet {
    /// A fleet. `clock` tells the seconds since 1970.
    pub fn new(
        site: Site,
        config: FleetConfig,
        clock: Arc<dyn Fn() -> Seconds + Send + Sync>,
        listener: Arc<dyn Listener>,
    ) -> Self {
        let (slots, tasks) = (BTreeMap::new(), BTreeMap::new());
        let (looking, under_way) = (JoinSet::new(), JoinSet::new());
        Self { site, config, clock, listener, slots, looking, under_way, tasks }
    }

    /// Decides until `stop` is ready, then lets what is under way end.
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) {
        let scan = Duration::from_secs_f64(self.config.scan.0.max(0.05));
        let mut beat = interval(scan);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(stop);
        loop {
            let nothing_is_due = sleep(self.until_due(scan));
            tokio::select! {
                () = &mut stop => break,
                Some(ended) = self.under_way.join_next_with_id() => self.ended(ended),
                Some(Ok(listed)) = self.looking.join_next() => self.take_in(listed),
                _ = beat.tick() => self.look_around(),
                () = nothing_is_due => {}
            }
            self.start_due();
        }
        while let Some(ended) = self.under_way.join_next_with_id().await {
            self.ended(ended);
        }
    }

    /// Begins to list, unless the last list is still awaited.
    fn look_around(&mut self) {
        if self.looking.is_empty() {
            let (client, patience) = (self.site.client.clone(), self.site.patience);
            self.looking.spawn(list(client, self.config.namespaces.clone(), patience));
        }
    }

    fn take_in(&mut self, listed: Vec<Listed>) {
        let mut trouble = Vec::new();
        for (namespace, keys) in listed {
            match keys {
                Ok(keys) => self.hold(namespace.as_deref(), &keys),
                Err(why) => trouble.push(why),
            }
        }
        let looked = if trouble.is_empty() { Ok(self.slots.len()) } else { Err(trouble.join("; ")) };
        self.listener.looked(looked.as_ref().map(|count| *count).map_err(String::as_str));
    }

    /// Holds a slot for each of these objects of a namespace, and for no other of it.
    fn hold(&mut self, namespace: Option<&str>, keys: &BTreeSet<Key>) {
        self.keep(|key, slot| {
            let elsewhere = namespace.is_some_and(|namespace| namespace != key.0);
            elsewhere || keys.contains(key) || slot.runner.is_none()
        });
        for key in keys {
            let new = || Slot { runner: Some(Runner::default()), due: Seconds(f64::NEG_INFINITY) };
            self.slots.entry(key.clone()).or_insert_with(new);
        }
    }

    /// Keeps these slots, and tells of the others that they are gone.
    fn keep(&mut self, these: impl Fn(&Key, &Slot) -> bool) {
        let listener = &self.listener;
        self.slots.retain(|key, slot| {
            let kept = these(key, slot);
            if !kept {
                listener.gone(&key.0, &key.1);
            }
            kept
        });
    }

    /// How long nothing is due; `most` if nothing could be begun anyway.
    fn until_due(&self, most: Duration) -> Duration {
        if self.under_way.len() >= self.config.at_once || !(self.site.leads)() {
            return most;
        }
        let due = self.slots.values().filter(|slot| slot.runner.is_some()).map(|slot| slot.due.0);
        let wait = due.fold(f64::INFINITY, f64::min) - (self.clock)().0;
        Duration::try_from_secs_f64(wait.max(0.0)).map_or(most, |wait| wait.min(most))
    }

    /// Begins the decisions that are due, those that wait longest first.
    fn start_due(&mut self) {
        if !(self.site.leads)() {
            self.keep(|_, slot| slot.runner.is_none());
            return;
        }
        let now = (self.clock)();
        let waiting = self.slots.iter().filter(|(_, slot)| slot.runner.is_some() && slot.due <= now);
        let mut due: Vec<(Seconds, Key)> = waiting.map(|(key, slot)| (slot.due, key.clone())).collect();
        due.sort_by(|a, b| a.0.0.total_cmp(&b.0.0));
        let room = self.config.at_once.saturating_sub(self.under_way.len());
        for (_, key) in due.into_iter().take(room) {
            let Some(runner) = self.slots.get_mut(&key).and_then(|slot| slot.runner.take()) else { continue };
            let (site, clock) = (self.site.clone(), Arc::clone(&self.clock));
            let (listener, of) = (Arc::clone(&self.listener), key.clone());
            let decision = async move { Box::pin(once(key, runner, (&site, &*clock, &*listener))).await };
            self.tasks.insert(self.under_way.spawn(decision).id(), of);
        }
    }

    /// Puts a runner back. One that panicked is made anew: what it must know is in the status.
    fn ended(&mut self, ended: Result<(Id, Ended), JoinError>) {
        match ended {
            Ok((id, (key, runner, due))) => {
                self.tasks.remove(&id);
                self.slots.insert(key, Slot { runner: Some(runner), due });
            }
            Err(error) => {
                let Some(key) = self.tasks.remove(&error.id()) else { return };
                let due = (self.clock)() + self.config.scan;
                self.slots.insert(key, Slot { runner: Some(Runner::default()), due });
            }
        }
    }
}

/// The objects of these namespaces, all asked for at once; of all namespaces if there is none.
async fn list(client: Client, namespaces: Vec<String>, patience: Duration) -> Vec<Listed> {
    let places = if namespaces.is_empty() { vec![None] } else { namespaces.into_iter().map(Some).collect() };
    let mut asked = JoinSet::new();
    for place in places {
        let client = client.clone();
        asked.spawn(async move {
            let keys = list_one(client, place.as_deref(), patience).await;
            (place, keys)
        });
    }
    asked.join_all().await
}

async fn list_one(
    client: Client,
    namespace: Option<&str>,
    patience: Duration,
) -> Result<BTreeSet<Key>, String> {
    let api: Api<KarmaAutoscaler> = match namespace {
        Some(namespace) => Api::namespaced(client, namespace),
        None => Api::all(client),
    };
    let call = Call { verb: "list", resource: RESOURCE, name: "", namespace: namespace.unwrap_or("(all)") };
    let all = ListParams::default();
    match ask(call, patience, api.list_metadata(&all)).await {
        Ok(Answer::Is(list)) => Ok(list.items.iter().map(key).collect()),
        Ok(_) => Err(format!("{call}: there is no such resource; apply its definition first")),
        Err(error) => Err(error.to_string()),
    }
}

fn key(object: &PartialObjectMeta<KarmaAutoscaler>) -> Key {
    (object.namespace().unwrap_or_default(), object.name_any(), object.uid().unwrap_or_default())
}

/// One decision for the object of `key`, read anew.
async fn once(
    key: Key,
    mut runner: Runner,
    (site, clock, listener): (&Site, &(dyn Fn() -> Seconds + Send + Sync), &dyn Listener),
) -> Ended {
    let began = clock();
    let Some(object) = read(&site.client, &key, site.patience).await else {
        return (key, runner, clock() + AGAIN);
    };
    let told = runner.decide(site, object.clone(), began).await;
    listener.told(&object, &told, clock().0 - began.0);
    (key, runner, began + told.next)
}

/// The object, if it is still the same one and can be read; why it cannot, the next look around tells. A read without a
/// version asks for the newest state.
async fn read(client: &Client, (namespace, name, uid): &Key, patience: Duration) -> Option<KarmaAutoscaler> {
    let api: Api<KarmaAutoscaler> = Api::namespaced(client.clone(), namespace);
    let call = Call { verb: "get", resource: RESOURCE, name, namespace };
    match ask(call, patience, api.get(name)).await {
        Ok(Answer::Is(object)) => Some(object).filter(|object| object.uid().as_ref() == Some(uid)),
        _ => None,
    }
}
