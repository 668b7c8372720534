//! Counts what is in MOISE XML files: `cargo run -p karma-org --example moise_counts -- FILES…`
//!
//! Without files, of MOISE's own examples. Prints `roles/extends/groups/links/compatibilities/schemes/goals/missions/norms` for each, with what the reader
//! found. Inclusions are looked for in the folder of the file, then beside the other files. Ends with failure if
//! any file could not be read or does not survive writing and reading again.

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs, io, iter};

use karma_org::{Findings, xml};

#[path = "../tests/support/counts.rs"]
mod counts;

fn main() -> ExitCode {
    let mut files: Vec<String> = env::args().skip(1).collect();
    if files.is_empty() {
        files = own_files();
    }
    let folders: Vec<&Path> = files.iter().filter_map(|file| Path::new(file).parent()).collect();
    let mut failures = 0;
    for file in &files {
        match line(Path::new(file), &folders) {
            Ok(line) => report(&format!("{file}: {line}")),
            Err(error) => {
                report(&format!("{file}: {error}"));
                failures += 1;
            }
        }
    }
    if failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// MOISE's examples, which the tests read.
fn own_files() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/moise");
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let paths = entries.map(|entry| entry.path());
    let xml = paths.filter(|path| path.extension().is_some_and(|ending| ending == "xml"));
    let mut files: Vec<String> = xml.map(|path| path.display().to_string()).collect();
    files.sort();
    files
}

#[expect(clippy::print_stdout, reason = "an example that prints a table")]
fn report(line: &str) {
    println!("{line}");
}

fn line(file: &Path, folders: &[&Path]) -> Result<String, Box<dyn std::error::Error>> {
    let document = read(&fs::read(file)?, file, folders)?;
    let written = xml::write(&document.specification)?;
    if read(written.as_bytes(), file, folders)?.specification != document.specification {
        return Err("it is another organisation after writing and reading".into());
    }
    let counts = counts::counts(&document.specification).to_string();
    let warnings = document.warnings.iter().map(|warning| format!("  {warning}"));
    Ok(iter::once(counts).chain(warnings).collect::<Vec<_>>().join("\n"))
}

fn read(text: &[u8], file: &Path, folders: &[&Path]) -> Result<xml::Document, Findings> {
    let mut beside = |uri: &str| -> io::Result<Vec<u8>> {
        let places = file.parent().into_iter().chain(folders.iter().copied());
        let found = places.map(|folder| folder.join(uri)).find(|place| place.is_file());
        fs::read(found.ok_or(io::ErrorKind::NotFound)?)
    };
    xml::read_with(text, &mut beside)
}
