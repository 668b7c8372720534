//! Which columns a file has, and whether this program can read them.

use thiserror::Error;

use super::schema::{FORMAT, Field, VERSION, columns, digest, published_columns};

/// A file whose columns this program does not know.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum LayoutError {
    /// Not ours.
    #[error("not a file of traces: {found} stands where \"{FORMAT} {VERSION}\" is expected")]
    Foreign {
        /// What stands there.
        found: String,
    },
    /// Written by a later program.
    #[error(
        "traces of version {version}, but this program reads version {VERSION} only; use a newer program"
    )]
    Newer {
        /// The file's version.
        version: u32,
    },
    /// The same version, with other columns.
    #[error(
        "traces with the columns {found}, but this program has the columns {}; use the program that wrote them",
        digest()
    )]
    OtherSchema {
        /// The file's digest of its columns.
        found: String,
    },
    /// A column that does not exist.
    #[error("there is no column {name:?}; the nearest is {nearest:?}")]
    Unknown {
        /// What is written.
        name: String,
        /// The known name that is most like it.
        nearest: String,
    },
    /// A column of ours in a file that does not say that it is ours.
    #[error(
        "the column {name:?} needs \"# {}\" in the first line; without it the authors' 17 columns are known",
        signature()
    )]
    Unversioned {
        /// The column.
        name: String,
    },
    /// A column is not there.
    #[error("the column {name:?} is missing")]
    Missing {
        /// The column.
        name: String,
    },
    /// A column stands twice.
    #[error("the column {name:?} stands twice")]
    Twice {
        /// The column.
        name: String,
    },
}

/// Refuses what another version of the format or of the columns has written.
///
/// # Errors
/// If the version is another one, or the digest is not that of this program's columns.
pub fn check_version(version: u32, found: &str) -> Result<(), LayoutError> {
    if version > VERSION {
        Err(LayoutError::Newer { version })
    } else if version < VERSION {
        Err(LayoutError::Foreign { found: format!("version {version}") })
    } else if found != digest().to_string() {
        Err(LayoutError::OtherSchema { found: found.to_owned() })
    } else {
        Ok(())
    }
}

/// What says that a file is ours: the name of the format, its version and the digest of its columns.
pub fn signature() -> String {
    format!("{FORMAT} {VERSION} {}", digest())
}

/// Refuses a text that is no [`signature`] of this program.
///
/// # Errors
/// If it is of another format or version, or of other columns.
pub fn check_signature(text: &str) -> Result<(), LayoutError> {
    let mut words = text.split_whitespace();
    let foreign =
        || LayoutError::Foreign { found: format!("{:?}", text.chars().take(60).collect::<String>()) };
    let (Some(FORMAT), Some(version), Some(digest)) = (words.next(), words.next(), words.next()) else {
        return Err(foreign());
    };
    check_version(version.parse().map_err(|_| foreign())?, digest)
}

/// The columns of these names, in the order of the file, and the number of entry points.
///
/// # Errors
/// If a column is unknown, missing or there twice.
pub fn layout<'a>(names: impl Iterator<Item = &'a str>) -> Result<(Vec<Field>, usize), LayoutError> {
    let fields =
        names.map(|name| Field::named(name).ok_or_else(|| unknown(name))).collect::<Result<Vec<_>, _>>()?;
    let entry_points = fields.iter().filter(|field| matches!(field, Field::EntryRate(_))).count();
    check_complete(&fields, &columns(entry_points))?;
    Ok((fields, entry_points))
}

/// The authors' columns of these names, in the order of the file.
pub(super) fn published_layout<'a>(names: impl Iterator<Item = &'a str>) -> Result<Vec<Field>, LayoutError> {
    let published: Vec<Field> = published_columns().collect();
    let named = |name: &str| match Field::named(name) {
        Some(field) if published.contains(&field) => Ok(field),
        Some(_) => Err(LayoutError::Unversioned { name: name.to_owned() }),
        None => Err(unknown(name)),
    };
    let fields = names.map(named).collect::<Result<Vec<_>, _>>()?;
    check_complete(&fields, &published)?;
    Ok(fields)
}

/// Whether `found` are the `expected` columns in any order.
fn check_complete(found: &[Field], expected: &[Field]) -> Result<(), LayoutError> {
    for (index, field) in found.iter().enumerate() {
        if found[..index].contains(field) {
            return Err(LayoutError::Twice { name: field.name().into_owned() });
        }
    }
    match expected.iter().find(|field| !found.contains(field)) {
        Some(field) => Err(LayoutError::Missing { name: field.name().into_owned() }),
        None => Ok(()),
    }
}

fn unknown(name: &str) -> LayoutError {
    let known = columns(1).into_iter().map(Field::name);
    let nearest =
        known.max_by(|a, b| strsim::jaro_winkler(a, name).total_cmp(&strsim::jaro_winkler(b, name)));
    LayoutError::Unknown { name: name.to_owned(), nearest: nearest.unwrap_or_default().into_owned() }
}
