//! One custom resource, decision by decision.
//!
//! A [`Runner`] keeps the loaded policy and its round between decisions. Everything else is read anew at each decision: the
//! object itself, the Deployments, who else scales them. So a runner that is lost with its process loses nothing but the
//! policy's short memory of observations.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use karma_core::Seconds;
use kube::{Client, ResourceExt as _};

use super::carry_out::{Hands, Outcomes};
use super::draft::{Draft, Unwritten};
use super::finish::{hold, restore};
use super::plan::{Recovery, plan, recover};
use super::policy::{PolicyLoader, read_policy};
use super::rivals::rivals;
use super::said::{LogEntry, Reason, Said, missing};
use crate::apply::ScaleSeen;
use crate::decide::{CanaryPhase, Decided, Minds, Round};
use crate::observe::{Collector, ObserveError, Observed, Scope};
use crate::resource::{Applied, ConditionKind, KarmaAutoscaler, PendingPlan};

/// What a runner works with.
#[derive(Clone)]
pub struct Site {
    /// The API server.
    pub client: Client,
    /// Makes minds of policies.
    pub loader: Arc<dyn PolicyLoader>,
    /// How long one answer is waited for.
    pub patience: Duration,
    /// Whether this process leads; asked before each write.
    pub leads: Arc<dyn Fn() -> bool + Send + Sync>,
}

impl std::fmt::Debug for Site {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Site").field("patience", &self.patience).finish_non_exhaustive()
    }
}

/// What came of one decision.
#[derive(Debug, Default)]
pub struct Told {
    /// Events, in their order.
    pub said: Vec<Said>,
    /// The decision, if there was one.
    pub entry: Option<LogEntry>,
    /// Why there was none, or why it was not carried out.
    pub trouble: Option<String>,
    /// Seconds until the next one.
    pub next: Seconds,
}

/// Decides for one custom resource.
#[derive(Debug, Default)]
pub struct Runner {
    loaded: Option<Loaded>,
    before: Option<Seconds>,
}

/// What was made of one generation of the specification.
#[derive(Debug)]
struct Loaded {
    generation: i64,
    round: Round,
    collector: Collector,
    names: Vec<String>,
    policy: String,
}

/// Why there is no decision: told in a condition, and tried again.
struct Stop {
    kind: ConditionKind,
    reason: &'static str,
    message: String,
    event: Reason,
}

/// Seconds until what could not be used is tried again.
const AGAIN: Seconds = Seconds(15.0);

impl Runner {
    /// One decision for `object`, which was just read, at `now`, seconds since 1970.
    pub async fn decide(&mut self, site: &Site, object: KarmaAutoscaler, now: Seconds) -> Told {
        let mut draft = Draft::new(object, now);
        if draft.object.metadata.deletion_timestamp.is_some() {
            return end(site, draft).await;
        }
        if let Err(why) = hold(&site.client, &mut draft, site.patience).await {
            return Told { trouble: Some(why), next: AGAIN, ..Told::default() };
        }
        let mut entry = None;
        let result = self.go(site, &mut draft, &mut entry).await;
        let mut trouble = None;
        if let Err(stop) = result {
            let (reason, event) = (stop.reason, Some(stop.event));
            draft.condition(stop.kind, false, (reason, &stop.message), event);
            draft.condition(ConditionKind::Ready, false, (reason, &stop.message), None);
            trouble = Some(stop.message);
        }
        if let Err(unwritten) = draft.write(&site.client, site.patience).await {
            let why = match unwritten {
                Unwritten::MovedOn => "the object changed meanwhile".to_owned(),
                Unwritten::Failed(why) => why,
            };
            trouble = trouble.or(Some(format!("status: {why}")));
        }
        let next = self.loaded.as_ref().map_or(AGAIN, |loaded| loaded.round.settings().period);
        Told { said: draft.said, entry, trouble, next }
    }

