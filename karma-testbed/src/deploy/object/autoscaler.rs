//! The `HorizontalPodAutoscaler` of a service: the topology's bounds and one target for its CPU.

use k8s_openapi::api::autoscaling::v2::{
    CrossVersionObjectReference, HPAScalingRules, HorizontalPodAutoscaler, HorizontalPodAutoscalerBehavior,
    HorizontalPodAutoscalerSpec, MetricSpec, MetricTarget, ResourceMetricSource,
};
use karma_core::topology::Service;

use super::{int, metadata};
use crate::deploy::params::HpaParams;

pub(in crate::deploy) fn autoscaler(
    namespace: &str,
    service: &Service,
    hpa: &HpaParams,
) -> HorizontalPodAutoscaler {
    HorizontalPodAutoscaler {
        metadata: metadata(namespace, &service.name),
        spec: HorizontalPodAutoscalerSpec {
            scale_target_ref: CrossVersionObjectReference {
                api_version: Some("apps/v1".to_owned()),
                kind: "Deployment".to_owned(),
                name: service.name.clone(),
            },
            min_replicas: Some(int(service.min_replicas.0)),
            max_replicas: int(service.max_replicas.0),
            metrics: Some(vec![cpu(hpa.target_utilization)]),
            behavior: hpa.scale_down_stabilization_seconds.map(slow_down),
        },
        ..HorizontalPodAutoscaler::default()
    }
}

fn cpu(target: u32) -> MetricSpec {
    let target = MetricTarget {
        type_: "Utilization".to_owned(),
        average_utilization: Some(int(target)),
        ..MetricTarget::default()
    };
    MetricSpec {
        type_: "Resource".to_owned(),
        resource: Some(ResourceMetricSource { name: "cpu".to_owned(), target }),
        ..MetricSpec::default()
    }
}

fn slow_down(seconds: u32) -> HorizontalPodAutoscalerBehavior {
    let rules =
        HPAScalingRules { stabilization_window_seconds: Some(int(seconds)), ..HPAScalingRules::default() };
    HorizontalPodAutoscalerBehavior { scale_down: Some(rules), scale_up: None }
}
