//! A specification in one piece.

use super::{Group, OrganizationalSpecification, Subgroup};

impl OrganizationalSpecification {
    /// The same with everything that was included from other texts written in place. What was never resolved
    /// stays an inclusion.
    #[must_use]
    pub fn with_inclusions_in_place(mut self) -> Self {
        if let Some(mut group) = self.structural.group.take() {
            self.settle(&mut group);
            self.structural.group = Some(group);
        }
        self
    }

    /// Puts the groups that are included below `group` in place, and what comes with them where it belongs.
    fn settle(&mut self, group: &mut Group) {
        for subgroup in &mut group.subgroups {
            if let Subgroup::Included { group, roles, link_types, schemes, norms, .. } = subgroup
                && let Some(included) = group.take()
            {
                self.structural.roles.append(roles);
                self.structural.link_types.append(link_types);
                self.functional.schemes.append(schemes);
                self.normative.norms.append(norms);
                *subgroup = Subgroup::Specified(*included);
            }
            if let Subgroup::Specified(group) = subgroup {
                self.settle(group);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::Organization;
    use crate::spec::{OrganizationalSpecification, Subgroup};
    use crate::xml;

    const OUTER: &str = r#"<organisational-specification id="o" os-version="1" xmlns="https://moise-lang.github.io/os">
        <structural-specification><role-definitions><role id="a"/></role-definitions>
        <group-specification id="outer"><roles><role id="a"/></roles>
        <subgroups><include-group-specification uri="inner.xml"/></subgroups></group-specification>
        </structural-specification></organisational-specification>"#;
    const INNER: &str = r#"<organisational-specification id="i" os-version="1" xmlns="https://moise-lang.github.io/os">
        <structural-specification><role-definitions><role id="b"/></role-definitions>
        <group-specification id="inner"><roles><role id="b"/></roles></group-specification>
        </structural-specification></organisational-specification>"#;

    fn outer() -> OrganizationalSpecification {
        let mut includes = |_: &str| Ok(INNER.as_bytes().to_vec());
        xml::read_with(OUTER, &mut includes).unwrap().specification
    }

    #[test]
    fn what_was_included_is_written_in_place_and_means_the_same() {
        let whole = outer().with_inclusions_in_place();
        let group = whole.structural.group.as_ref().unwrap();
        assert!(matches!(&group.subgroups[..], [Subgroup::Specified(inner)] if inner.id == "inner"));
        let again = xml::read(xml::write(&whole).unwrap()).unwrap().specification;
        let (here, there) = (Organization::new(outer()).unwrap(), Organization::new(again).unwrap());
        assert_eq!((here.roles(), here.groups()), (there.roles(), there.groups()));
    }
}
