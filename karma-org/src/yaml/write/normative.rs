//! Norms.

use super::compact;
use super::layout::Out;
use crate::spec::{Norm, NormKind};

pub(super) fn norm(norm: &Norm) -> (&str, Out) {
    let kind = match norm.kind {
        NormKind::Obligation => "obligation",
        NormKind::Permission => "permission",
    };
    let content = compact()
        .text(kind, &norm.role)
        .text("mission", &norm.mission)
        .optional("when", norm.condition.as_deref())
        .optional("within", norm.time_constraint.as_deref())
        .done();
    (&norm.id, content)
}
