//! The quantised cluster of the safety game: one service whose pods take time to start, under a demand that grows.

use std::fmt;

/// Most ticks that a pod may take to start.
pub const MOST_DELAY: usize = 3;

/// The sizes of a game.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Model {
    /// Most replicas.
    pub max: u8,
    /// Ticks that a pod takes to start, at most; 1 to [`MOST_DELAY`].
    pub delay: u8,
    /// Levels of demand that one ready pod carries.
    pub per_replica: u8,
    /// Levels by which demand grows within a tick, at most.
    pub growth: u8,
    /// The highest level of demand.
    pub peak: u8,
    /// Replicas that may be added within a tick.
    pub up: u8,
    /// Ticks after a scale-up during which nothing is removed.
    pub cooldown: u8,
}

impl Model {
    /// The size that the proofs play: 4.2 million places, 200 thousand states.
    pub const LARGE: Self =
        Self { max: 12, delay: 3, per_replica: 3, growth: 2, peak: 36, up: 3, cooldown: 3 };
    /// A size for a quick run.
    pub const MEDIUM: Self =
        Self { max: 8, delay: 3, per_replica: 3, growth: 2, peak: 24, up: 3, cooldown: 2 };
    /// A size for tests.
    pub const SMALL: Self = Self { max: 4, delay: 2, per_replica: 2, growth: 1, peak: 8, up: 2, cooldown: 1 };

    /// Number of places in a table of all states; some stand for none.
    pub fn places(&self) -> usize {
        let pods = (usize::from(self.max) + 1).pow(u32::from(self.delay) + 1);
        pods * (usize::from(self.peak) + 1) * (usize::from(self.cooldown) + 1)
    }

    /// The state at a place; `None` if it has more pods than may be, or was scaled up in the tick that begins.
    pub fn state(&self, place: usize) -> Option<State> {
        let mut rest = place;
        let mut digit = |most: u8| {
            let base = usize::from(most) + 1;
            let digit = rest % base;
            rest /= base;
            u8::try_from(digit).unwrap_or(u8::MAX)
        };
        let (since_up, demand) = (digit(self.cooldown), digit(self.peak));
        let mut pods = [0; MOST_DELAY + 1];
        pods[..=usize::from(self.delay)].iter_mut().for_each(|pods| *pods = digit(self.max));
        let state = State { pods, demand, since_up };
        let began = self.cooldown == 0 || since_up > 0;
        (began && state.replicas() <= self.max).then_some(state)
    }

    /// The place of a state.
    pub fn place(&self, state: &State) -> usize {
        let pods = state.pods[..=usize::from(self.delay)].iter().rev();
        let pods = pods.fold(0, |place, pods| place * (usize::from(self.max) + 1) + usize::from(*pods));
        (pods * (usize::from(self.peak) + 1) + usize::from(state.demand)) * (usize::from(self.cooldown) + 1)
            + usize::from(state.since_up)
    }

    /// The highest demand that may follow.
    pub fn grown(&self, demand: u8) -> u8 {
        demand.saturating_add(self.growth).min(self.peak)
    }

    /// The actions that bounds, rate and cooldown leave.
    pub fn actions(&self, state: &State) -> std::ops::RangeInclusive<u8> {
        let replicas = state.replicas();
        let low = if state.since_up < self.cooldown { replicas } else { 0 };
        low..=replicas.saturating_add(self.up).min(self.max)
    }

    /// The pods after an action: what is removed is taken from the youngest, as Kubernetes does.
    fn scaled(&self, state: &State, action: u8) -> [u8; MOST_DELAY + 1] {
        let (mut pods, replicas) = (state.pods, state.replicas());
        pods[usize::from(self.delay)] += action.saturating_sub(replicas);
        let mut removed = replicas.saturating_sub(action);
        for pods in pods.iter_mut().rev() {
            let taken = removed.min(*pods);
            *pods -= taken;
            removed -= taken;
        }
        pods
    }

    /// Every answer of the environment to an action; `None` once if demand may exceed what is ready.
    ///
    /// Demand falls by anything or grows by at most the growth, at any moment of the tick; pods that start are ready when
    /// their time is over, or all at once before.
    pub fn answers(&self, state: &State, action: u8, mut each: impl FnMut(Option<State>) -> bool) -> bool {
        let pods = self.scaled(state, action);
        let most = self.grown(state.demand);
        if u16::from(pods[0]) * u16::from(self.per_replica) < u16::from(most) {
            return each(None);
        }
        let since_up = if action > state.replicas() { 0 } else { state.since_up };
        let since_up = (since_up + 1).min(self.cooldown);
        let mut later = [0; MOST_DELAY + 1];
        later[0] = pods[0] + pods[1];
        later[1..MOST_DELAY].copy_from_slice(&pods[2..]);
        let mut early = [0; MOST_DELAY + 1];
        early[0] = pods.iter().sum();
        [later, early]
            .into_iter()
            .all(|pods| (0..=most).all(|demand| each(Some(State { pods, demand, since_up }))))
    }
}

/// A state of the cluster at the beginning of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    /// Ready pods, and then those that are ready in one, two, three ticks at the latest.
    pub pods: [u8; MOST_DELAY + 1],
    /// Demand, a level.
    pub demand: u8,
    /// Ticks since the last scale-up, as far as the cooldown counts: at least 1, or 0 without a cooldown.
    pub since_up: u8,
}

impl State {
    /// All pods: what the Deployment asks for.
    pub fn replicas(&self) -> u8 {
        self.pods.iter().sum()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [ready, starting @ ..] = self.pods;
        write!(f, "{ready} ready and {starting:?} starting pods, demand {}, ", self.demand)?;
        write!(f, "{} ticks since the last scale-up", self.since_up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_states_are_one_to_one() {
        let model = Model::SMALL;
        let mut states = 0;
        for place in 0..model.places() {
            if let Some(state) = model.state(place) {
                assert_eq!(model.place(&state), place);
                states += 1;
            }
        }
        assert_eq!(states, 35 * 9, "four pods in three stages, nine levels");
    }

    #[test]
    fn pods_start_in_their_time_and_the_youngest_are_removed_first() {
        let model = Model::SMALL;
        let state = State { pods: [2, 1, 0, 0], demand: 1, since_up: 1 };
        let mut later = Vec::new();
        model.answers(&state, 4, |answer| {
            later.push(answer.unwrap());
            true
        });
        assert_eq!(
            later[0],
            State { pods: [3, 1, 0, 0], demand: 0, since_up: 1 },
            "one more, two ticks away"
        );
        assert_eq!(later.last().unwrap().pods, [4, 0, 0, 0], "or all at once");
        model.answers(&state, 2, |answer| {
            assert_eq!(answer.unwrap().pods, [2, 0, 0, 0]);
            true
        });
        assert!(!model.answers(&state, 0, |answer| answer.is_some()), "nothing is left for the demand");
    }
}
