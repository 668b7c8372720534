//! Who may lead: the rules of an election over a Lease, without I/O and without a clock of its own.
//!
//! # The rules
//!
//! A Lease holds a record: who holds it, when it was renewed by the holder's clock, and for how long it is left alone.
//!
//! 1. A record is *ours* only if this candidate wrote it. The name alone is not enough: a process that was restarted
//!    under its old name waits like any other.
//! 2. Somebody else's record is left alone until it has not changed for the duration that it names, **as this candidate
//!    saw it, by this candidate's clock**. The time that is written in it is compared with nothing, so that clocks which
//!    differ between machines do no harm.
//! 3. Every write names the version of the Lease that was seen: of two that try at once, one is refused.
//! 4. A leader leads until a *renew deadline* after it **began** its last write that succeeded. The deadline is shorter
//!    than the duration.
//!
//! Why two never lead at once: whoever takes over saw the leader's record, at the earliest when it was written, thus not
//! before the leader began to write it (4); and waits for the duration after that (2), which is longer than the leader
//! leads. Three things are assumed: clocks of two machines do not run at rates that differ by more than the duration
//! differs from the deadline (10 s and 15 s: by half); nobody deletes the Lease or writes to it by other rules; the
//! API server compares versions. If one of them fails, the [fence](crate::apply) of every write is still there.
//!
//! The rules are those of client-go's `leaderelection` package, but for (1), where client-go goes by the name. The crate
//! kube-lease-manager is not used: it compares the time in the record with its own clock, and renews and takes over
//! without naming a version.

use std::time::Duration;

use tokio::time::Instant;

use super::leader::ElectionConfig;

/// What a Lease says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Who holds it; empty if it was given up.
    pub holder: String,
    /// When it was renewed, in microseconds since 1970 by the holder's clock; only ever compared for equality.
    pub renewed: i64,
    /// For how long it is left alone.
    pub seconds: i32,
    /// How often its holder changed.
    pub transitions: i32,
}

/// What a candidate does next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Makes the Lease with this record, for there is none.
    Create(Record),
    /// Replaces the record with this one.
    Replace(Record),
    /// Leaves it alone: somebody else holds it.
    Wait,
}

/// One who wants to lead.
#[derive(Clone, Debug)]
pub struct Candidate {
    identity: String,
    config: ElectionConfig,
    /// The record of somebody else, and when it was first seen as it is.
    seen: Option<(Record, Instant)>,
    /// Our last write, and when it began; whether it was carried out may not be known.
    sent: Option<(Record, Instant)>,
    /// Our last write that was carried out.
    held: Option<Record>,
    leads_until: Option<Instant>,
}

impl Candidate {
    /// A candidate that does not lead. `identity` should be of this process alone: a pod's name, and what tells a
    /// restarted container from the one before.
    pub const fn new(identity: String, config: ElectionConfig) -> Self {
        Self { identity, config, seen: None, sent: None, held: None, leads_until: None }
    }

    /// Its name.
    pub fn identity(&self) -> &str {
        &self.identity
    }

    /// Whether it leads at `now`.
    pub fn is_leading(&self, now: Instant) -> bool {
        self.leads_until.is_some_and(|until| now < until)
    }

    /// Until when it leads, if nothing more is heard.
    pub const fn leads_until(&self) -> Option<Instant> {
        self.leads_until
    }

    /// Who held the Lease when it was last seen; nobody if it was given up.
    pub fn holder(&self) -> Option<&str> {
        let ours = self.leads_until.map(|_| self.identity.as_str());
        ours.or_else(|| {
            self.seen.as_ref().map(|(record, _)| record.holder.as_str()).filter(|name| !name.is_empty())
        })
    }

    /// What to do about a Lease that was seen like this at `now`; nothing is seen if there is none. `wall` is the time of
    /// the day in microseconds since 1970, to be written into the record.
    pub fn look(&mut self, lease: Option<&Record>, now: Instant, wall: i64) -> Move {
        let Some(lease) = lease else {
            (self.seen, self.leads_until) = (None, None);
            return Move::Create(self.record(wall, 0));
        };
        // Two records that follow each other differ, whatever the clock says.
        let wall = if wall == lease.renewed { wall.saturating_add(1) } else { wall };
        if self.sent.as_ref().is_some_and(|(sent, _)| sent == lease) {
            // Also if its answer was lost.
            self.succeed();
        }
        if self.held.as_ref() == Some(lease) {
            return Move::Replace(self.record(wall, lease.transitions));
        }
        self.leads_until = None;
        if self.has_expired(lease, now) {
            Move::Replace(self.record(wall, lease.transitions.saturating_add(1)))
        } else {
            Move::Wait
        }
    }

    /// A write begins at `now`.
    pub fn begin(&mut self, record: Record, now: Instant) {
        self.sent = Some((record, now));
    }

