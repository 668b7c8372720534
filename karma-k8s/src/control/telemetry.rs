//! Numbers for Prometheus, as OpenMetrics text.
//!
//! Labels are names of objects and words of this program: the number of series is bounded by the number of Deployments
//! under control. [`Telemetry::forget`] ends those of an object that is gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, MutexGuard, PoisonError};

use karma_core::{Replicas, Seconds};
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelSetEncoder, LabelValueEncoder};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

use crate::decide::Listened;
use crate::resource::Mode;

/// Bounds of the buckets of decisions, in seconds. A decision should take less than 50 ms of CPU, and waits for the
/// cluster's answers besides.
const BOUNDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// The media type of the text.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The object that asked for the autoscaling.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, EncodeLabelSet)]
pub struct Object {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// What a count of replicas is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What the Deployment asks for now.
    Current,
    /// What the agents wish for.
    Agents,
    /// What the autoscaler to fall back to wishes for.
    Fallback,
    /// What was decided.
    Decided,
}

const MODES: [Mode; 3] = [Mode::Shadow, Mode::Canary, Mode::Active];
const KINDS: [Kind; 4] = [Kind::Current, Kind::Agents, Kind::Fallback, Kind::Decided];
const LISTENED: [Listened; 2] = [Listened::Agents, Listened::Fallback];

macro_rules! words {
    ($name:ident { $($variant:ident => $word:literal),+ }) => {
        impl EncodeLabelValue for $name {
            fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
                EncodeLabelValue::encode(&match self { $(Self::$variant => $word),+ }, encoder)
            }
        }
    };
}

words! { Listened { Agents => "agents", Fallback => "fallback" } }
words! { Kind { Current => "current", Agents => "agents", Fallback => "fallback", Decided => "decided" } }
words! { Mode { Shadow => "Shadow", Canary => "Canary", Active => "Active" } }

/// An object and one more label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct With<L>(Object, L);

/// Both in one set of labels.
impl<L: EncodeLabelSet> EncodeLabelSet for With<L> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> Result<(), fmt::Error> {
        self.0.encode(encoder)?;
        self.1.encode(encoder)
    }
}

macro_rules! label {
    ($($name:ident { $($field:ident: $type:ty),+ })+) => { $(
        #[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
        struct $name { $($field: $type),+ }
    )+ };
}

label! {
    ByListened { listened: Listened }
    ByResult { result: String }
    ByKind { deployment: String, kind: Kind }
    ByProperty { property: String }
    ByMode { mode: Mode }
    ByDigest { digest: String }
    ByError { error: String }
}

type Number = Gauge<f64, AtomicU64>;

/// What exists of one object.
#[derive(Debug, Default)]
struct Known {
    results: BTreeSet<String>,
    deployments: BTreeSet<String>,
    properties: BTreeSet<String>,
    digest: Option<String>,
}

#[derive(Debug, Default)]
struct Families {
    decisions: Family<With<ByListened>, Counter>,
    actions: Family<With<ByResult>, Counter>,
    age: Family<Object, Number>,
    replicas: Family<With<ByKind>, Gauge>,
    shield: Family<With<ByProperty>, Counter>,
    failures: Family<ByError, Counter>,
    leader: Gauge,
    trusted: Family<Object, Gauge>,
    mode: Family<With<ByMode>, Gauge>,
    policy: Family<With<ByDigest>, Gauge>,
}

/// All numbers of a controller. Cheap to write to from anywhere.
#[derive(Debug)]
pub struct Telemetry {
    registry: Registry,
    families: Families,
    seconds: Histogram,
    known: Mutex<BTreeMap<Object, Known>>,
}

