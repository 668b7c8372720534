//! `karma org convert`: MOISE XML to YAML and back.

use std::path::Path;

use anyhow::bail;
use karma_org::spec::OrganizationalSpecification;
use karma_org::{xml, yaml};

use super::cli::ConvertArgs;
use super::files::OrganizationFiles;

/// A form of a specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Xml,
    Yaml,
}

impl Form {
    /// The specification in this form.
    pub(super) fn write(self, specification: &OrganizationalSpecification) -> anyhow::Result<String> {
        Ok(match self {
            Self::Xml => xml::write(specification)?,
            Self::Yaml => yaml::write(specification)?,
        })
    }

    fn of(path: &Path) -> anyhow::Result<Self> {
        match path.extension().and_then(|ending| ending.to_str()) {
            Some("xml") => Ok(Self::Xml),
            Some("yaml" | "yml") => Ok(Self::Yaml),
            _ => bail!("{}: the ending chooses the form: .xml, .yaml or .yml", path.display()),
        }
    }
}

/// The specification in the form that the ending of `--out` says, or else in the other form.
pub(super) fn run(args: &ConvertArgs) -> anyhow::Result<String> {
    let files = OrganizationFiles::find(&args.file)?;
    let (specification, _) = files.read()?;
    let form = match &args.out {
        Some(path) => Form::of(path)?,
        None if files.is_xml() => Form::Yaml,
        None => Form::Xml,
    };
    form.write(&specification)
}
