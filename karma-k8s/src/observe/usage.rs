//! What metrics-server says pods use (`metrics.k8s.io/v1beta1`).

use std::collections::BTreeMap;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::SignedDuration;
use karma_core::{PodSample, Seconds, quantity};
use serde::Deserialize;

use super::workload::{MEBIBYTE, PodUse, unix};

#[derive(Deserialize)]
struct List {
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    metadata: Metadata,
    timestamp: Time,
    window: String,
    containers: Vec<Container>,
}

#[derive(Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Deserialize)]
struct Container {
    usage: Usage,
}

#[derive(Deserialize)]
struct Usage {
    cpu: String,
    memory: String,
}

/// The use of each pod of a `PodMetricsList`, by name. A pod whose amounts cannot be read is left out: it was not sampled.
///
/// # Errors
/// Not such a list.
///
/// ```
/// let list = br#"{ "items": [{ "metadata": { "name": "api-1" }, "timestamp": "1970-01-01T00:01:40Z", "window": "15.2s",
///     "containers": [{ "name": "a", "usage": { "cpu": "250300n", "memory": "2048Ki" } },
///                    { "name": "b", "usage": { "cpu": "1m", "memory": "1Mi" } }] }] }"#;
/// let pods = karma_k8s::observe::pod_use(list)?;
/// let used = pods["api-1"];
/// assert_eq!((used.cpu.value, used.cpu.at.0, used.cpu.window.0), (1.2503, 100.0, 15.2));
/// assert_eq!(used.memory.value, 3.0);
/// # Ok::<(), serde_json::Error>(())
/// ```
pub fn pod_use(body: &[u8]) -> serde_json::Result<BTreeMap<String, PodUse>> {
    let List { items } = serde_json::from_slice(body)?;
    Ok(items.into_iter().filter_map(|item| Some((item.metadata.name.clone(), used(&item)?))).collect())
}

/// All containers together; `None` if one has no readable amount, or one below 0, which cannot be.
#[expect(clippy::cast_possible_truncation, reason = "samples are single precision")]
fn used(item: &Item) -> Option<PodUse> {
    let sum = |of: fn(&Usage) -> &str| -> Option<f64> {
        let amount = |container: &Container| quantity(of(&container.usage)).filter(|amount| *amount >= 0.0);
        item.containers.iter().map(amount).sum()
    };
    let (cpu, memory) = (sum(|usage| &usage.cpu)? * 1000.0, sum(|usage| &usage.memory)? / MEBIBYTE);
    let window: SignedDuration = item.window.parse().ok()?;
    let (at, window) = (unix(&item.timestamp), Seconds(window.as_secs_f64()));
    Some(PodUse {
        cpu: PodSample { value: cpu as f32, at, window },
        memory: PodSample { value: memory as f32, at, window: Seconds(0.0) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn item(cpu: &str, window: &str) -> String {
        format!(
            r#"{{ "items": [{{ "metadata": {{ "name": "p" }}, "timestamp": "2026-01-01T00:00:00Z", "window": "{window}",
                 "containers": [{{ "name": "a", "usage": {{ "cpu": "{cpu}", "memory": "1Mi" }} }}] }}] }}"#
        )
    }

    #[test]
    fn go_writes_durations_of_minutes_too() {
        let pods = pod_use(item("0", "1m0.5s").as_bytes()).unwrap();
        assert_eq!((pods["p"].cpu.value, pods["p"].cpu.window), (0.0, Seconds(60.5)));
    }

    #[test]
    fn a_pod_with_an_amount_that_is_none_was_not_sampled() {
        assert!(pod_use(item("much", "15s").as_bytes()).unwrap().is_empty());
        assert!(pod_use(item("1m", "soon").as_bytes()).unwrap().is_empty());
        assert!(pod_use(item("-50m", "15s").as_bytes()).unwrap().is_empty());
        assert!(pod_use(b"{}").is_err());
    }

    proptest! {
        #[test]
        fn no_amount_makes_a_panic(cpu in "[0-9a-zA-Z.+-]{0,12}", window in "[0-9a-z.-]{0,12}") {
            let _ = pod_use(item(&cpu, &window).as_bytes());
        }
    }
}
