//! The second opinion: verifies the certificate of a safety game. It shares nothing with the solver but this text.
//!
//! **The game.** A service has ready pods and pods that are ready in 1 … D ticks at the latest; `demand` is a level up to
//! `peak`, `since` counts the ticks since the last scale-up, from 1 to `cooldown` (0 without
//! one). In a tick the controller chooses the
//! replicas, at most `max`, at most `up` more than there are, and none fewer while `since < cooldown`. Added pods need D
//! ticks; removed ones are the youngest. Demand may then be anything up to `min(demand + growth, peak)`, at any moment,
//! and the game is lost if ready pods carry less, `per_replica` each. At the end of the tick starting pods are one tick
//! nearer, or all ready.
//!
//! **The certificate.** `KGC1`, the bytes max, D, `per_replica`, growth, peak, up, cooldown, and one byte for each
//! combination of (pods by age, demand, since), the last of them changing fastest and the ready pods slowest but for the
//! older: 0 if the state is claimed to be winning, or else the number of ticks within which it is claimed to be lost.
//!
//! **What is verified**, in every state: that from a winning one the real kernel never leaves the winning ones, whatever
//! was proposed and read and whatever happens then; and that in a lost one every action has an answer that loses at once
//! or leads to a smaller number. So the set is invariant under the kernel, and no larger one could be under anything.

use std::collections::BTreeSet;

use karma_shield::{
    Budget, Cluster, Decision, DemandLimits, Growth, LimitParams, Limits, Memory, Pause, Rate, Reading,
    ServiceLimits, ServiceState, decide,
};

/// What was verified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// States that win.
    pub winning: u64,
    /// States that lose.
    pub losing: u64,
}

/// Why a certificate is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is no certificate.
    #[error("this is no certificate of a safety game: {0}")]
    Foreign(&'static str),
    /// A claim is wrong.
    #[error(
        "the claim {claim} about pods {pods:?}, demand {demand}, {since} ticks since the last scale-up is wrong: {why}"
    )]
    Wrong {
        /// The byte.
        claim: u8,
        /// Ready pods, then starting ones by age.
        pods: Vec<u8>,
        /// The demand.
        demand: u8,
        /// Ticks since the last scale-up.
        since: u8,
        /// What is wrong.
        why: &'static str,
    },
}

struct Game<'a> {
    sizes: [usize; 7],
    claims: &'a [u8],
}

/// Verifies a certificate.
///
/// # Errors
/// The first claim that is wrong.
pub fn check(certificate: &[u8]) -> Result<Checked, Refused> {
    let (head, claims) = certificate.split_first_chunk::<11>().ok_or(Refused::Foreign("it is too short"))?;
    let (magic, sizes) = head.split_at(4);
    let sizes: [usize; 7] = std::array::from_fn(|at| sizes[at].into());
    let [max, delay, per_replica, _, peak, _, cooldown] = sizes;
    if magic != b"KGC1" || !(1..=3).contains(&delay) || per_replica == 0 || max > 64 {
        return Err(Refused::Foreign("its head is not one"));
    }
    let ages = delay + 1;
    if claims.len() != (max + 1).pow(u32::try_from(ages).unwrap_or(0)) * (peak + 1) * (cooldown + 1) {
        return Err(Refused::Foreign("its length is not that of its sizes"));
    }
    let game = Game { sizes, claims };
    let (limits, memories) = game.kernel().ok_or(Refused::Foreign("its sizes contradict each other"))?;
    let mut checked = Checked::default();
    for (place, claim) in claims.iter().enumerate() {
        let (since, rest) = (place % (cooldown + 1), place / (cooldown + 1));
        let (demand, mut rest) = (rest % (peak + 1), rest / (peak + 1));
        let mut pods = vec![0; ages];
        for pods in &mut pods {
            (*pods, rest) = (rest % (max + 1), rest / (max + 1));
        }
        let total: usize = pods.iter().sum();
        if total > max || since == 0 && cooldown > 0 {
            continue;
        }
        let verdict = if *claim == 0 {
            checked.winning += 1;
            let actions = game.kernel_actions((&limits, &memories[since]), &pods, demand, since);
            let stays = actions.into_iter().all(|action| game.worst(&pods, demand, since, action) == Some(0));
            if stays { Ok(()) } else { Err("the kernel may leave the winning states") }
        } else {
            checked.losing += 1;
            let fewest = if since < cooldown { total } else { 0 };
            let lost = |action| {
                game.worst(&pods, demand, since, action).is_none_or(|rank| 0 < rank && rank < *claim)
            };
            if (fewest..=(total + sizes[5]).min(max)).all(lost) {
                Ok(())
            } else {
                Err("it is not lost so soon")
            }
        };
        let byte = |number: usize| u8::try_from(number).unwrap_or(u8::MAX);
        let pods = pods.iter().map(|pods| byte(*pods)).collect();
        verdict.map_err(|why| Refused::Wrong {
            claim: *claim,
            pods,
            demand: byte(demand),
            since: byte(since),
            why,
        })?;
    }
    Ok(checked)
}

