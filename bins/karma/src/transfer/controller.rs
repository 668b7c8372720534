//! `karma-transfer controller`: decides for every KarmaAutoscaler of a cluster, until it is told to stop.

use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use k8s_openapi::api::core::v1::ObjectReference;
use karma_core::Seconds;
use karma_k8s::control::{
    Election, ElectionParams, Events, Fleet, FleetConfig, Health, Kind, Leader, Listener, Object, Probes,
    Reason, Said, Site, Telemetry, Told, serve,
};
use karma_k8s::resource::KarmaAutoscaler;
use kube::{Resource as _, ResourceExt as _};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::cluster::{ClusterArgs, PATIENCE, block_on};
use super::loader::ArtefactLoader;
use crate::clock;
use crate::interrupt::until_told;

/// How the controller calls itself.
const CONTROLLER: &str = "karma-controller";
/// Looks around that may be missed before the process counts as stuck.
const MISSED: u32 = 15;
/// Events that may wait to be written.
const QUEUE: usize = 256;

/// `karma-transfer controller`.
#[derive(Clone, Debug, Args)]
pub(crate) struct ControllerArgs {
    /// A namespace whose objects are decided for; may be given several times [default: the controller's own].
    #[arg(long = "namespace", value_name = "NAME")]
    namespaces: Vec<String>,

    /// Those of all namespaces.
    #[arg(long, conflicts_with = "namespaces")]
    all_namespaces: bool,

    /// Where /livez, /readyz and /metrics are served.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:8080")]
    listen: SocketAddr,

    /// The Lease by which one of several controllers leads.
    #[arg(long, value_name = "NAME", default_value = CONTROLLER)]
    lease: String,

    /// Its namespace [default: the controller's own].
    #[arg(long, value_name = "NAME")]
    lease_namespace: Option<String>,

    /// Seconds for which the Lease of a leader that is silent is left alone, 4 to 3600.
    #[arg(long, value_name = "SECONDS", default_value_t = 15)]
    lease_seconds: u32,

    /// Name of this process in the Lease and in events; what tells it from earlier ones is added.
    #[arg(long, value_name = "NAME", env = "POD_NAME")]
    identity: Option<String>,

    /// Where decisions go, one JSON document on each line; - is the standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    log: String,

    #[command(flatten)]
    cluster: ClusterArgs,
}

/// Hears everything: counts it, logs it, and hands events on.
struct Hearer {
    telemetry: Arc<Telemetry>,
    probes: Probes,
    log: Mutex<Box<dyn io::Write + Send>>,
    events: mpsc::Sender<(ObjectReference, Said)>,
}

/// Runs the controller.
pub(super) fn run(args: &ControllerArgs) -> anyhow::Result<()> {
    block_on(control(args))
}

async fn control(args: &ControllerArgs) -> anyhow::Result<()> {
    let client = args.cluster.client().await?;
    let own = client.default_namespace().to_owned();
    let identity = format!("{}-{:x}", args.identity.as_deref().unwrap_or(CONTROLLER), clock::nanoseconds());
    let lease = (args.lease_namespace.as_deref().unwrap_or(&own), args.lease.as_str());
    let config = election(args.lease_seconds).check()?;
    let (election, leader) =
        Election::new(client.clone(), lease, identity.clone(), config, clock::unix_seconds)?;

    let fleet = FleetConfig { namespaces: namespaces(args, &own), ..FleetConfig::default() };
    let telemetry = Arc::new(Telemetry::default());
    let scan = Duration::from_secs_f64(fleet.scan.0);
    let probes =
        Probes::new(Health::new(scan, MISSED, &["API server"], Instant::now()), Arc::clone(&telemetry));
    let events = Events::new(client.clone(), CONTROLLER, &identity, PATIENCE);
    let (sender, receiver) = mpsc::channel(QUEUE);
    let hearer = Hearer {
        telemetry: Arc::clone(&telemetry),
        probes: probes.clone(),
        log: Mutex::new(log(&args.log)?),
        events: sender,
    };
    let of_leader = leader.clone();
    let site = Site {
        client,
        prometheus: Arc::default(),
        loader: Arc::new(ArtefactLoader),
        patience: PATIENCE,
        leads: Arc::new(move || of_leader.is_leading(Instant::now())),
    };
    let listener = TcpListener::bind(args.listen).await;
    let listener = listener.with_context(|| format!("--listen {}: cannot be served", args.listen))?;
    say(&format!("{identity}: decides for {}; lease {}/{}", within(&fleet), lease.0, lease.1));

    let (stop, stopped) = watch::channel(false);
    let ended = |mut stopped: watch::Receiver<bool>| async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
    };
    let serving = tokio::spawn(serve(listener, probes, ended(stopped.clone())));
    let telling = tokio::spawn(tell(events, receiver));
    let fleet = Fleet::new(site, fleet, Arc::new(clock::unix_seconds), Arc::new(hearer));
    // The lease is given up only after the last decision has ended.
    let (finished, finish) = watch::channel(false);
    let electing = tokio::spawn(election.run(ended(finish)));
    let following = tokio::spawn(follow(leader, telemetry));
    fleet.run(until_told()).await;
    say("stopping: the last decisions have ended");
    let _ = finished.send(true);
    electing.await.context("the election broke off")?;
    let _ = stop.send(true);
    following.abort();
    telling.await.context("events broke off")?;
    serving.await.context("the probes broke off")?.context("the probes could not be served")
}