impl Default for Telemetry {
    fn default() -> Self {
        let families = Families::default();
        let seconds = Histogram::new(BOUNDS);
        let mut registry = Registry::with_prefix("karma");
        let Families { decisions, actions, age, replicas, shield, failures, leader, trusted, mode, policy } =
            &families;
        registry.register("decisions", "Decisions, by who was listened to", decisions.clone());
        registry.register("actions", "Writes of replicas, by what became of them", actions.clone());
        let help = "From the first question to the last write of a decision";
        registry.register_with_unit("decision", help, Unit::Seconds, seconds.clone());
        let help = "Age of the oldest sample that the last decision was made from";
        registry.register_with_unit("observation_age", help, Unit::Seconds, age.clone());
        registry.register("replicas", "Replicas: current, as wished for, and as decided", replicas.clone());
        registry.register(
            "shield_changes",
            "Changes that the shield made, by the property it kept",
            shield.clone(),
        );
        registry.register("failures", "Failures, by kind", failures.clone());
        registry.register("leader", "Whether this process leads", leader.clone());
        registry.register("trusted", "Whether the agents are trusted", trusted.clone());
        registry.register("mode", "1 for the mode of an object, 0 for the others", mode.clone());
        registry.register("policy_info", "The policy in use", policy.clone());
        Self { registry, families, seconds, known: Mutex::default() }
    }
}

impl Telemetry {
    /// A decision was made, listening to one of the two, in so many seconds, from samples of this age.
    pub fn decided(&self, object: &Object, listened: Listened, took: Seconds, age: Option<Seconds>) {
        self.known().entry(object.clone()).or_default();
        self.families.decisions.get_or_create(&With(object.clone(), ByListened { listened })).inc();
        self.seconds.observe(took.0);
        if let Some(age) = age {
            self.families.age.get_or_create(object).set(age.0);
        }
    }

    /// A write of replicas came to this, in one word of the program.
    pub fn acted(&self, object: &Object, result: &'static str) {
        self.known().entry(object.clone()).or_default().results.insert(result.to_owned());
        self.families
            .actions
            .get_or_create(&With(object.clone(), ByResult { result: result.to_owned() }))
            .inc();
    }

    /// Replicas of a Deployment.
    pub fn replicas(&self, object: &Object, deployment: &str, kind: Kind, replicas: Replicas) {
        self.known().entry(object.clone()).or_default().deployments.insert(deployment.to_owned());
        let labels = With(object.clone(), ByKind { deployment: deployment.to_owned(), kind });
        self.families.replicas.get_or_create(&labels).set(replicas.0.into());
    }

    /// The shield changed a decision, to keep this property.
    pub fn shielded(&self, object: &Object, property: &str) {
        self.known().entry(object.clone()).or_default().properties.insert(property.to_owned());
        let labels = With(object.clone(), ByProperty { property: property.to_owned() });
        self.families.shield.get_or_create(&labels).inc();
    }

    /// Something failed; `error` is one word of the program.
    pub fn failed(&self, error: &'static str) {
        self.families.failures.get_or_create(&ByError { error: error.to_owned() }).inc();
    }

    /// Whether this process leads.
    pub fn leads(&self, leads: bool) {
        self.families.leader.set(leads.into());
    }

    /// Whether the agents of an object are trusted, and its mode.
    pub fn stands(&self, object: &Object, trusted: bool, mode: Mode) {
        self.known().entry(object.clone()).or_default();
        self.families.trusted.get_or_create(object).set(trusted.into());
        for of in MODES {
            self.families
                .mode
                .get_or_create(&With(object.clone(), ByMode { mode: of }))
                .set((of == mode).into());
        }
    }

    /// The policy of an object; the one before is no longer shown.
    pub fn uses(&self, object: &Object, digest: &str) {
        let labels = |digest: String| With(object.clone(), ByDigest { digest });
        let before = self.known().entry(object.clone()).or_default().digest.replace(digest.to_owned());
        if let Some(before) = before.filter(|before| before != digest) {
            self.families.policy.remove(&labels(before));
        }
        self.families.policy.get_or_create(&labels(digest.to_owned())).set(1);
    }

