//! The container of a policy artefact: a few named files as one file.
//!
//! It is an uncompressed tar archive in one normal form, so `tar tf team.karma` lists it and the same content gives the same
//! bytes. Its first entry, `karma.json`, says what it is, of which version, and the digest of each other entry; those follow
//! in the order of their names, with owner, time and mode always the same. What differs from that form in a single bit, also
//! where no file is, is refused.

use std::collections::BTreeMap;
use std::io::{self, Read as _};

use karma_k8s::resource::digest_of;
use serde::{Deserialize, Serialize};
use tar::{Archive, Builder, EntryType, Header};
use thiserror::Error;

const CARD: &str = "karma.json";
const FORMAT: &str = "karma-team";
/// Version of the container and of what stands in it.
const VERSION: u64 = 1;
/// Most bytes of an artefact: what a controller reads.
const MOST: usize = 64 << 20;

/// Files by their names.
pub(super) type Files = BTreeMap<String, Vec<u8>>;

/// `karma.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Card {
    format: String,
    version: u64,
    /// The digest of each file.
    files: BTreeMap<String, String>,
}

/// Bytes that are no policy artefact, or none that can be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ContainerError {
    /// Something else.
    #[error("it is no policy artefact ({0}); karma-transfer package makes one of a run")]
    Foreign(String),
    /// A later program wrote it.
    #[error(
        "it is a policy artefact of version {found}; this program knows version {VERSION}: use the program that packaged it, or \
         package the run again with this one"
    )]
    TooNew {
        /// Its version.
        found: u64,
    },
    /// It is not as it was written.
    #[error("it is damaged ({0}); copy it again, or package the run again")]
    Damaged(String),
    /// It cannot be written.
    #[error("it cannot be written")]
    Write(#[from] io::Error),
}

/// The artefact with these files.
pub(super) fn write(files: &Files) -> Result<Vec<u8>, ContainerError> {
    let card = Card {
        format: FORMAT.to_owned(),
        version: VERSION,
        files: files.iter().map(|(name, bytes)| (name.clone(), digest_of(bytes))).collect(),
    };
    let card = serde_json::to_vec_pretty(&card).map_err(io::Error::from)?;
    let mut builder = Builder::new(Vec::new());
    append(&mut builder, CARD, &card)?;
    for (name, bytes) in files {
        append(&mut builder, name, bytes)?;
    }
    Ok(builder.into_inner()?)
}

fn append(builder: &mut Builder<Vec<u8>>, name: &str, bytes: &[u8]) -> io::Result<()> {
    let mut header = Header::new_ustar();
    header.set_entry_type(EntryType::Regular);
    header.set_size(bytes.len() as u64);
    header.set_mode(0o644);
    header.set_mtime(0);
    header.set_uid(0);
    header.set_gid(0);
    builder.append_data(&mut header, name, bytes)
}

/// The files in an artefact, each as it was put in.
pub(super) fn read(bytes: &[u8]) -> Result<Files, ContainerError> {
    if bytes.len() > MOST {
        return Err(ContainerError::Foreign(format!("it has {} bytes, and none has so many", bytes.len())));
    }
    let mut entries = entries(bytes)?.into_iter();
    let (name, card) = entries.next().ok_or_else(|| ContainerError::Foreign("it is empty".to_owned()))?;
    if name != CARD {
        return Err(ContainerError::Foreign(format!("its first entry is \"{}\"", name.escape_debug())));
    }
    let card = read_card(&card)?;
    let mut files = Files::new();
    for (name, content) in entries {
        files.insert(name, content);
    }
    let found: BTreeMap<String, String> =
        files.iter().map(|(name, bytes)| (name.clone(), digest_of(bytes))).collect();
    if found != card.files {
        let wrong = card.files.iter().find(|(name, digest)| found.get(*name) != Some(*digest));
        let name = wrong.map_or("an entry too many", |(name, _)| name.as_str());
        return Err(ContainerError::Damaged(format!("{name} is not what was packaged")));
    }
    // Whatever the archive's reader overlooks is found here: padding, times, entries twice, bytes behind the end.
    if write(&files)? == bytes {
        Ok(files)
    } else {
        Err(ContainerError::Damaged("it is not in the form in which artefacts are written".to_owned()))
    }
}

