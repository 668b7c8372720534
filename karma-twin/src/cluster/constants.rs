//! What follows from a row by a constant: the metrics that nobody has to forecast.
//!
//! Traffic is requests times the size of a request, memory is pods times what an idle one takes plus what each open
//! request takes. A topology does not say how large a request is, and what it says of memory may be a guess, so these
//! constants are fitted on the traces. What the traces never showed stays unknown, and so do the metrics that need it.

use karma_core::{Metric, MetricRow, PerService};
use serde::{Deserialize, Serialize};

use crate::trace::TraceWindow;

/// The constants of one service; `None` where the traces do not show them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ServiceConstants {
    /// Seconds between two scrapes: counted requests over their rate.
    pub scrape_seconds: Option<f32>,
    /// Kilobits received for each request.
    pub request_kilobits: Option<f32>,
    /// Kilobits sent for each request that did not fail.
    pub answer_kilobits: Option<f32>,
    /// Milli-cores that a healthy pod uses at a utilisation of 1: its request, or a little more, since pods that are
    /// about to go still use some.
    pub pod_millicores: Option<f32>,
    /// Mebibytes of an idle healthy pod.
    pub pod_mebibytes: Option<f32>,
    /// Mebibytes of each request in flight.
    pub request_mebibytes: Option<f32>,
}

impl ServiceConstants {
    /// Fits the constants of each of `services` services on every state of the traces. Ratios are ratios of sums, which
    /// is least squares with noise that grows with the square root of the load; memory is a plane through the origin.
    pub fn fit(services: usize, windows: &[TraceWindow]) -> PerService<Self> {
        let mut sums = PerService::filled(Sums::default(), services);
        let states = windows.iter().flat_map(|window| &window.steps).map(|step| &step.state);
        for state in states {
            sums.iter_mut().zip(&state.services).for_each(|(sums, row)| sums.add(row));
        }
        sums.map(Sums::constants)
    }
}

/// Sums over states.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    total: Ratio,
    received: Ratio,
    sent: Ratio,
    cpu: Ratio,
    memory: Plane,
}

impl Sums {
    fn add(&mut self, row: &MetricRow) {
        let get = |metric| row.get(metric).map(f64::from);
        let (rate, healthy) = (get(Metric::RequestRate), get(Metric::PodsHealthy));
        let answered = rate.map(|rate| rate * (1.0 - get(Metric::ErrorRate).unwrap_or(0.0)));
        let busy = get(Metric::CpuUtilization).zip(healthy).map(|(share, pods)| share * pods);
        self.total.add(get(Metric::RequestsTotal), rate);
        self.received.add(get(Metric::NetworkIn), rate);
        self.sent.add(get(Metric::NetworkOut), answered);
        self.cpu.add(get(Metric::CpuUsage), busy);
        self.memory.add(get(Metric::MemoryUsage), healthy.zip(get(Metric::InFlight)));
    }

    fn constants(&self) -> ServiceConstants {
        let (pod, request) = self.memory.slopes().unzip();
        ServiceConstants {
            scrape_seconds: self.total.get(),
            request_kilobits: self.received.get(),
            answer_kilobits: self.sent.get(),
            pod_millicores: self.cpu.get(),
            pod_mebibytes: pod,
            request_mebibytes: request,
        }
    }
}

/// y ≈ a·x.
#[derive(Clone, Copy, Debug, Default)]
struct Ratio {
    y: f64,
    x: f64,
}

impl Ratio {
    /// Adds a pair; one that lacks a part, or with x = 0, says nothing.
    fn add(&mut self, y: Option<f64>, x: Option<f64>) {
        if let (Some(y), Some(x)) = (y, x)
            && x > 0.0
        {
            self.y += y;
            self.x += x;
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "metrics are single precision")]
    fn get(&self) -> Option<f32> {
        (self.x > 0.0).then(|| (self.y / self.x) as f32)
    }
}

/// y ≈ a·x₁ + b·x₂ by least squares.
#[derive(Clone, Copy, Debug, Default)]
struct Plane {
    xx: [f64; 3],
    xy: [f64; 2],
}

impl Plane {
    fn add(&mut self, y: Option<f64>, x: Option<(f64, f64)>) {
        if let (Some(y), Some((first, second))) = (y, x) {
            let products = [first * first, first * second, second * second];
            self.xx.iter_mut().zip(products).for_each(|(sum, product)| *sum += product);
            self.xy[0] += first * y;
            self.xy[1] += second * y;
        }
    }

    /// Both slopes if the data tell them apart and neither is negative; else the first alone.
    #[expect(clippy::cast_possible_truncation, reason = "metrics are single precision")]
    fn slopes(&self) -> Option<(f32, f32)> {
        let ([aa, ab, bb], [ay, by]) = (self.xx, self.xy);
        let determinant = aa * bb - ab * ab;
        if determinant > 1e-9 * aa * bb {
            let (a, b) = ((ay * bb - by * ab) / determinant, (by * aa - ay * ab) / determinant);
            if a >= 0.0 && b >= 0.0 {
                return Some((a as f32, b as f32));
            }
        }
        (aa > 0.0).then(|| ((ay / aa) as f32, 0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plane_finds_both_slopes_or_the_first_alone() {
        let mut plane = Plane::default();
        assert_eq!(plane.slopes(), None);
        plane.add(Some(200.0), Some((2.0, 0.0)));
        assert_eq!(plane.slopes(), Some((100.0, 0.0)));
        plane.add(Some(330.0), Some((3.0, 10.0)));
        let (pod, request) = plane.slopes().unwrap();
        assert!((pod - 100.0).abs() < 1e-3 && (request - 3.0).abs() < 1e-3, "{pod} {request}");
    }

    #[test]
    fn a_ratio_of_nothing_is_unknown() {
        let mut ratio = Ratio::default();
        ratio.add(Some(5.0), None);
        ratio.add(Some(5.0), Some(0.0));
        assert_eq!(ratio.get(), None);
        ratio.add(Some(6.0), Some(4.0));
        assert_eq!(ratio.get(), Some(1.5));
    }
}
