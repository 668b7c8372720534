//! An API server of a few lines: answers by method and path, and writes every request down.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

mod serve;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use kube::Client;
use serde_json::{Value, json};

/// One request, as it came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Asked {
    /// "METHOD path".
    pub(crate) line: String,
    /// Its query, decoded, in the order of names.
    pub(crate) query: BTreeMap<String, String>,
    /// Its body.
    pub(crate) body: Value,
}

/// Answers by "METHOD path"; what is not there is a 404.
#[derive(Clone, Default)]
pub(crate) struct Fake {
    answers: Arc<Mutex<BTreeMap<String, (u16, Value)>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
}

/// A status that makes the server never answer.
pub(crate) const NEVER: u16 = 0;

impl Fake {
    /// Sets an answer.
    pub(crate) fn put(&self, line: &str, status: u16, answer: Value) {
        self.answers.lock().unwrap().insert(line.to_owned(), (status, answer));
    }

    /// Sets a failure, in the form that the API server gives it.
    pub(crate) fn fail(&self, line: &str, code: u16, reason: &str) {
        let message = format!("{reason} of {line}");
        let status = json!({ "kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason,
                             "code": code, "message": message });
        self.put(line, code, status);
    }

    /// What was asked, and forgets it.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }

    /// "METHOD path" of what was asked, and forgets it.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }

    /// A client of this server.
    pub(crate) fn client(&self) -> Client {
        let fake = self.clone();
        serve::client(move |method, path, query, body| {
            let line = format!("{method} {path}");
            let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let body = serde_json::from_slice(body).unwrap_or(Value::Null);
            fake.asked.lock().unwrap().push(Asked { line: line.clone(), query, body });
            let answer = fake.answers.lock().unwrap().get(&line).cloned();
            let (status, answer) = answer.unwrap_or_else(|| (404, json!("404 page not found")));
            (status != NEVER).then_some((status, answer))
        })
    }
}
