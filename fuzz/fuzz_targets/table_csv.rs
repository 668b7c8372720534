//! Any CSV file under a mapping: refused with a message, or a table without infinities whose windows go forward in time.
#![no_main]

use karma_twin::table::MappingParams;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let params = MappingParams {
        run: Some("run".to_owned()),
        time: Some("time".to_owned()),
        drop: vec!["y < 0".to_owned()],
        predict: vec!["x:log10:1".parse().expect("a column"), "y/2:root".parse().expect("a column")],
        control: vec!["u*:decided".parse().expect("a column")],
        ..MappingParams::default()
    };
    match params.check().expect("a sound mapping").read(bytes) {
        Err(error) => assert!(!error.to_string().is_empty()),
        Ok(table) => {
            for window in table.windows() {
                assert!(window.times().is_sorted());
                assert!(window.rows().flatten().all(|value| !value.is_infinite()));
            }
        }
    }
});
