//! Holds an election over a Lease of the API server.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::MicroTime;
use k8s_openapi::jiff::Timestamp;
use karma_core::Seconds;
use kube::api::{ObjectMeta, PostParams};
use kube::{Api, Client};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::candidate::{Candidate, Move, Record};
use super::leader::{ElectionConfig, ElectionError};
use crate::apply::{Answer, ApplyError, Call, FIELD_MANAGER, ask};

/// How an election stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Who holds the Lease, as it was last seen.
    pub holder: Option<String>,
    /// Until when this process leads, if nothing more is heard.
    pub leads_until: Option<Instant>,
    /// Why the last round failed.
    pub trouble: Option<String>,
}

/// Tells whether this process leads.
#[derive(Clone, Debug)]
pub struct Leader {
    standing: watch::Receiver<Standing>,
}

impl Leader {
    /// Whether this process leads at `now`. Turns false by itself at the renew deadline, which is before anybody else may
    /// lead, also if the election hangs.
    pub fn is_leading(&self, now: Instant) -> bool {
        self.leads_until().is_some_and(|until| now < until)
    }

    /// Until when this process leads, if nothing more is heard: no write should be waited for longer.
    pub fn leads_until(&self) -> Option<Instant> {
        self.standing.borrow().leads_until
    }

    /// How the election stands, after every round. That it was lost for lack of an answer shows here after the round;
    /// [`Leader::is_leading`] and [`Leader::lost`] do not wait for that.
    pub fn watch(&self) -> watch::Receiver<Standing> {
        self.standing.clone()
    }

    /// Waits until this process does not lead.
    pub async fn lost(&mut self) {
        loop {
            let until = self.standing.borrow_and_update().leads_until;
            let Some(until) = until.filter(|until| Instant::now() < *until) else { return };
            tokio::select! {
                () = sleep_until(until) => {}
                changed = self.standing.changed() => if changed.is_err() {
                    // Nobody renews it any more.
                    return sleep_until(until).await;
                },
            }
        }
    }
}

/// One candidate and its Lease. RBAC: `create`, `get` and `update` of `leases.coordination.k8s.io`.
pub struct Election {
    api: Api<Lease>,
    namespace: String,
    name: String,
    candidate: Candidate,
    config: ElectionConfig,
    wall: Arc<dyn Fn() -> Seconds + Send + Sync>,
    standing: watch::Sender<Standing>,
}

impl fmt::Debug for Election {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { namespace, name, candidate, .. } = self;
        f.debug_struct("Election")
            .field("namespace", namespace)
            .field("name", name)
            .field("candidate", candidate)
            .finish_non_exhaustive()
    }
}

impl Election {
    /// A candidate called `identity` for the Lease `namespace/name`. No other process may have that name: a pod's name, and
    /// what tells a restarted container from the one before. `wall` gives seconds since 1970, for people who read the
    /// Lease; nothing is decided by it.
    ///
    /// # Errors
    /// The identity is empty.
    pub fn new(
        client: Client,
        (namespace, name): (&str, &str),
        identity: String,
        config: ElectionConfig,
        wall: impl Fn() -> Seconds + Send + Sync + 'static,
    ) -> Result<(Self, Leader), ElectionError> {
        if identity.is_empty() {
            return Err(ElectionError::Identity);
        }
        let (sender, standing) = watch::channel(Standing::default());
        let election = Self {
            api: Api::namespaced(client, namespace),
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            candidate: Candidate::new(identity, config),
            config,
            wall: Arc::new(wall),
            standing: sender,
        };
        Ok((election, Leader { standing }))
    }

