//! MOISE XML: real organisations are read whole and written again, wrong ones are told what is wrong with them,
//! and hostile ones do no harm.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

#[path = "moise_xml/files.rs"]
mod files;

#[path = "moise_xml/round_trip.rs"]
mod round_trip;

#[path = "support/mod.rs"]
mod support;

#[path = "moise_xml/findings.rs"]
mod findings;

#[path = "moise_xml/hostile.rs"]
mod hostile;

#[path = "moise_xml/includes.rs"]
mod includes;

#[path = "moise_xml/every_element.rs"]
mod every_element;
