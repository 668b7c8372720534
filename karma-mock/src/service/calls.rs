//! Calls to downstream services.

use std::fmt;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use karma_core::{SeedTree, StreamRng};
use rand::RngExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::WORK_HEADER;
use super::metrics::Metrics;
use super::params::{CallParams, FanOutParams, ServiceParams};
use super::resolve::Address;
use crate::bucket::Bucket;

/// What a service calls, and how.
#[derive(Debug)]
pub(super) struct Caller {
    links: Vec<Arc<Link>>,
    fan_out: FanOutParams,
    rng: Mutex<StreamRng>,
}

/// One downstream service.
struct Link {
    name: String,
    address: Address,
    calls: f64,
    weight: f64,
    bucket: Option<Mutex<Bucket>>,
    began: Instant,
    retries: u32,
    timeout: Duration,
    metrics: Arc<Metrics>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link")
            .field("name", &self.name)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Caller {
    pub(super) fn new(
        params: &ServiceParams,
        metrics: &Arc<Metrics>,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Self {
        let link = |call: &CallParams| {
            Arc::new(Link {
                name: call.service.clone(),
                address: Address::of(&call.service, &variable),
                calls: call.calls,
                weight: call.weight,
                bucket: call.throughput.map(|rate| Mutex::new(Bucket::new(rate))),
                began: Instant::now(),
                retries: params.retries,
                timeout: Duration::from_secs_f64(params.timeout_seconds),
                metrics: Arc::clone(metrics),
            })
        };
        Self {
            links: params.calls.iter().map(link).collect(),
            fan_out: params.fan_out,
            rng: Mutex::new(SeedTree::new(params.seed).child("calls").rng()),
        }
    }

    /// Whether it calls anybody.
    pub(super) const fn is_empty(&self) -> bool {
        self.links.is_empty()
    }

    /// Makes the calls of one request; whether all of them were answered without error.
    pub(super) async fn call(&self, work: f64) -> bool {
        let planned = self.plan();
        if self.fan_out == FanOutParams::Parallel {
            let mut open: JoinSet<bool> =
                planned.into_iter().map(|link| link.call_with_retries(work)).collect();
            let mut all = true;
            while let Some(answered) = open.join_next().await {
                all &= answered.unwrap_or(false);
            }
            return all;
        }
        for link in planned {
            if !link.call_with_retries(work).await {
                return false;
            }
        }
        true
    }

    /// Whom one request calls, in order; the fraction of a number of calls is a coin toss.
    fn plan(&self) -> Vec<Arc<Link>> {
        let mut rng = self.rng.lock().unwrap_or_else(PoisonError::into_inner);
        if self.fan_out == FanOutParams::Weighted {
            return self.choose(&mut rng).into_iter().collect();
        }
        let mut planned = Vec::with_capacity(self.links.len());
        for link in &self.links {
            let times = link.calls.trunc() + f64::from(u8::from(rng.random::<f64>() < link.calls.fract()));
            let mut left = times;
            while left >= 1.0 {
                planned.push(Arc::clone(link));
                left -= 1.0;
            }
        }
        planned
    }

    /// One, in proportion to the weights.
    fn choose(&self, rng: &mut StreamRng) -> Option<Arc<Link>> {
        let total: f64 = self.links.iter().map(|link| link.weight).sum();
        let mut left = rng.random::<f64>() * total;
        let chosen = self.links.iter().find(|link| {
            left -= link.weight;
            left < 0.0
        });
        chosen.or_else(|| self.links.last()).cloned()
    }
}

impl Link {
    async fn call_with_retries(self: Arc<Self>, work: f64) -> bool {
        for _ in 0..=self.retries {
            let begin = Instant::now();
            let answered = timeout(self.timeout, self.call(work)).await.ok().flatten();
            self.metrics.called(&self.name, answered, begin.elapsed());
            if answered.is_some_and(|status| status < 400) {
                return true;
            }
        }
        false
    }

    /// One call over a connection of its own: Kubernetes chooses a pod for each connection. The status of its answer.
    async fn call(&self, work: f64) -> Option<u16> {
        if let Some(bucket) = &self.bucket {
            let now = self.began.elapsed().as_secs_f64();
            if !bucket.lock().unwrap_or_else(PoisonError::into_inner).admits(now) {
                return None;
            }
        }
        let address: SocketAddr = self.address.resolve().await.ok()?;
        let stream = TcpStream::connect(address).await.ok()?;
        stream.set_nodelay(true).ok()?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.ok()?;
        let request = Request::builder()
            .method(Method::POST)
            .uri("/process")
            .header("host", &self.name)
            // The server closes, so that its side keeps the closed connection in mind and this one's port is free.
            .header("connection", "close")
            .header(WORK_HEADER, work.to_string())
            .body(Empty::<Bytes>::new())
            .ok()?;
        let mut exchange = std::pin::pin!(async {
            let answer = sender.send_request(request).await.ok()?;
            let status = answer.status().as_u16();
            answer.into_body().collect().await.ok()?;
            Some(status)
        });
        // The connection ends with its last byte, which the exchange may have yet to read.
        tokio::select! {
            status = &mut exchange => status,
            _ = connection => exchange.await,
        }
    }
}
