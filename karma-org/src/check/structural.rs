//! Links and compatibilities between roles whose players cannot meet.

use karma_core::{Id as _, IdVec};

use crate::organization::resolve::{Parts, Report};
use crate::organization::{GroupId, RoleId};
use crate::spec::Scope;

pub(super) fn check(parts: &Parts, report: &mut Report) {
    let everywhere = Played::in_groups(parts, parts.groups.ids());
    let mut subtrees: Vec<Option<Played>> = vec![None; parts.groups.len()];
    for group in parts.groups.ids() {
        let own = Played::in_groups(parts, std::iter::once(group));
        let mut subtree = || subtrees[group.index()].get_or_insert_with(|| Played::below(parts, group)).clone();
        let node = &parts.groups[group];
        for link in &node.links {
            let near = if link.extends_subgroups { subtree() } else { own.clone() };
            let far = if link.scope == Scope::InterGroup { &everywhere } else { &near };
            if let Some(role) = absent(&near, far, link.from, link.to, link.bidirectional) {
                let (from, to) = (&parts.roles[link.from].id, &parts.roles[link.to].id);
                let what = format!("the link from {from:?} to {to:?}");
                report.warning("link-without-players", &link.origin, message(&what, parts, group, role));
            }
        }
        for written in &node.compatibilities {
            let near = if written.extends_subgroups { subtree() } else { own.clone() };
            let far = if written.scope == Scope::InterGroup { &everywhere } else { &near };
            if let Some(role) = absent(&near, far, written.from, written.to, written.bidirectional) {
                let (from, to) = (&parts.roles[written.from].id, &parts.roles[written.to].id);
                let what = format!("the compatibility of {from:?} with {to:?}");
                report.warning("compatibility-without-players", &written.origin, message(&what, parts, group, role));
            }
        }
    }
}
