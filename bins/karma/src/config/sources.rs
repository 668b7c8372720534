//! Where a setting was written, so that an error can point there.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::sync::Arc;

use toml::de::{DeTable, DeValue};

use super::error::ConfigError;
use super::read::is_path;
use crate::organization::OrganizationFiles;

/// The places in which settings were written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sources {
    pub(super) file: Option<SourceFile>,
    /// Settings that a flag gave, with the flag.
    pub(super) flags: Vec<(&'static str, &'static str)>,
    /// The only files that the settings may name, where they are not those of the disk.
    pub(super) held: Option<Arc<HeldFiles>>,
}

/// Files in memory, by their names.
pub(crate) type HeldFiles = BTreeMap<String, Vec<u8>>;

/// A configuration file that was read.
#[derive(Clone, Debug)]
pub(super) struct SourceFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
}

impl Sources {
    /// An error at the place of `setting`, a path such as `learner.gamma`.
    pub(super) fn refuse(&self, setting: &str, message: &impl ToString) -> ConfigError {
        ConfigError::Setting { place: self.place(setting), message: message.to_string() }
    }

    /// A file that the settings name.
    pub(super) fn open(&self, name: &str) -> io::Result<Box<dyn Read + '_>> {
        let Some(held) = &self.held else { return Ok(Box::new(File::open(name)?)) };
        held.get(name).map(|bytes| Box::new(bytes.as_slice()) as Box<dyn Read>).ok_or_else(|| {
            io::Error::new(io::ErrorKind::NotFound, "there is no such file beside the settings")
        })
    }

    /// The files of an organisation, if they are not those of the disk.
    pub(super) fn organization(&self, name: &str) -> Option<OrganizationFiles> {
        let held = self.held.as_ref().filter(|_| is_path(name))?;
        Some(OrganizationFiles::held(name, |name| held.get(name).cloned()))
    }

    /// All that is in such a file.
    pub(super) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open(name)?.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// The flag of `setting`, or its place in the file, or else its own name.
    fn place(&self, setting: &str) -> String {
        let covers = |given: &str| {
            setting.strip_prefix(given).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        if let Some((_, flag)) = self.flags.iter().find(|(given, _)| covers(given)) {
            return (*flag).to_owned();
        }
        self.file.as_ref().and_then(|file| file.place(setting)).unwrap_or_else(|| setting.to_owned())
    }
}

impl SourceFile {
    fn place(&self, setting: &str) -> Option<String> {
        let (line, column) = line_and_column(&self.text, offset_of(&self.text, setting)?);
        Some(format!("{}:{line}:{column}", self.path.display()))
    }
}

/// The byte at which the value of `setting` begins; a part that is a number indexes a list. What cannot be followed
/// further is given by its nearest parent.
fn offset_of(text: &str, setting: &str) -> Option<usize> {
    let document = DeTable::parse(text).ok()?;
    let mut parts = setting.split('.');
    let mut value = document.get_ref().get(parts.next()?)?;
    for part in parts {
        let next = match value.get_ref() {
            DeValue::Table(table) => table.get(part),
            DeValue::Array(items) => part.parse().ok().and_then(|index: usize| items.get(index)),
            _ => None,
        };
        match next {
            Some(next) => value = next,
            None => break,
        }
    }
    Some(value.span().start)
}

/// Line and column of a byte, both from 1; columns count characters.
pub(super) fn line_and_column(text: &str, offset: usize) -> (usize, usize) {
    let before: String = text.char_indices().take_while(|(at, _)| *at < offset).map(|(_, c)| c).collect();
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|c| *c != '\n').count() + 1;
    (line, column)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(text: &str) -> Sources {
        let file = SourceFile { path: "run.toml".into(), text: text.to_owned() };
        Sources { file: Some(file), flags: vec![("seed", "--seed"), ("scenarios", "--scenario")], held: None }
    }

    #[test]
    fn a_setting_is_found_in_its_file() {
        let sources = sources("topology = \"chain4\"\n\n[learner]\ngamma = 2.0\n");
        assert_eq!(sources.refuse("learner.gamma", &"no").to_string(), "run.toml:4:9: no");
        assert_eq!(sources.refuse("topology", &"no").to_string(), "run.toml:1:12: no");
    }

    #[test]
    fn items_of_a_list_are_found_and_deeper_parts_fall_back_to_their_parent() {
        let sources = sources("list = [\"ddos\",\n  \"dos\"]\n");
        assert_eq!(sources.refuse("list.1", &"no").to_string(), "run.toml:2:3: no");
        assert_eq!(sources.refuse("list.1.episode.measured", &"no").to_string(), "run.toml:2:3: no");
    }

    #[test]
    fn a_flag_is_named_and_a_default_by_its_setting() {
        let sources = sources("seed = 4\n");
        assert_eq!(sources.refuse("seed", &"no").to_string(), "--seed: no");
        assert_eq!(sources.refuse("scenarios.1", &"no").to_string(), "--scenario: no");
        assert_eq!(sources.refuse("alpha", &"no").to_string(), "alpha: no");
    }

    #[test]
    fn columns_count_characters() {
        assert_eq!(line_and_column("ä = \"ö\"\nß = 1", 12), (2, 2));
    }
}