    /// Ends every series of an object.
    pub fn forget(&self, object: &Object) {
        let Some(Known { results, deployments, properties, digest }) = self.known().remove(object) else {
            return;
        };
        let Families { decisions, actions, age, replicas, shield, trusted, mode, policy, .. } =
            &self.families;
        age.remove(object);
        trusted.remove(object);
        for listened in LISTENED {
            decisions.remove(&With(object.clone(), ByListened { listened }));
        }
        for of in MODES {
            mode.remove(&With(object.clone(), ByMode { mode: of }));
        }
        for result in results {
            actions.remove(&With(object.clone(), ByResult { result }));
        }
        for (deployment, kind) in deployments.iter().flat_map(|name| KINDS.map(|kind| (name, kind))) {
            replicas.remove(&With(object.clone(), ByKind { deployment: deployment.clone(), kind }));
        }
        for property in properties {
            shield.remove(&With(object.clone(), ByProperty { property }));
        }
        if let Some(digest) = digest {
            policy.remove(&With(object.clone(), ByDigest { digest }));
        }
    }

    /// All of them as text; its media type is [`CONTENT_TYPE`].
    ///
    /// # Errors
    /// Never, as text is written to memory; the encoder's signature has one.
    pub fn text(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// A thread that panicked while it wrote a name down does no harm to the others.
    fn known(&self) -> MutexGuard<'_, BTreeMap<Object, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn object(name: &str) -> Object {
        Object { namespace: "shop".to_owned(), name: name.to_owned() }
    }

    fn filled(telemetry: &Telemetry, object: &Object) {
        telemetry.decided(object, Listened::Agents, Seconds(0.02), Some(Seconds(8.5)));
        telemetry.acted(object, "applied");
        telemetry.replicas(object, "api", Kind::Decided, Replicas(3));
        telemetry.shielded(object, "max_replicas");
        telemetry.stands(object, true, Mode::Canary);
        telemetry.uses(object, "old");
        telemetry.uses(object, "sha256:1");
    }

    #[test]
    fn every_number_is_in_the_text() {
        let telemetry = Telemetry::default();
        filled(&telemetry, &object("web"));
        telemetry.failed("api_server");
        telemetry.leads(true);
        let text = telemetry.text().unwrap();
        let of = r#"namespace="shop",name="web""#;
        for line in [
            format!(r#"karma_decisions_total{{{of},listened="agents"}} 1"#),
            format!(r#"karma_actions_total{{{of},result="applied"}} 1"#),
            r#"karma_decision_seconds_bucket{le="0.025"} 1"#.to_owned(),
            format!("karma_observation_age_seconds{{{of}}} 8.5"),
            format!(r#"karma_replicas{{{of},deployment="api",kind="decided"}} 3"#),
            format!(r#"karma_shield_changes_total{{{of},property="max_replicas"}} 1"#),
            r#"karma_failures_total{error="api_server"} 1"#.to_owned(),
            "karma_leader 1".to_owned(),
            format!("karma_trusted{{{of}}} 1"),
            format!(r#"karma_mode{{{of},mode="Canary"}} 1"#),
            format!(r#"karma_mode{{{of},mode="Shadow"}} 0"#),
            format!(r#"karma_policy_info{{{of},digest="sha256:1"}} 1"#),
            "# EOF".to_owned(),
        ] {
            assert!(text.lines().any(|of| of == line), "{line} is not in\n{text}");
        }
        assert!(!text.contains("\"old\""));
    }

    #[test]
    fn an_object_that_is_forgotten_leaves_no_series_and_the_others_theirs() {
        let telemetry = Telemetry::default();
        let (web, shop) = (object("web"), object("shop"));
        filled(&telemetry, &shop);
        let before = telemetry.text().unwrap();
        filled(&telemetry, &web);
        telemetry.forget(&web);
        let of_objects = |text: &str| {
            text.lines().filter(|line| line.contains("name=")).map(str::to_owned).collect::<BTreeSet<_>>()
        };
        assert_eq!(of_objects(&telemetry.text().unwrap()), of_objects(&before));
    }
}
