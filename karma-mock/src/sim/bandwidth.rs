//! CFS bandwidth control: what a CPU limit of a container really is.
//!
//! A container with limit `L` may use `L · period` core-seconds in each period (Turner, Rao and Rao, *CPU bandwidth
//! control for CFS*, Linux Symposium 2010; Kubernetes uses 100 ms). Within it, its threads run at the full speed
//! of the cores; once the quota is used up they all stand still until the next period begins. So a lone request
//! with work `d` and quota `q < d` takes `(⌈d/q⌉ − 1)` periods and the rest: 80 ms under a quota of 50 ms take
//! 130 ms, where a fluid share of half a core would take 160.
//!
//! **Two levels.** The kubelet writes the limit into two control groups, that of the container and, where all containers of a
//! pod have limits, that of the pod with their sum (`ResourceConfigForPod` in its `cm` package). For a pod of one
//! container they are two quotas of the same size that the same work uses up, and it stands still while either is. Their
//! periods begin at different moments: after a burst has used up both, the pod waits for the later of two boundaries, two thirds of
//! a period in the mean instead of half of one.
//!
//! **Grid.** Linux moves a group's period timer on from its last expiry, so boundaries lie on a fixed grid even across idle
//! times. Each group's grid has a phase of its own, which Linux draws when it makes the group (`init_cfs_bandwidth`).
//!
//! **Cost.** Quotas are counted lazily: a period in which nothing is exhausted costs no event, one that is costs two
//! (standstill and release), an idle pod none.
//!
//! **Left out.** The slices of 5 ms that each CPU takes from the group's pool, and with them what is stranded on
//! CPUs; `cpu.max.burst`; the granularity of the scheduler's tick.

/// Two moments less than this apart, in seconds, are one: a request that ends with the quota has ended.
pub(super) const TOLERANCE: f64 = 1e-9;

/// Groups that hold a pod of one container: its own, and the container's.
const LEVELS: usize = 2;

/// The quota of one pod, at both of its levels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bandwidth {
    period: f64,
    /// Cores of the pod's node, which bound it while it has quota.
    pub(super) node_cores: f64,
    /// Core-seconds of each period.
    quota: f64,
    levels: [Level; LEVELS],
    throttled: bool,
    /// How often the pod had to stand still.
    pub(super) standstills: u32,
}

/// What is left at one level.
#[derive(Clone, Copy, Debug)]
struct Level {
    phase: f64,
    /// Core-seconds left in the present period.
    left: f64,
    /// End of the present period.
    ends: f64,
    /// Nothing is left, and the pod stands still.
    exhausted: bool,
}

impl Level {
    const fn new(phase: f64) -> Self {
        Self { phase, left: 0.0, ends: phase, exhausted: false }
    }

    /// `draw` cores were used for `elapsed` seconds until `now`.
    #[inline]
    fn spend(&mut self, now: f64, (elapsed, draw): (f64, f64), (period, quota): (f64, f64)) {
        if now < self.ends {
            self.left -= elapsed * draw;
            return;
        }
        let began = self.move_on(now, period);
        self.left = quota - (now - began).max(0.0) * draw;
        self.exhausted = false;
    }

    /// Moves to the period that holds `now`, and returns its beginning. Counted from the phase, so that no error adds up.
    fn move_on(&mut self, now: f64, period: f64) -> f64 {
        let mut index = ((now - self.phase) / period).floor();
        while self.phase + (index + 1.0) * period <= now {
            index += 1.0;
        }
        self.ends = self.phase + (index + 1.0) * period;
        self.phase + index * period
    }

    /// When it is exhausted by `draw` cores from `now` on; infinite if never.
    #[inline]
    fn exhaustion(&self, now: f64, draw: f64, (period, quota): (f64, f64)) -> f64 {
        let exhausted = now + self.left.max(0.0) / draw;
        if exhausted < self.ends - TOLERANCE {
            exhausted
        } else if draw * (period - TOLERANCE) <= quota {
            f64::INFINITY
        } else {
            self.ends + quota / draw
        }
    }
}

impl Bandwidth {
    /// Grids whose boundaries lie at the `phases` and whole numbers of `period` later.
    pub(super) const fn new(period: f64, phases: [f64; LEVELS]) -> Self {
        Self {
            period,
            node_cores: f64::INFINITY,
            quota: 0.0,
            levels: [Level::new(phases[0]), Level::new(phases[1])],
            throttled: false,
            standstills: 0,
        }
    }

