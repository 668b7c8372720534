//! The files of an organisation: what it is, and what it means on a cluster.
//!
//! An organisation `shop` is a specification, `shop.xml` (MOISE) or `shop.yaml`, and beside it `shop.guides.yaml`.
//! Either of the two names the pair.

use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use karma_core::Topology;
use karma_org::guide::{Binding, GuideSetting, Guides};
use karma_org::spec::OrganizationalSpecification;
use karma_org::{Finding, Findings, Organization, xml, yaml};

use super::error::OrganizationError;
use crate::config::is_path;

/// Name of the organisation that comes with the program.
pub const BUILT_IN: &str = "karma";

/// What a guides file adds to the name of its organisation.
const GUIDES: &str = ".guides.yaml";

/// Forms of a specification, in the order in which they are looked for.
const FORMS: [&str; 3] = ["xml", "yaml", "yml"];

/// Most bytes that are read of one file.
const MAX_BYTES: u64 = 4 << 20;

/// A file that was read, with the name under which findings are told.
#[derive(Clone, Debug)]
pub struct Text {
    /// Path, or the name of a built-in file.
    pub name: String,
    /// What it holds.
    pub bytes: Vec<u8>,
    /// Where included files lie; nowhere for a built-in one.
    folder: Option<PathBuf>,
}

/// A specification and, if there is one, what it means on a cluster.
#[derive(Clone, Debug)]
pub struct OrganizationFiles {
    /// The specification.
    pub specification: Text,
    /// The guides, or where they should be.
    guides: Result<Text, PathBuf>,
}

/// A checked organisation, and what is doubtful about it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The organisation.
    pub organization: Organization,
    /// Warnings of the reader and of the check.
    pub warnings: Vec<Finding>,
}

impl Text {
    fn read(path: &Path) -> Result<Self, OrganizationError> {
        let name = path.display().to_string();
        let bytes =
            bytes(path).map_err(|source| OrganizationError::Read { path: path.to_owned(), source })?;
        Ok(Self { name, bytes, folder: Some(path.parent().unwrap_or(Path::new("")).to_owned()) })
    }

    fn built_in(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), bytes: text.as_bytes().to_vec(), folder: None }
    }

    /// The text of a YAML file.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn as_str(&self) -> Result<&str, OrganizationError> {
        std::str::from_utf8(&self.bytes).map_err(|error| {
            let before = String::from_utf8_lossy(&self.bytes[..error.valid_up_to()]);
            let line = before.matches('\n').count() + 1;
            OrganizationError::NotUtf8 { file: self.name.clone(), line }
        })
    }

    /// A file that this one includes: beside it or below, nowhere else.
    fn included(&self, uri: &str) -> io::Result<Vec<u8>> {
        let relative = Path::new(uri);
        let plain = relative.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        match &self.folder {
            Some(folder) if plain => bytes(&folder.join(relative)),
            _ => Err(io::Error::new(
                io::ErrorKind::PermissionDenied,
                "only files beside the including one or in a folder below are included",
            )),
        }
    }
}

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than 4 MiB, the most that is read"));
    }
    Ok(bytes)
}

impl OrganizationFiles {
    /// The files of the organisation that comes with the program.
    pub fn built_in() -> Self {
        Self {
            specification: Text::built_in("karma.xml", karma_org::karma::SPECIFICATION),
            guides: Ok(Text::built_in("karma.guides.yaml", karma_org::karma::GUIDES)),
        }
    }

    /// The files that `name` stands for: `karma`, the path of a specification, or that of its guides.
    ///
    /// # Errors
    /// If a file cannot be read. Guides that do not exist are no error yet; what is wrong inside a file neither.
    pub fn find(name: &str) -> Result<Self, OrganizationError> {
        if name == BUILT_IN {
            return Ok(Self::built_in());
        }
        if !is_path(name) {
            return Err(OrganizationError::Unknown { name: name.to_owned() });
        }
        match name.strip_suffix(GUIDES) {
            Some(stem) => {
                let specification = Self::specification_of(stem)?;
                Ok(Self { specification, guides: Ok(Text::read(Path::new(name))?) })
            }
            None => Self::of_specification(Path::new(name)),
        }
    }

