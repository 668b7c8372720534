//! Roles: `soc` first, then those defined, those of included texts, and those that a group uses though nobody
//! defines them.

use std::collections::BTreeMap;

use karma_core::{Id as _, IdVec};

use crate::spec::{Origin, Reference, Role, StructuralSpecification};

use super::groups::WrittenGroup;
use super::{Parts, Report, RoleId, RoleNode, named};

/// The role that all others specialise.
pub(crate) const ROOT: &str = "soc";

pub(super) fn resolve(
    structural: &StructuralSpecification,
    groups: &[WrittenGroup<'_>],
    parts: &mut Parts,
    report: &mut Report,
) {
    let mut roles = Declared::new();
    for role in &structural.roles {
        roles.define(role, report);
    }
    for role in groups.iter().flat_map(|group| group.imported.roles) {
        roles.import(role);
    }
    for role in groups.iter().flat_map(|group| &group.group.roles) {
        roles.play(&role.role, &role.origin, report);
    }
    let parents = roles.parents(report);
    let ancestors = ancestors(parents, &roles, report);
    parts.roles = roles.nodes(ancestors);
    parts.index.roles = roles.ids.iter().map(|(id, role)| ((*id).to_owned(), *role)).collect();
}

/// Roles by name, before their parents are known.
struct Declared<'s> {
    ids: BTreeMap<&'s str, RoleId>,
    /// Name, parents as written, origin, and whether some group has it.
    roles: Vec<Declaration<'s>>,
}

struct Declaration<'s> {
    id: &'s str,
    extends: &'s [Reference],
    origin: Origin,
    is_abstract: bool,
    /// Whether nobody defines it.
    is_added: bool,
}

impl<'s> Declared<'s> {
    fn new() -> Self {
        let mut declared = Self { ids: BTreeMap::new(), roles: Vec::new() };
        declared.add(ROOT, &[], &Origin::default());
        declared
    }

    fn add(&mut self, id: &'s str, extends: &'s [Reference], origin: &Origin) -> RoleId {
        let role = RoleId::from_index(self.roles.len());
        self.ids.insert(id, role);
        self.roles.push(Declaration {
            id,
            extends,
            origin: origin.clone(),
            is_abstract: true,
            is_added: false,
        });
        role
    }

    fn define(&mut self, role: &'s Role, report: &mut Report) {
        named(&role.id, "role", &role.origin, report);
        if role.id == ROOT {
            let message = format!("role {ROOT:?} is the root of all roles and cannot be defined");
            report.error("reserved-role", &role.origin, message);
        } else if self.ids.contains_key(role.id.as_str()) {
            report.error("duplicate-role", &role.origin, format!("role {:?} is defined twice", role.id));
        } else {
            self.add(&role.id, &role.extends, &role.origin);
        }
    }

    /// What is defined here wins over what is included, as in MOISE.
    fn import(&mut self, role: &'s Role) {
        if !self.ids.contains_key(role.id.as_str()) {
            self.add(&role.id, &role.extends, &role.origin);
        }
    }

    fn play(&mut self, id: &'s str, origin: &Origin, report: &mut Report) {
        named(id, "role of a group", origin, report);
        let known = self.ids.get(id).copied();
        let role = known.unwrap_or_else(|| {
            self.report_undefined(id, origin, report);
            let added = self.add(id, &[], origin);
            self.roles[added.index()].is_added = true;
            added
        });
        self.roles[role.index()].is_abstract = false;
    }

    fn report_undefined(&self, id: &str, origin: &Origin, report: &mut Report) {
        let defined = self.roles.iter().skip(1).filter(|role| !role.is_added).map(|role| role.id);
        let hint = report.suggestion(id, defined);
        let message =
            format!("role {id:?} is played in a group but not defined; it is taken to extend {ROOT:?}{hint}");
        if !report.is_incomplete() {
            report.warning("undefined-role", origin, message);
        }
    }

    fn parents(&self, report: &mut Report) -> Vec<Vec<RoleId>> {
        let mut parents: Vec<Vec<RoleId>> = Vec::with_capacity(self.roles.len());
        for role in &self.roles {
            let mut known: Vec<RoleId> = Vec::new();
            for reference in role.extends {
                match self.ids.get(reference.id.as_str()) {
                    Some(parent) if known.contains(parent) => {}
                    Some(parent) => known.push(*parent),
                    None => self.unknown_parent(role.id, reference, report),
                }
            }
            if known.is_empty() && role.id != ROOT {
                known.push(RoleId::from_index(0));
            }
            parents.push(known);
        }
        parents
    }

    fn unknown_parent(&self, role: &str, parent: &Reference, report: &mut Report) {
        let hint = report.hint(&parent.id, self.ids.keys().copied());
        let message = format!("role {role:?} extends {:?}, which is not defined{hint}", parent.id);
        report.unknown("unknown-role", &parent.origin, message);
    }

