//! Who is decided for, and when. Time is simulated.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use karma_core::Seconds;
use karma_k8s::control::{Fleet, FleetConfig, Listener, Told};
use karma_k8s::resource::KarmaAutoscaler;
use kube::ResourceExt as _;
use serde_json::json;
use tokio::time::{Instant, sleep};

use crate::world::{NOW, World};

/// Writes down what it hears.
#[derive(Default)]
struct Ears {
    begin: Mutex<Option<Instant>>,
    decided: Mutex<Vec<f64>>,
    trouble: Mutex<Vec<String>>,
    gone: Mutex<Vec<String>>,
}

impl Listener for Ears {
    fn told(&self, object: &KarmaAutoscaler, told: &Told, _seconds: f64) {
        assert_eq!((object.name_any().as_str(), &told.trouble), ("shop", &None));
        let begin = self.begin.lock().unwrap().unwrap();
        self.decided.lock().unwrap().push(begin.elapsed().as_secs_f64());
    }

    fn looked(&self, objects: Result<usize, &str>) {
        if let Err(why) = objects {
            self.trouble.lock().unwrap().push(why.to_owned());
        }
    }

    fn gone(&self, namespace: &str, name: &str) {
        self.gone.lock().unwrap().push(format!("{namespace}/{name}"));
    }
}

/// Runs a fleet for so many seconds.
async fn run(world: &World, namespaces: &[&str], leads: bool, seconds: u64) -> Arc<Ears> {
    let begin = Instant::now();
    let ears = Arc::new(Ears { begin: Mutex::new(Some(begin)), ..Ears::default() });
    let mut site = world.site();
    site.leads = Arc::new(move || leads);
    let namespaces = namespaces.iter().map(|name| (*name).to_owned()).collect();
    let config = FleetConfig { namespaces, ..FleetConfig::default() };
    let clock = Arc::new(move || Seconds(NOW + begin.elapsed().as_secs_f64()));
    Fleet::new(site, config, clock, Arc::clone(&ears) as Arc<dyn Listener>)
        .run(sleep(Duration::from_secs(seconds)))
        .await;
    ears
}

#[tokio::test(start_paused = true)]
async fn a_decision_is_taken_when_it_is_due_and_not_at_the_next_look_around() {
    let world = World::new(&json!({ "mode": "Shadow" }));
    let ears = run(&world, &["shop"], true, 50).await;
    let decided = ears.decided.lock().unwrap().clone();
    let late: Vec<f64> = decided.iter().zip([0.0, 15.0, 30.0, 45.0]).map(|(at, due)| at - due).collect();
    assert!(decided.len() == 4 && late.iter().all(|late| (0.0..0.1).contains(late)), "{decided:?}");
    assert!(ears.trouble.lock().unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_namespace_that_cannot_be_listed_keeps_nobody_else_waiting() {
    let world = World::new(&json!({ "mode": "Shadow" }));
    let ears = run(&world, &["elsewhere", "shop"], true, 20).await;
    assert_eq!(ears.decided.lock().unwrap().len(), 2);
    let trouble = ears.trouble.lock().unwrap();
    assert!(trouble.iter().all(|why| why.contains("in namespace elsewhere")), "{trouble:?}");
    assert!(trouble.len() >= 9, "{trouble:?}");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_lead_decides_nothing() {
    let world = World::new(&json!({ "mode": "Shadow" }));
    let ears = run(&world, &["shop"], false, 20).await;
    assert!(ears.decided.lock().unwrap().is_empty());
    assert!(ears.trouble.lock().unwrap().is_empty(), "it looks around all the same");
    assert_eq!(world.resource().status, None);
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_deleted_is_told_once() {
    let world = World::new(&json!({ "mode": "Shadow" }));
    let of = world.clone();
    let deleting = tokio::spawn(async move {
        sleep(Duration::from_secs(5)).await;
        of.with(|world| {
            world.remove_resource();
        });
    });
    let ears = run(&world, &["shop"], true, 20).await;
    deleting.await.unwrap();
    assert_eq!(*ears.gone.lock().unwrap(), ["shop/shop"]);
    assert_eq!(ears.decided.lock().unwrap().len(), 1);
}
