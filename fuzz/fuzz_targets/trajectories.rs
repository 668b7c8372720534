//! A file of trajectories: refused with a message, or the same again after it was written.
#![no_main]

use karma_analyze::Recordings;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| match Recordings::read(bytes) {
    Ok(recordings) => {
        let mut written = Vec::new();
        recordings.write(&mut written).expect("memory can be written");
        assert_eq!(Recordings::read(written.as_slice()).ok(), Some(recordings));
    }
    Err(error) => assert!(!error.to_string().is_empty()),
});
