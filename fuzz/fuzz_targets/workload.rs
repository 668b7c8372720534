//! A recorded load as CSV: refused with a message, or replayed at finite rates that are not negative.
#![no_main]

use karma_core::RequestsPerSecond;
use karma_mock::workload::{ReplayParams, Split, Trace, Workload};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let trace = match Trace::read(bytes, "fuzzed") {
        Ok(trace) => trace,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    if let Ok(workload) = Workload::replay(trace, &ReplayParams::of("fuzzed")) {
        for split in Split::ALL {
            let rates = workload.rates(RequestsPerSecond(100.0), 60, split, 7);
            assert_eq!(rates.len(), 60);
            assert!(rates.iter().all(|rate| rate.is_finite() && *rate >= 0.0), "{rates:?}");
        }
    }
});
