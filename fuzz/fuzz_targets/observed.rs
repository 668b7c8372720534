//! Any bytes as what Prometheus or metrics-server answers: refused with a message, or samples whose pods have no
//! amount that is no number. Any text as a template: refused, or a query.
#![no_main]

use std::collections::BTreeMap;

use karma_core::Metric;
use karma_k8s::observe::{QueryParams, SourceParams, pod_use, samples};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Err(error) = samples(bytes) {
        assert!(!error.to_string().is_empty());
    }
    for used in pod_use(bytes).into_iter().flat_map(BTreeMap::into_values) {
        assert!(!used.cpu.value.is_nan() && !used.memory.value.is_nan());
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let metrics = [(Metric::RequestRate, text.to_owned())].into();
        let source = SourceParams { sampled_at: "x".to_owned(), metrics, junk_rate: None };
        let params = QueryParams { sources: [("a".to_owned(), source)].into(), ..QueryParams::default() };
        let _ = params.check();
    }
});