fn election(seconds: u32) -> ElectionParams {
    // As client-go's 15, 10 and 2 seconds.
    ElectionParams {
        lease_seconds: seconds,
        renew_deadline_seconds: (seconds * 2 / 3).max(1),
        retry_seconds: (seconds / 7).max(1),
    }
}

fn namespaces(args: &ControllerArgs, own: &str) -> Vec<String> {
    match (args.all_namespaces, args.namespaces.is_empty()) {
        (true, _) => Vec::new(),
        (false, true) => vec![own.to_owned()],
        (false, false) => args.namespaces.clone(),
    }
}

fn within(fleet: &FleetConfig) -> String {
    if fleet.namespaces.is_empty() { "all namespaces".to_owned() } else { fleet.namespaces.join(", ") }
}

fn log(path: &str) -> anyhow::Result<Box<dyn io::Write + Send>> {
    if path == "-" {
        return Ok(Box::new(io::stdout()));
    }
    let file = std::fs::File::options().create(true).append(true).open(path);
    Ok(Box::new(file.with_context(|| format!("--log {path}: cannot be written"))?))
}

/// Says who leads whenever that changes.
async fn follow(leader: Leader, telemetry: Arc<Telemetry>) {
    let mut standing = leader.watch();
    let mut said = None;
    loop {
        let leads = leader.is_leading(Instant::now());
        telemetry.leads(leads);
        if said.replace(leads) != Some(leads) {
            say(if leads { "leads" } else { "follows" });
        }
        if standing.changed().await.is_err() {
            return;
        }
    }
}

/// Writes events one after the other; one that cannot be written is said here, and nothing waits for it.
async fn tell(events: Events, mut receiver: mpsc::Receiver<(ObjectReference, Said)>) {
    while let Some((object, said)) = receiver.recv().await {
        if let Err(error) = events.tell(&object, said.reason, None, &said.message).await {
            say(&format!("event not written: {error}"));
        }
    }
}

fn say(text: &str) {
    let _ = writeln!(io::stderr(), "{text}");
}

impl Listener for Hearer {
    fn told(&self, object: &KarmaAutoscaler, told: &Told, seconds: f64) {
        let of = Object { namespace: object.namespace().unwrap_or_default(), name: object.name_any() };
        if let Some(trouble) = &told.trouble {
            self.telemetry.failed("decision");
            say(&format!("{}/{}: {trouble}", of.namespace, of.name));
        }
        if let Some(entry) = &told.entry {
            self.count(&of, entry, seconds);
            self.write(entry);
        }
        for said in &told.said {
            if matches!(said.reason, Reason::Scaled | Reason::NotScaled | Reason::Void | Reason::Recovered) {
                self.telemetry.acted(&of, result(said.reason));
            }
            if self.events.try_send((object.object_ref(&()), said.clone())).is_err() {
                self.telemetry.failed("event");
            }
        }
    }

    fn gone(&self, namespace: &str, name: &str) {
        self.telemetry.forget(&Object { namespace: namespace.to_owned(), name: name.to_owned() });
    }

    fn looked(&self, objects: Result<usize, &str>) {
        let mut health = self.probes.health();
        health.went_forward(Instant::now());
        match objects {
            Ok(_) => health.has("API server"),
            Err(why) => {
                health.lacks("API server");
                self.telemetry.failed("list");
                say(&format!("KarmaAutoscalers cannot be listed: {why}"));
            }
        }
    }
}

const fn result(reason: Reason) -> &'static str {
    match reason {
        Reason::Scaled => "scaled",
        Reason::Recovered => "recovered",
        Reason::Void => "void",
        _ => "failed",
    }
}

impl Hearer {
    fn count(&self, of: &Object, entry: &super::LogEntry, seconds: f64) {
        let decided = &entry.decided;
        self.telemetry.decided(of, decided.listened, Seconds(seconds), decided.age.map(Seconds));
        self.telemetry.stands(of, decided.listened == karma_k8s::decide::Listened::Agents, decided.mode);
        self.telemetry.uses(of, &entry.policy);
        for (name, service) in entry.services.iter().zip(&decided.services) {
            for (kind, replicas) in [
                (Kind::Current, service.current),
                (Kind::Agents, service.agents.replicas),
                (Kind::Fallback, service.fallback.replicas),
                (Kind::Decided, service.target.replicas),
            ] {
                self.telemetry.replicas(of, name, kind, replicas);
            }
        }
        for property in &decided.changed_by {
            self.telemetry.shielded(of, property);
        }
    }

    fn write(&self, entry: &super::LogEntry) {
        let Ok(mut line) = serde_json::to_vec(entry) else { return };
        line.push(b'\n');
        let mut log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        if log.write_all(&line).and_then(|()| log.flush()).is_err() {
            self.telemetry.failed("log");
        }
    }
}