    async fn go(&mut self, site: &Site, draft: &mut Draft, entry: &mut Option<LogEntry>) -> Result<(), Stop> {
        self.load(site, draft).await?;
        let Some(loaded) = self.loaded.as_mut() else { return Ok(()) };
        let namespace = draft.object.namespace().unwrap_or_default();
        let hands = Hands::new(site.client.clone(), &namespace, site.patience, &*site.leads);
        finish_pending(&hands, draft, loaded.round.settings().period).await;

        let now = draft.now();
        let interval = self.before.map_or(loaded.round.settings().period, |before| now - before);
        let (observed, deployments) =
            loaded.collector.collect_with_objects(now, interval).await.map_err(|error| unobserved(&error))?;
        self.before = Some(now);
        draft.condition(
            ConditionKind::Observed,
            true,
            ("Observed", "the cluster shows its Deployments"),
            Some(Reason::Observed),
        );
        let scales: Vec<Option<ScaleSeen>> = deployments.iter().map(ScaleSeen::of).collect();
        overridden(draft, &deployments, &scales);
        let alone = sole_owner(site, draft, loaded.collector.scope()).await;
        loaded.round.stand_down(!alone);

        let decided = loaded.round.decide(&observed.snapshot);
        tell(draft, &decided);
        draft.decided(&decided, &loaded.names);
        draft.status.memory = Some(loaded.round.memory());
        draft.condition(
            ConditionKind::Ready,
            true,
            ("Deciding", &format!("decides every {} s", loaded.round.settings().period.0)),
            None,
        );
        let log = entry.insert(log_entry(draft, loaded, decided, observed));
        if let Some(plan) = plan(&log.decided, loaded.collector.scope().deployments(), &scales) {
            carry_out(site, &hands, draft, plan, log).await;
        }
        Ok(())
    }

    /// Reads the policy and checks the specification, once for each generation.
    async fn load(&mut self, site: &Site, draft: &mut Draft) -> Result<(), Stop> {
        let generation = draft.generation();
        if self.loaded.as_ref().is_some_and(|loaded| loaded.generation == generation) {
            return Ok(());
        }
        // What is running keeps its memory, for it knows more than the status if that could not be written.
        let memory = self.loaded.take().map(|loaded| loaded.round.memory());
        let mut loaded = load(site, draft).await?;
        if let Some(memory) = memory.or_else(|| draft.status.memory.clone())
            && let Err(error) = loaded.round.restore(memory)
        {
            draft.say(
                Reason::MemoryLost,
                format!("{error}; nothing is removed before every window has passed"),
            );
        }
        let digest = &draft.object.spec.policy.digest;
        let message = format!("{digest} knows {}", loaded.names.join(", "));
        draft.condition(ConditionKind::PolicyLoaded, true, ("Loaded", &message), None);
        draft.say(Reason::PolicyLoaded, message);
        self.loaded = Some(loaded);
        Ok(())
    }
}

/// The object is being deleted: what was promised for that is done.
async fn end(site: &Site, mut draft: Draft) -> Told {
    let namespace = draft.object.namespace().unwrap_or_default();
    let hands = Hands::new(site.client.clone(), &namespace, site.patience, &*site.leads);
    let trouble = restore(&hands, &site.client, &mut draft, site.patience).await.err();
    Told { said: draft.said, entry: None, trouble, next: AGAIN }
}

