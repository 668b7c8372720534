//! The messages of `tensorflow/core/util/event.proto` and `framework/summary.proto`, as far as scalars need them.

/// The version of the format that every reader expects in the first event.
const VERSION: &str = "brain.Event:2";

/// Something that happened at a step.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Event {
    /// Seconds.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(string, optional, tag = "3")]
    file_version: Option<String>,
    #[prost(message, optional, tag = "5")]
    summary: Option<Summary>,
}

#[derive(Clone, PartialEq, prost::Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Scalar>,
}

/// `Summary.Value`: a named number.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct Scalar {
    #[prost(string, tag = "1")]
    tag: String,
    /// One case of a `oneof`, so that 0 is written too.
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

impl Event {
    /// What a file begins with.
    pub(super) fn version() -> Self {
        Self { file_version: Some(VERSION.to_owned()), ..Self::default() }
    }

    pub(super) fn scalars(wall_time: f64, step: i64, value: Vec<Scalar>) -> Self {
        Self { wall_time, step, summary: Some(Summary { value }), ..Self::default() }
    }
}

impl Scalar {
    #[expect(clippy::cast_possible_truncation, reason = "the format holds single precision")]
    pub(super) fn new(tag: String, value: f64) -> Self {
        Self { tag, simple_value: Some(value as f32) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::record;
    use super::*;

    /// `RecordWriter` and `event_pb2` of tensorboard 2.21.0.
    #[test]
    fn events_are_written_byte_for_byte_as_tensorboard_writes_them() {
        let version = b"\x0f\0\0\0\0\0\0\0mS+\t\x1a\rbrain.Event:2\xfc\x98Q)";
        assert_eq!(record::encode(&Event::version()), version);
        let values = [("losses/policy", -0.25), ("train/episodes", 0.0)];
        let values = values.map(|(tag, value)| Scalar::new(tag.to_owned(), value));
        let expected = b";\0\0\0\0\0\0\0\x1a#\xac\\\t\0\0\0\0\0\0\xf8?\x10\xac\x02*-\n\x14\n\rlosses/policy\x15\0\0\x80\xbe\
            \n\x15\n\x0etrain/episodes\x15\0\0\0\0\xe7k6a";
        assert_eq!(record::encode(&Event::scalars(1.5, 300, values.to_vec())), expected);
    }
}
