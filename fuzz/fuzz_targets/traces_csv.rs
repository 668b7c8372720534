//! Traces as CSV, ours or the authors' 17 columns: refused with a message, or written and read back the same.
#![no_main]

use karma_twin::trace::{read_csv, write_csv};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let traces = match read_csv(bytes) {
        Ok(traces) => traces,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return;
        }
    };
    let mut written = Vec::new();
    if write_csv(&traces, &mut written).is_ok() {
        assert_eq!(read_csv(written.as_slice()).expect("what was written is read"), traces);
    }
});
