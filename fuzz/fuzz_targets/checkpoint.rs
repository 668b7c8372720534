//! A checkpoint: refused with a message, or the same bytes again.
#![no_main]

use karma_nn::{Checkpoint, Header};
use libfuzzer_sys::fuzz_target;

/// What the seeds were made for.
const DIGEST: &str = "fuzz";

fuzz_target!(|bytes: &[u8]| {
    let header = Header::from_bytes(bytes);
    match Checkpoint::from_bytes(bytes, DIGEST) {
        Ok(checkpoint) => {
            assert_eq!(header.as_ref().ok(), Some(checkpoint.header()));
            let written = checkpoint.to_bytes().expect("what was read can be written");
            assert_eq!(Checkpoint::from_bytes(&written, DIGEST).ok(), Some(checkpoint));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
