//! What Prometheus answers.

use serde::Deserialize;

use super::error::AnswerError;

/// The value of one series.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its Deployment; empty if the series has no such label.
    pub deployment: String,
    /// Its value; may be no number, as the ratio of two counts without events is.
    pub value: f64,
}

#[derive(Deserialize)]
struct Answer {
    status: String,
    data: Option<Data>,
    #[serde(rename = "errorType", default)]
    kind: String,
    #[serde(default)]
    error: String,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "resultType")]
    kind: String,
    result: serde_json::Value,
}

#[derive(Deserialize)]
struct Series {
    metric: Labels,
    value: (f64, String),
}

#[derive(Deserialize)]
struct Labels {
    #[serde(default)]
    deployment: String,
}

/// The samples of an instant query's answer (`/api/v1/query`). A value that is written as no number is NaN.
///
/// # Errors
/// See [`AnswerError`].
///
/// ```
/// use karma_k8s::observe::samples;
///
/// let answer = br#"{"status":"success","data":{"resultType":"vector","result":[
///     {"metric":{"deployment":"api"},"value":[1700000000.25,"12.5"]}]}}"#;
/// let samples = samples(answer)?;
/// assert_eq!((samples[0].deployment.as_str(), samples[0].value), ("api", 12.5));
/// # Ok::<(), karma_k8s::observe::AnswerError>(())
/// ```
pub fn samples(body: &[u8]) -> Result<Vec<Sample>, AnswerError> {
    let answer: Answer = serde_json::from_slice(body)?;
    let Some(data) = answer.data.filter(|_| answer.status == "success") else {
        return Err(AnswerError::Refused { kind: answer.kind, message: answer.error });
    };
    if data.kind != "vector" {
        return Err(AnswerError::Kind { kind: data.kind });
    }
    let series: Vec<Series> = serde_json::from_value(data.result)?;
    let sample = |Series { metric: Labels { deployment }, value: (_, text) }| Sample {
        deployment,
        value: text.parse().unwrap_or(f64::NAN),
    };
    Ok(series.into_iter().map(sample).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn vector(result: &str) -> Result<Vec<Sample>, AnswerError> {
        samples(
            format!(r#"{{"status":"success","data":{{"resultType":"vector","result":{result}}}}}"#)
                .as_bytes(),
        )
    }

    #[test]
    fn every_form_of_a_number_that_prometheus_writes_is_read() {
        for (written, value) in
            [("1", 1.0), ("1e-05", 1e-5), ("+Inf", f64::INFINITY), ("-Inf", f64::NEG_INFINITY)]
        {
            let read =
                vector(&format!(r#"[{{"metric":{{"deployment":"a","x":"y"}},"value":[1.5,"{written}"]}}]"#));
            assert_eq!(read.unwrap(), [Sample { deployment: "a".into(), value }]);
        }
        let read = vector(r#"[{"metric":{},"value":[1,"NaN"]}]"#).unwrap();
        assert!(read[0].value.is_nan() && read[0].deployment.is_empty());
        assert!(vector("[]").unwrap().is_empty());
    }

    #[test]
    fn a_refusal_is_told_in_the_words_of_prometheus() {
        let refused = r#"{"status":"error","errorType":"bad_data","error":"1:5: parse error"}"#;
        let said = samples(refused.as_bytes()).unwrap_err().to_string();
        assert_eq!(said, "Prometheus refused: bad_data: 1:5: parse error");
        let matrix = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"2"]}}"#;
        assert!(samples(matrix.as_bytes()).unwrap_err().to_string().contains("gives a scalar"));
        for text in ["", "{}", "<html>", "[1]", r#"{"status":"success"}"#] {
            assert!(samples(text.as_bytes()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_body_makes_a_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = samples(&body);
        }
    }
}
