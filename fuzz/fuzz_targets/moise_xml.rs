//! MOISE XML: an organisation that survives being written, or findings of one line each.
#![no_main]

use karma_org::{Severity, xml};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let findings = match xml::read(bytes) {
        Ok(document) => {
            let written = xml::write(&document.specification).expect("what was read can be written");
            let again = xml::read(written).expect("what was written can be read");
            assert_eq!(again.specification, document.specification);
            assert!(document.warnings.iter().all(|finding| finding.severity == Severity::Warning));
            document.warnings
        }
        Err(findings) => {
            assert!(findings.0.iter().any(|finding| finding.severity == Severity::Error));
            findings.0
        }
    };
    for finding in findings {
        assert!(!finding.message.is_empty() && !finding.message.chars().any(char::is_control), "{finding}");
    }
});
