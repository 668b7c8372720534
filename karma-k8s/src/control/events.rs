//! Events on the object that asked for the autoscaling: what `kubectl describe` shows of it.
//!
//! kube's recorder folds events that agree in everything but the note into one with a count, and shows the first one's
//! note. That is right for a state that lasts, and wrong for acts: "2 to 3" and "3 to 5" are two. So an act's note is part
//! of its `action`, which the recorder compares.

use std::fmt;
use std::time::Duration;

use k8s_openapi::api::core::v1::ObjectReference;
use kube::Client;
use kube::runtime::events::{Event, EventType, Recorder, Reporter};

use super::said::Reason;
use crate::apply::{Answer, ApplyError, Call, ask};

/// Longest note that the API server takes, in bytes.
const LONGEST_NOTE: usize = 1024;
/// Longest action that the API server takes, in bytes.
const LONGEST_ACTION: usize = 128;

/// Writes events. RBAC: `create` and `patch` of `events.events.k8s.io`.
#[derive(Clone)]
pub struct Events {
    recorder: Recorder,
    patience: Duration,
}

impl fmt::Debug for Events {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Events").field("patience", &self.patience).finish_non_exhaustive()
    }
}

impl Events {
    /// A writer in the name of `controller`, of which `instance` is one process; waits for an answer as long as `patience`.
    pub fn new(client: Client, controller: &str, instance: &str, patience: Duration) -> Self {
        let reporter = Reporter { controller: controller.to_owned(), instance: Some(instance.to_owned()) };
        Self { recorder: Recorder::new(client, reporter), patience }
    }

    /// Tells `note` of the object `regarding`, and of a Deployment if it is about one.
    ///
    /// # Errors
    /// It may not have been written. Nothing depends on an event: say so elsewhere, and go on.
    pub async fn tell(
        &self,
        regarding: &ObjectReference,
        reason: Reason,
        deployment: Option<&str>,
        note: &str,
    ) -> Result<(), ApplyError> {
        let namespace = regarding.namespace.as_deref().unwrap_or_default();
        let event = event(reason, deployment.map(|name| deployment_reference(namespace, name)), note);
        let name = regarding.name.as_deref().unwrap_or_default();
        let call = Call { verb: "create", resource: "events.events.k8s.io", name, namespace };
        match ask(call, self.patience, self.recorder.publish(&event, regarding)).await? {
            Answer::Is(()) => Ok(()),
            Answer::Absent => {
                Err(call.refused(404, "the event that it adds to is gone, or its namespace is"))
            }
            Answer::Conflict => Err(call.refused_as_conflict()),
        }
    }
}

fn event(reason: Reason, secondary: Option<ObjectReference>, note: &str) -> Event {
    let action = reason.action();
    let action = if reason.is_lasting() {
        action.to_owned()
    } else {
        shortened(&format!("{action}: {note}"), LONGEST_ACTION)
    };
    Event {
        type_: if reason.is_warning() { EventType::Warning } else { EventType::Normal },
        reason: reason.name(),
        note: Some(shortened(note, LONGEST_NOTE)),
        action,
        secondary,
    }
}

fn deployment_reference(namespace: &str, name: &str) -> ObjectReference {
    ObjectReference {
        api_version: Some("apps/v1".to_owned()),
        kind: Some("Deployment".to_owned()),
        name: Some(name.to_owned()),
        namespace: Some(namespace.to_owned()),
        ..ObjectReference::default()
    }
}

/// At most so many bytes of a text, and a sign that there was more.
fn shortened(text: &str, longest: usize) -> String {
    const MORE: &str = "…";
    if text.len() <= longest {
        return text.to_owned();
    }
    let kept = text.floor_char_boundary(longest.saturating_sub(MORE.len()));
    format!("{}{MORE}", &text[..kept])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_with_different_notes_are_told_apart_and_states_are_not() {
        let action = |reason, note| event(reason, None, note).action;
        assert_ne!(action(Reason::Scaled, "api: 2 to 3"), action(Reason::Scaled, "api: 3 to 5"));
        assert_eq!(action(Reason::Unobserved, "93 s old"), action(Reason::Unobserved, "123 s old"));
    }

    #[test]
    fn nothing_is_longer_than_the_api_server_takes() {
        for reason in Reason::ALL {
            let event = event(reason, None, &"ä".repeat(2000));
            assert!(event.action.len() <= LONGEST_ACTION && event.note.unwrap().len() <= LONGEST_NOTE);
            assert!(event.reason.chars().all(|letter| letter.is_ascii_alphabetic()));
        }
        assert_eq!(shortened("ääää", 7), "ää…");
        assert_eq!(shortened("ääää", 8), "ääää");
    }

    #[test]
    fn what_goes_as_wished_is_no_warning() {
        assert!(!Reason::Scaled.is_warning() && !Reason::Returned.is_warning());
        assert!(Reason::FellBack.is_warning() && Reason::CanaryRolledBack.is_warning());
    }
}
