//! The way of a request: arrival, choice of a pod, queue, work, downstream calls, answer.
//!
//! Nothing here recurses: an answer travels upstream in a loop ([`Simulation::settle`]), so a chain of a
//! thousand services needs no deeper stack than one of four.

use karma_core::Seconds;
use karma_core::resilience::Traffic;
use karma_core::topology::{Balancing, FanOut};
use rand::RngExt as _;

use super::calls::{Call, NONE, Stage};
use super::completed::Outcome;
use super::pod::Life;
use super::{Doom, Simulation, TIMEOUTS};

impl Simulation {
    /// A request arrives on stream `stream`.
    pub(super) fn arrive(&mut self, stream: usize) {
        let arrivals = &mut self.arrivals[stream];
        let (service, entry, traffic) = (arrivals.service, arrivals.entry, arrivals.traffic);
        let next = arrivals.next_time();
        self.calendar.set(Self::stream_actor(stream), next);
        self.ledger.arrived += 1;
        self.interval.received += 1;
        self.entry_arrivals[entry as usize] += 1;
        self.enter(Call::root(self.now, service, traffic));
    }

    /// A request sets out for its entry point.
    fn enter(&mut self, root: Call) {
        if self.wire.is_instant() {
            self.admit_root(root);
        } else {
            self.send(root);
        }
    }

    /// A request reaches its entry point.
    pub(super) fn admit_root(&mut self, root: Call) {
        match self.dispatch(root) {
            Some(root) => self.watch(root),
            None => self.decide_failed(&root, Outcome::Failed),
        }
    }

    /// The client of `root` will give up in time.
    fn watch(&mut self, root: u32) {
        while self
            .timeouts
            .front()
            .is_some_and(|(_, call, generation)| !self.calls.is_open(*call, *generation))
        {
            self.timeouts.pop_front();
        }
        let deadline = self.calls.get(root).arrived + self.timeout;
        if self.timeouts.is_empty() {
            self.expiry = deadline;
            self.sync_timeouts();
        }
        self.timeouts.push_back((deadline, root, self.calls.get(root).generation));
    }

    /// Clients whose time is up give up. Work already begun for them goes on and is wasted.
    pub(super) fn expire(&mut self) {
        let mut next = super::calendar::NEVER;
        while let Some(&(deadline, root, generation)) = self.timeouts.front() {
            let open = self.calls.is_open(root, generation);
            if open && deadline > self.now {
                next = deadline;
                break;
            }
            self.timeouts.pop_front();
            if open {
                let call = self.calls.get_mut(root);
                call.abandoned = true;
                let call = *call;
                self.decide_failed(&call, Outcome::TimedOut);
            }
        }
        self.expiry = next;
        self.sync_timeouts();
    }

    /// The next timeout, or the next arrival over the network, becomes known to the calendar.
    pub(super) fn sync_timeouts(&mut self) {
        self.calendar.set(TIMEOUTS, self.expiry.min(self.wire.next_time()));
    }

    /// Takes a call to a pod of its service; `None` if it is refused.
    pub(super) fn dispatch(&mut self, mut call: Call) -> Option<u32> {
        self.services[call.service as usize].counters.arrived += 1;
        let admitted = self.choose_pod(call.service as usize).and_then(|pod| self.admit(pod, &mut call));
        if admitted.is_none() {
            self.services[call.service as usize].counters.errors += 1;
        }
        admitted
    }

    /// A slot, or a place in the queue, or nothing.
    fn admit(&mut self, pod_index: u32, call: &mut Call) -> Option<u32> {
        let service = &self.services[call.service as usize];
        let pod = &mut self.pods[pod_index as usize];
        call.pod = pod_index;
        if pod.in_service < service.concurrency && pod.queue.is_empty() {
            let index = self.calls.open(*call);
            self.start(index);
            return Some(index);
        }
        if pod.queue.len() >= service.queue_capacity {
            return None;
        }
        call.stage = Stage::Queued;
        let index = self.calls.open(*call);
        pod.queue.push_back(index);
        Some(index)
    }

    fn choose_pod(&mut self, service: usize) -> Option<u32> {
        let runtime = &mut self.services[service];
        let ready = &runtime.ready;
        match ready.len() {
            0 => None,
            1 => Some(ready[0]),
            n => Some(match self.topology.balancing {
                Balancing::Random => ready[self.streams.balance.random_range(0..n)],
                Balancing::RoundRobin => {
                    runtime.turn = (runtime.turn + 1) % n;
                    ready[runtime.turn]
                }
                Balancing::LeastRequests => {
                    let pods = &self.pods;
                    *ready.iter().min_by_key(|pod| pods[**pod as usize].load())?
                }
            }),
        }
    }