    fn nodes(&self, hierarchy: Vec<(Vec<RoleId>, Vec<RoleId>)>) -> IdVec<RoleId, RoleNode> {
        let node = |(role, (parents, ancestors)): (&Declaration<'_>, _)| RoleNode {
            id: role.id.to_owned(),
            parents,
            ancestors,
            is_abstract: role.is_abstract,
            origin: role.origin.clone(),
        };
        self.roles.iter().zip(hierarchy).map(node).collect()
    }
}

/// Parents and all ancestors of each role.
///
/// Roles are taken in an order in which parents come first (A. B. Kahn, "Topological sorting of large networks",
/// CACM 5(11), 1962); the ancestors of a role are those of its parents and itself. Where no role is left whose
/// parents are done, there is a cycle: it is reported, cut, and the order goes on. O(roles · depth) besides cycles.
fn ancestors(
    mut parents: Vec<Vec<RoleId>>,
    declared: &Declared<'_>,
    report: &mut Report,
) -> Vec<(Vec<RoleId>, Vec<RoleId>)> {
    let mut order = Order::new(&parents);
    loop {
        while let Some(role) = order.ready.pop() {
            order.finish(role, &parents);
        }
        let Some(cycle) = order.cycle(&parents) else { break };
        report_cycle(&cycle, declared, report);
        order.cut(&cycle, &mut parents);
    }
    parents.into_iter().zip(order.ancestors).collect()
}

/// Progress of the topological order.
struct Order {
    children: Vec<Vec<usize>>,
    /// Number of parents that are not done.
    waits: Vec<usize>,
    ready: Vec<usize>,
    ancestors: Vec<Vec<RoleId>>,
    /// All roles before this one are done.
    first: usize,
}

impl Order {
    fn new(parents: &[Vec<RoleId>]) -> Self {
        let mut children = vec![Vec::new(); parents.len()];
        for (role, of_role) in parents.iter().enumerate() {
            for parent in of_role {
                children[parent.index()].push(role);
            }
        }
        let waits: Vec<usize> = parents.iter().map(Vec::len).collect();
        let ready = (0..parents.len()).filter(|role| waits[*role] == 0).collect();
        Self { children, waits, ready, ancestors: vec![Vec::new(); parents.len()], first: 0 }
    }

    fn is_done(&self, role: usize) -> bool {
        !self.ancestors[role].is_empty()
    }

    fn finish(&mut self, role: usize, parents: &[Vec<RoleId>]) {
        let mut all = vec![RoleId::from_index(role)];
        for parent in &parents[role] {
            all.extend_from_slice(&self.ancestors[parent.index()]);
        }
        all.sort_unstable();
        all.dedup();
        self.ancestors[role] = all;
        for child in std::mem::take(&mut self.children[role]) {
            self.waits[child] -= 1;
            if self.waits[child] == 0 {
                self.ready.push(child);
            }
        }
    }

    /// Follows parents that are not done until a role comes twice.
    fn cycle(&mut self, parents: &[Vec<RoleId>]) -> Option<Vec<usize>> {
        self.first = (self.first..parents.len()).find(|role| !self.is_done(*role))?;
        let mut position = BTreeMap::new();
        let mut path: Vec<usize> = Vec::new();
        let mut role = self.first;
        loop {
            if let Some(start) = position.insert(role, path.len()) {
                return Some(path.split_off(start));
            }
            path.push(role);
            role = parents[role].iter().map(|parent| parent.index()).find(|parent| !self.is_done(*parent))?;
        }
    }

    /// Removes the last step of a cycle; a role without parents extends the root.
    fn cut(&mut self, cycle: &[usize], parents: &mut [Vec<RoleId>]) {
        let (first, last) = (cycle[0], cycle[cycle.len() - 1]);
        parents[last].retain(|parent| parent.index() != first);
        self.children[first].retain(|child| *child != last);
        if parents[last].is_empty() {
            parents[last].push(RoleId::from_index(0));
        }
        self.waits[last] -= 1;
        if self.waits[last] == 0 {
            self.ready.push(last);
        }
    }
}

fn report_cycle(cycle: &[usize], declared: &Declared<'_>, report: &mut Report) {
    let first = (0..cycle.len()).min_by_key(|position| cycle[*position]).unwrap_or_default();
    let around = cycle.iter().cycle().skip(first).take(cycle.len() + 1);
    let names: Vec<String> = around.map(|role| format!("{:?}", declared.roles[*role].id)).collect();
    let message = format!("roles extend each other in a cycle: {}", names.join(" extends "));
    report.error("inheritance-cycle", &declared.roles[cycle[first]].origin, message);
}