    /// Takes part until `shutdown`, then gives the Lease up if it has it, so that another one need not wait for it to
    /// expire. Whoever acts as the leader stops before `shutdown`: [`Leader::is_leading`] turns false with it.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        tokio::pin!(shutdown);
        loop {
            let retry = self.config.retry;
            let round = async {
                self.round().await;
                sleep(retry).await;
            };
            tokio::select! {
                () = &mut shutdown => break,
                () = round => {}
            }
        }
        self.resign().await;
    }

    /// One look, and one write if there is something to write.
    pub async fn round(&mut self) {
        let trouble = self.look_and_write().await.err().map(|error| error.to_string());
        self.publish(trouble);
    }

    async fn look_and_write(&mut self) -> Result<(), ApplyError> {
        let lease = self.get().await?;
        let seen = lease.as_ref().map(record);
        let wall = microseconds((self.wall)());
        let (now, lease) = (Instant::now(), lease.unwrap_or_default());
        match self.candidate.look(seen.as_ref(), now, wall) {
            Move::Wait => Ok(()),
            Move::Create(record) => self.write("create", lease, record).await,
            Move::Replace(record) => self.write("update", lease, record).await,
        }
    }

    /// Writes `record` into `lease`, with the version that it was seen at.
    async fn write(&mut self, verb: &'static str, lease: Lease, record: Record) -> Result<(), ApplyError> {
        self.candidate.begin(record.clone(), Instant::now());
        let carried_out = self.send(verb, written(lease, &record, &self.name)).await?;
        if carried_out {
            self.candidate.succeed();
        } else {
            self.candidate.lose();
        }
        Ok(())
    }

    async fn send(&self, verb: &'static str, lease: Lease) -> Result<bool, ApplyError> {
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        let request = async {
            match verb {
                "create" => self.api.create(&params, &lease).await,
                _ => self.api.replace(&self.name, &params, &lease).await,
            }
        };
        Ok(matches!(ask(self.call(verb), self.config.retry, request).await?, Answer::Is(_)))
    }

    async fn get(&self) -> Result<Option<Lease>, ApplyError> {
        let call = self.call("get");
        match ask(call, self.config.retry, self.api.get(&self.name)).await? {
            Answer::Is(lease) => Ok(Some(lease)),
            Answer::Absent => Ok(None),
            Answer::Conflict => Err(call.refused_as_conflict()),
        }
    }

    /// Leads no more, says so, and only then writes it into the Lease.
    async fn resign(&mut self) {
        self.standing.send_modify(|standing| standing.leads_until = None);
        let given_up = async {
            let Some(lease) = self.get().await? else { return Ok(()) };
            let Some(record) = self.candidate.resign(&record(&lease)) else { return Ok(()) };
            let lease = written(lease, &record, &self.name);
            self.send("update", lease).await.map(|_| ())
        };
        let trouble: Result<(), ApplyError> = given_up.await;
        self.publish(trouble.err().map(|error| error.to_string()));
    }

    fn publish(&self, trouble: Option<String>) {
        let leads_until = self.candidate.leads_until().filter(|until| Instant::now() < *until);
        let holder = self.candidate.holder().map(str::to_owned);
        self.standing.send_replace(Standing { holder, leads_until, trouble });
    }

    fn call(&self, verb: &'static str) -> Call<'_> {
        let (name, namespace) = (self.name.as_str(), self.namespace.as_str());
        Call { verb, resource: "leases.coordination.k8s.io", name, namespace }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "microseconds since 1970 fit for 290 000 years")]
fn microseconds(time: Seconds) -> i64 {
    (time.0 * 1e6) as i64
}

fn record(lease: &Lease) -> Record {
    let blank = LeaseSpec::default();
    let spec = lease.spec.as_ref().unwrap_or(&blank);
    Record {
        holder: spec.holder_identity.clone().unwrap_or_default(),
        renewed: spec.renew_time.as_ref().map_or(0, |time| time.0.as_microsecond()),
        seconds: spec.lease_duration_seconds.unwrap_or(0),
        transitions: spec.lease_transitions.unwrap_or(0),
    }
}

/// The Lease with this record, and everything else as it was.
fn written(lease: Lease, record: &Record, name: &str) -> Lease {
    let Lease { metadata, spec } = lease;
    let spec = spec.unwrap_or_default();
    let time = Timestamp::from_microsecond(record.renewed).ok().map(MicroTime);
    let same_holder = spec.holder_identity.as_deref() == Some(record.holder.as_str());
    Lease {
        metadata: ObjectMeta { name: Some(name.to_owned()), ..metadata },
        spec: Some(LeaseSpec {
            acquire_time: if same_holder { spec.acquire_time } else { time.clone() },
            holder_identity: Some(record.holder.clone()),
            lease_duration_seconds: Some(record.seconds),
            lease_transitions: Some(record.transitions),
            renew_time: time,
            ..spec
        }),
    }
}
