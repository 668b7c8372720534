//! Queries for common installations.

use karma_core::Metric;
use serde::{Deserialize, Serialize};

use super::queries::{QueryParams, SourceParams};

/// An installation whose series are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Preset {
    /// HTTP servers by OpenTelemetry's semantic conventions, scraped from pods, and kube-state-metrics' `kube_pod_owner` to
    /// tell whose pods they are.
    OpenTelemetry,
    /// Istio's standard metrics, as the receiving sidecar reports them.
    Istio,
    /// Linkerd's proxies, inbound.
    Linkerd,
    /// Traffic and memory of containers from kubelets' cAdvisor, by `kube_pod_owner`.
    CAdvisor,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::OpenTelemetry, Self::Istio, Self::Linkerd, Self::CAdvisor];

    /// Name as written in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::OpenTelemetry => "open_telemetry",
            Self::Istio => "istio",
            Self::Linkerd => "linkerd",
            Self::CAdvisor => "c_advisor",
        }
    }

    /// Its series.
    pub fn source(self) -> SourceParams {
        match self {
            Self::OpenTelemetry => open_telemetry(),
            Self::Istio => istio(),
            Self::Linkerd => linkerd(),
            Self::CAdvisor => c_advisor(),
        }
    }
}

impl QueryParams {
    /// Several presets together. Where two give one metric, the earlier one does.
    pub fn of(presets: &[Preset]) -> Self {
        let mut params = Self::default();
        for preset in presets {
            let mut source = preset.source();
            source
                .metrics
                .retain(|metric, _| params.sources.values().all(|other| !other.metrics.contains_key(metric)));
            params.sources.insert(preset.name().to_owned(), source);
        }
        params
    }
}

