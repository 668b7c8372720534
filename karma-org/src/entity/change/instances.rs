//! Groups and schemes come and go, and groups become responsible for schemes.

use super::super::event::Event;
use super::super::state::{GroupInstance, SchemeInstance};
use super::super::violation::Violation;
use super::{Change, named};
use crate::organization::SchemeId;

impl Change<'_> {
    pub(super) fn create_group(
        &mut self,
        group: &str,
        specification: &str,
        parent: Option<&str>,
    ) -> Result<(), Violation> {
        named("group", group)?;
        if self.state.groups.contains_key(group) {
            return Err(Violation::Taken { kind: "group", name: group.to_owned() });
        }
        let kinds = || self.law.organization.groups().iter().map(|node| node.id.as_str());
        let kind = self.law.organization.group(specification);
        let kind = kind.ok_or_else(|| Violation::unknown("group specification", specification, kinds()))?;
        if let Some(parent) = parent {
            self.known_group(parent)?;
        }
        let parent = parent.map(str::to_owned);
        let instance = GroupInstance { specification: kind, parent: parent.clone() };
        self.state.groups.insert(group.to_owned(), instance);
        let (group, specification) = (group.to_owned(), specification.to_owned());
        self.happened(Event::GroupCreated { group, specification, parent });
        Ok(())
    }

    pub(super) fn destroy_group(&mut self, group: &str) -> Result<(), Violation> {
        self.known_group(group)?;
        let (players, subgroups) =
            (self.view().players_in(group).count(), self.view().subgroups(group).count());
        if players + subgroups > 0 {
            return Err(Violation::GroupInUse { group: group.to_owned(), players, subgroups });
        }
        self.state.groups.remove(group);
        for scheme in self.state.schemes.values_mut() {
            scheme.responsible.remove(group);
        }
        self.happened(Event::GroupDestroyed { group: group.to_owned() });
        Ok(())
    }

    pub(super) fn create_scheme(&mut self, scheme: &str, specification: &str) -> Result<(), Violation> {
        named("scheme", scheme)?;
        if self.state.schemes.contains_key(scheme) {
            return Err(Violation::Taken { kind: "scheme", name: scheme.to_owned() });
        }
        let kinds = || self.law.organization.schemes().iter().map(|node| node.id.as_str());
        let kind = self.law.organization.scheme(specification);
        let kind = kind.ok_or_else(|| Violation::unknown("scheme specification", specification, kinds()))?;
        let instance = self.new_scheme(kind);
        self.state.schemes.insert(scheme.to_owned(), instance);
        let (scheme, specification) = (scheme.to_owned(), specification.to_owned());
        self.happened(Event::SchemeCreated { scheme, specification });
        Ok(())
    }

    /// A scheme with the argument values that are written in its specification.
    fn new_scheme(&self, kind: SchemeId) -> SchemeInstance {
        let mut instance = SchemeInstance::new(kind);
        for goal in &self.law.organization.schemes()[kind].goals {
            let arguments = self.law.rules.arguments(*goal).iter();
            let values = arguments.filter_map(|(argument, value)| Some((argument.clone(), value.clone()?)));
            let values: std::collections::BTreeMap<_, _> = values.collect();
            if !values.is_empty() {
                instance.arguments.insert(*goal, values);
            }
        }
        instance
    }

    pub(super) fn destroy_scheme(&mut self, scheme: &str) -> Result<(), Violation> {
        self.scheme(scheme)?;
        self.state.schemes.remove(scheme);
        self.state.ledger.forget(scheme);
        self.happened(Event::SchemeDestroyed { scheme: scheme.to_owned() });
        Ok(())
    }

    pub(super) fn add_responsible(&mut self, group: &str, scheme: &str) -> Result<(), Violation> {
        self.known_group(group)?;
        let (group, scheme) = (group.to_owned(), scheme.to_owned());
        if !self.scheme_mut(&scheme)?.responsible.insert(group.clone()) {
            return Err(Violation::ResponsibleAlready { group, scheme });
        }
        self.happened(Event::ResponsibilityTaken { group, scheme });
        Ok(())
    }

    pub(super) fn remove_responsible(&mut self, group: &str, scheme: &str) -> Result<(), Violation> {
        self.known_group(group)?;
        let (group, scheme) = (group.to_owned(), scheme.to_owned());
        if !self.scheme_mut(&scheme)?.responsible.remove(&group) {
            return Err(Violation::NotResponsible { group, scheme });
        }
        self.happened(Event::ResponsibilityDropped { group, scheme });
        Ok(())
    }
}
