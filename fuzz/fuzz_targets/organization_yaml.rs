//! An organisation in YAML: refused with a message of one line per finding, or written again without loss.
#![no_main]

use karma_org::yaml;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| match yaml::read(bytes) {
    Ok(document) => {
        let written = yaml::write(&document.specification).expect("what was read can be written");
        let again = yaml::read(&written).expect("what was written can be read");
        assert_eq!(again.specification, document.specification);
        assert_eq!(yaml::write(&again.specification).expect("it was written before"), written);
    }
    Err(findings) => {
        assert!(!findings.0.is_empty());
        for finding in findings.0 {
            let message = finding.to_string();
            assert!(!message.chars().any(char::is_control), "{message:?}");
        }
    }
});
