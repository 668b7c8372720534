//! Traffic beside what the timeline has in store: an attacker who decides while the episode runs, and recorded requests.

use std::sync::Arc;

use karma_core::{EntryPointId, Id as _};

use super::Simulation;

impl Simulation {
    /// From now on legitimate requests enter at `entry` at these moments, in seconds from the start of the episode, and not
    /// as the timeline says. They are sorted; those that have passed, and those that are no number, are left out. So a
    /// recorded load is met request by request. An entry point that the topology does not have is left out.
    pub fn follow(&mut self, entry: EntryPointId, moments: impl IntoIterator<Item = f64>) {
        let stream = 2 * entry.index();
        let Some(arrivals) = self.arrivals.get_mut(stream) else { return };
        let ahead = |moment: &f64| moment.is_finite() && *moment >= self.now;
        let mut moments: Vec<f64> = moments.into_iter().filter(ahead).collect();
        moments.sort_by(f64::total_cmp);
        arrivals.follow(Arc::from(moments));
        let next = arrivals.next_time();
        self.calendar.set(Self::stream_actor(stream), next);
    }

    /// From now on `rate` malicious requests per second enter at `entry`, beside those of the timeline, until this is
    /// called again. An entry point that the topology does not have is left out; a negative rate is none. The same rate
    /// again changes nothing.
    pub fn attack(&mut self, entry: EntryPointId, rate: f64) {
        let stream = 2 * entry.index() + 1;
        let (now, rate) = (self.now, if rate.is_finite() { rate.max(0.0) } else { 0.0 });
        let Some(arrivals) = self.arrivals.get_mut(stream).filter(|a| !a.is_pressed_by(rate)) else { return };
        arrivals.press(now, rate);
        let next = arrivals.next_time();
        self.calendar.set(Self::stream_actor(stream), next);
    }

    /// From now on altered data adds `probability` to the failure probability per pod and minute, beside that of the
    /// timeline, until this is called again.
    pub fn alter(&mut self, probability: f64) {
        self.pressed = probability;
        self.set_hazards();
    }
}
