//! The YAML form: nothing is lost on the way to it and back, MOISE's organisations can be written in it, what is
//! wrong is told with its place, and the JSON Schema says the same as the reader.

#[path = "yaml_form/reading.rs"]
mod reading;

#[path = "yaml_form/round_trip.rs"]
mod round_trip;

#[path = "yaml_form/schema.rs"]
mod schema;

#[path = "yaml_form/writing.rs"]
mod writing;

#[path = "support/mod.rs"]
#[expect(dead_code, reason = "shared with the tests of MOISE XML, which use all of it")]
mod support;
