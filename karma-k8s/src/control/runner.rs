//! One custom resource, decision by decision.
//!
//! A [`Runner`] keeps the loaded policy and its round between decisions. Everything else is read anew at each decision: the
//! object itself, the Deployments, who else scales them. So a runner that is lost with its process loses nothing but the
//! policy's short memory of observations.

use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::api::apps::v1::Deployment;
use karma_core::{PerService, Seconds};
use kube::{Client, ResourceExt as _};

use super::carry_out::Hands;
use super::draft::{Draft, Unwritten};
use super::finish::{hold, restore};
use super::load::{Loaded, load};
use super::measured::measured;
use super::pending::{carry_out, finish};
use super::plan::plan;
use super::policy::PolicyLoader;
use super::rivals::rivals;
use super::said::{LogEntry, Reason, Said, missing};
use crate::apply::ScaleSeen;
use crate::decide::{CanaryPhase, Decided};
use crate::observe::{Connections, ObserveError, Observed, Scope};
use crate::resource::{ConditionKind, KarmaAutoscaler};

/// What a runner works with.
#[derive(Clone)]
pub struct Site {
    /// The API server.
    pub client: Client,
    /// Every Prometheus that some object names.
    pub prometheus: Arc<Connections>,
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

/// Why there is no decision: told in a condition, and tried again.
pub(super) struct Stop {
    pub(super) kind: ConditionKind,
    pub(super) reason: &'static str,
    pub(super) message: String,
    pub(super) event: Reason,
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
        let next = self.loaded.as_ref().map_or(AGAIN, Loaded::period);
        if !(site.leads)() {
            // Whoever leads now goes on from what is written, a plan that was not finished among it.
            let trouble = Some("this process leads no more".to_owned());
            return Told { said: draft.said, entry, trouble, next };
        }
        if let Err(unwritten) = draft.write(&site.client, site.patience).await {
            let why = match unwritten {
                Unwritten::MovedOn => "the object changed meanwhile".to_owned(),
                Unwritten::Failed(why) => why,
            };
            trouble = trouble.or(Some(format!("status: {why}")));
        }
        Told { said: draft.said, entry, trouble, next }
    }

    async fn go(&mut self, site: &Site, draft: &mut Draft, entry: &mut Option<LogEntry>) -> Result<(), Stop> {
        self.load(site, draft).await?;
        let Some(loaded) = self.loaded.as_mut() else { return Ok(()) };
        let namespace = draft.object.namespace().unwrap_or_default();
        let hands = Hands::new(site.client.clone(), &namespace, site.patience, &*site.leads);
        finish(&hands, draft, loaded.period()).await?;

        let now = draft.now();
        let interval = self.before.map_or(loaded.period(), |before| now - before);
        let (observed, deployments) =
            loaded.collector.collect_with_objects(now, interval).await.map_err(|error| unobserved(&error))?;
        self.before = Some(now);
        draft.condition(
            ConditionKind::Observed,
            true,
            ("Observed", "the cluster shows its Deployments"),
            Some(Reason::Observed),
        );
        measured(draft, &observed.failed, &missing(&observed, &loaded.names));
        let scales: Vec<Option<ScaleSeen>> = deployments.iter().map(ScaleSeen::of).collect();
        overridden(draft, &deployments, &scales);
        loaded.round.stand_down(owned_by_others(site, draft, loaded.collector.scope()).await);

        loaded.round.told_of_junk(observed.junk.clone());
        let decided = loaded.round.decide(&observed.snapshot);
        tell(draft, &decided);
        draft.decided(&decided, &loaded.names);
        draft.status.memory = Some(loaded.round.memory());
        draft.condition(
            ConditionKind::Ready,
            true,
            ("Deciding", &format!("decides every {} s", loaded.period().0)),
            None,
        );
        let log = entry.insert(log_entry(draft, loaded, decided, observed));
        let deployments = loaded.collector.scope().deployments();
        // A plan is written by who leads alone: its successor would carry it out.
        if let Some(plan) = plan((&log.decided, draft.generation()), deployments, &scales)
            && (site.leads)()
        {
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

fn unobserved(error: &ObserveError) -> Stop {
    let gone = matches!(error, ObserveError::Gone { .. });
    let (reason, event) =
        if gone { ("TargetGone", Reason::TargetGone) } else { ("Unobserved", Reason::Unobserved) };
    Stop { kind: ConditionKind::Observed, reason, message: error.to_string(), event }
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

/// Which of these Deployments somebody else scales. Where nobody can be asked, all of them.
async fn owned_by_others(site: &Site, draft: &mut Draft, scope: &Scope) -> PerService<bool> {
    let found = rivals(&site.client, scope, &draft.object, site.patience).await;
    let (reason, message, owned) = match found {
        Ok(rivals) if rivals.is_empty() => {
            let message = "nobody else scales these Deployments".to_owned();
            ("Alone", message, PerService::filled(false, scope.deployments().len()))
        }
        Ok(rivals) => {
            let words: Vec<String> = rivals.iter().map(ToString::to_string).collect();
            let owned = |name: &String| rivals.iter().any(|rival| rival.deployment == *name);
            let message = format!("left to others: {}", words.join(", "));
            ("Rival", message, scope.deployments().iter().map(owned).collect())
        }
        Err(why) => {
            let message = format!("nothing is scaled while it is unknown who else does: {why}");
            ("Unknown", message, PerService::filled(true, scope.deployments().len()))
        }
    };
    let alone = reason == "Alone";
    let event = if alone { Reason::SoleOwner } else { Reason::Rival };
    draft.condition(ConditionKind::SoleOwner, alone, (reason, &message), Some(event));
    owned
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
