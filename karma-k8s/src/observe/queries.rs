//! What Prometheus is asked: templates as written, checked, and filled in.
//!
//! Every installation names its series differently, so no query is built in: a [`QueryParams`] is a table from metric to
//! template, and [`Preset`](super::Preset)s are tables that fit common installations. A template may use
//!
//! | placeholder | stands for |
//! |---|---|
//! | `$namespace` | the namespace |
//! | `$deployments` | all Deployments as a regular expression: `api\|auth` |
//! | `$window` | the window of rates: `120s` |
//!
//! and its result must have one series for each Deployment, told by the label `deployment`. So one question is asked for
//! each metric, however many Deployments there are. `$1` and its like, as `label_replace` uses them, are left alone.

use std::collections::{BTreeMap, BTreeSet};

use karma_core::{Absence, Metric};
use promql_parser::parser::value::ValueType;
use serde::{Deserialize, Serialize};

use super::error::QueryError;
use super::scope::Scope;

/// Longest window and longest age that make sense for control, seconds.
const LONGEST: u32 = 3600;

/// What Prometheus is asked, as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QueryParams {
    /// Series that are scraped together, by a name of your choice.
    pub sources: BTreeMap<String, SourceParams>,
    /// `$window`, seconds, 1 to 3600: at least four scrapes. Default 120, for scrapes every 30 s.
    pub window_seconds: u32,
    /// Age in seconds, 1 to 3600, above which a sample is none. Default 90: three scrapes of 30 s.
    pub max_age_seconds: u32,
}

impl Default for QueryParams {
    fn default() -> Self {
        Self { sources: BTreeMap::new(), window_seconds: 120, max_age_seconds: 90 }
    }
}

/// Series that are scraped together, so that they have one age.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceParams {
    /// Template of the Unix time of the newest sample of each Deployment. An instant query answers with the moment of the
    /// question, and a series that is no longer scraped lives on for five minutes: only this tells old from new.
    pub sampled_at: String,
    /// Templates by metric, in the unit of the metric ([`Metric::unit`]).
    pub metrics: BTreeMap<Metric, String>,
    /// Template of the requests per second that are known to be junk, of those that the request rate counts. One source has it
    /// at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub junk_rate: Option<String>,
}

/// What Prometheus is asked, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queries {
    sources: Vec<Source>,
    params: QueryParams,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Source {
    name: String,
    questions: Vec<(Asked, Template)>,
}

/// What a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// When the newest samples of its source were taken.
    SampledAt,
    /// A metric.
    Metric(Metric),
    /// The rate of junk.
    Junk,
}

/// A question, filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question<'a> {
    /// Name of its source.
    pub source: &'a str,
    /// What it is about.
    pub asked: Asked,
    /// The query in PromQL.
    pub promql: String,
}

impl QueryParams {
    /// Checks every template.
    ///
    /// # Errors
    /// The first that is not as it must be, with its place.
    pub fn check(&self) -> Result<Queries, QueryError> {
        within("window_seconds", self.window_seconds)?;
        within("max_age_seconds", self.max_age_seconds)?;
        let (mut seen, mut junk) = (BTreeSet::new(), false);
        let mut sources = Vec::with_capacity(self.sources.len());
        for (name, params) in &self.sources {
            let mut questions = vec![(
                Asked::SampledAt,
                Template::parse(&format!("sources.{name}.sampled_at"), &params.sampled_at)?,
            )];
            for (metric, text) in &params.metrics {
                let place = format!("sources.{name}.metrics.{}", metric.name());
                if metric.absence() == Absence::Never {
                    return Err(QueryError::KnownOtherwise { place });
                }
                if !seen.insert(*metric) {
                    return Err(QueryError::Twice { place });
                }
                questions.push((Asked::Metric(*metric), Template::parse(&place, text)?));
            }
            if let Some(text) = &params.junk_rate {
                let place = format!("sources.{name}.junk_rate");
                if junk {
                    return Err(QueryError::Twice { place });
                }
                junk = true;
                questions.push((Asked::Junk, Template::parse(&place, text)?));
            }
            sources.push(Source { name: name.clone(), questions });
        }
        Ok(Queries { sources, params: self.clone() })
    }
}

fn within(field: &'static str, value: u32) -> Result<(), QueryError> {
    if (1..=LONGEST).contains(&value) {
        Ok(())
    } else {
        Err(QueryError::Seconds { field, value, longest: LONGEST })
    }
}

impl Queries {
    /// As they were written.
    pub const fn params(&self) -> &QueryParams {
        &self.params
    }

    /// All questions about these Deployments.
    pub fn ask<'a>(&'a self, scope: &'a Scope) -> impl Iterator<Item = Question<'a>> {
        let (namespace, pattern, window) = (scope.namespace(), scope.pattern(), self.params.window_seconds);
        let questions =
            self.sources.iter().flat_map(|source| source.questions.iter().map(move |one| (source, one)));
        questions.map(move |(source, (asked, template))| Question {
            source: &source.name,
            asked: *asked,
            promql: template.fill(namespace, &pattern, window),
        })
    }

    /// The source of a metric, if one gives it.
    pub fn source_of(&self, metric: Metric) -> Option<&str> {
        let gives =
            |source: &&Source| source.questions.iter().any(|(asked, _)| *asked == Asked::Metric(metric));
        self.sources.iter().find(gives).map(|source| source.name.as_str())
    }
}

