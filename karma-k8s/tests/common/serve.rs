//! A client without a network: a function answers its requests.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up has failed")]

use std::convert::Infallible;
use std::future::pending;

use kube::Client;
use kube::client::Body;
use serde_json::Value;

/// A client in namespace `shop`. `answer` gets method, path, query and body, and gives a status and a document; nothing, if
/// there is never to be an answer.
pub(crate) fn client(
    answer: impl Fn(&str, &str, &str, &[u8]) -> Option<(u16, Value)> + Clone + Send + 'static,
) -> Client {
    let service = tower::service_fn(move |request: http::Request<Body>| {
        let answer = answer.clone();
        async move {
            let (parts, body) = request.into_parts();
            let body = body.collect_bytes().await.unwrap();
            let query = parts.uri.query().unwrap_or_default();
            let Some((status, text)) = answer(parts.method.as_str(), parts.uri.path(), query, &body) else {
                return pending().await;
            };
            let response = http::Response::builder().status(status);
            Ok::<_, Infallible>(response.body(Body::from(text.to_string().into_bytes())).unwrap())
        }
    });
    Client::new(service, "shop")
}
