//! Events as they reach an API server of a few lines.

mod common;

use std::time::Duration;

use common::{Fake, NEVER};
use k8s_openapi::api::core::v1::ObjectReference;
use karma_k8s::control::{Events, Reason};
use serde_json::{Value, json};

const EVENTS: &str = "/apis/events.k8s.io/v1/namespaces/shop/events";

fn web() -> ObjectReference {
    ObjectReference {
        api_version: Some("karma.dev/v1alpha1".to_owned()),
        kind: Some("KarmaAutoscaler".to_owned()),
        name: Some("web".to_owned()),
        namespace: Some("shop".to_owned()),
        ..ObjectReference::default()
    }
}

fn events(fake: &Fake) -> Events {
    Events::new(fake.client(), "karma.dev/controller", "karma-0", Duration::from_secs(3))
}

#[tokio::test]
async fn an_event_names_the_object_the_deployment_and_what_happened() {
    let fake = Fake::default();
    fake.put(&format!("POST {EVENTS}"), 201, json!({ "metadata": { "name": "web.1" }, "eventTime": null }));
    let events = events(&fake);
    for note in ["api: 2 to 3 replicas", "api: 3 to 5 replicas"] {
        events.tell(&web(), Reason::Scaled, Some("api"), note).await.unwrap();
    }
    let [first, second] = fake.asked().try_into().unwrap();
    let body = first.body;
    assert_eq!((&body["type"], &body["reason"]), (&json!("Normal"), &json!("Scaled")));
    assert_eq!((&body["note"], &body["related"]["name"]), (&json!("api: 2 to 3 replicas"), &json!("api")));
    assert_eq!(
        (&body["regarding"]["kind"], &body["regarding"]["name"]),
        (&json!("KarmaAutoscaler"), &json!("web"))
    );
    assert_eq!(
        (&body["reportingController"], &body["reportingInstance"]),
        (&json!("karma.dev/controller"), &json!("karma-0"))
    );
    assert_eq!(second.body["note"], "api: 3 to 5 replicas", "an act of its own");
}

#[tokio::test]
async fn a_state_that_lasts_is_one_event_with_a_count() {
    let fake = Fake::default();
    fake.put(&format!("POST {EVENTS}"), 201, json!({ "metadata": { "name": "web.1" }, "eventTime": null }));
    let events = events(&fake);
    events.tell(&web(), Reason::Unobserved, None, "93 s old").await.unwrap();
    // The event is gone by now.
    let said = events.tell(&web(), Reason::Unobserved, None, "123 s old").await.unwrap_err().to_string();
    assert!(said.contains("status 404"), "{said}");
    let lines = fake.lines();
    assert!(
        lines[0] == format!("POST {EVENTS}") && lines[1].starts_with(&format!("PATCH {EVENTS}/web.")),
        "{lines:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn an_event_that_is_not_written_is_an_error_and_holds_nobody_up() {
    let fake = Fake::default();
    fake.fail(&format!("POST {EVENTS}"), 403, "Forbidden");
    let events = events(&fake);
    let said = events.tell(&web(), Reason::Unobserved, None, "93 s old").await.unwrap_err().to_string();
    assert!(
        said.starts_with("this account may not create events.events.k8s.io web in namespace shop: "),
        "{said}"
    );
    fake.put(&format!("POST {EVENTS}"), NEVER, Value::Null);
    assert!(events.tell(&web(), Reason::Unobserved, None, "93 s old").await.unwrap_err().is_unknown());
}
