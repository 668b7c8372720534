//! The one layer: the program and what little a process expects of its root file system.

use std::io::{self, Write as _};

use flate2::{Compression, GzBuilder};
use tar::{Builder, EntryType, Header};

use super::{Blob, Content, hex_digest};
use crate::deploy::object::deployment::USER;

/// A layer, compressed, with the digest of what it unpacks to.
pub(super) struct Layer {
    pub(super) blob: Blob,
    pub(super) content_digest: String,
}

pub(super) fn layer(content: &Content, program: &[u8]) -> io::Result<Layer> {
    let content = files(content.name, program)?;
    // No file name and time 0: the header says nothing of who compressed it.
    let mut gzip = GzBuilder::new().mtime(0).write(Vec::new(), Compression::default());
    gzip.write_all(&content)?;
    Ok(Layer { blob: Blob::of(gzip.finish()?), content_digest: format!("sha256:{}", hex_digest(&content)) })
}

fn files(name: &str, program: &[u8]) -> io::Result<Vec<u8>> {
    let passwd =
        format!("root:x:0:0:root:/:/sbin/nologin\nnonroot:x:{USER}:{USER}:nonroot:/tmp:/sbin/nologin\n");
    let group = format!("root:x:0:\nnonroot:x:{USER}:\n");
    let mut tar = Builder::new(Vec::new());
    directory(&mut tar, "etc/", 0o755)?;
    file(&mut tar, "etc/group", 0o644, group.as_bytes())?;
    file(&mut tar, "etc/passwd", 0o644, passwd.as_bytes())?;
    file(&mut tar, name, 0o555, program)?;
    directory(&mut tar, "tmp/", 0o1777)?;
    tar.into_inner()
}

fn directory(tar: &mut Builder<Vec<u8>>, path: &str, mode: u32) -> io::Result<()> {
    let mut header = entry(EntryType::Directory, mode, 0);
    tar.append_data(&mut header, path, io::empty())
}

fn file(tar: &mut Builder<Vec<u8>>, path: &str, mode: u32, content: &[u8]) -> io::Result<()> {
    let mut header = entry(EntryType::Regular, mode, content.len() as u64);
    tar.append_data(&mut header, path, content)
}

/// A header of root, from the beginning of time.
pub(super) fn entry(kind: EntryType, mode: u32, size: u64) -> Header {
    let mut header = Header::new_ustar();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_size(size);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    header
}
