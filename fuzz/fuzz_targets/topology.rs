//! `topology.json`: loaded with finite numbers, or refused with a message of one line.
#![no_main]

use karma_core::Topology;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match Topology::read(bytes) {
        Ok(topology) => {
            let ceiling = topology.ceiling();
            assert!(ceiling.rate.0.is_finite() && ceiling.rate.0 > 0.0, "{ceiling:?}");
            assert!(topology.slo.0.is_finite() && topology.timeout >= topology.slo);
            assert!(!topology.describe_limit(ceiling.limit).is_empty());
            assert_eq!(topology.call_order().len(), topology.services.len());
        }
        Err(error) => {
            let message = error.to_string();
            assert!(!message.is_empty() && !message.chars().any(char::is_control), "{message:?}");
        }
    }
});