    /// A limit of `cores` holds from now on; what is left of the present periods changes with it.
    pub(super) fn set_limit(&mut self, cores: f64) {
        let quota = cores * self.period;
        for level in &mut self.levels {
            level.left = (level.left + quota - self.quota).clamp(0.0, quota);
        }
        self.quota = quota;
    }

    pub(super) const fn is_throttled(&self) -> bool {
        self.throttled
    }

    /// `draw` cores were used for `elapsed` seconds until `now`. Whether this ended a standstill.
    ///
    /// More than one boundary of a level is only crossed by a draw that no period can exhaust: any other has had its
    /// [`next_change`](Self::next_change) in between.
    #[inline]
    pub(super) fn spend(&mut self, now: f64, elapsed: f64, draw: f64) -> bool {
        for level in &mut self.levels {
            level.spend(now, (elapsed, draw), (self.period, self.quota));
        }
        let released = self.throttled && !self.levels.iter().any(|level| level.exhausted);
        self.throttled &= !released;
        released
    }

    /// Whether a quota is used up by a pod that draws `draw` cores.
    pub(super) fn is_exhausted(&self, draw: f64) -> bool {
        draw > 0.0 && self.levels.iter().any(|level| level.left <= draw * TOLERANCE)
    }

    /// The pod, which drew `draw` cores, stands still until no level is exhausted.
    pub(super) fn throttle(&mut self, draw: f64) {
        for level in &mut self.levels {
            level.exhausted = level.left <= draw * TOLERANCE;
        }
        self.throttled = true;
        self.standstills += 1;
    }

    /// When a pod that draws `draw` cores from `now` on comes to a standstill, or one that stands still is released;
    /// infinite if never.
    #[inline]
    pub(super) fn next_change(&self, now: f64, draw: f64) -> f64 {
        if self.throttled {
            let exhausted = self.levels.iter().filter(|level| level.exhausted);
            return exhausted.map(|level| level.ends).fold(now, f64::max);
        }
        let exhaustion = |level: &Level| level.exhaustion(now, draw, (self.period, self.quota));
        self.levels.iter().map(exhaustion).fold(f64::INFINITY, f64::min)
    }
}

#[cfg(test)]
mod tests {
    use super::super::pod::Pod;
    use super::*;
    use proptest::prelude::*;

    const PERIOD: f64 = 0.1;

    /// A pod on a node of many cores whose periods begin at 0 at both levels.
    fn pod(limit: f64, node_cores: f64) -> Pod {
        pod_with(limit, Bandwidth { node_cores, ..Bandwidth::new(PERIOD, [0.0; LEVELS]) })
    }

    /// A pod whose levels have grids of their own.
    fn pod_between(limit: f64, phases: [f64; LEVELS]) -> Pod {
        pod_with(limit, Bandwidth { node_cores: 8.0, ..Bandwidth::new(PERIOD, phases) })
    }

    fn pod_with(limit: f64, bandwidth: Bandwidth) -> Pod {
        let mut pod = Pod::new(0, 0, limit);
        pod.bandwidth = Some(Box::new(bandwidth));
        pod.set_capacity(0.0, 1.0, 1.0);
        pod
    }

    /// Plays the pod's own moments until `end`.
    fn play(pod: &mut Pod, end: f64) -> Vec<(f64, u32)> {
        let mut done = Vec::new();
        while pod.next_event() <= end {
            let now = pod.next_event();
            done.extend(pod.complete(now).map(|call| (now, call)));
        }
        done
    }

    fn standstills(pod: &Pod) -> u32 {
        pod.bandwidth.as_ref().map_or(0, |bandwidth| bandwidth.standstills)
    }

    /// The number in front of `ms` after `name`.
    fn milliseconds(text: &str, name: &str) -> f64 {
        let from = text.split_once(name).unwrap().1;
        from[..from.find("ms").unwrap()].parse().unwrap()
    }

