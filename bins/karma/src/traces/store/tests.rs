//! Tests of the database.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use karma_core::PerService;
use rusqlite::Connection;

use super::super::testing::{step, traces, window};
use super::super::{Problem, Summary, TraceStore};

fn services() -> PerService<String> {
    traces().services().clone()
}

fn create(path: &Path) -> TraceStore {
    TraceStore::create(path, &services(), 1, Some("{\"services\":{}}")).unwrap()
}

/// Whether opening the database after `change` is refused with a message that has this in it.
fn refuses(change: &str, message: &str) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("traces.db");
    drop(create(&path));
    Connection::open(&path).unwrap().execute_batch(change).unwrap();
    let error = TraceStore::open(&path).unwrap_err().to_string();
    assert!(error.contains(message), "{error}");
}

#[test]
fn what_is_appended_is_read_by_another_connection_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("traces.db");
    let mut store = create(&path);
    let reader = TraceStore::open(&path).unwrap();
    assert_eq!((reader.topology(), reader.services()), (Some("{\"services\":{}}"), &services()));
    let header = window(Some(7), 0).header;
    let mut writer = store.begin_window(&header).unwrap();
    let id = writer.id();
    writer.append(&[step(0), step(1)]).unwrap();
    assert_eq!(reader.read_window(id).unwrap().steps, [step(0), step(1)]);
    writer.append(&[step(2)]).unwrap();
    assert_eq!(reader.summary().unwrap(), Summary { windows: 1, incomplete: 1, steps: 3, rows: 6 });
    writer.finish().unwrap();
    assert_eq!(reader.read_window(id).unwrap(), window(Some(7), 3));
    assert!(reader.windows().unwrap()[0].complete);
}

#[test]
fn a_window_that_was_not_finished_counts_from_its_second_step() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = create(&directory.path().join("traces.db"));
    for steps in [0, 1, 2] {
        let window = window(None, steps);
        store.begin_window(&window.header).unwrap().append(&window.steps).unwrap();
    }
    let read: Vec<u64> = store.windows().unwrap().iter().map(|entry| entry.steps).collect();
    assert_eq!(read, [2]);
    assert_eq!(store.traces().unwrap().windows()[0].transitions(), 1);
}

#[test]
fn a_whole_window_is_complete_or_not_there() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = create(&directory.path().join("traces.db"));
    let mut wrong = window(None, 3);
    wrong.steps[2].state.entry_rates = vec![].into();
    store.append_window(&wrong).unwrap_err();
    let id = store.append_window(&window(None, 1)).unwrap();
    let entries = store.windows().unwrap();
    assert_eq!((entries.len(), entries[0].id, entries[0].complete, entries[0].steps), (1, id, true, 1));
}

#[test]
fn a_batch_with_a_wrong_step_leaves_nothing_behind() {
    let directory = tempfile::tempdir().unwrap();
    let mut store = create(&directory.path().join("traces.db"));
    let mut writer = store.begin_window(&window(None, 0).header).unwrap();
    writer.append(&[step(0), step(1)]).unwrap();
    let mut wrong = step(3);
    wrong.state.services = vec![].into();
    let error = writer.append(&[step(2), wrong]).unwrap_err().to_string();
    assert!(error.ends_with("window 1, step 3: samples for 0 services, but the traces have 2"), "{error}");
    let error = writer.append(&[step(1)]).unwrap_err().to_string();
    assert!(
        error.ends_with("window 1, step 2: the time is 15.1 s; it must be finite and after 15.1 s"),
        "{error}"
    );
    writer.append(&[step(2)]).unwrap();
    assert_eq!(store.traces().unwrap().windows(), [window(None, 3)]);
}

