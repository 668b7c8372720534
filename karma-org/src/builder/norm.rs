//! Norms.

use crate::spec::{Norm, NormKind};

/// A norm while it is written: always active, and without a limit of time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct NormBuilder {
    norm: Norm,
}

/// Players of `role` must commit to `mission`, which is written as `mission` or `scheme.mission`.
pub fn obligation(id: impl Into<String>, role: impl Into<String>, mission: impl Into<String>) -> NormBuilder {
    kind(NormKind::Obligation, id, role, mission)
}

/// Players of `role` may commit to `mission`, which is written as `mission` or `scheme.mission`.
pub fn permission(id: impl Into<String>, role: impl Into<String>, mission: impl Into<String>) -> NormBuilder {
    kind(NormKind::Permission, id, role, mission)
}

fn kind(
    kind: NormKind,
    id: impl Into<String>,
    role: impl Into<String>,
    mission: impl Into<String>,
) -> NormBuilder {
    let norm = Norm { id: id.into(), kind, role: role.into(), mission: mission.into(), ..Norm::default() };
    NormBuilder { norm }
}

impl NormBuilder {
    /// When it is active.
    pub fn when(mut self, condition: impl Into<String>) -> Self {
        self.norm.condition = Some(condition.into());
        self
    }

    /// Time to commit, such as "1 day".
    pub fn within(mut self, time_constraint: impl Into<String>) -> Self {
        self.norm.time_constraint = Some(time_constraint.into());
        self
    }
}

impl From<NormBuilder> for Norm {
    fn from(builder: NormBuilder) -> Self {
        builder.norm
    }
}
