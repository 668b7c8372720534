//! `KarmaAutoscaler.spec`, as written.
#![expect(unreachable_pub, reason = "KubeSchema copies the items that it derives for into a function")]

use std::collections::BTreeMap;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    CustomResourceDefinition, JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use kube::{CustomResource, CustomResourceExt as _, KubeSchema};
use schemars::{Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

use super::limits::{BudgetSpec, LimitsSpec};
use super::policy::PolicyRef;
use super::status::KarmaAutoscalerStatus;

/// Lets a team of agents scale the Deployments of one namespace that its policy was trained for, behind a safety shield and
/// with a horizontal pod autoscaler to fall back to.
#[derive(CustomResource, KubeSchema, Clone, Debug, PartialEq, Serialize, Deserialize)]
#[kube(
    group = "karma.dev",
    version = "v1alpha1",
    kind = "KarmaAutoscaler",
    namespaced,
    status = "KarmaAutoscalerStatus",
    shortname = "karma",
    category = "autoscaling",
    derive = "PartialEq",
    printcolumn = r#"{"name":"Mode","type":"string","jsonPath":".spec.mode"}"#,
    printcolumn = r#"{"name":"Ready","type":"string","jsonPath":".status.conditions[?(@.type==\"Ready\")].status"}"#,
    printcolumn = r#"{"name":"Listens to","type":"string","jsonPath":".status.lastDecision.listened"}"#,
    printcolumn = r#"{"name":"Canary","type":"string","jsonPath":".status.canary"}"#,
    printcolumn = r#"{"name":"Decided","type":"date","jsonPath":".status.lastDecision.time"}"#,
    printcolumn = r#"{"name":"Age","type":"date","jsonPath":".metadata.creationTimestamp"}"#
)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = ("self.mode != 'Canary' || size(self.canary.services) > 0", "canary.services names at least one service where mode is Canary"))]
pub struct KarmaAutoscalerSpec {
    /// The trained team.
    pub policy: PolicyRef,

    /// What is done with decisions. Default `Shadow`.
    #[serde(default)]
    pub mode: Mode,

    /// Where requests, latencies and errors are read. Objects come from the API server, CPU and memory from metrics-server.
    #[serde(default)]
    pub metrics: MetricsSpec,

    /// Bounds and pauses of single services, by the service's name.
    #[serde(default)]
    pub services: BTreeMap<String, ServiceSpec>,

    /// How fast and how far replicas may be moved.
    #[serde(default)]
    pub limits: LimitsSpec,

    /// What all services together may take.
    #[serde(default)]
    pub budget: BudgetSpec,

    /// The autoscaler that decides while the agents are not listened to.
    #[serde(default)]
    pub fallback: FallbackSpec,

    /// When the agents are no longer listened to, and when again.
    #[serde(default)]
    pub trust: TrustSpec,

    /// What junk may cost, where a source tells its rate.
    #[serde(default)]
    pub guard: GuardSpec,

    /// Which services the agents scale first, and what makes them scale all or none.
    #[serde(default)]
    pub canary: CanarySpec,

    /// Directions in which no service is scaled. Default `None`.
    #[serde(default)]
    pub pause: Pausing,

    /// What becomes of the replicas once this object is deleted. Default `Retain`.
    #[serde(default)]
    pub on_delete: OnDelete,
}

/// What is done with decisions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Mode {
    /// They are logged; nothing is scaled.
    #[default]
    Shadow,
    /// They are carried out for the canary's services, until those are promoted or rolled back.
    Canary,
    /// They are carried out.
    Active,
}

/// Directions in which nothing is scaled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum Pausing {
    /// None.
    #[default]
    None,
    /// Nothing is added.
    Up,
    /// Nothing is removed.
    Down,
    /// Nothing is changed.
    All,
}

/// What becomes of the replicas once the object is deleted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub enum OnDelete {
    /// They stay as they are.
    #[default]
    Retain,
    /// Each Deployment that was scaled gets the replicas again that it had before.
    RestoreInitial,
}

/// Bounds and pauses of one service. The policy's topology has bounds already; these can only be narrower.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[x_kube(validation = ("!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas", "minReplicas is at most maxReplicas"))]
pub struct ServiceSpec {
    /// Fewest replicas; default: the topology's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub min_replicas: Option<u32>,
    /// Most replicas; default: the topology's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub max_replicas: Option<u32>,
    /// Directions in which it is not scaled. Default `None`.
    #[serde(default)]
    pub pause: Pausing,
}

/// Where requests, latencies and errors are read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct MetricsSpec {
    /// A Prometheus, or anything with its API. Without it there are objects, CPU and memory alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prometheus: Option<PrometheusSpec>,
    /// Installations whose series are known: `open_telemetry`, `istio`, `linkerd`, `c_advisor`. Where two give one metric,
    /// the earlier one does.
    #[schemars(with = "Vec<String>")]
    pub presets: Vec<crate::observe::Preset>,
    /// Series of your own, by a name of your choice.
    pub sources: BTreeMap<String, SourceSpec>,
    /// Window of rates, seconds. Default 120.
    #[schemars(range(min = 1, max = 3600))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window_seconds: Option<u32>,
    /// Age above which a sample is none, seconds. Default 90.
    #[schemars(range(min = 1, max = 3600))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_age_seconds: Option<u32>,
}

