//! The archive: an OCI image layout as one tar file.

use std::io::{self, Write};

use tar::{Builder, EntryType};

use super::layer::entry;
use super::{Image, settings};

/// The layout's version; `oci-layout` comes first, for readers that look at the beginning only.
const LAYOUT: &[u8] = br#"{"imageLayoutVersion":"1.0.0"}"#;

pub(super) fn write(image: &Image, to: impl Write) -> io::Result<()> {
    let mut tar = Builder::new(to);
    append(&mut tar, "oci-layout", LAYOUT)?;
    append(&mut tar, "index.json", &settings::index(image))?;
    append(&mut tar, "manifest.json", &settings::docker_manifest(image))?;
    let mut blobs = [&image.manifest, &image.config, &image.layer];
    blobs.sort_by_key(|blob| &blob.hex);
    blobs.into_iter().try_for_each(|blob| append(&mut tar, &blob.path(), &blob.bytes))?;
    tar.into_inner()?.flush()
}

fn append(tar: &mut Builder<impl Write>, path: &str, content: &[u8]) -> io::Result<()> {
    let mut header = entry(EntryType::Regular, 0o644, content.len() as u64);
    tar.append_data(&mut header, path, content)
}