impl Game<'_> {
    /// The smallest rank above 0 among the answers to an action, 0 if all win; `None` if demand may exceed what is ready.
    fn worst(&self, pods: &[usize], demand: usize, since: usize, action: usize) -> Option<u8> {
        let [max, delay, per_replica, growth, peak, _, cooldown] = self.sizes;
        let total: usize = pods.iter().sum();
        // By age, ready first: as many as there are, youngest cut off first, and the new ones at the end.
        let mut left = action.min(total);
        let mut pods: Vec<usize> = pods
            .iter()
            .map(|pods| {
                let kept = left.min(*pods);
                left -= kept;
                kept
            })
            .collect();
        pods[delay] += action.saturating_sub(total);
        let most = (demand + growth).min(peak);
        if pods[0] * per_replica < most {
            return None;
        }
        let since = if action > total { 1.min(cooldown) } else { (since + 1).min(cooldown) };
        let mut nearer = vec![pods[0] + pods[1]];
        nearer.extend(&pods[2..]);
        nearer.push(0);
        let mut ready = vec![0; delay + 1];
        ready[0] = action;
        let rank = |pods: &[usize], demand: usize| {
            let pods = pods.iter().rev().fold(0, |place, pods| place * (max + 1) + pods);
            self.claims[(pods * (peak + 1) + demand) * (cooldown + 1) + since]
        };
        let answers = [nearer, ready];
        let ranks = answers.iter().flat_map(|pods| (0..=most).map(move |demand| rank(pods, demand)));
        Some(ranks.filter(|rank| *rank > 0).min().unwrap_or(0))
    }

    /// The kernel's limits, and its memory for each number of ticks since the last scale-up. A tick is a second.
    fn kernel(&self) -> Option<(Limits, Vec<Memory>)> {
        let [max, delay, per_replica, growth, peak, up, cooldown] = self.sizes.map(|size| size as u64);
        let count = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let growth = Growth { per_second: growth, lead_ms: (delay + 1) * 1000, peak };
        let service = ServiceLimits {
            min: 0,
            max: count(max),
            share: count(peak.div_ceil(per_replica)),
            up: Rate { pods: count(up), percent: 0, window_ms: 1000 },
            down: Rate::UNLIMITED,
            cooldown_ms: cooldown * 1000,
            stabilize_down_ms: 0,
            reversal_window_ms: 0,
            demand: Some(DemandLimits { per_replica, most: 1000, growth: Some(growth) }),
            stale_after_ms: 1000,
            ..ServiceLimits::DEFAULT
        };
        let limits = LimitParams { services: vec![service], budget: Budget::UNLIMITED }.check().ok()?;
        let nothing =
            ServiceState { ready: Reading::now(0), demand: Reading::now(0), ..ServiceState::default() };
        let mut memory = Memory::new(1);
        ask(&limits, &mut memory, nothing, 0, Reading::now(1))?;
        Some((limits, vec![memory; self.sizes[6] + 1]))
    }

    /// Every action of the kernel in a state, whatever it is told of the demand and whatever is proposed.
    fn kernel_actions(
        &self,
        (limits, memory): (&Limits, &Memory),
        pods: &[usize],
        demand: usize,
        since: usize,
    ) -> BTreeSet<usize> {
        let (max, growth) = (self.sizes[0], self.sizes[3]);
        let total = u32::try_from(pods.iter().sum::<usize>()).unwrap_or(u32::MAX);
        let odd = [Reading::Missing, Reading::Invalid, Reading::Value { value: 0, age_ms: 2000 }];
        let proposals: Vec<Reading> = (0..=max as u64 + 1).map(Reading::now).chain(odd).collect();
        let old = Reading::Value { value: demand.saturating_sub(growth) as u64, age_ms: 1000 };
        let readings = [Reading::now(demand as u64), Reading::now(demand as u64 + 1), old];
        let situations = readings.iter().flat_map(|reading| proposals.iter().map(move |p| (*reading, *p)));
        let answer = |(demand, proposal)| {
            let ready = Reading::now(pods[0] as u64);
            let state = ServiceState { replicas: total, ready, demand, ..ServiceState::default() };
            ask(limits, &mut memory.clone(), state, since.max(1) as u64 * 1000, proposal)
        };
        situations.map(|situation| answer(situation).unwrap_or(usize::MAX)).collect()
    }
}

