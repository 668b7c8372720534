//! From the bytes of a TOML file to settings as written.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use super::Choice;
use super::error::ConfigError;
use super::params::RunParams;
use super::sources::{SourceFile, Sources, line_and_column};

/// Most bytes of a configuration file.
const MAX_BYTES: u64 = 1 << 20;

/// Reads a configuration file. Paths in it are relative to its directory.
pub(super) fn read_file(path: &Path) -> Result<(RunParams, Sources), ConfigError> {
    let text = read_text(path)?;
    let mut params = parse(path, &text)?;
    let base = path.parent().unwrap_or(Path::new(""));
    params.topology = relative_to(base, &params.topology);
    params.organization = relative_to(base, &params.organization);
    // Always a path: a twin has no name.
    params.twin = params.twin.map(|twin| base.join(twin).to_string_lossy().into_owned());
    match &mut params.workload {
        Choice::Name(name) => *name = relative_to(base, name),
        Choice::Table(table) => {
            if let karma_mock::WorkloadParams::Trace(replay) = table.as_mut() {
                replay.trace = relative_to(base, &replay.trace);
            }
        }
    }
    let file = SourceFile { path: path.to_owned(), text };
    Ok((params, Sources { file: Some(file), ..Sources::default() }))
}

fn read_text(path: &Path) -> Result<String, ConfigError> {
    let failed = |source| ConfigError::Read { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes)).map_err(failed)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(ConfigError::TooLarge { path: path.to_owned(), limit: MAX_BYTES });
    }
    let text = String::from_utf8(bytes).map_err(|error| ConfigError::NotUtf8 {
        path: path.to_owned(),
        line: error.as_bytes()[..error.utf8_error().valid_up_to()].split(|byte| *byte == b'\n').count(),
    })?;
    let text = text.strip_prefix('\u{feff}').map_or(text.clone(), str::to_owned);
    if text.trim().is_empty() { Err(ConfigError::Empty { path: path.to_owned() }) } else { Ok(text) }
}

pub(super) fn parse(path: &Path, text: &str) -> Result<RunParams, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let (line, column) = line_and_column(text, error.span().map_or(0, |span| span.start));
        let message = explain(error.message());
        ConfigError::Document { path: path.to_owned(), line, column, message }
    })
}

/// Adds the nearest known name to serde's "unknown field `x`, expected one of `a`, `b`".
fn explain(message: &str) -> String {
    let message = message.lines().map(str::trim).collect::<Vec<_>>().join("; ");
    let names: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    match names.as_slice() {
        [written, known @ ..] if message.starts_with("unknown ") => match nearest(written, known) {
            Some(name) => format!("{message}; did you mean `{name}`?"),
            None => message,
        },
        _ => message,
    }
}

/// The known name that is most likely meant.
fn nearest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let written: String = written.chars().take(64).collect();
    known
        .iter()
        .map(|known| (strsim::jaro_winkler(&written, known), *known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// Whether `name` is meant as the path of a file.
pub(crate) fn is_path(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    let known = ["json", "csv", "xml", "yaml", "yml"];
    name.contains(['/', '\\']) || extension.is_some_and(|extension| known.contains(&extension))
}

fn relative_to(base: &Path, name: &str) -> String {
    if is_path(name) { base.join(name).to_string_lossy().into_owned() } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.toml");
        std::fs::write(&path, bytes).unwrap();
        let error = read_file(&path).unwrap_err().to_string();
        error.replace(&directory.path().display().to_string(), "DIR")
    }

    #[test]
    fn a_slip_of_the_pen_is_answered_with_its_place_and_the_nearest_field() {
        let error = refused(b"seed = 4\ntopolgy = \"chain4\"\n");
        assert!(
            error.starts_with("DIR/run.toml:2:1: unknown field `topolgy`, expected one of `topology`"),
            "{error}"
        );
        assert!(error.ends_with("; did you mean `topology`?"), "{error}");
        let error = refused(b"[learner]\ngama = 0.9\n");
        assert!(error.starts_with("DIR/run.toml:2:1: unknown field `gama`"), "{error}");
        assert!(error.ends_with("; did you mean `gamma`?"), "{error}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_is_told_with_its_place() {
        assert_eq!(
            refused(b"alpha = \"three\"\n"),
            "DIR/run.toml:1:9: invalid type: string \"three\", expected u32"
        );
        assert!(
            refused(b"budget = \"soon\"\n")
                .starts_with("DIR/run.toml:1:10: \"soon\" is no budget; write a time")
        );
    }

    #[test]
    fn truncated_empty_binary_and_huge_files_are_refused_in_one_sentence() {
        assert_eq!(refused(b"topology = \"cha"), "DIR/run.toml:1:16: invalid basic string, expected `\"`");
        assert!(refused(b" \n").starts_with("DIR/run.toml: the file is empty; "));
        assert_eq!(
            refused(b"seed = 1\n\xff\xfe"),
            "DIR/run.toml:2: not UTF-8 text; a configuration is a TOML document"
        );
        let huge = "# filler\n".repeat(200_000);
        assert!(refused(huge.as_bytes()).contains("larger than 1024 KiB"));
        assert!(refused(b"seed = 1\nseed = 2\n").starts_with("DIR/run.toml:2:1: duplicate key"));
    }

    #[test]
    fn paths_in_a_file_are_relative_to_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run.toml");
        std::fs::write(
            &path,
            "topology = \"shop.json\"\nworkload = { kind = \"trace\", trace = \"load.csv\" }",
        )
        .unwrap();
        let (params, _) = read_file(&path).unwrap();
        assert_eq!(Path::new(&params.topology), directory.path().join("shop.json"));
        assert_eq!(relative_to(Path::new("conf"), "chain4"), "chain4");
    }
}