    /// A call takes a slot and begins its work.
    fn start(&mut self, index: u32) {
        let call = self.calls.get_mut(index);
        let service = &mut self.services[call.service as usize];
        let pod = &mut self.pods[call.pod as usize];
        service.waiting.started += 1;
        if call.stage == Stage::Queued {
            service.waiting.queued += 1;
            service.waiting.seconds += self.now - call.arrived - self.wire.delay;
        }
        let mut work = service.draw_work(&mut self.streams.work);
        call.memory = service.memory_per_request;
        if call.traffic == Traffic::Malicious {
            work *= self.malicious_work;
            #[expect(clippy::cast_possible_truncation, reason = "a factor of memory")]
            let factor = self.malicious_work as f32;
            call.memory *= factor.max(1.0);
        }
        if self.now < pod.slow_until {
            work *= 2.0;
        }
        call.stage = Stage::Computing;
        pod.in_service += 1;
        pod.request_memory += f64::from(call.memory);
        pod.compute(self.now, index, work);
        self.calendar.set(self.pod_base + call.pod as usize, pod.next_event());
        if service.memory_idle + pod.request_memory > service.memory_limit {
            self.doomed.push((call.pod, Doom::OutOfMemory));
        }
    }

    /// The next request of a pod finishes its work, or the pod's quota ends or begins anew.
    pub(super) fn complete(&mut self, pod_index: usize) {
        let pod = &mut self.pods[pod_index];
        let done = pod.complete(self.now);
        self.calendar.set(self.pod_base + pod_index, pod.next_event());
        let Some(index) = done else { return };
        let failed = std::mem::take(&mut pod.fail_next);
        let service = &self.services[pod.service as usize];
        if failed || service.links.is_empty() {
            return self.finish(index, !failed);
        }
        self.calls.get_mut(index).stage = Stage::Waiting;
        if !service.blocking {
            pod.in_service -= 1;
            pod.detached += 1;
            self.pull(pod_index);
        }
        if let Some(ok) = self.advance(index) {
            self.finish(index, ok);
        }
    }

    /// Makes the next calls of a call whose own work is done. `Some` once nothing is left to wait for.
    fn advance(&mut self, index: u32) -> Option<bool> {
        loop {
            let call = self.calls.get(index);
            if call.open > 0 {
                return None;
            }
            let service = &self.services[call.service as usize];
            let links = service.links.len();
            match service.fan_out {
                _ if call.failed => return Some(false),
                FanOut::Sequential | FanOut::Weighted if call.repeats > 0 => {
                    let link = call.next_connection as usize - 1;
                    self.calls.get_mut(index).repeats -= 1;
                    self.call_over(index, link);
                }
                FanOut::Sequential if (call.next_connection as usize) < links => {
                    let link = call.next_connection as usize;
                    self.turn_to(index, link);
                }
                FanOut::Weighted if call.next_connection == 0 => {
                    match service.draw_link(&mut self.streams.balance) {
                        Some(link) => self.turn_to(index, link),
                        None => return Some(true),
                    }
                }
                FanOut::Parallel if call.next_connection == 0 => {
                    for link in 0..links {
                        self.turn_to(index, link);
                        for _ in 0..self.calls.get(index).repeats {
                            self.call_over(index, link);
                        }
                    }
                }
                _ => return Some(true),
            }
        }
    }

    /// A call turns to its `link`-th connection and draws how often it calls over it.
    #[expect(clippy::cast_possible_truncation, reason = "a service has far fewer than 2^16 connections")]
    fn turn_to(&mut self, index: u32, link: usize) {
        let service = self.calls.get(index).service as usize;
        let repeats = self.services[service].links[link].draw_calls(&mut self.streams.balance);
        let call = self.calls.get_mut(index);
        call.next_connection = link as u16 + 1;
        call.repeats = repeats;
    }

    /// One call over a link. If it is refused, and tried again in vain, its caller has failed.
    #[expect(clippy::cast_possible_truncation, reason = "a service has far fewer than 2^16 connections")]
    fn call_over(&mut self, caller: u32, link: usize) {
        let parent = *self.calls.get(caller);
        let link_state = &self.services[parent.service as usize].links[link];
        let child = Call {
            parent: caller,
            parent_generation: parent.generation,
            connection: link as u16,
            retries: self.retries,
            ..Call::root(self.now, link_state.destination, parent.traffic)
        };
        let sent = self.try_call(child);
        let parent = self.calls.get_mut(caller);
        parent.open += u16::from(sent);
        parent.failed |= !sent;
    }

