//! The paper's five terms on a live cluster, for observations and for the reward of what is learned from live traces.
//!
//! | term | live | in simulation |
//! |---|---|---|
//! | success | 1 − share of errors at the entry points | requests answered over decided |
//! | failed pods | crashed pods over existing ones, of all services | the same |
//! | latency | mean latency at the entry points over the SLO, at most 1 | the same |
//! | entry points | share of them with a ready pod | the same, second by second |
//! | traffic | as success | requests answered over received |
//!
//! Servers count a request when they answer it. So what is received and not answered yet cannot be told from outside, and the
//! last term is the first one. Entry points count by their rate of requests. Rates are means over the window of the queries, not over
//! the time between two decisions.

use karma_core::{EntryPointSnapshot, Metric, MetricRow, OperationalResilience, PerEntryPoint, Topology};

/// The five terms; `None` while what clients see is not known.
pub(super) fn resilience(
    topology: &Topology,
    rows: &[MetricRow],
    entry_points: &PerEntryPoint<EntryPointSnapshot>,
) -> Option<OperationalResilience> {
    use karma_core::Id as _;
    let (mut rate, mut failed, mut seconds, mut available) = (0.0, 0.0, 0.0, 0.0);
    for (entry, seen) in topology.entry_points.iter().zip(entry_points.iter()) {
        let row = rows.get(entry.service.index())?;
        let requests = row.get(Metric::RequestRate)?;
        if requests > 0.0 {
            failed += requests * row.get(Metric::ErrorRate)?;
            seconds += requests * row.get(Metric::LatencyMean)?;
        }
        rate += requests;
        available += f32::from(u8::from(seen.available));
    }
    let share = |part: f32, whole: f32, empty: f32| if whole > 0.0 { part / whole } else { empty };
    let pods = |metric| rows.iter().filter_map(|row| row.get(metric)).sum::<f32>();
    let success = share(rate - failed, rate, 1.0).clamp(0.0, 1.0);
    #[expect(clippy::cast_possible_truncation, reason = "terms are single precision")]
    let slo = topology.slo.0 as f32;
    Some(OperationalResilience {
        success_rate: success,
        failed_pod_ratio: share(pods(Metric::PodsFailed), pods(Metric::CurrentReplicas), 0.0).min(1.0),
        latency_ratio: share(seconds, rate * slo, 0.0).min(1.0),
        entry_point_availability: share(available, entry_points.len() as f32, 1.0),
        traffic_ratio: success,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topology() -> Topology {
        let text = r#"{ "services": {
            "api": { "cpu": 500, "ram": 256, "computation_throughput": 100, "max_replicas": 4 },
            "auth": { "cpu": 500, "ram": 256, "computation_throughput": 100 } },
            "connections": [{ "source": "INPUT", "destination": "api" }, { "source": "INPUT", "destination": "auth" }] }"#;
        Topology::read(text.as_bytes()).unwrap()
    }

    fn row(samples: &[(Metric, f32)]) -> MetricRow {
        let mut row = MetricRow::default();
        for (metric, value) in samples {
            row.set(*metric, *value);
        }
        row
    }

    fn entries(available: [bool; 2]) -> PerEntryPoint<EntryPointSnapshot> {
        available
            .iter()
            .map(|available| EntryPointSnapshot { request_rate: None, available: *available })
            .collect()
    }

    #[test]
    fn entry_points_count_by_their_requests_and_pods_of_all_services() {
        use Metric::{CurrentReplicas, ErrorRate, LatencyMean, PodsFailed, RequestRate};
        let topology = topology();
        #[expect(clippy::cast_possible_truncation, reason = "a small number")]
        let slo = topology.slo.0 as f32;
        let api = [
            (RequestRate, 30.0),
            (ErrorRate, 0.2),
            (LatencyMean, slo),
            (CurrentReplicas, 3.0),
            (PodsFailed, 1.0),
        ];
        let auth = [
            (RequestRate, 10.0),
            (ErrorRate, 0.0),
            (LatencyMean, 0.0),
            (CurrentReplicas, 1.0),
            (PodsFailed, 0.0),
        ];
        let terms = resilience(&topology, &[row(&api), row(&auth)], &entries([true, false])).unwrap();
        let near = |term: f32, value: f32| assert!((term - value).abs() < 1e-6, "{term} {value}");
        near(terms.success_rate, 0.85);
        near(terms.failed_pod_ratio, 0.25);
        near(terms.latency_ratio, 0.75);
        near(terms.entry_point_availability, 0.5);
        near(terms.traffic_ratio, 0.85);
    }

    #[test]
    fn without_a_request_nothing_is_wrong_and_without_a_sample_nothing_is_known() {
        use Metric::{ErrorRate, RequestRate};
        let topology = topology();
        let calm = row(&[(RequestRate, 0.0)]);
        let terms = resilience(&topology, &[calm, calm], &entries([true, true])).unwrap();
        assert_eq!(terms, OperationalResilience::PERFECT);
        let blind = row(&[(RequestRate, 5.0), (ErrorRate, 0.0)]);
        assert_eq!(resilience(&topology, &[calm, blind], &entries([true, true])), None);
        assert_eq!(resilience(&topology, &[calm, row(&[])], &entries([true, true])), None);
    }
}