#[test]
fn a_database_of_something_else_of_a_later_version_or_without_its_parts_is_refused() {
    refuses("PRAGMA application_id = 0", "not a database of traces");
    refuses("PRAGMA user_version = 2", "traces of version 2, but this program reads version 1 only");
    refuses("UPDATE meta SET value = '0123' WHERE key = 'columns'", "traces with the columns 0123");
    refuses("DELETE FROM services", "damaged: there is no service");
    refuses("DROP TABLE meta", "no such table: meta");
}

#[test]
fn a_database_that_exists_is_not_created_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("traces.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE mine (x)").unwrap();
    let error = TraceStore::create(&path, &services(), 1, None).unwrap_err();
    assert!(matches!(error.problem, Problem::Occupied), "{error}");
}

#[test]
fn rows_that_are_missing_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("traces.db");
    super::write(&path, &traces()).unwrap();
    let database = Connection::open(&path).unwrap();
    database.execute("DELETE FROM service_steps WHERE window = 2 AND step = 1 AND service = 0", []).unwrap();
    let error = TraceStore::open(&path).unwrap().traces().unwrap_err().to_string();
    assert!(error.ends_with("the file is damaged: rows of window 2 are missing"), "{error}");
    let error = TraceStore::open(&path).unwrap().read_window(3).unwrap_err().to_string();
    assert!(error.ends_with("there is no window 3"), "{error}");
}

const KILLED: &str = "killed.db";

/// The process that the next test kills: without that test's database it does nothing.
#[test]
#[ignore = "a process that writes until it is killed"]
fn writer_to_be_killed() {
    let Ok(mut store) = TraceStore::open(Path::new(KILLED)) else { return };
    let mut writer = store.begin_window(&window(None, 0).header).unwrap();
    for number in (0..60_000).step_by(10) {
        writer.append(&(number..number + 10).map(step).collect::<Vec<_>>()).unwrap();
    }
}

#[test]
fn a_killed_writer_leaves_whole_batches() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join(KILLED);
    let reader = create(&path);
    let steps = || reader.windows().unwrap().first().map_or(0, |entry| entry.steps);
    let mut writer = Command::new(std::env::current_exe().unwrap())
        .args(["writer_to_be_killed", "--ignored"])
        .current_dir(directory.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while steps() < 200 {
        assert_eq!(writer.try_wait().unwrap(), None, "the writer ended by itself");
    }
    writer.kill().unwrap();
    writer.wait().unwrap();
    let left = steps();
    drop(reader);
    let store = TraceStore::open(&path).unwrap();
    let traces = store.traces().unwrap();
    let number = u16::try_from(left).unwrap();
    assert!(number >= 200 && number.is_multiple_of(10), "{number} steps");
    assert_eq!(traces.windows(), [window(None, number)]);
    assert!(!store.windows().unwrap()[0].complete);
}

#[test]
#[ignore = "measures: two million rows, in batches of 100 steps of 2 services"]
#[expect(clippy::disallowed_methods, reason = "a measurement of time")]
fn two_million_rows_are_appended() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("traces.db");
    let mut store = create(&path);
    let begun = Instant::now();
    for _ in 0..100 {
        let window = window(None, 10_000);
        let mut writer = store.begin_window(&window.header).unwrap();
        for batch in window.steps.chunks(100) {
            writer.append(batch).unwrap();
        }
        writer.finish().unwrap();
    }
    let (seconds, summary) = (begun.elapsed().as_secs_f64(), store.summary().unwrap());
    drop(store);
    let bytes = std::fs::metadata(&path).unwrap().len();
    println!(
        "{} rows: {:.0} a second, {} bytes each",
        summary.rows,
        summary.rows as f64 / seconds,
        bytes / summary.rows
    );
    let begun = Instant::now();
    let store = TraceStore::open(&path).unwrap();
    let windows = store.windows().unwrap();
    assert!(windows.iter().all(|entry| store.read_window(entry.id).unwrap().steps.len() == 10_000));
    println!("read: {:.0} rows a second", summary.rows as f64 / begun.elapsed().as_secs_f64());
}