/// Where Prometheus is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrometheusSpec {
    /// Address with the path before `/api`, such as `http://prometheus.monitoring:9090`.
    pub url: String,
    /// Seconds after which a question is given up. Default 5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.1, max = 60.0))]
    pub timeout_seconds: Option<f64>,
    /// File with a bearer token, mounted into the controller below `/etc/karma/`: no other file of it may be sent anywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(
        pattern = "^/etc/karma/([A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*$"
    ))]
    pub token_file: Option<String>,
    /// File with certificates that vouch for it, mounted into the controller below `/etc/karma/`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(regex(
        pattern = "^/etc/karma/([A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*$"
    ))]
    pub ca_file: Option<String>,
}

/// Series that are scraped together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceSpec {
    /// Template of the Unix time of the newest sample of each Deployment.
    pub sampled_at: String,
    /// Templates by the metric's name; `$namespace`, `$deployments` and `$window` are filled in, and the label `deployment`
    /// tells whose series it is.
    pub metrics: BTreeMap<String, String>,
    /// Template of the requests per second that are known to be junk, of those that `request_rate` counts: blocked, limited,
    /// refused before they cost anything. One source may have it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub junk_rate: Option<String>,
}

/// What junk may cost: a service is raised no further than its legitimate requests need, and a few replicas.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct GuardSpec {
    /// Replicas of each service beyond those that legitimate requests need. Default 1.
    #[schemars(range(min = 0, max = 10_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub junk_replicas: Option<u32>,
    /// Share of a replica's throughput that legitimate requests are to fill. Default 0.5.
    #[schemars(range(min = 0.05, max = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utilization: Option<f64>,
}

/// The autoscaler that decides while the agents are not listened to: the algorithm of Kubernetes' own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct FallbackSpec {
    /// CPU utilisation that it aims at, percent of the request. Default 80.
    #[schemars(range(min = 1, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target_cpu_utilization: Option<u32>,
    /// `behavior` as in a HorizontalPodAutoscaler (autoscaling/v2).
    #[schemars(schema_with = "any_object")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub behavior: Option<serde_json::Value>,
}

/// When the agents are no longer listened to, and when again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct TrustSpec {
    /// Decisions that are looked back on. Default 8.
    #[schemars(range(min = 1, max = 64))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<u32>,
    /// So many alarms among them, and the fallback decides. Default 3.
    #[schemars(range(min = 1, max = 64))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub alarms: Option<u32>,
    /// So many decisions without an alarm, and the agents are listened to again. Default 20.
    #[schemars(range(min = 1, max = 100_000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calm: Option<u32>,
}

/// Which services the agents scale first, and what makes them scale all or none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct CanarySpec {
    /// The services.
    pub services: Vec<String>,
    /// How long they are watched before the agents scale all services, seconds. Default 1800.
    #[schemars(range(min = 1, max = 604_800))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub watch_seconds: Option<u32>,
    /// Whether all services are scaled once the watch has gone well. Default true; otherwise set the mode yourself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promote: Option<bool>,
    /// Share of failed requests above which a decision counts as bad. Default 0.05.
    #[schemars(range(min = 0.0, max = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_error_rate: Option<f64>,
    /// Mean latency in seconds above which a decision counts as bad. Default: not looked at.
    #[schemars(range(min = 0.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_latency_seconds: Option<f64>,
    /// Share of pods that fail above which a decision counts as bad. Default 0.5.
    #[schemars(range(min = 0.0, max = 1.0))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_failed_pods: Option<f64>,
    /// So many bad decisions one after the other, and no service is scaled any more. Default 3.
    #[schemars(range(min = 1, max = 1000))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub roll_back_after: Option<u32>,
}

/// An object whose fields are not looked into here.
fn any_object(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
}

/// The definition of the resource, to be applied to a cluster.
pub fn definition() -> CustomResourceDefinition {
    let mut definition = KarmaAutoscaler::crd();
    let schemas = definition.spec.versions.iter_mut().filter_map(|version| version.schema.as_mut());
    for schema in schemas.filter_map(|schema| schema.open_api_v3_schema.as_mut()) {
        forget_widths(schema);
    }
    definition
}

/// Removes the formats of unsigned integers, of which Kubernetes warns that it does not know them; their bounds stay.
fn forget_widths(schema: &mut JSONSchemaProps) {
    schema.format = schema.format.take().filter(|format| !format.starts_with("uint"));
    let properties = schema.properties.iter_mut().flat_map(std::collections::BTreeMap::values_mut);
    properties.for_each(forget_widths);
    if let Some(JSONSchemaPropsOrArray::Schema(items)) = &mut schema.items {
        forget_widths(items);
    }
    if let Some(JSONSchemaPropsOrBool::Schema(values)) = &mut schema.additional_properties {
        forget_widths(values);
    }
}
