//! From a decision to what is written before it is done, and what a restart makes of that.
//!
//! ```text
//! decide ──▶ write the plan into the status ──▶ do it, Deployment by Deployment ──▶ write what was done
//!                     ▲ killed before: nothing was done, the next round decides anew
//!                                    ▲ killed here: the plan is found, and each part is either done, or still to be
//!                                      done, or void because the Deployment has moved on
//! ```
//!
//! A part is **done** if the Deployment has the planned replicas and we set them; still **to be done** if the Deployment is at
//! the very version that the plan names, the plan is no older than a decision period, and nobody has written the specification
//! meanwhile; otherwise **void**. The write itself
//! names that version ([`crate::apply`]), so that a part which is done twice by two processes is done once.

use karma_core::Replicas;

use crate::apply::ScaleSeen;
use crate::decide::Decided;
use crate::resource::{PendingPlan, PlannedTarget};

/// What a restart makes of one part of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// It was carried out.
    Done,
    /// It was not, and still can be.
    ToDo,
    /// It was not, and what it was decided on is no longer so.
    Void,
}

/// What is to be done of a decision under a generation of the specification; nothing if it changes nothing. Services, Deployments and what was seen of their scales
/// are in the same order.
pub fn plan(
    (decided, generation): (&Decided, i64),
    deployments: &[String],
    scales: &[Option<ScaleSeen>],
) -> Option<PendingPlan> {
    let parts = decided.services.iter().zip(deployments).zip(scales);
    let part =
        |((service, deployment), scale): ((&crate::decide::ServiceDecision, &String), &Option<ScaleSeen>)| {
            let (to, scale) = (service.change()?, scale.as_ref()?);
            Some(PlannedTarget {
                deployment: deployment.clone(),
                from: service.current.0,
                to: to.0,
                resource_version: scale.resource_version.clone(),
            })
        };
    let targets: Vec<PlannedTarget> = parts.filter_map(part).collect();
    (!targets.is_empty()).then_some(PendingPlan {
        sequence: decided.sequence,
        generation,
        time: decided.time,
        targets,
    })
}

/// What became of one part of a plan that is `age` seconds old and may be carried out for `longest` seconds, by what is seen
/// of its Deployment now.
pub fn recover(target: &PlannedTarget, seen: Option<&ScaleSeen>, age: f64, longest: f64) -> Recovery {
    let Some(seen) = seen else { return Recovery::Void };
    let ours = seen.writer.as_ref().is_some_and(crate::apply::Writer::is_karma);
    if seen.replicas == Replicas(target.to) && ours {
        Recovery::Done
    } else if seen.resource_version == target.resource_version && (0.0..=longest).contains(&age) {
        Recovery::ToDo
    } else {
        Recovery::Void
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apply::Writer;

    fn target() -> PlannedTarget {
        PlannedTarget { deployment: "api".into(), from: 2, to: 4, resource_version: "7".into() }
    }

    fn seen(replicas: u32, version: &str, manager: &str) -> ScaleSeen {
        let writer = Writer {
            manager: manager.into(),
            operation: if manager == "karma" { "Apply" } else { "Update" }.into(),
            subresource: "scale".into(),
        };
        ScaleSeen { replicas: Replicas(replicas), resource_version: version.into(), writer: Some(writer) }
    }

    #[test]
    fn a_part_is_done_to_be_done_or_void() {
        let of = |seen: Option<&ScaleSeen>, age| recover(&target(), seen, age, 15.0);
        assert_eq!(of(Some(&seen(4, "9", "karma")), 400.0), Recovery::Done);
        assert_eq!(of(Some(&seen(2, "7", "karma")), 3.0), Recovery::ToDo, "killed before the write");
        assert_eq!(of(Some(&seen(2, "7", "karma")), 16.0), Recovery::Void, "too long ago");
        assert_eq!(of(Some(&seen(2, "7", "karma")), -1.0), Recovery::Void, "clocks disagree");
        assert_eq!(of(Some(&seen(2, "8", "karma")), 3.0), Recovery::Void, "something else happened");
        assert_eq!(of(Some(&seen(4, "9", "kubectl")), 3.0), Recovery::Void, "somebody else did it");
        assert_eq!(of(None, 3.0), Recovery::Void, "it is gone");
    }
}