async fn load(site: &Site, draft: &Draft) -> Result<Loaded, Stop> {
    let refused = |reason, message| Stop {
        kind: ConditionKind::PolicyLoaded,
        reason,
        message,
        event: Reason::PolicyRefused,
    };
    let wrong = |message: String| Stop {
        kind: ConditionKind::PolicyLoaded,
        reason: "SpecRefused",
        message,
        event: Reason::SpecRefused,
    };
    let spec = &draft.object.spec;
    let namespace = draft.object.namespace().unwrap_or_default();
    let bytes = read_policy(&site.client, &namespace, &spec.policy, site.patience).await;
    let bytes = bytes.map_err(|error| refused(error.reason(), error.to_string()))?;
    let policy = site.loader.load(&bytes).map_err(|why| refused("NotUsable", why))?;
    let settings =
        spec.settings(&policy.topology, policy.period).map_err(|error| wrong(error.to_string()))?;
    let fallback = site.loader.fallback(&settings.topology, &spec.fallback);
    let fallback = fallback.map_err(|why| wrong(format!("spec.fallback: {why}")))?;
    let queries = spec.metrics.queries().map_err(|error| wrong(error.to_string()))?;
    let prometheus = spec.metrics.prometheus().map_err(|error| wrong(error.to_string()))?;
    let prometheus = prometheus.map(|params| params.connect()).transpose();
    let prometheus = prometheus.map_err(|error| wrong(format!("spec.metrics.prometheus: {error}")))?;
    let topology = Arc::clone(&settings.topology);
    let names = settings.names().map(str::to_owned).collect();
    let collector = Collector::new(site.client.clone(), prometheus, topology, &namespace, queries);
    let collector = collector.map_err(|error| wrong(error.to_string()))?;
    let minds = Minds { agents: policy.agents, fallback, alarm: policy.alarm };
    let round = Round::new(settings, minds, spec.policy.digest.clone());
    let policy = spec.policy.digest.clone();
    Ok(Loaded { generation: draft.generation(), round, collector, names, policy })
}

fn unobserved(error: &ObserveError) -> Stop {
    let gone = matches!(error, ObserveError::Gone { .. });
    let (reason, event) =
        if gone { ("TargetGone", Reason::TargetGone) } else { ("Unobserved", Reason::Unobserved) };
    Stop { kind: ConditionKind::Observed, reason, message: error.to_string(), event }
}

/// Finishes a plan that this or another process began.
async fn finish_pending(hands: &Hands<'_>, draft: &mut Draft, period: Seconds) {
    let Some(pending) = draft.status.pending.take() else { return };
    let age = draft.now().0 - pending.time;
    for target in &pending.targets {
        let (name, to) = (&target.deployment, target.to);
        let seen = match hands.look(name).await {
            Ok(seen) => seen,
            Err(why) => {
                draft.say(Reason::NotScaled, format!("{name} to {to}: {why}"));
                continue;
            }
        };
        let outcome = match recover(target, seen.as_ref(), age, period.0) {
            Recovery::Done => Outcomes::Scaled,
            Recovery::ToDo => hands.carry_out(target).await,
            Recovery::Void => Outcomes::Void("it was decided on what is no longer so".to_owned()),
        };
        if outcome == Outcomes::Scaled {
            applied(draft, target, pending.sequence);
            draft.say(
                Reason::Recovered,
                format!("decision {} for {name} is carried out: {to}", pending.sequence),
            );
        } else {
            note(draft, name, to, &outcome);
        }
    }
}

fn note(draft: &mut Draft, name: &str, to: u32, outcome: &Outcomes) {
    match outcome {
        Outcomes::Scaled => {}
        Outcomes::Void(why) => draft.say(Reason::Void, format!("{name} to {to}: {why}")),
        Outcomes::Failed(why) => draft.say(Reason::NotScaled, format!("{name} to {to}: {why}")),
    }
}

fn applied(draft: &mut Draft, target: &crate::resource::PlannedTarget, sequence: u64) {
    let initial = draft.status.applied.get(&target.deployment).map_or(target.from, |before| before.initial);
    let entry = Applied { replicas: target.to, initial, sequence };
    draft.status.applied.insert(target.deployment.clone(), entry);
}

