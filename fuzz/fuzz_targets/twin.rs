//! A twin's artefact: refused with a message, or one that gives its bytes back.
#![no_main]

use karma_twin::Twin;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match Twin::from_bytes(bytes) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(twin) => assert!(twin.to_bytes().is_ok()),
    }
});
