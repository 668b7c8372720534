//! Tests of files of traces, whatever their form.

use std::fs;
use std::path::Path;
use std::time::Instant;

use karma_twin::trace::Traces;

use super::testing::{traces, window};
use super::{Problem, read_traces, write_traces};

const NAMES: [&str; 4] = ["traces.db", "traces.sqlite", "traces.csv", "traces.parquet"];

fn refused(path: &Path) -> String {
    read_traces(path).unwrap_err().to_string()
}

#[test]
fn every_form_gives_back_what_was_written() {
    let directory = tempfile::tempdir().unwrap();
    for name in NAMES {
        let path = directory.path().join(name);
        write_traces(&path, &traces()).unwrap();
        assert_eq!(read_traces(&path).unwrap(), traces(), "{name}");
    }
    assert_eq!(
        fs::read_dir(directory.path()).unwrap().count(),
        NAMES.len(),
        "nothing is left beside the files"
    );
}

#[test]
fn a_text_file_or_parquet_is_replaced_and_a_database_is_not() {
    let directory = tempfile::tempdir().unwrap();
    for name in NAMES {
        let path = directory.path().join(name);
        write_traces(&path, &traces()).unwrap();
        match write_traces(&path, &traces()) {
            Ok(()) => assert!(name.ends_with("csv") || name.ends_with("parquet")),
            Err(error) => assert!(matches!(error.problem, Problem::Occupied), "{error}"),
        }
    }
}

#[test]
fn errors_name_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("traces.json");
    assert_eq!(
        refused(&path),
        format!("{}: the name of a file of traces ends with .db, .sqlite, .csv or .parquet", path.display())
    );
    for name in NAMES {
        let path = directory.path().join(name);
        assert!(refused(&path).contains("No such file"), "{}", refused(&path));
    }
    let path = directory.path().join("traces.csv");
    fs::write(&path, "timestamp,scenario\n").unwrap();
    assert_eq!(refused(&path), format!("{}: the column \"service_id\" is missing", path.display()));
}

#[test]
fn a_file_that_is_something_else_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    for name in NAMES {
        let path = directory.path().join(name);
        for content in [&b""[..], b"hello", &[0xFF; 10_000]] {
            fs::write(&path, content).unwrap();
            assert!(refused(&path).starts_with(&path.display().to_string()));
        }
    }
}

#[test]
fn damage_is_refused_or_harmless_and_never_a_panic() {
    let directory = tempfile::tempdir().unwrap();
    for name in NAMES {
        let path = directory.path().join(name);
        write_traces(&path, &traces()).unwrap();
        let whole = fs::read(&path).unwrap();
        for place in (0..whole.len()).step_by(whole.len() / 97 + 1) {
            let mut bytes = whole.clone();
            bytes[place] ^= 0x55;
            fs::write(&path, &bytes).unwrap();
            let _ = read_traces(&path);
            fs::write(&path, &whole[..place]).unwrap();
            if !name.ends_with("csv") {
                assert!(read_traces(&path).is_err(), "{name} cut at {place}");
            }
        }
    }
}

#[test]
#[ignore = "measures: 200 000 rows in every form"]
#[expect(clippy::disallowed_methods, reason = "a measurement of time")]
fn every_form_is_measured() {
    let directory = tempfile::tempdir().unwrap();
    let windows = (0..10).map(|seed| window(Some(seed), 10_000));
    let traces = Traces::new(traces().services().clone(), windows).unwrap();
    for name in NAMES {
        let path = directory.path().join(name);
        let begun = Instant::now();
        write_traces(&path, &traces).unwrap();
        let written = begun.elapsed().as_secs_f64();
        assert_eq!(read_traces(&path).unwrap(), traces);
        let read = begun.elapsed().as_secs_f64() - written;
        let (rows, bytes) = (200_000.0, fs::metadata(&path).unwrap().len());
        println!(
            "{name}: {:.0} rows a second written, {:.0} read, {} bytes a row",
            rows / written,
            rows / read,
            bytes / 200_000
        );
    }
}
