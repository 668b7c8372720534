//! Conditions, as every Kubernetes object has them.

use k8s_openapi::jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a condition is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum ConditionKind {
    /// Decisions are taken.
    Ready,
    /// The policy was found, has the pinned digest and fits the specification.
    PolicyLoaded,
    /// The targets exist, and what the cluster shows of them is fresh enough to decide on.
    Observed,
    /// Every sample that Prometheus is asked for is there, fresh and possible.
    Measured,
    /// The agents are listened to.
    Trusted,
    /// No other autoscaler scales the same targets.
    SoleOwner,
}

impl ConditionKind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Ready, Self::PolicyLoaded, Self::Observed, Self::Measured, Self::Trusted, Self::SoleOwner];
}

/// One condition.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// What it is about.
    #[serde(rename = "type")]
    pub kind: ConditionKind,
    /// `True`, `False` or `Unknown`.
    pub status: String,
    /// One word in camel case, for machines.
    pub reason: String,
    /// A sentence, for people.
    pub message: String,
    /// Since when it has this status, RFC 3339.
    pub last_transition_time: String,
    /// The generation of the specification that it is about.
    pub observed_generation: i64,
}

/// Conditions, one of each kind at most.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conditions(Vec<Condition>);

impl Conditions {
    /// All of them, in the order of their kinds.
    pub fn all(&self) -> &[Condition] {
        &self.0
    }

    /// The condition of a kind.
    pub fn get(&self, kind: ConditionKind) -> Option<&Condition> {
        self.0.iter().find(|condition| condition.kind == kind)
    }

    /// Whether a condition is true.
    pub fn holds(&self, kind: ConditionKind) -> bool {
        self.get(kind).is_some_and(|condition| condition.status == "True")
    }

    /// Says how things are at `now`. The time of the last transition stays unless the status changes; answers whether it
    /// changes, for an event.
    pub fn set(
        &mut self,
        kind: ConditionKind,
        holds: bool,
        (reason, message): (&str, &str),
        (generation, now): (i64, Timestamp),
    ) -> bool {
        let status = if holds { "True" } else { "False" };
        let before = self.get(kind).filter(|condition| condition.status == status);
        let changed = before.is_none();
        let since =
            before.map_or_else(|| now.to_string(), |condition| condition.last_transition_time.clone());
        let condition = Condition {
            kind,
            status: status.to_owned(),
            reason: reason.to_owned(),
            message: message.to_owned(),
            last_transition_time: since,
            observed_generation: generation,
        };
        self.0.retain(|condition| condition.kind != kind);
        self.0.push(condition);
        self.0.sort_by_key(|condition| condition.kind);
        changed
    }
}

impl JsonSchema for Conditions {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Conditions".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let items = generator.subschema_for::<Condition>();
        schemars::json_schema!({
            "type": "array",
            "items": items,
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["type"]
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_keeps_its_time_until_its_status_changes() {
        let mut conditions = Conditions::default();
        let at = |seconds| Timestamp::from_second(seconds).unwrap();
        assert!(conditions.set(ConditionKind::Ready, true, ("Deciding", "all is well"), (1, at(0))));
        assert!(!conditions.set(ConditionKind::Ready, true, ("Deciding", "still"), (2, at(10))));
        let ready = conditions.get(ConditionKind::Ready).unwrap();
        assert_eq!(
            (ready.last_transition_time.as_str(), ready.observed_generation),
            ("1970-01-01T00:00:00Z", 2)
        );
        assert!(conditions.set(ConditionKind::Ready, false, ("Gone", "no Deployment"), (2, at(20))));
        assert!(!conditions.holds(ConditionKind::Ready));
        assert_eq!(conditions.all().len(), 1);
    }
}
