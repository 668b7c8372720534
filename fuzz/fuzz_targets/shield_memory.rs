//! The shield's memory: refused with a message, or the same bytes again.
#![no_main]

use karma_shield::Memory;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| match Memory::from_bytes(bytes) {
    Ok(memory) => assert_eq!(memory.to_bytes(), bytes),
    Err(error) => assert!(!error.to_string().is_empty()),
});