    #[test]
    fn jobs_under_a_quota_end_when_the_reference_table_says() {
        let table = include_str!("../../tests/data/queue_reference.csv");
        let mut rows = 0;
        for row in csv::Reader::from_reader(table.as_bytes()).records().map(Result::unwrap) {
            if &row[0] != "CFS quota job" {
                continue;
            }
            let threads: u32 =
                row[1].split_once("threads=").unwrap().1.split(' ').next().unwrap().parse().unwrap();
            let name = if row[1].contains("demand=") { "demand=" } else { "each " };
            let demand = milliseconds(&row[1], name) / 1000.0;
            let mut pod = pod(milliseconds(&row[1], "quota=") / 100.0, 64.0);
            (0..threads).for_each(|thread| pod.compute(0.0, thread, demand));
            let done = play(&mut pod, 10.0);
            assert_eq!(done.len(), threads as usize);
            let expected: f64 = row[3].parse().unwrap();
            let measured = match &row[2] {
                "finish_ms" => done.last().unwrap().0 * 1000.0,
                _ => f64::from(standstills(&pod)),
            };
            assert!((measured - expected).abs() < 1e-5, "{row:?}: {measured}");
            rows += 1;
        }
        assert_eq!(rows, 14);
    }

    #[test]
    fn nothing_unused_is_carried_over() {
        let mut pod = pod(0.5, 4.0);
        pod.compute(7.03, 0, 0.08);
        // 50 ms until 7.08, 20 ms are left of the period, and the next brings the remaining 30 ms.
        let done = play(&mut pod, 9.0);
        assert!((done[0].0 - 7.13).abs() < 1e-9, "{done:?}");
    }

    #[test]
    fn after_a_burst_that_used_up_both_levels_the_pod_waits_for_the_later_boundary() {
        let mut pod = pod_between(0.2, [0.0, 0.06]);
        pod.compute(0.01, 0, 0.03);
        // 20 ms until 0.03; one level is full again at 0.06, but the other only at 0.1.
        let done = play(&mut pod, 1.0);
        assert!((done[0].0 - 0.11).abs() < 1e-9, "{done:?}");
        assert_eq!(standstills(&pod), 1);
    }

    #[test]
    fn under_a_constant_load_two_levels_let_as_much_through_as_one_in_two_pieces() {
        let mut pod = pod_between(0.2, [0.0, 0.06]);
        pod.compute(0.09, 0, 1.0);
        // From 0.09 to 0.1 by what is left of the first period; then 20 ms from 0.1, of which the second level has 10: so 10 ms at
        // each boundary.
        let used = |pod: &mut Pod, at: f64| {
            play(pod, at);
            pod.used_until(at)
        };
        for (at, expected) in
            [(0.1, 0.01), (0.13, 0.02), (0.159, 0.02), (0.19, 0.03), (0.23, 0.04), (1.09, 0.21)]
        {
            assert!((used(&mut pod, at) - expected).abs() < 1e-9, "{at}: {}", pod.used_until(at));
        }
    }

    #[test]
    fn a_draw_within_the_limit_costs_no_event_of_the_quota() {
        let mut pod = pod(1.0, 4.0);
        pod.compute(0.05, 3, 2.0);
        assert!((pod.next_event() - 2.05).abs() < 1e-12);
        assert_eq!(pod.complete(2.05), Some(3));
    }

    #[test]
    fn a_request_that_comes_during_a_standstill_waits_for_its_end() {
        let mut pod = pod(0.2, 4.0);
        pod.compute(0.0, 0, 0.03);
        assert_eq!(pod.complete(pod.next_event()), None);
        pod.compute(0.05, 1, 0.005);
        // Both run from 0.1 on, with a core each.
        let done = play(&mut pod, 1.0);
        assert_eq!(done.iter().map(|(_, call)| *call).collect::<Vec<_>>(), [1, 0]);
        assert!((done[0].0 - 0.105).abs() < 1e-9 && (done[1].0 - 0.11).abs() < 1e-9, "{done:?}");
    }

    #[test]
    fn a_slow_service_uses_its_quota_up_for_less_work() {
        let mut pod = pod(0.5, 4.0);
        pod.set_capacity(0.0, 0.5, 1.0);
        pod.compute(0.0, 0, 0.03);
        // 60 ms of CPU: 50 in the first period, 10 in the second.
        let done = play(&mut pod, 1.0);
        assert!((done[0].0 - 0.11).abs() < 1e-9, "{done:?}");
        assert!((pod.used_until(1.0) - 0.06).abs() < 1e-9);
    }

