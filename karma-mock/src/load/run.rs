//! Sending a plan.
//!
//! Three threads: the pacer wakes when a request is due, the sender carries all requests in flight on one event loop, and the
//! calling thread hears of the progress. The pacer never waits for an answer, and the sender never for the observer.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as channel;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use karma_core::Seconds;
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::{JoinSet, LocalSet};
use tokio::time::MissedTickBehavior;

use super::client::Client;
use super::error::LoadError;
use super::pacer::{Clock, pace};
use super::plan::LoadPlan;
use super::progress::Progress;
use super::recorder::{Decided, Recorder};
use super::report::{LoadReport, VERSION};
use super::schedule::Due;
use super::target::Target;

/// Requests that may wait between pacer and sender.
const QUEUE: usize = 65_536;
/// Between two words about the progress.
const TICK: Duration = Duration::from_millis(100);
/// Until the first second begins, so that all threads stand ready.
const LEAD: Duration = Duration::from_millis(20);

/// Sends every request of a plan when it is due and waits for what becomes of the last.
///
/// Requests are sent open-loop: however slow the answers are, the schedule is kept, up to the target's most requests in
/// flight; those beyond are counted as not sent. `watch` is called on the calling thread ten times a second. When it
/// says no, nothing more is sent, requests in flight are left as unfinished, and the report tells what was measured.
///
/// One core carries all requests. If it is too slow for a plan, the report's lateness says so.
///
/// # Errors
/// [`LoadError::Start`] if the machine gives no thread or no event queue.
pub fn run(
    plan: &LoadPlan,
    target: &Target,
    mut watch: impl FnMut(&Progress) -> bool,
) -> Result<LoadReport, LoadError> {
    let runtime =
        Builder::new_current_thread().enable_io().enable_time().build().map_err(LoadError::Start)?;
    let stop = AtomicBool::new(false);
    let clock = Clock::starting_in(LEAD);
    let (requests, due) = mpsc::channel(QUEUE);
    let (tell, told) = channel::sync_channel(1);
    let planned = Duration::from_secs(plan.seconds() as u64);
    let warm_up = Duration::from_secs(u64::from(plan.warm_up()));
    let sender = Sender { target, clock, planned, warm_up, stop: &stop, tell };
    let (recorder, passed) = thread::scope(|scope| {
        let sender = named("sender")
            .spawn_scoped(scope, || runtime.block_on(LocalSet::new().run_until(sender.send_all(due))))?;
        named("pacer").spawn_scoped(scope, || pace(plan.schedule(), clock, &{ requests }, &stop))?;
        for progress in told {
            stop.fetch_or(!watch(&progress), Ordering::Relaxed);
        }
        sender.join().map_err(|panic| std::panic::resume_unwind(panic))
    })
    .map_err(LoadError::Start)?;
    let stopped = stop.load(Ordering::Relaxed);
    Ok(report(plan, target, recorder, passed, stopped))
}

fn named(name: &str) -> thread::Builder {
    thread::Builder::new().name(format!("load {name}"))
}

/// Carries requests from when they are due until their fate is known.
struct Sender<'a> {
    target: &'a Target,
    clock: Clock,
    planned: Duration,
    warm_up: Duration,
    stop: &'a AtomicBool,
    tell: channel::SyncSender<Progress>,
}

impl Sender<'_> {
    /// Everything that was measured, and how much of the plan has passed.
    async fn send_all(self, mut due: mpsc::Receiver<Due>) -> (Recorder, Duration) {
        let desk = Rc::new(Desk::new(self.target.clone(), self.clock, self.warm_up));
        let mut flights = JoinSet::new();
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut open = true;
        while (open || !flights.is_empty()) && !self.stop.load(Ordering::Relaxed) {
            tokio::select! {
                next = due.recv(), if open => match next {
                    Some(due) => desk.take(due, &mut flights),
                    None => open = false,
                },
                Some(_) = flights.join_next() => {}
                _ = ticks.tick() => self.tell(&desk),
            }
        }
        let stopped = self.stop.load(Ordering::Relaxed);
        let passed = if stopped { self.clock.now().min(self.planned) } else { self.planned };
        (desk.recorder.take(), passed)
    }

    /// If the observer is still busy with the last word, this one is left out.
    fn tell(&self, desk: &Desk) {
        let mut recorder = desk.recorder.borrow_mut();
        let elapsed = self.clock.now();
        recorder.tick(elapsed, self.target.timeout);
        let _ = self.tell.try_send(Progress {
            elapsed,
            planned: self.planned,
            sent: recorder.intended() - recorder.not_sent(),
            in_flight: recorder.in_flight(),
            recent: recorder.recent(),
        });
    }
}

/// What the requests in flight share.
struct Desk {
    client: Client,
    clock: Clock,
    most: u64,
    recorder: RefCell<Recorder>,
}

impl Desk {
    fn new(target: Target, clock: Clock, warm_up: Duration) -> Self {
        let most = u64::from(target.max_in_flight());
        Self {
            client: Client::new(target, clock),
            clock,
            most,
            recorder: RefCell::new(Recorder::new(warm_up)),
        }
    }

    /// Sends a request that is due, if there is room and it is not too late.
    fn take(self: &Rc<Self>, due: Due, flights: &mut JoinSet<()>) {
        let mut recorder = self.recorder.borrow_mut();
        let room = recorder.in_flight() < self.most && !self.client.is_too_late(&due, self.clock.now());
        recorder.intend(&due);
        if !room {
            return recorder.leave_out(&due);
        }
        drop(recorder);
        self.launch(due, flights);
    }

    /// Sends it here and now: as a new task it would stand behind all answers that have just come, thousands after
    /// a stall. What is left to do is a task, which is polled again with a waker of its own.
    fn launch(self: &Rc<Self>, due: Due, flights: &mut JoinSet<()>) {
        let mut flight = Box::pin(Rc::clone(self).carry(due));
        if flight.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending() {
            flights.spawn_local(flight);
        }
    }

    async fn carry(self: Rc<Self>, due: Due) {
        let sent = self.clock.now();
        self.recorder.borrow_mut().send(&due, sent);
        let outcome = self.client.exchange(&due).await;
        let done = self.clock.now();
        self.recorder.borrow_mut().decide(&Decided { due, sent, done, outcome });
    }
}

/// What was measured, with what is needed to repeat it.
fn report(
    plan: &LoadPlan,
    target: &Target,
    recorder: Recorder,
    passed: Duration,
    stopped: bool,
) -> LoadReport {
    let sending = passed.max(recorder.last_sent());
    let (lateness, legitimate, malicious) = recorder.finish(passed, sending);
    LoadReport {
        version: VERSION,
        url: target.params().url.clone(),
        pacing: plan.pacing(),
        seed: plan.seed(),
        connections: target.params().connections,
        timeout: Seconds(target.params().timeout),
        max_in_flight: target.max_in_flight(),
        planned: Seconds(plan.seconds() as f64),
        sending: Seconds(sending.as_secs_f64()),
        stopped,
        lateness,
        legitimate,
        malicious,
    }
}
