//! An attacker who decides while the episode runs, beside what the timeline has in store.

use karma_core::{EntryPointId, Id as _};

use super::Simulation;

impl Simulation {
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