fn ask(
    limits: &Limits,
    memory: &mut Memory,
    state: ServiceState,
    now_ms: u64,
    proposal: Reading,
) -> Option<usize> {
    let mut decision = Decision::default();
    let pause = Pause::default();
    let cluster = Cluster { now_ms, services: &[state], nodes: None, trusted: true, pause };
    decide(limits, memory, &cluster, &[proposal], &mut decision).ok()?;
    decision.cleared().first().map(|cleared| cleared.replicas() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::game::{Model, certificate, play};

    #[test]
    fn the_solvers_certificate_is_verified_and_a_wrong_one_is_refused() {
        let game = play(Model::SMALL);
        let bytes = certificate(&game);
        let checked = check(&bytes).unwrap();
        assert_eq!(
            (checked.winning + checked.losing, checked.winning),
            (game.states as u64, game.winning as u64)
        );
        let mut refused = 0;
        for at in (11..bytes.len()).filter(|at| game.model().state(at - 11).is_some()) {
            for claim in [0, 1, bytes[at].wrapping_add(1)] {
                let mut forged = bytes.clone();
                forged[at] = claim;
                if claim != bytes[at] {
                    // A state may be claimed to be lost later than it is: the claim still holds.
                    let later = bytes[at] > 0 && claim > bytes[at];
                    assert!(later || check(&forged).is_err(), "byte {at}: {} forged to {claim}", bytes[at]);
                    refused += 1;
                }
            }
        }
        assert!(refused > 500);
    }

    #[test]
    fn what_is_no_certificate_is_refused() {
        let bytes = certificate(&play(Model::SMALL));
        assert!(matches!(check(&bytes[..bytes.len() - 1]), Err(Refused::Foreign(_))));
        assert!(matches!(check(b"KGC"), Err(Refused::Foreign(_))));
        assert!(matches!(check(&[b"KGC2", &bytes[4..]].concat()), Err(Refused::Foreign(_))));
    }

    #[test]
    fn the_checker_shares_nothing_with_the_solver() {
        let source = include_str!("checker.rs");
        let code = source.split("#[cfg(test)]").next().unwrap();
        assert!(!code.contains("crate::") && !code.contains("super::"));
    }
}
