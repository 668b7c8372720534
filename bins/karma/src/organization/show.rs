//! `karma org show` and `karma org schema`.

use anyhow::anyhow;
use karma_org::{draw, guide, yaml};

use super::cli::{Format, Part, ShowArgs};
use super::convert::Form;
use super::files::OrganizationFiles;

/// The organisation in the form that was asked for.
pub(super) fn run(args: &ShowArgs) -> anyhow::Result<String> {
    let files = OrganizationFiles::find(&args.file)?;
    let part = match args.part {
        Part::All => draw::Part::All,
        Part::Structure => draw::Part::Structure,
        Part::Goals => draw::Part::Goals,
        Part::Norms => draw::Part::Norms,
    };
    Ok(match args.format {
        Format::Text => draw::words(&files.check()?.organization, part),
        Format::Dot => draw::dot(&files.check()?.organization, part),
        Format::Svg => draw::svg(&files.check()?.organization, part),
        Format::Yaml => Form::Yaml.write(&files.read()?.0)?,
        Format::Xml => Form::Xml.write(&files.read()?.0)?,
        Format::Guides => files.guides()?.as_str()?.to_owned(),
    })
}

/// The JSON Schema of organisations in YAML, or of guides.
pub(super) fn schema(guides: bool) -> anyhow::Result<String> {
    let schema = if guides { yaml::document::schema::<guide::Binding>() } else { yaml::schema() };
    serde_json::to_string_pretty(&schema).map(|text| text + "\n").map_err(|error| anyhow!(error))
}
