//! A custom resource in the course of one decision: its status as it will be, and what is told.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use karma_core::Seconds;
use kube::api::PostParams;
use kube::{Api, Client, ResourceExt as _};

use super::said::{Reason, Said};
use crate::apply::{Answer, Call, FIELD_MANAGER, ask};
use crate::decide::{Decided, Listened};
use crate::resource::{ConditionKind, KarmaAutoscaler, KarmaAutoscalerStatus, LastDecision, ServiceStatus};

/// Why a status could not be written: nothing may be done on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Unwritten {
    /// Somebody else wrote the object meanwhile: another leader, or an operator.
    MovedOn,
    /// Why not.
    Failed(String),
}

/// A custom resource being decided on.
pub(super) struct Draft {
    pub(super) object: KarmaAutoscaler,
    pub(super) status: KarmaAutoscalerStatus,
    pub(super) said: Vec<Said>,
    now: Seconds,
}

impl Draft {
    pub(super) fn new(object: KarmaAutoscaler, now: Seconds) -> Self {
        let status = object.status.clone().unwrap_or_default();
        Self { object, status, said: Vec::new(), now }
    }

    pub(super) const fn now(&self) -> Seconds {
        self.now
    }

    pub(super) fn generation(&self) -> i64 {
        self.object.metadata.generation.unwrap_or_default()
    }

    pub(super) fn say(&mut self, reason: Reason, message: impl Into<String>) {
        self.said.push(Said { reason, message: message.into() });
    }

    /// Sets a condition, and tells `event` if its status changes.
    pub(super) fn condition(
        &mut self,
        kind: ConditionKind,
        holds: bool,
        (reason, message): (&str, &str),
        event: Option<Reason>,
    ) {
        let at = (self.generation(), timestamp(self.now));
        let new = self.status.conditions.get(kind).is_none();
        let changed = self.status.conditions.set(kind, holds, (reason, message), at);
        // What has been well from the beginning is no news.
        if let Some(event) = event.filter(|event| changed && (event.is_warning() || !new)) {
            self.say(event, message);
        }
    }

    /// Puts a decision into the status.
    pub(super) fn decided(&mut self, decided: &Decided, names: &[String]) {
        let service = |(service, name): (&crate::decide::ServiceDecision, &String)| ServiceStatus {
            name: name.clone(),
            current: service.current.0,
            agents: service.agents.replicas.0,
            fallback: service.fallback.replicas.0,
            decided: service.target.replicas.0,
            acted: service.act,
            reason: service.target.reason.to_string(),
        };
        self.status.last_decision = Some(LastDecision {
            sequence: decided.sequence,
            time: timestamp(self.now).to_string(),
            listened: format!("{:?}", decided.listened),
            services: decided.services.iter().zip(names).map(service).collect(),
        });
        self.status.canary = decided.canary.map(|phase| format!("{phase:?}"));
        let trusted = decided.listened == Listened::Agents;
        let why = decided.alarm.clone().unwrap_or_else(|| "too many alarms lately".to_owned());
        let (reason, message, event) = if trusted {
            ("Listened", "the agents are listened to".to_owned(), Reason::Returned)
        } else {
            ("FellBack", format!("the fallback decides: {why}"), Reason::FellBack)
        };
        self.condition(ConditionKind::Trusted, trusted, (reason, &message), Some(event));
    }

    /// Writes the status, unless somebody else has written the object meanwhile.
    pub(super) async fn write(&mut self, client: &Client, patience: Duration) -> Result<(), Unwritten> {
        self.status.observed_generation = self.object.metadata.generation;
        let namespace = self.object.namespace().unwrap_or_default();
        let api: Api<KarmaAutoscaler> = Api::namespaced(client.clone(), &namespace);
        let mut object = self.object.clone();
        object.status = Some(self.status.clone());
        object.metadata.managed_fields = None;
        let name = self.object.name_any();
        let call = Call {
            verb: "update",
            resource: "karmaautoscalers.karma.dev/status",
            name: &name,
            namespace: &namespace,
        };
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PostParams::default() };
        match ask(call, patience, api.replace_status(&name, &params, &object)).await {
            Ok(Answer::Is(written)) => {
                self.object = written;
                Ok(())
            }
            Ok(Answer::Absent | Answer::Conflict) => Err(Unwritten::MovedOn),
            Err(error) => Err(Unwritten::Failed(error.to_string())),
        }
    }
}

/// A moment as Kubernetes writes it, without fractions.
pub(super) fn timestamp(now: Seconds) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "seconds since 1970, until long after the sun")]
    let seconds = now.0.floor() as i64;
    Timestamp::from_second(seconds).unwrap_or_default()
}