/// Tells where somebody set other replicas than we did, once.
fn overridden(draft: &mut Draft, deployments: &[Deployment], scales: &[Option<ScaleSeen>]) {
    for (deployment, scale) in deployments.iter().zip(scales) {
        let Some((scale, writer)) = scale.as_ref().and_then(|seen| Some((seen, seen.writer.as_ref()?)))
        else {
            continue;
        };
        let name = deployment.name_any();
        let Some(before) = draft.status.applied.get_mut(&name) else { continue };
        if writer.is_karma() || scale.replicas.0 == before.replicas {
            continue;
        }
        let message =
            format!("{name} was set to {} by {writer}; it was {} by us", scale.replicas.0, before.replicas);
        before.replicas = scale.replicas.0;
        draft.say(Reason::Overridden, message);
    }
}

/// Whether nobody else scales these Deployments. Who cannot be asked is taken for a rival.
async fn sole_owner(site: &Site, draft: &mut Draft, scope: &Scope) -> bool {
    let found = rivals(&site.client, scope, &draft.object, site.patience).await;
    let (alone, reason, message) = match found {
        Ok(rivals) if rivals.is_empty() => (true, "Alone", "nobody else scales these Deployments".to_owned()),
        Ok(rivals) => {
            (false, "Rival", format!("nothing is scaled while others do it: {}", rivals.join(", ")))
        }
        Err(why) => (false, "Unknown", format!("nothing is scaled while it is unknown who else does: {why}")),
    };
    let event = if alone { Reason::SoleOwner } else { Reason::Rival };
    draft.condition(ConditionKind::SoleOwner, alone, (reason, &message), Some(event));
    alone
}

fn tell(draft: &mut Draft, decided: &Decided) {
    match decided.canary_changed {
        Some(CanaryPhase::Promoted) => {
            draft.say(Reason::CanaryPromoted, "the watch went well; all services are scaled from now on");
        }
        Some(CanaryPhase::RolledBack) => {
            let why = decided.bad.clone().unwrap_or_default();
            draft.say(Reason::CanaryRolledBack, format!("nothing is scaled any more: {why}"));
        }
        Some(CanaryPhase::Watching) | None => {}
    }
}

fn log_entry(draft: &Draft, loaded: &Loaded, decided: Decided, observed: Observed) -> LogEntry {
    LogEntry {
        namespace: draft.object.namespace().unwrap_or_default(),
        name: draft.object.name_any(),
        policy: loaded.policy.clone(),
        services: loaded.names.clone(),
        missing: missing(&observed, &loaded.names),
        failed: observed.failed,
        outcomes: std::collections::BTreeMap::new(),
        decided,
        snapshot: observed.snapshot,
    }
}

/// Writes the plan, does it, and leaves what was done to the status that is written next.
async fn carry_out(site: &Site, hands: &Hands<'_>, draft: &mut Draft, plan: PendingPlan, log: &mut LogEntry) {
    draft.status.pending = Some(plan.clone());
    if let Err(unwritten) = draft.write(&site.client, site.patience).await {
        draft.status.pending = None;
        let why = match unwritten {
            Unwritten::MovedOn => "the object changed meanwhile; decided anew".to_owned(),
            Unwritten::Failed(why) => format!("the plan could not be written: {why}"),
        };
        for target in plan.targets {
            note(draft, &target.deployment, target.to, &Outcomes::Void(why.clone()));
            log.outcomes.insert(target.deployment, why.clone());
        }
        return;
    }
    for target in &plan.targets {
        let outcome = hands.carry_out(target).await;
        let (name, from, to) = (&target.deployment, target.from, target.to);
        let words = match &outcome {
            Outcomes::Scaled => {
                applied(draft, target, plan.sequence);
                let said = draft.status.last_decision.as_ref().and_then(|last| {
                    last.services.iter().find(|service| service.name == *name).map(|one| one.reason.clone())
                });
                draft.say(Reason::Scaled, format!("{name} {from} -> {to}: {}", said.unwrap_or_default()));
                "scaled".to_owned()
            }
            Outcomes::Void(why) => format!("void: {why}"),
            Outcomes::Failed(why) => format!("failed: {why}"),
        };
        note(draft, name, to, &outcome);
        log.outcomes.insert(name.clone(), words);
    }
    draft.status.pending = None;
}
