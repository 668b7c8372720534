//! A run's configuration as TOML: what is read is written and read back the same.
#![no_main]

use karma::config::RunParams;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match toml::from_str::<RunParams>(text) {
        Ok(params) => {
            let Ok(written) = toml::to_string(&params) else { return };
            let again: RunParams = toml::from_str(&written).expect("what was written reads back");
            assert_eq!(toml::to_string(&again).ok().as_deref(), Some(written.as_str()));
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});