/// A template, cut at its placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Namespace,
    Deployments,
    Window,
}

impl Template {
    fn parse(place: &str, text: &str) -> Result<Self, QueryError> {
        if text.trim().is_empty() {
            return Err(QueryError::Empty { place: place.to_owned() });
        }
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(at) = rest.find('$') {
            let (before, after) = rest.split_at(at);
            let word: &str = &after[1..];
            let end = word.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(word.len());
            let piece = match &word[..end] {
                "namespace" => Piece::Namespace,
                "deployments" => Piece::Deployments,
                "window" => Piece::Window,
                // What `label_replace` captured, or an end of line in a regular expression.
                other if !other.starts_with(|c: char| c.is_ascii_alphabetic()) => {
                    Piece::Text(after[..=end].to_owned())
                }
                other => {
                    return Err(QueryError::Placeholder { place: place.to_owned(), name: other.to_owned() });
                }
            };
            pieces.extend([Piece::Text(before.to_owned()), piece]);
            rest = &word[end..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        let template = Self(pieces);
        template.is_a_vector(place)?;
        Ok(template)
    }

    /// What it asks for some Deployment is PromQL, and gives a value for each series.
    fn is_a_vector(&self, place: &str) -> Result<(), QueryError> {
        let place = || place.to_owned();
        let promql = self.fill("namespace", "deployment", 60);
        match promql_parser::parser::parse(&promql) {
            Ok(expression) if expression.value_type() == ValueType::Vector => Ok(()),
            Ok(expression) => {
                Err(QueryError::Kind { place: place(), kind: expression.value_type().to_string() })
            }
            Err(message) => Err(QueryError::Syntax { place: place(), message, promql }),
        }
    }

    fn fill(&self, namespace: &str, deployments: &str, window: u32) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Namespace => namespace.to_owned(),
            Piece::Deployments => deployments.to_owned(),
            Piece::Window => format!("{window}s"),
        };
        self.0.iter().map(piece).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn scope() -> Scope {
        Scope::new("shop", ["api", "auth.v2"].map(str::to_owned).to_vec()).unwrap()
    }

    fn params(metric: Metric, text: &str) -> QueryParams {
        let source = SourceParams {
            sampled_at: "max(x)".into(),
            metrics: [(metric, text.to_owned())].into(),
            junk_rate: None,
        };
        QueryParams { sources: [("app".to_owned(), source)].into(), ..QueryParams::default() }
    }

    #[test]
    fn placeholders_are_filled_in_and_captures_are_left() {
        let text = r#"label_replace(rate(x{namespace="$namespace",d=~"$deployments"}[$window]),"deployment","$1","d","(.*)$")"#;
        let queries = params(Metric::RequestRate, text).check().unwrap();
        let scope = scope();
        let asked: Vec<Question<'_>> = queries.ask(&scope).collect();
        assert_eq!(asked[0], Question { source: "app", asked: Asked::SampledAt, promql: "max(x)".into() });
        let expected = r#"label_replace(rate(x{namespace="shop",d=~"api|auth\\.v2"}[120s]),"deployment","$1","d","(.*)$")"#;
        assert_eq!(asked[1].promql, expected);
        assert_eq!(queries.source_of(Metric::RequestRate), Some("app"));
        assert_eq!(queries.source_of(Metric::InFlight), None);
    }

    #[test]
    fn what_cannot_be_asked_is_refused_with_its_place() {
        let refusal = |metric, text: &str| params(metric, text).check().unwrap_err().to_string();
        let place = "sources.app.metrics.request_rate";
        for (text, expected) in [
            ("", "is empty"),
            ("rate(x[$windw])", "$windw is no placeholder; known: $namespace, $deployments, $window"),
            ("sum(rate(x[1m])", "is no PromQL: "),
            ("x{a=\"b}", "is no PromQL: "),
            ("x[$window]", "gives a matrix"),
            ("vectr(1)", "is no PromQL: "),
        ] {
            let said = refusal(Metric::RequestRate, text);
            assert!(said.starts_with(place) && said.contains(expected), "{said}");
        }
        assert!(refusal(Metric::PodsHealthy, "x").contains("the API server"));
        let mut twice = params(Metric::RequestRate, "x");
        twice.sources.insert("mesh".into(), twice.sources["app"].clone());
        assert!(twice.check().unwrap_err().to_string().contains("sources.mesh.metrics.request_rate"));
        let short = QueryParams { window_seconds: 0, ..QueryParams::default() };
        assert!(short.check().unwrap_err().to_string().starts_with("window_seconds: 0"));
    }

    proptest! {
        #[test]
        fn no_text_makes_a_panic(text in ".{0,80}") {
            let _ = params(Metric::RequestRate, &text).check();
        }

        #[test]
        fn text_without_placeholders_is_asked_as_it_is(text in "[a-z_]{1,9}( [-+*/] [a-z_]{1,9}){0,4}") {
            prop_assume!(params(Metric::RequestRate, &text).check().is_ok());
            let queries = params(Metric::RequestRate, &text).check().unwrap();
            let scope = scope();
            prop_assert_eq!(queries.ask(&scope).nth(1).unwrap().promql, text);
        }
    }
}
