//! What can be wrong with what is observed, and how.

use thiserror::Error;

/// Why queries are refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum QueryError {
    /// Seconds out of range.
    #[error("{field}: {value} is not allowed; expected seconds from 1 to {longest}")]
    Seconds {
        /// The setting.
        field: &'static str,
        /// Its value.
        value: u32,
        /// The most that is allowed.
        longest: u32,
    },
    /// A template without text.
    #[error("{place} is empty; leave it out, or write a query")]
    Empty {
        /// Where it stands.
        place: String,
    },
    /// A placeholder that there is not.
    #[error("{place}: ${name} is no placeholder; known: $namespace, $deployments, $window")]
    Placeholder {
        /// Where it stands.
        place: String,
        /// The name.
        name: String,
    },
    /// Not PromQL.
    #[error("{place} is no PromQL: {message}, in {promql}")]
    Syntax {
        /// Where it stands.
        place: String,
        /// What the parser says.
        message: String,
        /// The query, filled in.
        promql: String,
    },
    /// PromQL that does not give a value for each series.
    #[error("{place} gives a {kind}; expected an instant vector with the label \"deployment\"")]
    Kind {
        /// Where it stands.
        place: String,
        /// What it gives.
        kind: String,
    },
    /// A metric that is read elsewhere.
    #[error("{place}: this is read from the API server, which knows it without delay; leave it out")]
    KnownOtherwise {
        /// Where it stands.
        place: String,
    },
    /// A metric with two templates.
    #[error("{place}: another source gives this metric already; leave one of them out")]
    Twice {
        /// Where the second stands.
        place: String,
    },
}

/// Why Deployments cannot be observed together.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ScopeError {
    /// None is named.
    #[error("no Deployment is named")]
    Nothing,
    /// Not a name of Kubernetes.
    #[error("{name:?} is no name of Kubernetes: lower-case letters, digits, '-' and '.', at most 253")]
    Name {
        /// The name.
        name: String,
    },
    /// Named twice.
    #[error("Deployment {name} is named twice")]
    Twice {
        /// The name.
        name: String,
    },
}

/// Why an answer of Prometheus cannot be used.
#[derive(Debug, Error)]
pub enum AnswerError {
    /// Not JSON of Prometheus' API.
    #[error("not an answer of Prometheus")]
    Syntax(#[from] serde_json::Error),
    /// Prometheus refused the question.
    #[error("Prometheus refused: {kind}: {message}")]
    Refused {
        /// Prometheus' kind of error, such as `bad_data`.
        kind: String,
        /// Its words.
        message: String,
    },
    /// Not one value for each series.
    #[error("the query gives a {kind}; expected an instant vector with the label \"deployment\"")]
    Kind {
        /// The kind of the result.
        kind: String,
    },
}

/// Why Prometheus cannot be asked.
#[derive(Debug, Error)]
pub enum PrometheusError {
    /// Not an address.
    #[error("url {url:?}: {why}")]
    Address {
        /// As written.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// A timeout out of range.
    #[error("timeout_seconds: {value} is not allowed; expected seconds above 0, at most {longest}")]
    Timeout {
        /// As written.
        value: f64,
        /// The most that is allowed.
        longest: f64,
    },
    /// No connection, or files that cannot be used for one.
    #[error("Prometheus cannot be reached")]
    Unreachable(#[from] kube::Error),
    /// Nothing within the time.
    #[error("Prometheus did not answer within {seconds} s")]
    Silent {
        /// How long was waited.
        seconds: f64,
    },
    /// The question cannot be written.
    #[error("the question cannot be written")]
    Request(#[from] http::Error),
    /// The answer broke off or is too long.
    #[error("the answer cannot be read")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer cannot be used.
    #[error("Prometheus answered with status {status}")]
    Answer {
        /// HTTP status.
        status: u16,
        /// Why not.
        source: AnswerError,
    },
}

/// Why nothing can be observed: the API server does not say what there is.
#[derive(Debug, Error)]
pub enum ObserveError {
    /// A request failed.
    #[error("the API server did not answer when asked for {what}")]
    Api {
        /// What was asked for.
        what: &'static str,
        /// Why not.
        source: kube::Error,
    },
    /// Nothing within the time.
    #[error("the API server did not answer within {seconds} s when asked for {what}")]
    Silent {
        /// What was asked for.
        what: &'static str,
        /// How long was waited.
        seconds: f64,
    },
    /// Deployments that do not exist.
    #[error("namespace {namespace} has no Deployment {names}")]
    Gone {
        /// The namespace.
        namespace: String,
        /// Their names.
        names: String,
    },
}