    /// Sends a call, again after each refusal as long as it has retries. Whether it was taken.
    fn try_call(&mut self, mut child: Call) -> bool {
        let caller_service = self.calls.get(child.parent).service as usize;
        loop {
            let admits = self.services[caller_service].links[child.connection as usize].admits(self.now);
            if admits && !self.wire.is_instant() {
                self.send(child);
                return true;
            }
            if admits && self.dispatch(child).is_some() {
                return true;
            }
            if child.retries == 0 {
                return false;
            }
            child.retries -= 1;
        }
    }

    /// A call is done: it leaves its pod and its outcome travels upstream.
    fn finish(&mut self, index: u32, ok: bool) {
        let call = *self.calls.get(index);
        self.leave(index, ok);
        self.settle(call, ok);
    }

    /// The outcome of a closed call travels upstream until a caller has something left to wait for.
    pub(super) fn settle(&mut self, mut child: Call, mut ok: bool) {
        loop {
            if child.parent == NONE {
                return self.decide(&child, ok);
            }
            if !self.calls.is_open(child.parent, child.parent_generation) {
                return; // the caller crashed: nobody waits for this answer
            }
            if !ok && child.retries > 0 {
                let again = Call { retries: child.retries - 1, ..child.renewed(self.now) };
                if self.try_call(again) {
                    return;
                }
            }
            let caller = child.parent;
            let parent = self.calls.get_mut(caller);
            parent.open -= 1;
            parent.failed |= !ok;
            let Some(outcome) = self.advance(caller) else { return };
            child = *self.calls.get(caller);
            ok = outcome;
            self.leave(caller, ok);
        }
    }

    /// A call gives its slot back and is closed.
    fn leave(&mut self, index: u32, ok: bool) {
        let call = *self.calls.get(index);
        let service = &mut self.services[call.service as usize];
        let pod = &mut self.pods[call.pod as usize];
        if call.stage == Stage::Waiting && !service.blocking {
            pod.detached -= 1;
        } else {
            pod.in_service -= 1;
        }
        pod.request_memory -= f64::from(call.memory);
        self.calls.close(index);
        if ok {
            service.counters.answered += 1;
            service.counters.latency += self.now - call.arrived;
        } else {
            service.counters.errors += 1;
        }
        self.pull(call.pod as usize);
    }

    /// A free slot takes the next request of the queue; those whose client has left are dropped unserved.
    fn pull(&mut self, pod_index: usize) {
        loop {
            let pod = &mut self.pods[pod_index];
            if pod.in_service >= self.services[pod.service as usize].concurrency {
                return;
            }
            let Some(next) = pod.queue.pop_front() else { break };
            if self.calls.get(next).abandoned {
                self.calls.close(next);
            } else {
                self.start(next);
            }
        }
        let pod = &self.pods[pod_index];
        if pod.life == Life::Terminating && pod.is_idle() {
            #[expect(clippy::cast_possible_truncation, reason = "pods are far fewer than 2^32")]
            self.doomed.push((pod_index as u32, Doom::Drained));
        }
    }

    /// A request's fate is known.
    fn decide(&mut self, root: &Call, ok: bool) {
        if root.abandoned {
            return; // counted when its client gave up
        }
        if !ok {
            return self.decide_failed(root, Outcome::Failed);
        }
        let latency = self.now - root.arrived;
        self.ledger.completed += 1;
        self.interval.answered += 1;
        self.interval.latency += latency;
        if let Some(meter) = &mut self.meter {
            meter.answered(root.traffic, Seconds(latency));
        }
        self.note(root, Outcome::Answered);
    }

    fn decide_failed(&mut self, root: &Call, outcome: Outcome) {
        self.ledger.failed += 1;
        self.interval.failed += 1;
        if let Some(meter) = &mut self.meter {
            meter.failed(root.traffic);
        }
        self.note(root, outcome);
    }
}

impl Call {
    /// A request that enters at `service`.
    fn root(now: f64, service: u32, traffic: Traffic) -> Self {
        Self {
            arrived: now,
            memory: 0.0,
            generation: 0,
            parent: NONE,
            parent_generation: 0,
            pod: 0,
            service,
            connection: 0,
            next_connection: 0,
            repeats: 0,
            open: 0,
            retries: 0,
            stage: Stage::Computing,
            traffic,
            failed: false,
            abandoned: false,
        }
    }

    /// The same call, made anew.
    fn renewed(self, now: f64) -> Self {
        let fresh = Self::root(now, self.service, self.traffic);
        Self {
            parent: self.parent,
            parent_generation: self.parent_generation,
            connection: self.connection,
            ..fresh
        }
    }
}