    /// The files of a specification called `name` that are in memory, as `read` gives them. They include no others.
    pub(crate) fn held(name: &str, read: impl Fn(&str) -> Option<Vec<u8>>) -> Self {
        let guides = format!("{}{GUIDES}", Path::new(name).with_extension("").display());
        let text = |name: &str| read(name).map(|bytes| Text { name: name.to_owned(), bytes, folder: None });
        Self {
            // What is not there is refused as what it then is: no specification.
            specification: text(name).unwrap_or_else(|| Text::built_in(name, "")),
            guides: text(&guides).ok_or_else(|| PathBuf::from(guides)),
        }
    }

    fn of_specification(path: &Path) -> Result<Self, OrganizationError> {
        let specification = Text::read(path)?;
        let guides = PathBuf::from(format!("{}{GUIDES}", path.with_extension("").display()));
        let guides = if guides.exists() { Ok(Text::read(&guides)?) } else { Err(guides) };
        Ok(Self { specification, guides })
    }

    fn specification_of(stem: &str) -> Result<Text, OrganizationError> {
        let candidates = FORMS.map(|form| PathBuf::from(format!("{stem}.{form}")));
        match candidates.iter().find(|path| path.exists()) {
            Some(path) => Text::read(path),
            None => Err(OrganizationError::NoSpecification { stem: stem.to_owned() }),
        }
    }

    /// The specification as it is written, with what is doubtful about its text.
    ///
    /// # Errors
    /// All that is wrong with the text.
    pub fn read(&self) -> Result<(OrganizationalSpecification, Vec<Finding>), OrganizationError> {
        let text = &self.specification;
        let mut includes = |uri: &str| text.included(uri);
        let read = if self.is_xml() {
            xml::read_with(&text.bytes, &mut includes).map(|read| (read.specification, read.warnings))
        } else {
            yaml::read_with(text.as_str()?, &mut includes).map(|read| (read.specification, read.warnings))
        };
        read.map_err(|findings| self.wrong(findings))
    }

    /// Whether the specification is XML: its first letter is a `<`, after a byte order mark perhaps.
    pub fn is_xml(&self) -> bool {
        let letter = self.specification.bytes.iter().find(|byte| byte.is_ascii_graphic());
        letter == Some(&b'<')
    }

    /// The specification, checked.
    ///
    /// # Errors
    /// All that is wrong with the text or with what it says.
    pub fn check(&self) -> Result<Checked, OrganizationError> {
        let (specification, mut warnings) = self.read()?;
        let organization = Organization::new(specification).map_err(|findings| self.wrong(findings))?;
        warnings.extend_from_slice(organization.warnings());
        Ok(Checked { organization, warnings })
    }

    /// The guides of a checked organisation, compiled for a topology.
    ///
    /// # Errors
    /// If there are none, or all that is wrong with them.
    pub fn compile(
        &self,
        organization: &Organization,
        topology: &Topology,
        setting: GuideSetting,
    ) -> Result<Guides, OrganizationError> {
        let text = self.guides()?;
        Binding::read(text.as_str()?)
            .and_then(|binding| Guides::compile(organization, &binding, topology, setting))
            .map_err(|findings| OrganizationError::Wrong { file: text.name.clone(), findings })
    }

    /// The guides as they are written.
    ///
    /// # Errors
    /// If there are none.
    pub fn guides(&self) -> Result<&Text, OrganizationError> {
        self.guides.as_ref().map_err(|path| OrganizationError::NoGuides {
            path: path.clone(),
            specification: self.specification.name.clone(),
        })
    }

    fn wrong(&self, findings: Findings) -> OrganizationError {
        OrganizationError::Wrong { file: self.specification.name.clone(), findings }
    }
}
