//! Sets of actions: from words to bits, on a topology.

use karma_core::{ActionSpace, DefenderAction, ServiceId};

use super::Compiler;
use crate::condition::ServiceSet;
use crate::guide::action_set::ActionSet;
use crate::guide::binding::{ActionsBinding, ChangeWord, Many, Spot};

/// Something to complain about in a set of actions that is compiled once for each service; said once.
pub(super) fn check(
    compiler: &mut Compiler<'_>,
    actions: &ActionsBinding,
    spot: Spot<'_>,
    has_subject: bool,
) {
    let alpha = compiler.alpha();
    for (index, word) in actions.change.0.iter().enumerate() {
        let place = element(spot.field("change"), index);
        let (from, to) = word.bounds(alpha);
        let written = matches!(word, ChangeWord::Range(..));
        if from > to && written {
            let message = format!("the range {word} is empty: write {to:+}..{from:+}");
            compiler.error("empty-range", place, message);
        } else if written && (from < -alpha || to > alpha) {
            let message = format!(
                "the change {word} goes beyond {:+}..{alpha:+}, which is all that an agent can do at once",
                -alpha
            );
            compiler.warning("change-out-of-range", place, message);
        }
    }
    for (field, names) in [("on", &actions.on), ("except", &actions.except)] {
        let Some(names) = names else { continue };
        for (index, set) in sets(names).iter().enumerate() {
            if let Some(problem) = set.problem(compiler.topology, has_subject) {
                compiler.error("unknown-services", element(spot.field(field), index), problem);
            }
        }
    }
}

/// Where an element of a list was written, which may be one element without brackets.
pub(super) fn element(spot: Spot<'_>, index: usize) -> Spot<'_> {
    if spot.is_list() { spot.item(index) } else { spot }
}

fn sets(names: &Many<String>) -> Vec<ServiceSet> {
    names.0.iter().filter_map(|name| name.parse().ok()).collect()
}

/// The actions of all of `written`, seen from `subject` or from the whole topology.
pub(super) fn all(
    compiler: &Compiler<'_>,
    written: &[ActionsBinding],
    subject: Option<ServiceId>,
) -> ActionSet {
    let one = |actions| of(compiler, actions, subject);
    written.iter().map(one).fold(ActionSet::default(), |union, set| union.union(&set))
}

/// The actions of one written set.
pub(super) fn of(compiler: &Compiler<'_>, actions: &ActionsBinding, subject: Option<ServiceId>) -> ActionSet {
    let default = if subject.is_some() { ServiceSet::Itself } else { ServiceSet::All };
    let on = actions.on.as_ref().map_or_else(|| vec![default], sets);
    let except = compiler.vocabulary.services(&actions.except.as_ref().map_or_else(Vec::new, sets), subject);
    let services = compiler.vocabulary.services(&on, subject);
    let alpha = compiler.alpha();
    let changes = actions.change.0.iter().flat_map(|word| {
        let (from, to) = word.bounds(alpha);
        from.max(-alpha)..=to.min(alpha)
    });
    let changes: Vec<i32> = changes.collect();
    let kept = services.into_iter().filter(|service| !except.contains(service));
    kept.flat_map(|service| moves(compiler.space, service, &changes)).collect()
}

fn moves(space: ActionSpace, service: ServiceId, changes: &[i32]) -> Vec<karma_core::Action> {
    let encode = |change: &i32| space.encode_defender(DefenderAction { service, replica_change: *change });
    changes.iter().filter_map(encode).collect()
}
