//! One request to the API server: how long it may take, and what its answer means.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use tokio::time::timeout;

use super::error::ApplyError;

/// What is asked for, in the words of RBAC.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    /// The verb, as RBAC names it.
    pub(crate) verb: &'static str,
    /// The resource, as RBAC names it.
    pub(crate) resource: &'static str,
    /// The name of the object; empty for all of them.
    pub(crate) name: &'a str,
    /// The namespace.
    pub(crate) namespace: &'a str,
}

impl fmt::Display for Call<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { verb, resource, name, namespace } = self;
        let space = if name.is_empty() { "" } else { " " };
        write!(f, "{verb} {resource}{space}{name} in namespace {namespace}")
    }
}

/// An answer that means something to whoever asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer<T> {
    /// It was done, or there it is.
    Is(T),
    /// There is no such thing (404).
    Absent,
    /// It is not, or no longer, as the request supposes (409).
    Conflict,
}

/// Sends a request and waits for its answer, for `patience` at most.
///
/// # Errors
/// Whatever is none of [`Answer`]. A write without an answer, or with one that does not say that it was refused, is
/// [`ApplyError::Unknown`].
pub(crate) async fn ask<T>(
    call: Call<'_>,
    patience: Duration,
    request: impl Future<Output = kube::Result<T>>,
) -> Result<Answer<T>, ApplyError> {
    match timeout(patience, request).await {
        Ok(Ok(value)) => Ok(Answer::Is(value)),
        Ok(Err(kube::Error::Api(status))) if status.code == 404 => Ok(Answer::Absent),
        Ok(Err(kube::Error::Api(status))) if status.code == 409 => Ok(Answer::Conflict),
        Ok(Err(error)) => Err(call.failed(error)),
        Err(_) => Err(call.silent(patience.as_secs_f64())),
    }
}

impl Call<'_> {
    fn writes(&self) -> bool {
        !matches!(self.verb, "get" | "list")
    }

    /// A conflict where there is nothing that could be in conflict.
    pub(crate) fn refused_as_conflict(&self) -> ApplyError {
        ApplyError::Refused { call: self.to_string(), status: 409, message: "a conflict".to_owned() }
    }

    fn silent(&self, seconds: f64) -> ApplyError {
        let call = self.to_string();
        if self.writes() {
            ApplyError::Unknown { call, why: format!("no answer within {seconds} s") }
        } else {
            ApplyError::Silent { call, seconds }
        }
    }

    /// By status rather than by reason: a proxy in between has none. Under 500 the API server refused before it did
    /// anything, but for 408, which is about time.
    fn failed(&self, error: kube::Error) -> ApplyError {
        let call = self.to_string();
        match error {
            kube::Error::Api(status) if status.code == 403 => {
                ApplyError::Forbidden { call, message: status.message }
            }
            kube::Error::Api(status) if (400..500).contains(&status.code) && status.code != 408 => {
                ApplyError::Refused { call, status: status.code, message: status.message }
            }
            error if self.writes() && !matches!(error, kube::Error::BuildRequest(_)) => {
                ApplyError::Unknown { call, why: in_words(&error) }
            }
            source => ApplyError::Unanswered { call, source },
        }
    }
}

/// An error with its causes.
fn in_words(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |words, cause| format!("{words}: {cause}"))
}
