//! Metrics in Prometheus' text form, by OpenTelemetry's semantic conventions.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

use super::burn::process_cpu;
use super::memory::resident_bytes;

/// Bounds of the buckets that OpenTelemetry advises for durations of HTTP requests, in seconds.
const BOUNDS: [f64; 14] = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

/// Methods of requests that are answered.
const METHODS: [&str; 2] = ["GET", "POST"];

#[expect(clippy::struct_field_names, reason = "OpenTelemetry's names")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    http_request_method: &'static str,
    http_response_status_code: u16,
    http_route: &'static str,
}

impl Answered {
    fn with(method: &'static str, status: u16) -> Self {
        Self { http_request_method: method, http_response_status_code: status, http_route: "/process" }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Called {
    server_address: String,
    /// 0 where there was no answer.
    http_response_status_code: u16,
}

type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// What a mock service counts.
#[derive(Debug)]
pub(super) struct Metrics {
    registry: Registry,
    answered: Durations<Answered>,
    called: Durations<Called>,
    active: Gauge<i64, AtomicI64>,
    queue: Gauge<i64, AtomicI64>,
    in_service: Gauge<i64, AtomicI64>,
    cpu: Counter<f64, AtomicU64>,
    memory: Gauge<i64, AtomicI64>,
}

/// A request in the service.
#[derive(Debug)]
pub(super) struct Active(Arc<Metrics>);

impl Drop for Active {
    fn drop(&mut self) {
        self.0.active.dec();
    }
}

fn histogram() -> Histogram {
    Histogram::new(BOUNDS)
}

impl Metrics {
    pub(super) fn new(name: &str) -> Self {
        let mut registry = Registry::default();
        let new = || Durations::new_with_constructor(histogram as fn() -> Histogram);
        let metrics = Self {
            registry: Registry::default(),
            answered: new(),
            called: Family::new_with_constructor(histogram as fn() -> Histogram),
            active: Gauge::default(),
            queue: Gauge::default(),
            in_service: Gauge::default(),
            cpu: Counter::default(),
            memory: Gauge::default(),
        };
        registry.register("target", "This process", Info::new([("service_name", name.to_owned())]));
        let help = "Duration of requests to this service";
        registry.register_with_unit(
            "http_server_request_duration",
            help,
            Unit::Seconds,
            metrics.answered.clone(),
        );
        let help = "Requests in this service, waiting ones included";
        registry.register("http_server_active_requests", help, metrics.active.clone());
        let help = "Duration of requests to other services";
        registry.register_with_unit(
            "http_client_request_duration",
            help,
            Unit::Seconds,
            metrics.called.clone(),
        );
        registry.register_with_unit("process_cpu_time", "CPU used", Unit::Seconds, metrics.cpu.clone());
        registry.register_with_unit(
            "process_memory_usage",
            "Resident memory",
            Unit::Bytes,
            metrics.memory.clone(),
        );
        registry.register(
            "karma_service_queue_length",
            "Requests that wait for a slot",
            metrics.queue.clone(),
        );
        registry.register(
            "karma_service_in_service",
            "Requests that have a slot",
            metrics.in_service.clone(),
        );
        // A series that is missing until the first request cannot be told from one that is lost.
        for method in METHODS {
            drop(metrics.answered.get_or_create(&Answered::with(method, 200)));
        }
        Self { registry, ..metrics }
    }

    /// A request has come; it is gone when the guard is dropped, also if its client left.
    pub(super) fn enter(self: &Arc<Self>) -> Active {
        self.active.inc();
        Active(Arc::clone(self))
    }

    pub(super) fn answer(&self, method: &'static str, status: u16, duration: Duration) {
        self.answered.get_or_create(&Answered::with(method, status)).observe(duration.as_secs_f64());
    }

    pub(super) fn called(&self, service: &str, status: Option<u16>, duration: Duration) {
        let labels =
            Called { server_address: service.to_owned(), http_response_status_code: status.unwrap_or(0) };
        self.called.get_or_create(&labels).observe(duration.as_secs_f64());
    }

    /// All of them as text, with the requests that wait now and those that have a slot.
    pub(super) fn text(&self, waiting: u32, in_service: u32) -> String {
        self.queue.set(i64::from(waiting));
        self.in_service.set(i64::from(in_service));
        self.memory.set(i64::try_from(resident_bytes()).unwrap_or(i64::MAX));
        self.cpu.inc_by((process_cpu() - self.cpu.get()).max(0.0));
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_without_a_request_has_its_series_at_zero() {
        let text = Arc::new(Metrics::new("orders")).text(0, 0);
        for line in [
            "# TYPE http_server_request_duration_seconds histogram",
            "http_server_request_duration_seconds_count{http_request_method=\"GET\",\
             http_response_status_code=\"200\",http_route=\"/process\"} 0",
            "http_server_request_duration_seconds_count{http_request_method=\"POST\",\
             http_response_status_code=\"200\",http_route=\"/process\"} 0",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn metrics_have_the_names_of_opentelemetry() {
        let metrics = Arc::new(Metrics::new("orders"));
        drop(metrics.enter());
        metrics.answer("POST", 200, Duration::from_millis(20));
        metrics.called("auth", None, Duration::from_millis(20));
        let text = metrics.text(3, 1);
        for line in [
            "target_info{service_name=\"orders\"} 1",
            "# TYPE http_server_request_duration_seconds histogram",
            "http_server_active_requests 0",
            "http_server_request_duration_seconds_count{http_request_method=\"POST\",\
             http_response_status_code=\"200\",http_route=\"/process\"} 1",
            "karma_service_queue_length 3",
            "karma_service_in_service 1",
            "process_cpu_time_seconds_total ",
            "process_memory_usage_bytes ",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
    }
}
