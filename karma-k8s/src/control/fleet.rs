//! All custom resources of a controller: who is due, and what was told.
//!
//! Objects are listed every [`FleetConfig::scan`] seconds; each that is due gets one decision, several at the same time. Each
//! decision reads its object anew. While this process does not lead nothing is decided, and what was remembered is dropped:
//! another process goes on, from the status.
//!
//! Cost for n objects: a list every few seconds, and for each decision the requests of its [`Runner`]. A decision that takes
//! longer than its period delays its own object alone.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use karma_core::Seconds;
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt as _};
use tokio::task::{Id, JoinSet};
use tokio::time::{MissedTickBehavior, interval, timeout};

use super::runner::{Runner, Site, Told};
use crate::resource::KarmaAutoscaler;

/// Who hears what is told.
pub trait Listener: Send + Sync {
    /// One decision for `object`, which took `seconds`.
    fn told(&self, object: &KarmaAutoscaler, told: &Told, seconds: f64);

    /// One look around, with how many objects there are; or why they could not be listed.
    fn looked(&self, objects: Result<usize, &str>);
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

/// One object between its decisions.
#[derive(Default)]
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
    under_way: JoinSet<(Key, Runner, Seconds)>,
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
        let (slots, under_way, tasks) = (BTreeMap::new(), JoinSet::new(), BTreeMap::new());
        Self { site, config, clock, listener, slots, under_way, tasks }
    }

    /// Decides until `stop` is ready, then lets what is under way end.
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) {
        let mut beat = interval(Duration::from_secs_f64(self.config.scan.0.max(0.05)));
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(ended) = self.under_way.join_next_with_id() => self.ended(ended),
                _ = beat.tick() => self.look_around().await,
            }
        }
        while let Some(ended) = self.under_way.join_next_with_id().await {
            self.ended(ended);
        }
    }

    async fn look_around(&mut self) {
        if !(self.site.leads)() {
            self.slots.retain(|_, slot| slot.runner.is_none());
            self.listener.looked(Ok(0));
            return;
        }
        let objects = match self.list().await {
            Ok(objects) => objects,
            Err(why) => return self.listener.looked(Err(&why)),
        };
        self.listener.looked(Ok(objects.len()));
        let keys: BTreeSet<Key> = objects.iter().map(key).collect();
        self.slots.retain(|key, slot| keys.contains(key) || slot.runner.is_none());
        for object in &objects {
            self.start(key(object));
        }
    }

    /// Begins the decision of an object that is due.
    fn start(&mut self, key: Key) {
        let now = (self.clock)();
        let slot = self
            .slots
            .entry(key.clone())
            .or_insert_with(|| Slot { runner: Some(Runner::default()), due: Seconds(0.0) });
        if self.under_way.len() >= self.config.at_once || slot.due > now {
            return;
        }
        let Some(runner) = slot.runner.take() else { return };
        let (site, clock, listener) =
            (self.site.clone(), Arc::clone(&self.clock), Arc::clone(&self.listener));
        let of = key.clone();
        let decision = async move { Box::pin(once(key, runner, (&site, &*clock, &*listener))).await };
        let task = self.under_way.spawn(decision);
        self.tasks.insert(task.id(), of);
    }

    /// Puts a runner back. One that panicked is made anew: what it must know is in the status.
    fn ended(&mut self, ended: Result<(Id, (Key, Runner, Seconds)), tokio::task::JoinError>) {
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

    async fn list(&self) -> Result<Vec<KarmaAutoscaler>, String> {
        let client = &self.site.client;
        let apis: Vec<Api<KarmaAutoscaler>> = if self.config.namespaces.is_empty() {
            vec![Api::all(client.clone())]
        } else {
            self.config.namespaces.iter().map(|name| Api::namespaced(client.clone(), name)).collect()
        };
        let mut objects = Vec::new();
        for api in apis {
            let list = timeout(self.site.patience, api.list(&ListParams::default())).await;
            let list = list.map_err(|_| "the API server does not answer".to_owned())?;
            objects.extend(list.map_err(|error| error.to_string())?.items);
        }
        Ok(objects)
    }
}

fn key(object: &KarmaAutoscaler) -> Key {
    (object.namespace().unwrap_or_default(), object.name_any(), object.uid().unwrap_or_default())
}

/// One decision for the object of `key`, read anew.
async fn once(
    key: Key,
    mut runner: Runner,
    (site, clock, listener): (&Site, &(dyn Fn() -> Seconds + Send + Sync), &dyn Listener),
) -> (Key, Runner, Seconds) {
    let began = clock();
    let object = read(&site.client, &key, site.patience).await;
    let next = match object {
        Ok(Some(object)) => {
            let told = runner.decide(site, object.clone(), began).await;
            listener.told(&object, &told, clock().0 - began.0);
            told.next
        }
        Ok(None) | Err(_) => Seconds(1.0),
    };
    (key, runner, began + next)
}

/// The object, if it is still the same one. A read without a version asks for the newest state.
async fn read(
    client: &Client,
    (namespace, name, uid): &Key,
    patience: Duration,
) -> Result<Option<KarmaAutoscaler>, String> {
    let api: Api<KarmaAutoscaler> = Api::namespaced(client.clone(), namespace);
    let object = timeout(patience, api.get_opt(name)).await;
    let object = object.map_err(|_| "the API server does not answer".to_owned())?;
    let object = object.map_err(|error| error.to_string())?;
    Ok(object.filter(|object| object.uid().as_ref() == Some(uid)))
}
