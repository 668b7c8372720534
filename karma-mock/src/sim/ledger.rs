//! Conservation: what arrived was completed, failed, or is still in flight. Always, exactly.

use thiserror::Error;

use super::Simulation;
use super::calls::{NONE, Stage};
use super::pod::Life;

/// Requests of all kinds since the start of the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Requests that arrived.
    pub arrived: u64,
    /// Answered without error in time.
    pub completed: u64,
    /// Refused, failed or given up.
    pub failed: u64,
    /// Neither yet: counted from the open calls, not from the other three.
    pub in_flight: u64,
}

/// A law that does not hold: a defect of the simulation.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("at {at} s: {law}: {left} on one side, {right} on the other")]
pub struct Imbalance {
    /// Moment, as text so that the error can be compared.
    pub at: String,
    /// The law.
    pub law: &'static str,
    /// One side.
    pub left: u64,
    /// The other.
    pub right: u64,
}

impl Simulation {
    /// What arrived and what became of it.
    pub fn ledger(&self) -> Ledger {
        let waits = |call: &&super::calls::Call| call.parent == NONE && !call.abandoned;
        let open = self.calls.iter().filter(waits).count() + self.wire.requests();
        Ledger { in_flight: open as u64, ..self.ledger }
    }

    /// Checks every conservation law; cost: open calls + pods.
    ///
    /// # Errors
    /// The first law that does not hold.
    pub fn check_balance(&self) -> Result<(), Imbalance> {
        let ledger = self.ledger();
        self.equal(
            "arrived = completed + failed + in flight",
            ledger.arrived,
            ledger.completed + ledger.failed + ledger.in_flight,
        )?;
        let count = |of: &dyn Fn(&super::calls::Call) -> bool| {
            self.calls.iter().filter(|call| of(call)).count() as u64
        };
        let sum = |of: &dyn Fn(&super::pod::Pod) -> usize| self.pods.iter().map(of).sum::<usize>() as u64;
        self.equal(
            "queued calls = queued at pods",
            count(&|c| c.stage == Stage::Queued),
            sum(&|p| p.queue.len()),
        )?;
        self.equal(
            "computing calls = jobs of pods",
            count(&|c| c.stage == Stage::Computing),
            sum(&|p| p.computing()),
        )?;
        self.equal(
            "served calls = slots and detached calls of pods",
            count(&|c| c.stage != Stage::Queued),
            sum(&|p| p.in_service as usize + p.detached as usize),
        )?;
        let open_children: u64 = self.calls.iter().map(|call| u64::from(call.open)).sum();
        let knows_caller =
            |c: &super::calls::Call| c.parent != NONE && self.calls.is_open(c.parent, c.parent_generation);
        let children = count(&knows_caller) + self.wire.calls().filter(|c| knows_caller(c)).count() as u64;
        self.equal("open calls of callers = calls that know a caller", open_children, children)?;
        self.check_pods()
    }

    fn check_pods(&self) -> Result<(), Imbalance> {
        for service in &self.services {
            let ready =
                service.pods.iter().filter(|slot| self.pods[**slot as usize].life == Life::Ready).count();
            self.equal("ready pods = endpoints", ready as u64, service.ready.len() as u64)?;
            for slot in &service.pods {
                let pod = &self.pods[*slot as usize];
                self.equal(
                    "slots within the concurrency",
                    u64::from(pod.in_service.max(service.concurrency)),
                    u64::from(service.concurrency),
                )?;
                let longest = service.queue_capacity.max(pod.queue.len());
                self.equal("queue within its capacity", longest as u64, service.queue_capacity as u64)?;
            }
        }
        Ok(())
    }

    fn equal(&self, law: &'static str, left: u64, right: u64) -> Result<(), Imbalance> {
        if left == right { Ok(()) } else { Err(Imbalance { at: self.now.to_string(), law, left, right }) }
    }
}
