//! Norms.

use super::Lowering;
use crate::spec::{Norm, NormKind};
use crate::yaml::document::Place;
use crate::yaml::form;

impl Lowering<'_, '_> {
    pub(super) fn norm(&mut self, name: &str, form: &form::Norm, place: Place<'_>) -> Norm {
        let (kind, role) = match (&form.obligation, &form.permission) {
            (Some(role), None) => (NormKind::Obligation, role.clone()),
            (None, Some(role)) => (NormKind::Permission, role.clone()),
            _ => {
                let message = "a norm has exactly one of `obligation` and `permission`, with a role";
                self.refuse("bad-norm", place, message);
                (NormKind::Obligation, String::new())
            }
        };
        Norm {
            id: name.to_owned(),
            condition: form.when.clone(),
            role,
            kind,
            mission: form.mission.clone(),
            time_constraint: form.within.clone(),
            origin: self.origin_of(place),
        }
    }
}
