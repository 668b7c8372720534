//! Mappings from files and flags.

use std::fs;
use std::path::Path;

use karma_twin::table::{Mapping, MappingParams};

use super::cli::MappingArgs;
use super::error::ModelError;

impl MappingArgs {
    /// Whether anything of a mapping is given.
    pub(super) const fn is_given(&self) -> bool {
        self.mapping.is_some()
            || !self.predict.is_empty()
            || !self.control.is_empty()
            || !self.given.is_empty()
    }

    /// The mapping of the file with the flags on top: a list given by flags replaces that of the file.
    pub(super) fn read(&self) -> Result<Mapping, ModelError> {
        let mut params = self.mapping.as_deref().map_or_else(|| Ok(MappingParams::default()), read_file)?;
        let flags = self.clone();
        replace(&mut params.predict, flags.predict);
        replace(&mut params.control, flags.control);
        replace(&mut params.given, flags.given);
        replace(&mut params.drop, flags.drop);
        params.run = flags.run.or(params.run);
        params.time = flags.time.or(params.time);
        params.max_gap = flags.max_gap.or(params.max_gap);
        let place =
            self.mapping.as_deref().map_or_else(|| "mapping".to_owned(), |path| path.display().to_string());
        params.check().map_err(|problem| ModelError::Mapping { place, problem })
    }
}

fn replace<T>(list: &mut Vec<T>, flags: Vec<T>) {
    if !flags.is_empty() {
        *list = flags;
    }
}

fn read_file(path: &Path) -> Result<MappingParams, ModelError> {
    let text =
        fs::read_to_string(path).map_err(|source| ModelError::Read { path: path.to_owned(), source })?;
    toml::from_str(&text).map_err(|error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let message = error.message().lines().map(str::trim).collect::<Vec<_>>().join("; ");
        ModelError::Document { path: path.to_owned(), line: before.matches('\n').count() + 1, message }
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use karma_twin::table::{SplitParams, When};

    use super::*;

    const HOTEL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/mappings/hotel-reservation.toml");
    const BOUTIQUE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/mappings/online-boutique.toml");
    const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/mappings/example.toml");

    #[derive(Parser)]
    struct Flags {
        #[command(flatten)]
        mapping: MappingArgs,
    }

    fn read(arguments: &[&str]) -> Result<Mapping, ModelError> {
        Flags::parse_from(std::iter::once(&"test").chain(arguments)).mapping.read()
    }

    #[test]
    fn the_documented_mappings_are_sound() {
        let example = read(&["--mapping", EXAMPLE]).unwrap();
        assert_eq!(example.params().control[0].when, When::Decided);
        assert_eq!(example.params().split, SplitParams::Run("mon".to_owned()));
        assert_eq!(read(&["--mapping", HOTEL]).unwrap().params().predict.len(), 3);
        assert!(read(&["--mapping", BOUTIQUE]).unwrap().params().pods.is_some());
    }

    #[test]
    fn the_example_shows_every_setting() {
        let text = fs::read_to_string(EXAMPLE).unwrap();
        let written: toml::Table = text.parse().unwrap();
        let params = read(&["--mapping", EXAMPLE]).unwrap().params().clone();
        let all = toml::Table::try_from(&params).unwrap();
        assert_eq!(written.keys().collect::<Vec<_>>(), all.keys().collect::<Vec<_>>());
        for setting in
            ["columns", "name", "divide", "scale", "floor", "min", "max", "unit", "when", "# every"]
        {
            assert!(text.lines().any(|line| line.starts_with(&format!("{setting} = "))), "{setting}");
        }
    }

    #[test]
    fn the_short_form_gives_the_same_table_as_the_file() {
        let short = [
            "--run",
            "run",
            "--time",
            "event_start_time",
            "--max-gap",
            "45",
            "--drop",
            "p99 <= 0",
            "--predict",
            "load/30,avg_latency:log10:1,p99:log10:1,stddev_latency:log10:0.1",
            "--control",
            "alloc_*",
        ];
        let csv = "run,load,avg_latency,p99,stddev_latency,event_start_time,alloc_a\na,30,1,10,0.1,0,2\na,60,1,10,0.1,30,3\n";
        let rows = |mapping: Mapping| mapping.read(csv.as_bytes()).unwrap().windows().to_vec();
        assert_eq!(rows(read(&short).unwrap()), rows(read(&["--mapping", HOTEL]).unwrap()));
    }

    #[test]
    fn flags_override_the_file() {
        let mapping = read(&["--mapping", HOTEL, "--max-gap", "31", "--drop", "load <= 0"]).unwrap();
        assert_eq!((mapping.params().max_gap, mapping.params().predict.len()), (Some(31.0), 3));
        assert_eq!(mapping.params().drop, ["load <= 0"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_file_and_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("m.toml");
        let refused = |text: &str| {
            fs::write(&path, text).unwrap();
            let error = read(&["--mapping", path.to_str().unwrap()]).unwrap_err().to_string();
            error.replace(&format!("{}/", directory.path().display()), "")
        };
        assert!(refused("run = \"a\"\ntim = \"b\"\n").starts_with("m.toml:2: unknown field `tim`"));
        assert!(
            refused("[[predict]]\ncolumns = \"x\"\nscale = \"ln\"\n")
                .starts_with("m.toml:3: unknown variant `ln`")
        );
        assert_eq!(refused(""), "m.toml: predict is an empty list; allowed: at least one column");
    }
}