    #[test]
    fn on_a_short_node_a_pod_gets_its_share_of_the_cores() {
        let mut pod = pod(1.0, 4.0);
        pod.set_capacity(0.0, 1.0, 0.25);
        pod.compute(0.0, 0, 1.0);
        assert!((pod.next_event() - 4.0).abs() < 1e-9);
        assert!((pod.demand_since_tick(1.0, 1.0) - 1.0).abs() < 1e-9, "it wants its whole limit");
    }

    /// Arrivals of (gap, work) in milliseconds.
    fn story() -> impl Strategy<Value = Vec<(f64, f64)>> {
        prop::collection::vec((0.0f64..80.0, 0.1f64..120.0), 1..40)
    }

    /// Plays a story and returns the moments of the answers; `watch` sees the pod before every arrival.
    fn tell(pod: &mut Pod, story: &[(f64, f64)], mut watch: impl FnMut(&mut Pod, f64)) -> Vec<(f64, u32)> {
        let (mut now, mut done) = (0.0, Vec::new());
        for (call, (gap, work)) in (0u32..).zip(story) {
            now += gap / 1000.0;
            done.extend(play(pod, now));
            watch(pod, now);
            pod.compute(now, call, work / 1000.0);
        }
        done.extend(play(pod, f64::MAX));
        done
    }

    proptest! {
        #[test]
        fn no_period_of_either_level_uses_more_than_its_quota(
            story in story(), limit in 0.05f64..3.0, boundary in 0u32..30, phases in [0.0f64..PERIOD, 0.0f64..PERIOD],
            level in 0usize..LEVELS,
        ) {
            let mut pod = pod_between(limit, phases);
            let from = phases[level] + f64::from(boundary) * PERIOD;
            let to = from + PERIOD;
            let mut now = 0.0;
            let mut used = [None, None];
            let mut mark = |pod: &mut Pod, until: f64| {
                for (used, at) in used.iter_mut().zip([from, to]) {
                    if used.is_none() && until >= at {
                        play(pod, at);
                        *used = Some(pod.used_until(at));
                    }
                }
            };
            for (call, (gap, work)) in (0u32..).zip(&story) {
                let next = now + gap / 1000.0;
                mark(&mut pod, next);
                play(&mut pod, next);
                now = next;
                pod.compute(now, call, work / 1000.0);
            }
            mark(&mut pod, f64::MAX);
            let [Some(before), Some(after)] = used else { panic!("both boundaries were passed") };
            prop_assert!(after - before <= limit * PERIOD + 1e-8, "{} of {}", after - before, limit * PERIOD);
        }

        #[test]
        fn every_request_is_answered_and_costs_exactly_its_work(
            story in story(), limit in 0.05f64..3.0, phases in [0.0f64..PERIOD, 0.0f64..PERIOD],
        ) {
            let mut pod = pod_between(limit, phases);
            let done = tell(&mut pod, &story, |_, _| ());
            prop_assert_eq!(done.len(), story.len());
            let work: f64 = story.iter().map(|(_, work)| work / 1000.0).sum();
            let end = done.last().map_or(0.0, |(at, _)| *at);
            prop_assert!((pod.used_until(end) - work).abs() < 1e-6);
        }

        #[test]
        fn a_limit_that_is_never_reached_is_the_fluid_one(story in story()) {
            let cores = story.len() as f64;
            let mut fluid = Pod::new(0, 0, cores);
            let expected = tell(&mut fluid, &story, |_, _| ());
            let measured = tell(&mut pod(cores, cores), &story, |_, _| ());
            for (a, b) in expected.iter().zip(&measured) {
                prop_assert!((a.0 - b.0).abs() < 1e-8 && a.1 == b.1, "{:?} {:?}", a, b);
            }
        }

        #[test]
        fn looking_at_a_pod_changes_nothing(
            story in story(), limit in 0.05f64..3.0, phases in [0.0f64..PERIOD, 0.0f64..PERIOD],
        ) {
            let unseen = tell(&mut pod_between(limit, phases), &story, |_, _| ());
            let seen = tell(&mut pod_between(limit, phases), &story, |pod, now| { pod.used_until(now); });
            prop_assert_eq!(unseen.len(), seen.len());
            for (a, b) in unseen.iter().zip(&seen) {
                prop_assert!((a.0 - b.0).abs() < 1e-7, "{:?} {:?}", a, b);
            }
        }
    }
}