/// `expression` has one series or more for each pod (labels `namespace`, `pod`); one for each Deployment. A `ReplicaSet`, which
/// owns the pods, is called as its Deployment with a hash behind a hyphen.
fn by_deployment(aggregate: &str, expression: &str) -> String {
    let owner = r#"kube_pod_owner{namespace="$namespace",owner_kind="ReplicaSet",owner_name=~"($deployments)-[^-]+"}"#;
    let named = format!(r#"label_replace({owner},"deployment","$1","owner_name","(.+)-[^-]+")"#);
    format!(
        "{aggregate} by (deployment) ({expression} * on (namespace, pod) group_left (deployment) {named})"
    )
}

/// The share of `part` in `whole`. A part that never happened has no series and is none; without a whole there is no share.
fn share(part: &str, whole: &str) -> String {
    format!("({part} or 0 * {whole}) / {whole}")
}

fn open_telemetry() -> SourceParams {
    let histogram = "http_server_request_duration_seconds";
    let pods = r#"namespace="$namespace""#;
    let rate = |series: &str| by_deployment("sum", &format!("rate({series}[$window])"));
    let count = format!("{histogram}_count{{{pods}}}");
    let failed = format!(r#"{histogram}_count{{{pods},http_response_status_code=~"5.."}}"#);
    let seconds = format!("{histogram}_sum{{{pods}}}");
    SourceParams {
        sampled_at: by_deployment("max", &format!("timestamp({count})")),
        metrics: [
            (Metric::RequestRate, rate(&count)),
            (Metric::ErrorRate, share(&rate(&failed), &rate(&count))),
            (Metric::LatencyMean, format!("{} / {}", rate(&seconds), rate(&count))),
            (Metric::InFlight, by_deployment("sum", &format!("http_server_active_requests{{{pods}}}"))),
        ]
        .into(),
        junk_rate: None,
    }
}

fn istio() -> SourceParams {
    let to = r#"reporter="destination",destination_workload_namespace="$namespace",destination_workload=~"$deployments""#;
    let named = |aggregate: &str, expression: &str| {
        let grouped = format!("{aggregate} by (destination_workload) ({expression})");
        format!(r#"label_replace({grouped},"deployment","$1","destination_workload","(.*)")"#)
    };
    let rate = |series: &str| named("sum", &format!("rate({series}[$window])"));
    let requests = format!("istio_requests_total{{{to}}}");
    let failed = format!(r#"istio_requests_total{{{to},response_code=~"5.."}}"#);
    let milliseconds = |part: &str| format!("istio_request_duration_milliseconds_{part}{{{to}}}");
    SourceParams {
        sampled_at: named("max", &format!("timestamp({requests})")),
        metrics: [
            (Metric::RequestRate, rate(&requests)),
            (Metric::ErrorRate, share(&rate(&failed), &rate(&requests))),
            (
                Metric::LatencyMean,
                format!("{} / {} / 1000", rate(&milliseconds("sum")), rate(&milliseconds("count"))),
            ),
        ]
        .into(),
        junk_rate: None,
    }
}

fn linkerd() -> SourceParams {
    let to = r#"direction="inbound",namespace="$namespace",deployment=~"$deployments""#;
    let rate = |series: &str| format!("sum by (deployment) (rate({series}[$window]))");
    let answers = format!("response_total{{{to}}}");
    let failed = format!(r#"response_total{{{to},classification="failure"}}"#);
    let milliseconds = |part: &str| format!("response_latency_ms_{part}{{{to}}}");
    SourceParams {
        sampled_at: format!("max by (deployment) (timestamp(request_total{{{to}}}))"),
        metrics: [
            (Metric::RequestRate, rate(&format!("request_total{{{to}}}"))),
            (Metric::ErrorRate, share(&rate(&failed), &rate(&answers))),
            (
                Metric::LatencyMean,
                format!("{} / {} / 1000", rate(&milliseconds("sum")), rate(&milliseconds("count"))),
            ),
        ]
        .into(),
        junk_rate: None,
    }
}

fn c_advisor() -> SourceParams {
    let pods = r#"namespace="$namespace",pod!="""#;
    let containers = r#"namespace="$namespace",container!="",container!="POD""#;
    let kilobits = |way: &str| {
        let bytes = format!("container_network_{way}_bytes_total{{{pods}}}");
        by_deployment("sum", &format!("rate({bytes}[$window]) * 8 / 1000"))
    };
    let memory = format!("container_memory_working_set_bytes{{{containers}}}");
    let cpu = format!("container_cpu_usage_seconds_total{{{containers}}}");
    SourceParams {
        sampled_at: by_deployment("max", &format!("timestamp({memory})")),
        metrics: [
            (Metric::CpuUsage, by_deployment("sum", &format!("rate({cpu}[$window]) * 1000"))),
            (Metric::MemoryUsage, by_deployment("sum", &format!("{memory} / 1048576"))),
            (Metric::NetworkIn, kilobits("receive")),
            (Metric::NetworkOut, kilobits("transmit")),
        ]
        .into(),
        junk_rate: None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::queries::Asked;
    use super::super::scope::Scope;
    use super::*;

    #[test]
    fn every_preset_is_promql() {
        for preset in Preset::ALL {
            let checked = QueryParams::of(&[preset]).check();
            assert!(checked.is_ok(), "{}: {}", preset.name(), checked.unwrap_err());
        }
    }

    #[test]
    fn presets_together_give_each_metric_once() {
        let params = QueryParams::of(&Preset::ALL);
        let queries = params.check().unwrap();
        assert_eq!(queries.source_of(Metric::RequestRate), Some("open_telemetry"));
        assert_eq!(queries.source_of(Metric::NetworkIn), Some("c_advisor"));
    }

    #[test]
    fn a_preset_asks_for_the_deployments_of_a_scope_and_no_others() {
        let scope = Scope::new("shop", ["api", "auth"].map(str::to_owned).to_vec()).unwrap();
        let queries = QueryParams::of(&[Preset::OpenTelemetry]).check().unwrap();
        let rate = queries.ask(&scope).find(|question| question.asked == Asked::Metric(Metric::RequestRate));
        assert_eq!(
            rate.unwrap().promql,
            "sum by (deployment) (rate(http_server_request_duration_seconds_count{namespace=\"shop\"}[120s]) \
             * on (namespace, pod) group_left (deployment) \
             label_replace(kube_pod_owner{namespace=\"shop\",owner_kind=\"ReplicaSet\",\
             owner_name=~\"(api|auth)-[^-]+\"},\"deployment\",\"$1\",\"owner_name\",\"(.+)-[^-]+\"))"
        );
    }

    #[test]
    fn a_preset_is_written_by_its_name() {
        for preset in Preset::ALL {
            assert_eq!(serde_json::to_value(preset).unwrap(), preset.name());
        }
    }
}
