//! What becomes of a request.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use karma_core::{SeedTree, StreamRng};
use rand::RngExt as _;
use tokio::time::{Instant, sleep};

use super::burn::Account;
use super::calls::Caller;
use super::config::ServiceConfig;
use super::door::Door;
use super::faults::Faults;
use super::memory::Memory;
use super::metrics::Metrics;
use super::params::ServiceParams;
use crate::work::WorkSampler;

/// Between two looks whether a service that hangs still does.
const LOOK: Duration = Duration::from_millis(100);

/// One mock service.
#[derive(Debug)]
pub(super) struct Mock {
    params: ServiceParams,
    sampler: WorkSampler,
    account: Account,
    memory: Arc<Memory>,
    door: Door,
    caller: Caller,
    faults: Mutex<Faults>,
    rng: Mutex<StreamRng>,
    began: Instant,
    draining: AtomicBool,
    pub(super) metrics: Arc<Metrics>,
}

impl Mock {
    pub(super) fn new(config: &ServiceConfig, variable: impl Fn(&str) -> Option<String>) -> Self {
        let params = config.params().clone();
        let metrics = Arc::new(Metrics::new(&params.name));
        Self {
            sampler: WorkSampler::new(params.work.mean_seconds, params.work.distribution.into()),
            account: Account::default(),
            memory: Arc::new(Memory::new(params.memory, params.concurrency)),
            door: Door::new(params.concurrency, params.queue_capacity, params.throughput),
            caller: Caller::new(&params, &metrics, variable),
            faults: Mutex::default(),
            rng: Mutex::new(SeedTree::new(params.seed).child("work").rng()),
            began: Instant::now(),
            draining: AtomicBool::new(false),
            metrics,
            params,
        }
    }

    pub(super) fn faults(&self) -> Faults {
        *lock(&self.faults)
    }

    pub(super) fn set_faults(&self, faults: Faults) {
        *lock(&self.faults) = faults;
    }

    /// Its metrics as text.
    pub(super) fn metrics_text(&self) -> String {
        self.memory.trim();
        self.metrics.text(self.door.waiting(), self.door.in_service())
    }

    pub(super) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    /// Whether it takes requests.
    pub(super) fn is_ready(&self) -> bool {
        let started = self.began.elapsed().as_secs_f64() >= self.params.startup_seconds;
        started && !self.draining.load(Ordering::Relaxed) && self.is_alive()
    }

    /// Whether it should go on.
    pub(super) fn is_alive(&self) -> bool {
        self.memory.trim();
        !self.faults().hang
    }

    /// Whether a request is nothing but an answer.
    fn is_idle(&self) -> bool {
        self.params.work.mean_seconds == 0.0
            && self.params.memory.per_request == 0.0
            && self.caller.is_empty()
    }

    /// One request that asks for `work` times the usual; the status of its answer.
    ///
    /// It is carried to its end also if the client goes away: what it has begun is then wasted, as in the simulated
    /// cluster.
    pub(super) async fn request(self: Arc<Self>, work: f64) -> u16 {
        while self.faults().hang {
            sleep(LOOK).await;
        }
        let Some(slot) = self.door.enter().await else { return 503 };
        if self.is_idle() && self.faults() == Faults::default() {
            return 200;
        }
        tokio::spawn(self.serve(work, slot)).await.unwrap_or(500)
    }

    async fn serve(self: Arc<Self>, work: f64, slot: super::door::Slot) -> u16 {
        let faults = self.faults();
        let computing = Arc::clone(&self);
        let computed = tokio::task::spawn_blocking(move || computing.compute(work / faults.speed)).await;
        let Ok(held) = computed else { return 500 };
        if faults.latency_seconds > 0.0 {
            sleep(Duration::from_secs_f64(faults.latency_seconds)).await;
        }
        let fails = faults.error_rate > 0.0 && lock(&self.rng).random::<f64>() < faults.error_rate;
        let slot = self.params.blocking.then_some(slot);
        let status = if fails {
            500
        } else if self.caller.call(work).await {
            200
        } else {
            502
        };
        drop((slot, held));
        status
    }

    /// Takes the memory of a request and burns its CPU.
    fn compute(&self, factor: f64) -> super::memory::Held {
        let held = Memory::hold(&self.memory);
        let load = f64::from(held.requests()) / f64::from(self.params.concurrency);
        let work =
            self.sampler.sample(&mut lock(&self.rng)) * factor * (1.0 + self.params.work.bend * load * load);
        if work > 0.0 {
            self.account.burn(work);
        }
        held
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