    /// The write that began last was carried out.
    pub fn succeed(&mut self) {
        if let Some((record, began)) = &self.sent {
            self.leads_until = Some(*began + self.config.renew_deadline);
            (self.held, self.seen) = (Some(record.clone()), None);
        }
    }

    /// Somebody else wrote first, so that this candidate does not lead; who, the next look tells.
    pub const fn lose(&mut self) {
        self.leads_until = None;
    }

    /// Leads no more from now on. The record to write so that others need not wait, if it is still ours.
    pub fn resign(&mut self, lease: &Record) -> Option<Record> {
        self.leads_until = None;
        let sent = self.sent.take().map(|(sent, _)| sent);
        let ours = [sent, self.held.take()].iter().flatten().any(|record| record == lease);
        // One second, as client-go writes it: no duration at all is refused by the API server.
        ours.then(|| Record { holder: String::new(), seconds: 1, ..lease.clone() })
    }

    fn record(&self, wall: i64, transitions: i32) -> Record {
        Record {
            holder: self.identity.clone(),
            renewed: wall,
            seconds: self.config.lease_seconds,
            transitions,
        }
    }

    /// Whether somebody else's record may be replaced.
    fn has_expired(&mut self, lease: &Record, now: Instant) -> bool {
        let since = match &self.seen {
            Some((record, since)) if record == lease => *since,
            _ => now,
        };
        self.seen = Some((lease.clone(), since));
        let named = u64::try_from(lease.seconds).ok().filter(|seconds| *seconds > 0).map(Duration::from_secs);
        let left_alone = named.unwrap_or_else(|| self.config.lease());
        lease.holder.is_empty() || now.duration_since(since) > left_alone
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::leader::ElectionParams;
    use super::*;

    fn config() -> ElectionConfig {
        ElectionParams::default().check().unwrap()
    }

    fn after(start: Instant, seconds: f64) -> Instant {
        start + Duration::from_secs_f64(seconds)
    }

    /// A Lease with a version, as the API server keeps it.
    #[derive(Default)]
    struct Kept {
        record: Option<Record>,
        version: u64,
    }

    impl Kept {
        fn write(&mut self, record: Record, version: u64) -> bool {
            let wins = version == self.version;
            if wins {
                (self.record, self.version) = (Some(record), version + 1);
            }
            wins
        }
    }

    fn round(candidate: &mut Candidate, kept: &mut Kept, now: Instant, wall: i64) {
        match candidate.look(kept.record.as_ref(), now, wall) {
            Move::Create(record) | Move::Replace(record) => {
                candidate.begin(record.clone(), now);
                assert!(kept.write(record, kept.version));
                candidate.succeed();
            }
            Move::Wait => {}
        }
    }

    #[test]
    fn the_first_leads_and_another_waits_for_the_whole_lease_as_it_saw_it() {
        let (start, mut kept) = (Instant::now(), Kept::default());
        let (mut a, mut b) = (Candidate::new("a".into(), config()), Candidate::new("b".into(), config()));
        round(&mut a, &mut kept, start, 1);
        assert!(a.is_leading(after(start, 9.9)) && !a.is_leading(after(start, 10.0)));
        round(&mut b, &mut kept, after(start, 7.0), 2);
        round(&mut b, &mut kept, after(start, 22.0), 3);
        assert!(!b.is_leading(after(start, 22.0)), "seen at 7 s, so left alone up to 22 s");
        assert_eq!(b.holder(), Some("a"));
        round(&mut b, &mut kept, after(start, 22.1), 4);
        assert!(b.is_leading(after(start, 22.1)));
        assert_eq!(kept.record.as_ref().unwrap().transitions, 1);
        round(&mut a, &mut kept, after(start, 23.0), 5);
        assert_eq!((a.leads_until(), a.holder()), (None, Some("b")));
    }

    #[test]
    fn one_that_resigned_is_followed_at_once() {
        let (start, mut kept) = (Instant::now(), Kept::default());
        let (mut a, mut b) = (Candidate::new("a".into(), config()), Candidate::new("b".into(), config()));
        round(&mut a, &mut kept, start, 1);
        round(&mut b, &mut kept, start, 1);
        let record = a.resign(kept.record.as_ref().unwrap()).unwrap();
        assert!(!a.is_leading(start));
        assert!(kept.write(record, kept.version));
        round(&mut b, &mut kept, after(start, 1.0), 2);
        assert!(b.is_leading(after(start, 1.0)));
        assert_eq!(a.resign(kept.record.as_ref().unwrap()), None, "it is not ours to give up");
    }

    #[test]
    fn one_that_was_restarted_under_its_name_waits() {
        let (start, mut kept) = (Instant::now(), Kept::default());
        round(&mut Candidate::new("a".into(), config()), &mut kept, start, 1);
        let mut again = Candidate::new("a".into(), config());
        round(&mut again, &mut kept, after(start, 1.0), 2);
        assert!(!again.is_leading(after(start, 1.0)));
        round(&mut again, &mut kept, after(start, 16.1), 3);
        assert!(again.is_leading(after(start, 16.1)));
    }

    #[test]
    fn a_write_whose_answer_was_lost_counts_from_its_beginning() {
        let (start, mut kept) = (Instant::now(), Kept::default());
        let mut a = Candidate::new("a".into(), config());
        let Move::Create(record) = a.look(None, start, 1) else { panic!("there is none") };
        a.begin(record.clone(), start);
        assert!(kept.write(record, 0));
        assert!(!a.is_leading(start), "not known yet");
        let next = a.look(kept.record.as_ref(), after(start, 4.0), 2);
        assert!(matches!(next, Move::Replace(record) if record.transitions == 0));
        assert_eq!(a.leads_until(), Some(after(start, 10.0)));
    }

    #[test]
    fn a_renewal_that_got_lost_costs_nothing_before_the_deadline() {
        let (start, mut kept) = (Instant::now(), Kept::default());
        let mut a = Candidate::new("a".into(), config());
        round(&mut a, &mut kept, start, 1);
        let Move::Replace(record) = a.look(kept.record.as_ref(), after(start, 2.0), 2) else {
            panic!("ours")
        };
        a.begin(record, after(start, 2.0));
        round(&mut a, &mut kept, after(start, 4.0), 3);
        assert_eq!(a.leads_until(), Some(after(start, 14.0)));
        assert_eq!(kept.record.as_ref().unwrap().transitions, 0);
    }

    /// One step of one of two candidates: what it does, and how long everything takes before.
    #[derive(Clone, Debug)]
    enum Step {
        Look(usize),
        Begin(usize),
        /// The write that is on its way reaches the API server; whether its answer comes back.
        Arrive(usize, bool),
        Resign(usize),
    }

    fn steps() -> impl Strategy<Value = Vec<(f64, Step)>> {
        let step = (0..2_usize, any::<bool>(), 0..12_u8).prop_map(|(who, answered, what)| match what {
            0..=4 => Step::Look(who),
            5..=7 => Step::Begin(who),
            8..=10 => Step::Arrive(who, answered),
            _ => Step::Resign(who),
        });
        prop::collection::vec((prop_oneof![0.0..0.5, 0.0..5.0, 5.0..20.0], step), 1..400)
    }

    #[derive(Default)]
    struct Way {
        /// What was decided at the last look, with the version it refers to.
        planned: Option<(Record, u64)>,
        /// Writes that have not reached the API server.
        under_way: Vec<(Record, u64)>,
    }

    proptest! {
        /// Looks, writes and answers in any order, with any delay, lost or late: at no moment do both lead. A clock whose
        /// rate is off by up to a fifth does no harm.
        #[test]
        fn two_never_lead_at_once(steps in steps(), rate in 0.8..1.2_f64) {
            let start = Instant::now();
            let mut candidates = [Candidate::new("a".into(), config()), Candidate::new("b".into(), config())];
            let mut ways = [Way::default(), Way::default()];
            let (mut kept, mut time, mut wall) = (Kept::default(), 0.0, 0);
            for (pause, step) in steps {
                (time, wall) = (time + pause, wall + 1);
                let clock = |who: usize, time: f64| after(start, if who == 0 { time } else { time * rate });
                match step {
                    Step::Look(who) => {
                        let lease = kept.record.clone();
                        let next = candidates[who].look(lease.as_ref(), clock(who, time), wall);
                        ways[who].planned = match next {
                            Move::Create(record) | Move::Replace(record) => Some((record, kept.version)),
                            Move::Wait => None,
                        };
                    }
                    Step::Begin(who) => if let Some((record, version)) = ways[who].planned.take() {
                        candidates[who].begin(record.clone(), clock(who, time));
                        ways[who].under_way.push((record, version));
                    },
                    Step::Arrive(who, answered) => if let Some((record, version)) = ways[who].under_way.pop() {
                        let last = candidates[who].sent.as_ref().is_some_and(|(sent, _)| *sent == record);
                        let wins = kept.write(record, version);
                        if answered && last && wins {
                            candidates[who].succeed();
                        } else if answered && last {
                            candidates[who].lose();
                        }
                    },
                    Step::Resign(who) => if let Some(lease) = kept.record.clone() {
                        if let Some(record) = candidates[who].resign(&lease) {
                            ways[who].under_way.push((record, kept.version));
                        }
                        ways[who].planned = None;
                    },
                }
                let leading = [0, 1].map(|who| candidates[who].is_leading(clock(who, time)));
                prop_assert_ne!(leading, [true, true], "at {} s", time);
            }
        }
    }
}