fn entries(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>, ContainerError> {
    let cut = |error: io::Error| {
        let archive = bytes.get(257..262) == Some(b"ustar".as_slice());
        let reason = error.to_string();
        if archive { ContainerError::Damaged(reason) } else { ContainerError::Foreign(reason) }
    };
    let mut archive = Archive::new(bytes);
    let mut entries = Vec::new();
    for entry in archive.entries().map_err(cut)? {
        let mut entry = entry.map_err(cut)?;
        if entry.header().entry_type() != EntryType::Regular {
            return Err(ContainerError::Foreign("it holds more than plain files".to_owned()));
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let mut content = Vec::new();
        entry.by_ref().take(MOST as u64).read_to_end(&mut content).map_err(cut)?;
        entries.push((name, content));
    }
    Ok(entries)
}

fn read_card(bytes: &[u8]) -> Result<Card, ContainerError> {
    let damaged = |error: serde_json::Error| ContainerError::Damaged(format!("{CARD}: {error}"));
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(damaged)?;
    if value["format"] != FORMAT {
        return Err(ContainerError::Foreign(format!("{CARD} says format {}", value["format"])));
    }
    // Before the rest is read: of a later version it may be anything.
    match value["version"].as_u64() {
        Some(VERSION) => serde_json::from_value(value).map_err(damaged),
        Some(found) if found > VERSION => Err(ContainerError::TooNew { found }),
        _ => Err(ContainerError::Damaged(format!("{CARD} says version {}", value["version"]))),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn files() -> Files {
        [("a.txt", b"what is in it".as_slice()), ("b.bin", &[0, 255, 7]), ("c", b"")]
            .into_iter()
            .map(|(name, bytes)| (name.to_owned(), bytes.to_vec()))
            .collect()
    }

    #[test]
    fn what_is_put_in_comes_out_and_the_bytes_are_the_same_each_time() {
        let bytes = write(&files()).unwrap();
        assert_eq!(read(&bytes).unwrap(), files());
        assert_eq!(write(&files()).unwrap(), bytes);
        // Golden: another digest here is another container, which needs another version.
        assert_eq!(
            digest_of(&bytes),
            "sha256:d041ba8419b6f7c3b72c0d36a2254cf4c8cda70bb29a3e7d5eb68b163a2dcb18"
        );
    }

    #[test]
    fn another_archive_another_version_and_no_archive_are_told_apart() {
        let told = |bytes: &[u8]| read(bytes).unwrap_err().to_string();
        assert!(told(b"").contains("it is empty"));
        assert!(told(b"no archive").starts_with("it is no policy artefact"), "{}", told(b"no archive"));
        let mut other = Builder::new(Vec::new());
        append(&mut other, "notes.txt", b"notes").unwrap();
        assert!(told(&other.into_inner().unwrap()).contains("its first entry is \"notes.txt\""));
        let mut later = Builder::new(Vec::new());
        append(&mut later, CARD, br#"{"format":"karma-team","version":7,"files":[],"signature":"x"}"#)
            .unwrap();
        let later = told(&later.into_inner().unwrap());
        assert!(
            later.starts_with("it is a policy artefact of version 7; this program knows version 1"),
            "{later}"
        );
    }

    proptest! {
        /// Also in padding, names, times and behind the end: no other bytes are taken for the artefact.
        #[test]
        fn one_bit_more_or_less_is_refused(place in 0_usize..100_000, bit in 0_u8..8) {
            let mut bytes = write(&files()).unwrap();
            let place = place % bytes.len();
            bytes[place] ^= 1 << bit;
            prop_assert!(read(&bytes).is_err());
        }

        #[test]
        fn what_is_cut_short_or_goes_on_is_refused(length in 0_usize..100_000, more in prop::collection::vec(any::<u8>(), 1..600)) {
            let bytes = write(&files()).unwrap();
            prop_assert!(read(&bytes[..length % bytes.len()]).is_err());
            prop_assert!(read(&[bytes, more].concat()).is_err());
        }

        #[test]
        fn any_bytes_are_refused_and_nothing_panics(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            prop_assert!(read(&bytes).is_err());
        }
    }
}
