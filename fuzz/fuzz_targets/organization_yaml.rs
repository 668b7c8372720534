//! An organisation in YAML is read or refused; what was read can be written, and reads back as the same.
#![no_main]

use karma_org::yaml;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(document) = yaml::read(text) else { return };
    let _ = karma_org::check(&document.specification);
    if let Ok(written) = yaml::write(&document.specification) {
        let again = yaml::read(&written).expect("what was written can be read");
        assert_eq!(again.specification, document.specification);
    }
});
