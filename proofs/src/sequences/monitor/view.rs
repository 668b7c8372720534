//! One service at one decision: its own properties.

use karma_shield::{Cause, Property, Reading, ServiceLimits, ServiceState, Source};

use super::super::outcome::Outcome;
use super::terms::{Terms, ceil, fresh, needs};

/// One service at one decision.
pub(super) struct View<'a> {
    pub(super) limits: &'a ServiceLimits,
    pub(super) state: &'a ServiceState,
    pub(super) terms: &'a Terms,
    pub(super) trusted: bool,
}

pub(super) type Checked = Result<(), (Property, String)>;

pub(super) fn expect(property: Property, holds: bool, what: impl FnOnce() -> String) -> Checked {
    if holds { Ok(()) } else { Err((property, what())) }
}

impl View<'_> {
    /// What P10 raises to, as far as the rate lets it.
    fn raised(&self) -> i128 {
        self.terms.growth.min(i128::from(self.state.replicas).max(self.terms.up_cap))
    }

    pub(super) fn check(&self, outcome: &Outcome) -> Checked {
        let (r, a) = (self.state.replicas, outcome.replicas);
        let pause = self.terms.pause;
        expect(Property::Pause, !(pause.up && a > r || pause.down && a < r), || {
            format!("{r} became {a} under {pause:?}")
        })?;
        self.check_bounds(a)?;
        self.check_unforced(outcome.unforced)
    }

    fn check_bounds(&self, a: u32) -> Checked {
        let (r, pause, &ServiceLimits { min, max, .. }) =
            (self.state.replicas, self.terms.pause, self.limits);
        let held = a == r && (pause.down && r > max || pause.up && r < min);
        expect(Property::Bounds, (min..=max).contains(&a) || held, || {
            format!("{a} is outside of {min}..={max}")
        })
    }

    /// P2, P3, P5, P9 and P10 of what came of the wish.
    fn check_unforced(&self, v: u32) -> Checked {
        let (r, terms) = (self.state.replicas, self.terms);
        let (up, down, wide) = (v > r, v < r, i128::from(v));
        expect(Property::Rate, !up || wide <= terms.up_cap, || {
            format!("up to {v} from {} in the window, at most {}", terms.lowest, terms.up_cap)
        })?;
        expect(Property::Rate, !down || wide >= terms.down_floor, || {
            format!("down to {v} from {} in the window, at least {}", terms.highest, terms.down_floor)
        })?;
        expect(Property::Stabilization, !(down && terms.cooling), || format!("down to {v} while cooling"))?;
        expect(Property::Stabilization, !down || terms.wishes.is_none_or(|(most, _)| v >= most), || {
            format!("down to {v} against the wishes {:?}", terms.wishes)
        })?;
        let cap = terms.up_wishes.map_or(i128::from(u32::MAX), i128::from).max(terms.growth);
        expect(Property::Stabilization, !up || wide <= cap, || format!("up to {v} against the wish {cap}"))?;
        if down {
            self.check_availability(v)?;
        }
        expect(Property::Oscillation, !down || terms.may_fall, || {
            format!("down to {v} after {} reversals, {} allowed", terms.turns, self.limits.reversals)
        })?;
        expect(Property::Recoverability, !terms.exact || wide >= self.raised(), || {
            format!("{v} where {} are needed", self.raised())
        })
    }

    fn check_availability(&self, v: u32) -> Checked {
        let (r, of) = (self.state.replicas, |holds, what: &str| {
            expect(Property::Availability, holds, || format!("down to {v}: {what}"))
        });
        let (Ok(ready), Ok(demand)) = (self.terms.ready, self.terms.demand) else {
            return of(false, "ready pods or demand are not known");
        };
        let needed = match (demand, &self.limits.demand) {
            (Some(demand), Some(limits)) => needs(limits, demand, 0),
            _ => 0,
        };
        let floor = needed.max(i128::from(self.limits.min_available));
        of(i128::from(ready) >= floor, "fewer are ready than needed")?;
        of(i128::from(v) >= floor, "fewer would be ready than needed")?;
        let unavailable = (i128::from(r) - i128::from(ready)).max(0) + i128::from(r) - i128::from(v);
        let allowed = self.limits.max_unavailable.is_none_or(|most| unavailable <= i128::from(most));
        of(allowed, "too many would be unavailable")
    }

    /// P6: who is listened to, and what the fallback says; and that the changes add up.
    pub(super) fn check_source(&self, outcome: &Outcome, proposal: Reading) -> Checked {
        let limits = self.limits;
        let asked = fresh(proposal, limits, u64::from(u32::MAX)).map(|(value, _)| value);
        let cause = match (asked, self.terms.ready, self.terms.demand, self.trusted) {
            (Err(defect), ..) => Some(Cause::Proposal(defect)),
            (_, Err(defect), ..) => Some(Cause::Ready(defect)),
            (_, _, Err(defect), _) => Some(Cause::Demand(defect)),
            (.., false) => Some(Cause::Distrusted),
            _ => None,
        };
        let hpa = self.hpa();
        let (source, wish) = match (cause, hpa) {
            (None, _) => (Source::Policy, asked.map_or(0, i128::from)),
            (Some(cause), Some(desired)) => (Source::Baseline(cause), desired),
            (Some(cause), None) => (Source::Hold(cause), i128::from(self.state.replicas)),
        };
        let right = outcome.source == source && i128::from(outcome.wish) == wish;
        expect(Property::Freshness, right, || {
            format!("{:?} with {}, expected {source:?} with {wish}", outcome.source, outcome.wish)
        })?;
        let start = match proposal {
            Reading::Value { value, .. } if u32::try_from(value).is_ok() => i128::from(value),
            _ => i128::from(self.state.replicas),
        };
        let sum = start + outcome.changes.iter().map(|change| i128::from(*change)).sum::<i128>();
        expect(Property::MinimalIntervention, sum == i128::from(outcome.replicas), || {
            format!("the changes lead from {start} to {sum}, the action is {}", outcome.replicas)
        })
    }

    /// The HPA formula; `None` without its data.
    fn hpa(&self) -> Option<i128> {
        let limits = self.limits;
        let ready = i128::from(self.terms.ready.ok()?);
        let usage = i128::from(fresh(self.state.usage, limits, u64::MAX).ok()?.0);
        let request = i128::from(fresh(self.state.request, limits, u64::MAX).ok()?.0);
        if request == 0 {
            return None;
        }
        let (utilization, target) = (usage * 100 / request, i128::from(limits.target_percent));
        if (utilization - target).abs() * 1000 <= i128::from(limits.tolerance_permille) * target {
            return Some(i128::from(self.state.replicas));
        }
        Some(ceil(ready * utilization, target).min(i128::from(u32::MAX)))
    }

    /// P8 for one service: whether its proposal is safe by itself; if so nothing of the pre-shield changed it.
    pub(super) fn check_proposal(
        &self,
        outcome: &Outcome,
        proposal: Reading,
    ) -> Result<bool, (Property, String)> {
        let Reading::Value { value, .. } = proposal else { return Ok(false) };
        let Ok(proposal) = u32::try_from(value) else { return Ok(false) };
        if outcome.source != Source::Policy || !self.terms.exact {
            return Ok(false);
        }
        let as_it_is = Outcome { replicas: proposal, unforced: proposal, ..*outcome };
        if self.check(&as_it_is).is_err() {
            return Ok(false);
        }
        expect(Property::MinimalIntervention, outcome.unforced == proposal, || {
            format!("{proposal} is safe but became {}", outcome.unforced)
        })?;
        Ok(true)
    }

    /// What bounds and pause insist on.
    pub(super) fn insisted(&self) -> u32 {
        let (r, min) = (self.state.replicas, self.limits.min);
        if self.terms.pause.down {
            r.max(if self.terms.pause.up { r } else { min })
        } else if self.terms.pause.up {
            min.min(r)
        } else {
            min
        }
    }
}
